/* advance.c - what layers do in training alone: they move their buffers before each step, and estimate log-determinants.
 *
 * The key of a step is that of its number, so a training that starts again from the same parameters draws the same. */
#include "flow.h"

void fathom_flow_advance(double *params, const fathom_workspace *ws, uint64_t step)
{
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        if (ws->layers[l].layer->advance)
            ws->layers[l].layer->advance(params + ws->flow->layers[l].offset, &ws->flow->config,
                                         fathom_key_from_seed(step));
}

void fathom_flow_estimate(fathom_workspace *ws)
{
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        if (ws->layers[l].layer->estimate)
            ws->layers[l].layer->estimate(ws->layers[l].state);
}
