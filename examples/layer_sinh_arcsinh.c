/* layer_sinh_arcsinh.c - a layer that the library does not have, to show what a layer is: sinh-arcsinh of each
 * coordinate (Jones & Pewsey 2009, "Sinh-arcsinh distributions", Biometrika 96(4)), which skews and stretches tails.
 *
 *   y = sinh u,  u = e^s asinh(x) + shift,   log|dy/dx| = log cosh u + s - log(1 + x^2) / 2
 *
 * Parameters: shift [D], s [D]; zeros are the identity. */
#include "kernels/internal.h"

struct sinh_arcsinh {
    size_t        dim;
    const double *shift, *s;
    double        gradient[2 * 64];    /* d loss / d (shift, s), of all slabs so far; D <= 64 */
    double        x[64 * SLAB_STRIDE]; /* [D][SLAB_STRIDE], kept by forward for backward      */
    double        u[64 * SLAB_STRIDE]; /* the same                                            */
};

static double hyperbolic_sine(double u)
{
    double grown = same_expm1(u);
    return (grown + grown / (grown + 1)) / 2;
}
static double log_cosh(double u) { return fabs(u) + same_log1p(same_exp(-2 * fabs(u))) - 0.69314718055994531; }
static double arcsinh(double x) { return copysign(same_log1p(fabs(x) + x * x / (1 + sqrt(x * x + 1))), x); }

static size_t n_params(const fathom_config *config) { return 2 * config->dim; }

static void *create(const fathom_config *config)
{
    struct sinh_arcsinh *layer = calloc(1, sizeof *layer);
    if (layer)
        layer->dim = config->dim;
    return layer;
}
static size_t bytes(const void *state)
{
    (void)state;
    return sizeof(struct sinh_arcsinh);
}

static fathom_status prepare(void *state, const double *params)
{
    struct sinh_arcsinh *layer = state;
    layer->shift = params;
    layer->s = params + layer->dim;
    memset(layer->gradient, 0, sizeof layer->gradient);
    return FATHOM_OK;
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    struct sinh_arcsinh *layer = state;
    for (size_t d = 0; d < layer->dim; d++)
        for (size_t i = 0; i < rows; i++) {
            double *xi = COORDINATE(x, d) + i, u = same_exp(layer->s[d]) * arcsinh(*xi) + layer->shift[d];
            COORDINATE(layer->x, d)[i] = *xi;
            COORDINATE(layer->u, d)[i] = u;
            volume->log[i] += log_cosh(u) + layer->s[d] - same_log1p(*xi * *xi) / 2;
            *xi = hyperbolic_sine(u);
        }
}

/* du = dy cosh u + dlog_det tanh u;  dx = du e^s / sqrt(1 + x^2) - dlog_det x / (1 + x^2);
 * dshift = sum du;  ds = sum (du (u - shift) + dlog_det) */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    struct sinh_arcsinh *layer = state;
    for (size_t d = 0; d < layer->dim; d++)
        for (size_t i = 0; i < rows; i++) {
            double *dy = COORDINATE(dx, d) + i, x = COORDINATE(layer->x, d)[i], u = COORDINATE(layer->u, d)[i],
                   sinh_u = hyperbolic_sine(u);
            double cosh_u = sqrt(1 + sinh_u * sinh_u), du = *dy * cosh_u + dlog_det[i] * sinh_u / cosh_u;
            layer->gradient[d] += du;
            layer->gradient[layer->dim + d] += du * (u - layer->shift[d]) + dlog_det[i];
            *dy = du * same_exp(layer->s[d]) / sqrt(1 + x * x) - dlog_det[i] * x / (1 + x * x);
        }
}

static void finish(double *gradient, void *state)
{
    struct sinh_arcsinh *layer = state;
    for (size_t k = 0; k < 2 * layer->dim; k++)
        gradient[k] = layer->gradient[k];
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    struct sinh_arcsinh *layer = state;
    for (size_t d = 0; d < layer->dim; d++)
        for (size_t i = 0; i < rows; i++) {
            double *y = COORDINATE(x, d) + i, v = (arcsinh(*y) - layer->shift[d]) * same_exp(-layer->s[d]);
            volume->log[i] += log_cosh(v) - layer->s[d] - same_log1p(*y * *y) / 2;
            *y = hyperbolic_sine(v);
        }
    return FATHOM_OK;
}

const struct layer ISA(layer_sinh_arcsinh) = {
    .name = "sinh_arcsinh",
    .n_params = n_params,
    .create = create,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .finish = finish,
};
