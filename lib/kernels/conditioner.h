/* conditioner.h - a conditioner: the ReLU network of a coupling, [n_in] -> width -> ... -> [n_out], row by row.
 *
 * conditioner_plain.h is what each of them computes, as a loop.  The life of its state is a layer's (layer.h). */
#ifndef FATHOM_CONDITIONER_H
#define FATHOM_CONDITIONER_H

#include "../fathom.h"
#include "tile.h"

struct conditioner {
    const char *name;
    void *(*create)(size_t n_in, size_t n_out, size_t width, size_t hidden);
    void  (*destroy)(void *state);
    size_t (*bytes)(const void *state);
    fathom_status (*prepare)(void *state, const double *params); /* params: W0, b0, W1, b1, ... */
    /* out: [n_out][STRIDE]; in: [n_in][STRIDE]. */
    void (*forward)(double *out, const double *in, void *state, size_t rows);
    /* din: [n_in][STRIDE], +=; dout: [padded(n_out)][STRIDE], rows from n_out on zero. */
    void (*backward)(double *din, const double *dout, void *state, size_t rows);
    void (*finish)(double *gradient, void *state); /* of all tiles since prepare */

    /* The breakpoints: [n], ascending, where an output's slope may jump.  Valid from prepare until the next prepare.
     * NULL: this conditioner does not compute them. */
    const double *(*edges)(size_t *n, const void *state);
    void (*share)(void *state, const void *other); /* as a layer's; NULL: no scratch memory */
};

/* A conditioner and one state of it. */
struct conditioner_use {
    const struct conditioner *conditioner;
    void                     *state;
    size_t                    n_in, n_out;
};

/* NULL, and n = 0, if this conditioner does not compute them. */
static inline const double *conditioner_edges(size_t *n, const struct conditioner *conditioner, const void *state)
{
    *n = 0;
    return conditioner->edges ? conditioner->edges(n, state) : NULL;
}

#endif
