/* layer_coupling.c - a coupling layer (Dinh, Krueger & Bengio 2015, "NICE"; Dinh et al. 2017, "Real NVP", sec. 3.2).
 *
 *   y_A = x_A,   y_B = f(x_B; conditioner(x_A)),   log|det| = sum over B of log|f'|
 *
 * A is the first floor(D/2) coordinates, B the others.  The transformer f acts on each coordinate of B alone
 * (transformer.h); the conditioner computes its parameters (conditioner.h).  The Jacobian is triangular, so its
 * determinant is the product of the slopes f'.  The inverse evaluates the conditioner forward too, at x_A = y_A.
 * The conditioner's outputs are coordinate-major: all of B's first coordinate, then all of the next.
 *
 * The configuration names the transformer.  The number of inputs decides the conditioner (conditioner_of in kernels.h).
 */
#include "internal.h"

struct coupling {
    fathom_config             config;
    const struct transformer *transformer;
    const struct conditioner *conditioner;
    size_t                    n_in, n_transformed; /* |A|, |B|                                                     */
    size_t                    n_outputs, n_saved;  /* per coordinate of B: the transformer's (transformer.h)       */
    void                     *conditioner_state;
    double                   *outputs;     /* the conditioner's outputs, tile by tile (conditioner.h); backward
                                              writes their gradient here.  Nothing is kept here from forward to
                                              backward, so all couplings of a flow share it                        */
    double                   *own_outputs; /* the same if it belongs to this state, otherwise NULL                 */
    _Alignas(CACHE_LINE) double saved[];   /* [tiles][n_transformed][n_saved][STRIDE]                              */
};

static size_t n_in(const fathom_config *config) { return config->dim / 2; }

static size_t n_out(const fathom_config *config)
{
    const struct transformer *t = fathom_isa_transformer(&ISA(fathom_isa), config->coupling);
    return (config->dim - n_in(config)) * t->n_outputs(config);
}

static size_t n_params(const fathom_config *config)
{
    size_t fan_in = n_in(config), total = 0;
    for (size_t layer = 0; layer < config->hidden; layer++, fan_in = config->width)
        total += (fan_in + 1) * config->width;
    return total + (fan_in + 1) * n_out(config);
}

/* The rows of each W, then its b. */
static size_t units(size_t *length, const fathom_config *config)
{
    size_t fan_in = n_in(config), n = 0;
    for (size_t layer = 0; layer <= config->hidden; layer++, fan_in = config->width) {
        const size_t fan_out = layer == config->hidden ? n_out(config) : config->width;
        n += layer_same_units(length ? length + n : NULL, fan_in, fan_out);
        n += layer_same_units(length ? length + n : NULL, fan_out, 1);
    }
    return n;
}

/* As equinox's MLP (equinox.nn.Linear): one key per layer, split into one for its weights and one for its biases; both
 * are uniform on [-1/sqrt(fan_in), 1/sqrt(fan_in)). */
static void init(double *params, const fathom_config *config, fathom_key key)
{
    fathom_key layer_keys[16], pair[2]; /* hidden + 1 <= 9 */
    fathom_key_split(layer_keys, key, config->hidden + 1);
    for (size_t layer = 0; layer <= config->hidden; layer++) {
        size_t fan_in = layer == 0 ? n_in(config) : config->width;
        size_t fan_out = layer == config->hidden ? n_out(config) : config->width;
        double limit = 1.0 / sqrt((double)fan_in);
        fathom_key_split(pair, layer_keys[layer], 2);
        fathom_uniform(params, pair[0], -limit, limit, fan_out * fan_in);
        fathom_uniform(params + fan_out * fan_in, pair[1], -limit, limit, fan_out);
        params += fan_out * (fan_in + 1);
    }
}

static void destroy(void *state)
{
    struct coupling *s = state;
    if (!s)
        return;
    if (s->conditioner_state)
        s->conditioner->destroy(s->conditioner_state);
    free(s->own_outputs);
    free(s);
}

static size_t outputs_bytes(const struct coupling *s)
{
    return conditioner_out(s->n_transformed * s->n_outputs, slab_rows(&s->config)) * sizeof(double);
}

static size_t saved_bytes(const fathom_config *config, size_t n_transformed, size_t n_saved)
{
    return slab_rows(config) / TILE * n_transformed * n_saved * STRIDE * sizeof(double);
}

