/* layer_actnorm.c - a scale and a shift per coordinate (Kingma & Dhariwal 2018, "Glow", sec. 3.1).
 *
 *   y = (x - loc) / s,  s = softplus(l) + 1e-5,  log|det| = -sum_d log s_d
 *
 * The paper's scale is 1 / s; softplus and 1e-5 (ACTNORM_MIN_SCALE) are flowjax's.  Parameters: loc [D], l [D].  Both
 * start at 0, so s = 0.6931...; fathom_flow_actnorm_init sets them from data. */
#include "internal.h"

struct actnorm {
    size_t        dim;
    const double *loc;
    double       *scale;   /* [D], s                                    */
    double       *slope;   /* [D], ds/dl                                */
    double       *y;       /* [D][SLAB_STRIDE], for backward                 */
    double       *partial; /* [2 D][8]: -d loss / d loc, then -s d loss / d s, in eight partial sums */
    double        log_det; /* the same for every row                    */
    _Alignas(CACHE_LINE) double memory[];
};

static size_t n_params(const fathom_config *config) { return 2 * config->dim; }

static size_t units(size_t *length, const fathom_config *config) { return layer_same_units(length, config->dim, 2); }

static size_t n_doubles(size_t dim) { return dim + dim + dim * SLAB_STRIDE + 2 * dim * 8; }

static void *create(const fathom_config *config)
{
    size_t          dim = config->dim;
    struct actnorm *s = zeros(sizeof *s + n_doubles(dim) * sizeof(double));
    if (!s)
        return NULL;
    s->dim = dim;
    s->scale = s->memory;
    s->slope = s->scale + dim;
    s->y = s->slope + dim;
    s->partial = s->y + dim * SLAB_STRIDE;
    return s;
}

static size_t bytes(const void *state)
{
    const struct actnorm *s = state;
    return sizeof *s + n_doubles(s->dim) * sizeof(double);
}

static fathom_status prepare(void *state, const double *params)
{
    struct actnorm *s = state;
    s->loc = params;
    s->log_det = 0.0;
    for (size_t d = 0; d < s->dim; d++) {
        double out[VEC_WIDTH];
        vec    slope, scale = softplus(&slope, broadcast(params[s->dim + d])) + broadcast(ACTNORM_MIN_SCALE);
        store(out, scale);
        s->scale[d] = out[0];
        store(out, slope);
        s->slope[d] = out[0];
        store(out, vec_log(scale));
        s->log_det -= out[0];
    }
    memset(s->partial, 0, 2 * s->dim * 8 * sizeof(double));
    return FATHOM_OK;
}

static void add_log_det(struct volume *volume, double value, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(volume->log + i, load(volume->log + i) + broadcast(value));
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    struct actnorm *s = state;
    for (size_t d = 0; d < s->dim; d++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec y = (load(COORDINATE(x, d) + i) - broadcast(s->loc[d])) / broadcast(s->scale[d]);
            store(COORDINATE(x, d) + i, y);
            store(COORDINATE(s->y, d) + i, y);
        }
    add_log_det(volume, s->log_det, rows);
}

/* dx = dy / s;  dloc = -sum dy / s;  ds = -sum (dy y + dlog_det) / s.  Here the sums, in `finish` the rest. */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    struct actnorm *s = state;
    for (size_t d = 0; d < s->dim; d++) {
        double *dy = COORDINATE(dx, d), ds[SLAB];
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec y = load(COORDINATE(s->y, d) + i);
            store(ds + i, fmadd(load(dy + i), y, load(dlog_det + i)));
            store(dy + i, load(dy + i) / broadcast(s->scale[d]));
        }
        sum_rows(s->partial + d * 8, dy, rows);
        sum_rows(s->partial + (s->dim + d) * 8, ds, rows);
    }
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    struct actnorm *s = state;
    for (size_t d = 0; d < s->dim; d++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH)
            store(COORDINATE(x, d) + i, load(COORDINATE(x, d) + i) * broadcast(s->scale[d]) + broadcast(s->loc[d]));
    add_log_det(volume, -s->log_det, rows);
    return FATHOM_OK;
}

/* dloc, and dl = ds (ds/dl) */
static void finish(double *gradient, void *state)
{
    struct actnorm *s = state;
    for (size_t d = 0; d < s->dim; d++) {
        gradient[d] = -sum8(s->partial + d * 8);
        gradient[s->dim + d] = -sum8(s->partial + (s->dim + d) * 8) / s->scale[d] * s->slope[d];
    }
}

const struct layer ISA(layer_actnorm) = {
    .name = "actnorm",
    .n_params = n_params,
    .units = units,
    .create = create,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .finish = finish,
};
