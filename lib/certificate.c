/* certificate.c - a residual flow with a certified Lipschitz constant per block; the log-determinants of matrices
 * (fathom_certificate.h).
 *
 * The blocks are certified in a copy of the parameters, so that a failure leaves them as they were. */
#include "fathom_certificate.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "log_det.h"
#include "residual_config.h"

size_t fathom_flow_n_buffers(const fathom_flow *flow)
{
    size_t n = 0;
    for (size_t l = 0; l < flow->n_layers; l++)
        n += layer_n_buffers(fathom_isa_layer(&fathom_isa_ref, flow->layers[l].name), &flow->config);
    return n;
}

static fathom_status certify_blocks(double *params, fathom_certificate *certificate, const fathom_flow *flow)
{
    fathom_status status = FATHOM_OK;
    for (size_t l = 0; l < flow->n_layers && status == FATHOM_OK; l++) {
        const struct layer *layer = fathom_isa_layer(&fathom_isa_ref, flow->layers[l].name);
        if (layer->certify)
            status = layer->certify(params + flow->layers[l].offset, certificate++, &flow->config);
    }
    return status;
}

fathom_status fathom_flow_certify(double *params, fathom_certificate *certificate, const fathom_flow *flow)
{
    const size_t n = flow->n_params, depth = flow->config.depth;
    if (flow->config.block != FATHOM_BLOCK_RESIDUAL)
        return FATHOM_BAD_ARGUMENT;
    double             *copy = malloc(n * sizeof *copy);
    fathom_certificate *found = malloc(depth * sizeof *found);
    fathom_status       status = copy && found ? FATHOM_OK : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK) {
        memcpy(copy, params, n * sizeof *copy);
        status = certify_blocks(copy, found, flow);
    }
    if (status == FATHOM_OK) {
        memcpy(params, copy, n * sizeof *copy);
        if (certificate)
            memcpy(certificate, found, depth * sizeof *found);
    }
    free(copy);
    free(found);
    return status;
}

fathom_status fathom_log_det_estimate(double *value, double *gradient, const double *jacobian,
                                      const fathom_config *config, fathom_key key, size_t n)
{
    const size_t   each = config->dim * config->dim;
    struct log_det log_det;
    if (config->dim < FATHOM_DIM_MIN || config->dim > FATHOM_DIM_MAX ||
        fathom_residual_check(config, NULL) != FATHOM_OK)
        return FATHOM_BAD_ARGUMENT;
    fathom_status status = fathom_log_det_open(&log_det, config) ? FATHOM_OK : FATHOM_NO_MEMORY;
    for (size_t i = 0; i < n && status == FATHOM_OK; i++)
        value[i] = fathom_log_det_row(gradient ? gradient + i * each : NULL, &log_det, jacobian + i * each, key, i);
    fathom_log_det_clear(&log_det);
    return status;
}