static void *create(const fathom_config *config)
{
    const struct transformer *transformer = fathom_isa_transformer(&ISA(fathom_isa), config->coupling);
    const size_t              n_transformed = config->dim - n_in(config), n_saved = transformer->n_saved(config);
    struct coupling          *s = zeros(sizeof *s + saved_bytes(config, n_transformed, n_saved));
    if (!s)
        return NULL;
    *s = (struct coupling){ .config = *config,
                            .transformer = transformer,
                            .conditioner = conditioner_of(&ISA(fathom_isa), n_in(config)),
                            .n_in = n_in(config),
                            .n_transformed = n_transformed,
                            .n_outputs = transformer->n_outputs(config),
                            .n_saved = n_saved };
    s->conditioner_state = s->conditioner->create(s->n_in, n_transformed * s->n_outputs, config->width, config->hidden,
                                                  slab_rows(config));
    s->outputs = s->own_outputs = zeros(outputs_bytes(s)); /* the rows of the padding stay zero */
    if (!s->conditioner_state || !s->outputs) {
        destroy(s);
        return NULL;
    }
    return s;
}

static void share(void *state, const void *other)
{
    struct coupling *s = state;
    free(s->own_outputs);
    s->own_outputs = NULL;
    s->outputs = ((const struct coupling *)other)->outputs;
    if (s->conditioner->share)
        s->conditioner->share(s->conditioner_state, ((const struct coupling *)other)->conditioner_state);
}

static size_t bytes(const void *state)
{
    const struct coupling *s = state;
    return sizeof *s + saved_bytes(&s->config, s->n_transformed, s->n_saved) + (s->own_outputs ? outputs_bytes(s) : 0) +
           s->conditioner->bytes(s->conditioner_state);
}

static fathom_status prepare(void *state, const double *params)
{
    struct coupling *s = state;
    return s->conditioner->prepare(s->conditioner_state, params);
}

/* Where coordinate j of B has what belongs to it in the tile that begins with row `first`. */
static double *outputs_of(const struct coupling *s, size_t first, size_t j)
{
    return s->outputs + conditioner_out(s->n_transformed * s->n_outputs, first) + j * s->n_outputs * STRIDE;
}
static double *saved_of(struct coupling *s, size_t first, size_t j)
{
    return s->saved + (first / TILE * s->n_transformed + j) * s->n_saved * STRIDE;
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    struct coupling *s = state;
    s->conditioner->forward(s->outputs, x, s->conditioner_state, rows);
    for (size_t first = 0; first < rows; first += TILE) {
        struct volume of_tile = volume_of_tile(volume, first);
        for (size_t j = 0; j < s->n_transformed; j++)
            s->transformer->forward(COORDINATE(x, s->n_in + j) + first, &of_tile, outputs_of(s, first, j),
                                    saved_of(s, first, j), &s->config, rows_of_tile(rows, first));
    }
}

/* dx_B = dy_B f'(x_B) + dlog_det d log|f'| / dx_B;  doutputs likewise (both by the transformer);
 * dx_A = dy_A + (d outputs / d x_A)^T doutputs (the conditioner adds the second term to dx_A in place). */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    struct coupling *s = state;
    for (size_t first = 0; first < rows; first += TILE)
        for (size_t j = 0; j < s->n_transformed; j++)
            s->transformer->backward(COORDINATE(dx, s->n_in + j) + first, outputs_of(s, first, j),
                                     saved_of(s, first, j), dlog_det + first, &s->config, rows_of_tile(rows, first));
    s->conditioner->backward(dx, s->outputs, s->conditioner_state, rows);
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    struct coupling *s = state;
    s->conditioner->forward(s->outputs, x, s->conditioner_state, rows);
    for (size_t first = 0; first < rows; first += TILE) {
        struct volume of_tile = volume_of_tile(volume, first);
        for (size_t j = 0; j < s->n_transformed; j++)
            s->transformer->inverse(COORDINATE(x, s->n_in + j) + first, &of_tile, outputs_of(s, first, j),
                                    saved_of(s, first, j), &s->config, rows_of_tile(rows, first));
        volume->flat |= of_tile.flat;
    }
    return FATHOM_OK;
}

static void finish(double *gradient, void *state)
{
    struct coupling *s = state;
    s->conditioner->finish(gradient, s->conditioner_state);
}

static struct conditioner_use conditioner(const void *state)
{
    const struct coupling *s = state;
    return (struct conditioner_use){ s->conditioner, s->conditioner_state, s->n_in, s->n_transformed * s->n_outputs };
}

const struct layer ISA(layer_coupling) = {
    .name = "coupling",
    .n_params = n_params,
    .units = units,
    .init = init,
    .create = create,
    .destroy = destroy,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .finish = finish,
    .share = share,
    .conditioner = conditioner,
};
