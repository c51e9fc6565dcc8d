/* actnorm_init.c - ActNorm set from data (Kingma & Dhariwal 2018, "Glow", sec. 3.1): the rows leave each ActNorm with
 * mean 0 and deviation 1. */
#include <math.h>
#include <string.h>

#include "constants.h"
#include "softplus.h"
#include "slabs.h"

fathom_status fathom_slabs_actnorm(double *own, const struct slabs *slabs)
{
    const size_t n = slabs->n, dim = slabs->dim;
    for (size_t d = 0; d < dim; d++) {
        double sum = 0.0, square = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += slabs_number(slabs, i, d);
        double mean = sum / (double)n;
        for (size_t i = 0; i < n; i++) {
            double from_mean = slabs_number(slabs, i, d) - mean;
            square = fma(from_mean, from_mean, square);
        }
        double deviation = sqrt(square / (double)n);
        if (!(deviation > ACTNORM_MIN_SCALE && deviation < INFINITY))
            return FATHOM_DEGENERATE;
        own[d] = mean;
        own[dim + d] = softplus_inverse(deviation - ACTNORM_MIN_SCALE);
    }
    return FATHOM_OK;
}

fathom_status fathom_flow_actnorm_init(double *params, fathom_workspace *ws, const double *x, const uint32_t *rows,
                                       size_t n)
{
    const fathom_flow *flow = ws->flow;
    struct slabs       slabs;
    if (flow->config.actnorm == FATHOM_ACTNORM_NONE || n == 0)
        return FATHOM_BAD_ARGUMENT;
    fathom_status status = fathom_slabs_load(&slabs, x, rows, n, &flow->config);
    for (size_t l = 0; l < flow->n_layers && status == FATHOM_OK; l++) {
        double *own = params + flow->layers[l].offset;
        if (strcmp(flow->layers[l].name, "actnorm") == 0)
            status = fathom_slabs_actnorm(own, &slabs);
        if (status == FATHOM_OK)
            status = fathom_slabs_pass(&slabs, ws, l, own);
    }
    fathom_slabs_free(&slabs);
    return status;
}
