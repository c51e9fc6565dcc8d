/* flow_view.c - the rows that reach one coupling of a flow, and its conditioner (flow_view.h). */
#include "flow_view.h"

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
    const size_t  dim = ws->flow->config.dim, at = find_coupling(ws, coupling);
    fathom_status status = at < ws->flow->n_layers ? FATHOM_OK : FATHOM_BAD_ARGUMENT;
    for (size_t l = 0; l <= at && status == FATHOM_OK; l++)
        status = layer_prepare(ws->layers[l].layer, ws->layers[l].state, params + ws->flow->layers[l].offset);
    if (status != FATHOM_OK)
        return status;
    *use = ws->layers[at].layer->conditioner(ws->layers[at].state);
    for (size_t first = 0; first < n; first += TILE) {
        const size_t real = fathom_flow_load_tile(ws->x, x, NULL, first, n, dim);
        volume_start(&ws->volume, padded(real));
        for (size_t l = 0; l < at; l++)
            ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, padded(real));
        for (size_t i = 0; i < real; i++)
            for (size_t k = 0; k < use->n_in; k++)
                input[(first + i) * use->n_in + k] = ROW(ws->x, k)[i];
    }
    return FATHOM_OK;
}
