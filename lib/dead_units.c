/* dead_units.c - the hidden units of a flow's conditioners that no row makes positive.
 *
 * A unit is dead if it is not above 0 before its ReLU at any of the rows: it puts out 0 everywhere, and no gradient
 * reaches it (Lu, Shin, Su & Karniadakis 2020, "Dying ReLU and initialization").  The rows pass through the flow once;
 * at each coupling the network is evaluated here, layer by layer, on what its conditioner reads.
 *
 * Invariant: sums run over the inputs of a unit in ascending order, so the bits are fixed.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* One conditioner at one slab.  alive: [hidden][width], set where a unit is above 0; h, next: [>= inputs, width]
 * [SLAB_STRIDE], h the inputs. */
static void mark_alive(bool *alive, double *h, double *next, const fathom_config *config, const double *params,
                       size_t n_in, size_t rows)
{
    size_t fan_in = n_in;
    for (size_t layer = 0; layer < config->hidden; layer++) {
        const double *w = params, *b = w + config->width * fan_in;
        for (size_t u = 0; u < config->width; u++) {
            double *out = COORDINATE(next, u);
            bool    above = false;
            for (size_t i = 0; i < rows; i++)
                out[i] = b[u];
            for (size_t k = 0; k < fan_in; k++)
                for (size_t i = 0; i < rows; i++)
                    out[i] += w[u * fan_in + k] * COORDINATE(h, k)[i];
            for (size_t i = 0; i < rows; i++) {
                above |= out[i] > 0;
                out[i] = out[i] > 0 ? out[i] : 0;
            }
            alive[layer * config->width + u] |= above;
        }
        double *swap = h;
        h = next;
        next = swap;
        params = b + config->width;
        fan_in = config->width;
    }
}

/* alive: [conditioners][hidden][width]; scratch: [2][most][SLAB_STRIDE]. */
static void pass_slab(bool *alive, double *scratch, size_t most, fathom_workspace *ws, const double *params,
                      size_t rows)
{
    const fathom_config *config = &ws->flow->config;
    const size_t         units = config->hidden * config->width, n_in = config->dim / 2;
    volume_start(&ws->volume, rows);
    for (size_t l = 0; l < ws->flow->n_layers; l++) {
        if (ws->layers[l].layer->conditioner) {
            memcpy(scratch, ws->x, n_in * SLAB_STRIDE * sizeof *scratch);
            mark_alive(alive, scratch, scratch + most * SLAB_STRIDE, config, params + ws->flow->layers[l].offset, n_in,
                       rows);
            alive += units;
        }
        ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, rows);
    }
}

fathom_status fathom_flow_dead_units(size_t *dead, fathom_workspace *ws, const double *params, const double *x,
                                     size_t n)
{
    const fathom_config *config = &ws->flow->config;
    const size_t         most = config->width > config->dim ? config->width : config->dim;
    size_t               conditioners = 0;
    fathom_status        status = FATHOM_OK;
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        conditioners += ws->layers[l].layer->conditioner != NULL;
    const size_t units = config->hidden * config->width;
    bool        *alive = calloc(conditioners * units + 1, sizeof *alive);
    double      *scratch = calloc(2 * most * SLAB_STRIDE, sizeof *scratch);
    if (!alive || !scratch)
        status = FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_flow_prepare(ws, params);
    for (size_t first = 0; first < n && status == FATHOM_OK; first += slab_rows(&ws->flow->config)) {
        const size_t live = fathom_flow_load_slab(ws->x, x, NULL, first, n, config);
        pass_slab(alive, scratch, most, ws, params, padded(live));
    }
    for (size_t layer = 0; layer < config->hidden && status == FATHOM_OK; layer++) {
        dead[layer] = 0;
        for (size_t c = 0; c < conditioners; c++)
            for (size_t u = 0; u < config->width; u++)
                dead[layer] += !alive[c * units + layer * config->width + u];
    }
    free(alive);
    free(scratch);
    return status;
}
