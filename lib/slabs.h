/* slabs.h - all rows of a data set as slabs (kernels/tile.h), which pass through a flow layer by layer.
 *
 * What sets parameters from data needs every row at a layer before it goes on to the next one. */
#ifndef FATHOM_SLABS_H
#define FATHOM_SLABS_H

#include "flow.h"

struct slabs {
    size_t  n, n_slabs, dim;
    size_t  each; /* rows of a slab, but the last may have fewer */
    double *data; /* [n_slabs][D][SLAB_STRIDE] */
};

/* The rows x[rows], as fathom_flow_load_slab takes them.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_slabs_load(struct slabs *slabs, const double *x, const uint32_t *rows, size_t n,
                                const fathom_config *config);
void          fathom_slabs_free(struct slabs *slabs);

/* Slab number t, [D][SLAB_STRIDE]; and how many of its rows a kernel works on: a multiple of 8. */
static inline double *slabs_at(const struct slabs *slabs, size_t t)
{
    return slabs->data + t * slabs->dim * SLAB_STRIDE;
}
static inline size_t slabs_rows(const struct slabs *slabs, size_t t)
{
    const size_t left = slabs->n - t * slabs->each;
    return padded(left < slabs->each ? left : slabs->each);
}

/* Coordinate d of row i. */
static inline double slabs_number(const struct slabs *slabs, size_t i, size_t d)
{
    return COORDINATE(slabs_at(slabs, i / slabs->each), d)[i % slabs->each];
}

/* out: [n], coordinate d of all rows. */
void fathom_slabs_column(double *out, const struct slabs *slabs, size_t d);

/* Prepares layer l of the workspace for its own parameters, and passes all rows through it. */
fathom_status fathom_slabs_pass(struct slabs *slabs, fathom_workspace *ws, size_t l, const double *own);

/* own: [2 D] = loc and raw scale of an ActNorm whose input these rows are: their mean and deviation (actnorm_init.c).
 * FATHOM_OK or FATHOM_DEGENERATE. */
fathom_status fathom_slabs_actnorm(double *own, const struct slabs *slabs);

#endif
