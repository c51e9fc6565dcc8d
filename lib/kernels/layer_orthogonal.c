/* layer_orthogonal.c - a rotation that is not trained: y = Q x with an orthogonal matrix Q, log|det| = 0.
 *
 * Parameters: Q, [D][D] row-major; they must be orthogonal, because the inverse is x = Q^T y.  Their gradient is
 * exactly 0, so that no stabiliser and no update moves them: Adam's moments stay 0.  Q starts as the product of the two
 * reflections that layer_rotation.c would draw. */
#include "square.h"

struct orthogonal {
    size_t        dim;
    const double *q;
    _Alignas(CACHE_LINE) double scratch[]; /* [D][SLAB_STRIDE] */
};

static void *create(const fathom_config *config)
{
    struct orthogonal *s = zeros(sizeof *s + config->dim * SLAB_STRIDE * sizeof(double));
    if (s)
        s->dim = config->dim;
    return s;
}

static size_t bytes(const void *state)
{
    const struct orthogonal *s = state;
    return sizeof *s + s->dim * SLAB_STRIDE * sizeof(double);
}

static fathom_status prepare(void *state, const double *q)
{
    struct orthogonal *s = state;
    s->q = q;
    return FATHOM_OK;
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct orthogonal *s = state;
    multiply(x, s->scratch, matrix_rows(s->q, s->dim), s->dim, rows);
}

/* dx = Q^T dy;  dQ is not computed */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    (void)dlog_det;
    struct orthogonal *s = state;
    multiply(dx, s->scratch, matrix_transposed(s->q, s->dim), s->dim, rows);
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct orthogonal *s = state;
    multiply(x, s->scratch, matrix_transposed(s->q, s->dim), s->dim, rows);
    return FATHOM_OK;
}

static void finish(double *gradient, void *state)
{
    const struct orthogonal *s = state;
    memset(gradient, 0, s->dim * s->dim * sizeof *gradient);
}

const struct layer ISA(layer_orthogonal) = {
    .name = "orthogonal",
    .n_params = n_params,
    .units = units,
    .init = init,
    .create = create,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .finish = finish,
};
