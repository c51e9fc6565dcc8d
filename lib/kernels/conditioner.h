/* conditioner.h - a conditioner: the fully connected ReLU network of a coupling, as a table of functions.
 *
 * Sizes: n_in inputs, `hidden` layers of `width` units each, n_out outputs.  conditioner_plain.h computes the same as a
 * loop over one row.  The functions of a state are called in the order of a layer's (layer.h): prepare; for each slab
 * forward, then perhaps backward; finish. */
#ifndef FATHOM_CONDITIONER_H
#define FATHOM_CONDITIONER_H

#include "../fathom.h"
#include "aligned.h"
#include "tile.h"

struct conditioner {
    const char *name;
    /* most_rows: the most rows of a slab that it gets: TILE or SLAB.  NULL if memory is short, or if this conditioner is
     * not for that shape. */
    void *(*create)(size_t n_in, size_t n_out, size_t width, size_t hidden, size_t most_rows);
    void (*destroy)(void *state);
    size_t (*bytes)(const void *state);
    /* params: W0, b0, W1, b1, ..., each W [fan_out][fan_in]; they must not change before finish.
     * FATHOM_OK or FATHOM_NO_MEMORY. */
    fathom_status (*prepare)(void *state, const double *params);
    /* in: [n_in][SLAB_STRIDE].  out: [tiles][padded(n_out)][STRIDE], since transformers take it tile by tile. */
    void (*forward)(double *out, const double *in, void *state, size_t rows);
    /* After forward of the same slab.  din: [n_in][SLAB_STRIDE], d loss / d in is added to it.
     * dout: as out, d loss / d out; the caller keeps its rows from n_out on zero. */
    void (*backward)(double *din, const double *dout, void *state, size_t rows);
    /* gradient = d loss / d params, in the order of params, summed over all slabs since prepare. */
    void (*finish)(double *gradient, void *state);

    /* Returns the breakpoints: [n], ascending, the inputs where an output's slope may jump.  Valid from prepare until
     * the next prepare.  NULL: this conditioner does not compute them. */
    const double *(*edges)(size_t *n, const void *state);
    /* As a layer's `share`.  NULL: there is no scratch memory. */
    void (*share)(void *state, const void *other);
};

/* How many doubles of out, or dout, come before the tile that begins with row `first` of the slab; with most_rows in
 * place of `first`, the size of either. */
static inline size_t conditioner_out(size_t n_out, size_t first) { return first / TILE * padded(n_out) * STRIDE; }

/* A conditioner and one state of it. */
struct conditioner_use {
    const struct conditioner *conditioner;
    void                     *state;
    size_t                    n_in, n_out;
};

/* The conditioner's edges; NULL, and n = 0, if it does not compute them. */
static inline const double *conditioner_edges(size_t *n, const struct conditioner *conditioner, const void *state)
{
    *n = 0;
    return conditioner->edges ? conditioner->edges(n, state) : NULL;
}

#endif
