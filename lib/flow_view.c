/* flow_view.c - the rows that reach one coupling of a flow, its conditioner, the range of all scales, and the latent rows
 * (flow_view.h). */
#include "flow_view.h"

#include <math.h>

#include "flow.h"

/* The layer that is coupling number `coupling`, or n_layers. */
static size_t find_coupling(const fathom_workspace *ws, size_t coupling)
{
    size_t l = 0;
    for (; l < ws->flow->n_layers; l++)
        if (ws->layers[l].layer->conditioner && coupling-- == 0)
            break;
    return l;
}

fathom_status fathom_flow_view_coupling(double *input, struct conditioner_use *use, fathom_workspace *ws,
                                        const double *params, const double *x, size_t n, size_t coupling)
{
    const size_t  at = find_coupling(ws, coupling);
    fathom_status status = at < ws->flow->n_layers ? FATHOM_OK : FATHOM_BAD_ARGUMENT;
    for (size_t l = 0; l <= at && status == FATHOM_OK; l++)
        status = layer_prepare(ws->layers[l].layer, ws->layers[l].state, params + ws->flow->layers[l].offset);
    if (status != FATHOM_OK)
        return status;
    *use = ws->layers[at].layer->conditioner(ws->layers[at].state);
    for (size_t first = 0; first < n; first += slab_rows(&ws->flow->config)) {
        const size_t real = fathom_flow_load_slab(ws->x, x, NULL, first, n, &ws->flow->config);
        volume_start(&ws->volume, padded(real));
        for (size_t l = 0; l < at; l++)
            ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, padded(real));
        for (size_t i = 0; i < real; i++)
            for (size_t k = 0; k < use->n_in; k++)
                input[(first + i) * use->n_in + k] = COORDINATE(ws->x, k)[i];
    }
    return FATHOM_OK;
}

/* What one coordinate of a tile passes through: outputs of a conditioner, and memory for its transformer. */
struct slopes {
    const struct transformer *transformer;
    size_t                    n_outputs;
    double                   *outputs; /* a slab's, of all coordinates (conditioner.h) */
    double                   *saved;   /* [n_saved][STRIDE]                            */
    double                    y[TILE];
};

/* The slab ws->x before a coupling. */
static void widen(double *least, double *greatest, struct slopes *s, fathom_workspace *ws,
                  const struct conditioner_use *use, size_t real)
{
    const fathom_config *config = &ws->flow->config;
    use->conditioner->forward(s->outputs, ws->x, use->state, padded(real));
    for (size_t j = 0; j < use->n_out / s->n_outputs; j++) {
        volume_start(&ws->volume, padded(real));
        for (size_t first = 0; first < padded(real); first += TILE) {
            const size_t  rows = rows_of_tile(padded(real), first);
            struct volume volume = volume_of_tile(&ws->volume, first);
            const double *outputs = s->outputs + conditioner_out(use->n_out, first);
            memcpy(s->y, COORDINATE(ws->x, use->n_in + j) + first, rows * sizeof *s->y);
            s->transformer->forward(s->y, &volume, ROW(outputs, j * s->n_outputs), s->saved, config, rows);
        }
        ws->isa->log_det(ws->logp, &ws->volume, padded(real));
        for (size_t i = 0; i < real; i++) {
            *least = ws->logp[i] < *least ? ws->logp[i] : *least;
            *greatest = ws->logp[i] > *greatest ? ws->logp[i] : *greatest;
        }
    }
}

fathom_status fathom_flow_view_log_scale(double *least, double *greatest, fathom_workspace *ws, const double *params,
                                         const double *x, size_t n)
{
    const fathom_config      *config = &ws->flow->config;
    const struct transformer *t = fathom_isa_transformer(ws->isa, config->coupling);
    const size_t              n_outputs = t->n_outputs(config);
    struct slopes             s = { .transformer = t, .n_outputs = n_outputs };
    const size_t              outputs = conditioner_out(config->dim * n_outputs, slab_rows(config));
    s.outputs = zeros((outputs + t->n_saved(config) * STRIDE) * sizeof(double));
    fathom_status status = s.outputs ? fathom_flow_prepare(ws, params) : FATHOM_NO_MEMORY;
    *least = INFINITY;
    *greatest = -INFINITY;
    if (status == FATHOM_OK)
        s.saved = s.outputs + outputs;
    for (size_t first = 0; first < n && status == FATHOM_OK; first += slab_rows(&ws->flow->config)) {
        const size_t real = fathom_flow_load_slab(ws->x, x, NULL, first, n, config);
        for (size_t l = 0; l < ws->flow->n_layers; l++) {
            const struct layer *layer = ws->layers[l].layer;
            if (layer->conditioner) {
                const struct conditioner_use use = layer->conditioner(ws->layers[l].state);
                widen(least, greatest, &s, ws, &use, real);
            }
            volume_start(&ws->volume, padded(real));
            layer->forward(ws->x, &ws->volume, ws->layers[l].state, padded(real));
        }
    }
    free(s.outputs);
    return status;
}

fathom_status fathom_flow_view_standard(double *t, fathom_workspace *ws, const double *params, const double *x,
                                        size_t n)
{
    const size_t        dim = ws->flow->config.dim;
    const fathom_status status = fathom_flow_forward(t, NULL, ws, params, x, n);
    for (size_t d = 0; d < dim && status == FATHOM_OK; d++) {
        const double scale = fathom_flow_base_scale(params, dim, d);
        for (size_t i = 0; i < n; i++)
            t[i * dim + d] = (t[i * dim + d] - params[d]) / scale;
    }
    return status;
}
