/* layer_flip.c - the order of coordinates reversed: y_d = x_{D-1-d}, log|det| = 0.  It is its own inverse and its own
 * transpose.  The state is the configuration itself. */
#include "internal.h"

static void reverse(double *x, size_t dim, size_t rows)
{
    for (size_t d = 0; d < dim / 2; d++) {
        double *low = COORDINATE(x, d), *high = COORDINATE(x, dim - 1 - d);
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec kept = load(low + i);
            store(low + i, load(high + i));
            store(high + i, kept);
        }
    }
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    reverse(x, ((const fathom_config *)state)->dim, rows);
}

static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    (void)dlog_det;
    reverse(dx, ((const fathom_config *)state)->dim, rows);
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    forward(x, volume, state, rows);
    return FATHOM_OK;
}

const struct layer ISA(layer_flip) = { .name = "flip", .forward = forward, .inverse = inverse, .backward = backward };
