/* tiles.h - all rows of a data set as tiles (kernels/tile.h), which pass through a flow layer by layer.
 *
 * What sets parameters from data needs every row at a layer before it goes on to the next one. */
#ifndef FATHOM_TILES_H
#define FATHOM_TILES_H

#include "flow.h"

struct tiles {
    size_t  n, n_tiles, dim;
    double *data; /* [n_tiles][D][STRIDE] */
};

/* The rows x[rows], as fathom_flow_load_tile takes them.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_tiles_load(struct tiles *tiles, const double *x, const uint32_t *rows, size_t n, size_t dim);
void          fathom_tiles_free(struct tiles *tiles);

/* Tile number t, [D][STRIDE]; and how many of its rows a kernel works on: a multiple of 8. */
static inline double *tiles_at(const struct tiles *tiles, size_t t) { return tiles->data + t * tiles->dim * STRIDE; }
static inline size_t  tiles_rows(const struct tiles *tiles, size_t t)
{
    const size_t left = tiles->n - t * TILE;
    return padded(left < TILE ? left : TILE);
}

/* out: [n], coordinate d of all rows. */
void fathom_tiles_column(double *out, const struct tiles *tiles, size_t d);

/* Prepares layer l of the workspace for its own parameters, and passes all rows through it. */
fathom_status fathom_tiles_pass(struct tiles *tiles, fathom_workspace *ws, size_t l, const double *own);

/* own: [2 D] = loc and raw scale of an ActNorm whose input these rows are: their mean and deviation (actnorm_init.c).
 * FATHOM_OK or FATHOM_DEGENERATE. */
fathom_status fathom_tiles_actnorm(double *own, const struct tiles *tiles);

#endif
