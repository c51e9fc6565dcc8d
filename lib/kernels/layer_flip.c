/* flip.c - the order of coordinates reversed: y_d = x_{D-1-d}, log|det| = 0.  Its own inverse and its own transpose. */
#include "internal.h"

static size_t n_params(const fathom_config *config) { (void)config; return 0; }

static void init(double *params, const fathom_config *config, fathom_key key)
{
    (void)params, (void)config, (void)key;
}

static void *create(const fathom_config *config)
{
    size_t *dim = malloc(sizeof *dim);
    if (dim)
        *dim = config->dim;
    return dim;
}

static void destroy(void *state) { free(state); }

static size_t bytes(const void *state) { (void)state; return sizeof(size_t); }

static fathom_status prepare(void *state, const double *params)
{
    (void)state, (void)params;
    return FATHOM_OK;
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    size_t dim = *(const size_t *)state;
    for (size_t d = 0; d < dim / 2; d++) {
        double *low = ROW(x, d), *high = ROW(x, dim - 1 - d);
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec kept = load(low + i);
            store(low + i, load(high + i));
            store(high + i, kept);
        }
    }
}

static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    (void)dlog_det;
    forward(dx, NULL, state, rows);
}

static void finish(double *gradient, void *state) { (void)gradient, (void)state; }

const struct bijection ISA(flip) = { "flip",  n_params, init,    create,   destroy, bytes,
                                     prepare, forward,  forward, backward, finish, NULL };
