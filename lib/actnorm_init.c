/* actnorm_init.c - ActNorm set from data (Kingma & Dhariwal 2018, "Glow", sec. 3.1): the rows leave each ActNorm with mean 0
 * and deviation 1. */
#include <math.h>
#include <string.h>

#include "constants.h"
#include "softplus.h"
#include "tiles.h"

fathom_status fathom_tiles_actnorm(double *own, const struct tiles *tiles)
{
    const size_t n = tiles->n, dim = tiles->dim;
    for (size_t d = 0; d < dim; d++) {
        double sum = 0.0, square = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += ROW(tiles_at(tiles, i / TILE), d)[i % TILE];
        double mean = sum / (double)n;
        for (size_t i = 0; i < n; i++) {
            double from_mean = ROW(tiles_at(tiles, i / TILE), d)[i % TILE] - mean;
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
    struct tiles       tiles;
    if (flow->config.actnorm == FATHOM_ACTNORM_NONE || n == 0)
        return FATHOM_BAD_ARGUMENT;
    fathom_status status = fathom_tiles_load(&tiles, x, rows, n, flow->config.dim);
    for (size_t l = 0; l < flow->n_layers && status == FATHOM_OK; l++) {
        double *own = params + flow->layers[l].offset;
        if (strcmp(flow->layers[l].name, "actnorm") == 0)
            status = fathom_tiles_actnorm(own, &tiles);
        if (status == FATHOM_OK)
            status = fathom_tiles_pass(&tiles, ws, l, own);
    }
    fathom_tiles_free(&tiles);
    return status;
}
