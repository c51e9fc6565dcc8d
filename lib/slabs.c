/* slabs.c - see slabs.h. */
#include "slabs.h"

fathom_status fathom_slabs_load(struct slabs *slabs, const double *x, const uint32_t *rows, size_t n,
                                const fathom_config *config)
{
    const size_t each = slab_rows(config), dim = config->dim;
    *slabs = (struct slabs){ .n = n, .n_slabs = (n + each - 1) / each, .dim = dim, .each = each };
    slabs->data = malloc(slabs->n_slabs * dim * SLAB_STRIDE * sizeof *slabs->data);
    if (!slabs->data)
        return FATHOM_NO_MEMORY;
    for (size_t t = 0; t < slabs->n_slabs; t++)
        fathom_flow_load_slab(slabs_at(slabs, t), x, rows, t * each, n, config);
    return FATHOM_OK;
}

void fathom_slabs_free(struct slabs *slabs)
{
    free(slabs->data);
    *slabs = (struct slabs){ 0 };
}

void fathom_slabs_column(double *out, const struct slabs *slabs, size_t d)
{
    for (size_t i = 0; i < slabs->n; i++)
        out[i] = slabs_number(slabs, i, d);
}

fathom_status fathom_slabs_pass(struct slabs *slabs, fathom_workspace *ws, size_t l, const double *own)
{
    const struct layer *layer = ws->layers[l].layer;
    const fathom_status status = layer_prepare(layer, ws->layers[l].state, own);
    volume_start(&ws->volume, SLAB); /* not used here */
    for (size_t t = 0; t < slabs->n_slabs && status == FATHOM_OK; t++)
        layer->forward(slabs_at(slabs, t), &ws->volume, ws->layers[l].state, slabs_rows(slabs, t));
    return status;
}
