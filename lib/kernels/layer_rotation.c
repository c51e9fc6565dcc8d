/* layer_rotation.c - an orthogonal map as a product of Householder reflections (Householder 1958), log|det| = 0.
 *
 *   one reflection:  y = x - 2 u (u . x),  u = v / |v|,  v trainable; the parameter itself is not normalised.
 *
 * Each reflection is its own inverse, so the inverse map applies them in reverse order.
 * Parameters: v, [REFLECTIONS][D]. */
#include "internal.h"

enum { REFLECTIONS = 2 };

struct rotation {
    size_t  dim;
    double *u;       /* [REFLECTIONS][D], unit vectors                                               */
    double *length;  /* [REFLECTIONS], |v|                                                           */
    double *input;   /* [REFLECTIONS][D][SLAB_STRIDE], each reflection's input, for backward         */
    double *partial; /* [REFLECTIONS][D][8], -1/2 d loss / d u so far, in eight partial sums         */
    _Alignas(CACHE_LINE) double memory[];
};

static size_t n_params(const fathom_config *config) { return REFLECTIONS * config->dim; }

static size_t units(size_t *length, const fathom_config *config)
{
    return layer_same_units(length, config->dim, REFLECTIONS);
}

static void init(double *v, const fathom_config *config, fathom_key key) { fathom_normal(v, key, n_params(config)); }

static size_t n_doubles(size_t dim) { return REFLECTIONS * (dim + 1 + dim * SLAB_STRIDE + dim * 8); }

static void *create(const fathom_config *config)
{
    size_t           dim = config->dim;
    struct rotation *s = zeros(sizeof *s + n_doubles(dim) * sizeof(double));
    if (!s)
        return NULL;
    s->dim = dim;
    s->u = s->memory;
    s->length = s->u + REFLECTIONS * dim;
    s->input = s->length + REFLECTIONS;
    s->partial = s->input + REFLECTIONS * dim * SLAB_STRIDE;
    return s;
}

static size_t bytes(const void *state)
{
    const struct rotation *s = state;
    return sizeof *s + n_doubles(s->dim) * sizeof(double);
}

static fathom_status prepare(void *state, const double *v)
{
    struct rotation *s = state;
    for (size_t r = 0; r < REFLECTIONS; r++) {
        double square = 0.0;
        for (size_t d = 0; d < s->dim; d++)
            square = fma(v[r * s->dim + d], v[r * s->dim + d], square);
        s->length[r] = sqrt(square);
        for (size_t d = 0; d < s->dim; d++)
            s->u[r * s->dim + d] = v[r * s->dim + d] / s->length[r];
    }
    memset(s->partial, 0, REFLECTIONS * s->dim * 8 * sizeof(double));
    return FATHOM_OK;
}

/* u . x of rows i .. i + VEC_WIDTH - 1 */
INLINE vec dot(const double *u, const double *x, size_t dim, size_t i)
{
    vec sum = broadcast(0.0);
    for (size_t d = 0; d < dim; d++)
        sum = fmadd(broadcast(u[d]), load(COORDINATE(x, d) + i), sum);
    return sum;
}

/* Reflects x in place.  input: [D][SLAB_STRIDE] = x before that, or NULL. */
static void reflect(double *x, double *input, const double *u, size_t dim, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const vec minus_twice = broadcast(-2.0) * dot(u, x, dim, i);
        for (size_t d = 0; d < dim; d++) {
            const vec xd = load(COORDINATE(x, d) + i);
            if (input)
                store(COORDINATE(input, d) + i, xd);
            store(COORDINATE(x, d) + i, fmadd(minus_twice, broadcast(u[d]), xd));
        }
    }
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct rotation *s = state;
    for (size_t r = 0; r < REFLECTIONS; r++)
        reflect(x, s->input + r * s->dim * SLAB_STRIDE, s->u + r * s->dim, s->dim, rows);
}

/* dx = dy - 2 u (u . dy);  du = -2 sum over rows of [ dy (u . x) + x (u . dy) ] */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    (void)dlog_det;
    struct rotation *s = state;
    for (size_t r = REFLECTIONS; r-- > 0;) {
        const double *u = s->u + r * s->dim, *x = s->input + r * s->dim * SLAB_STRIDE;
        double        u_x[SLAB], u_dy[SLAB], du[SLAB];
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            store(u_x + i, dot(u, x, s->dim, i));
            store(u_dy + i, dot(u, dx, s->dim, i));
        }
        for (size_t d = 0; d < s->dim; d++) {
            for (size_t i = 0; i < rows; i += VEC_WIDTH) {
                const vec xd = load(COORDINATE(x, d) + i), dy = load(COORDINATE(dx, d) + i), along = load(u_dy + i);
                store(du + i, fmadd(dy, load(u_x + i), xd * along));
                store(COORDINATE(dx, d) + i, fmadd(broadcast(-2.0) * along, broadcast(u[d]), dy));
            }
            sum_rows(s->partial + (r * s->dim + d) * 8, du, rows);
        }
    }
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct rotation *s = state;
    for (size_t r = REFLECTIONS; r-- > 0;)
        reflect(x, NULL, s->u + r * s->dim, s->dim, rows);
    return FATHOM_OK;
}

/* dv = (du - u (u . du)) / |v|, since u = v / |v| */
static void finish(double *gradient, void *state)
{
    struct rotation *s = state;
    for (size_t r = 0; r < REFLECTIONS; r++) {
        const double *u = s->u + r * s->dim, *partial = s->partial + r * s->dim * 8;
        double        along = 0.0;
        for (size_t d = 0; d < s->dim; d++)
            along = fma(u[d], -2.0 * sum8(partial + d * 8), along);
        for (size_t d = 0; d < s->dim; d++)
            gradient[r * s->dim + d] = (-2.0 * sum8(partial + d * 8) - u[d] * along) / s->length[r];
    }
}

const struct layer ISA(layer_rotation) = {
    .name = "rotation",
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
