/* tiles.c - see tiles.h. */
#include "tiles.h"

fathom_status fathom_tiles_load(struct tiles *tiles, const double *x, const uint32_t *rows, size_t n, size_t dim)
{
    *tiles = (struct tiles){ .n = n, .n_tiles = (n + TILE - 1) / TILE, .dim = dim };
    tiles->data = malloc(tiles->n_tiles * dim * STRIDE * sizeof *tiles->data);
    if (!tiles->data)
        return FATHOM_NO_MEMORY;
    for (size_t t = 0; t < tiles->n_tiles; t++)
        fathom_flow_load_tile(tiles_at(tiles, t), x, rows, t * TILE, n, dim);
    return FATHOM_OK;
}

void fathom_tiles_free(struct tiles *tiles)
{
    free(tiles->data);
    *tiles = (struct tiles){ 0 };
}

void fathom_tiles_column(double *out, const struct tiles *tiles, size_t d)
{
    for (size_t i = 0; i < tiles->n; i++)
        out[i] = ROW(tiles_at(tiles, i / TILE), d)[i % TILE];
}

fathom_status fathom_tiles_pass(struct tiles *tiles, fathom_workspace *ws, size_t l, const double *own)
{
    const struct layer *layer = ws->layers[l].layer;
    const fathom_status status = layer_prepare(layer, ws->layers[l].state, own);
    volume_start(&ws->volume, TILE); /* not used here */
    for (size_t t = 0; t < tiles->n_tiles && status == FATHOM_OK; t++)
        layer->forward(tiles_at(tiles, t), &ws->volume, ws->layers[l].state, tiles_rows(tiles, t));
    return status;
}
