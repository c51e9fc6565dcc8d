/* layer_residual.c - a residual block (Behrmann et al. 2019, "Invertible residual networks"; Chen et al. 2019, "Residual
 * flows for invertible generative modeling").
 *
 *   y = x + g(x),  Lip g <= L < 1,  log|det| = log |det (I + J)|,  J = dg/dx
 *
 * residual_net.c computes g and J.  log_det.c computes log|det|; while a flow is trained, an estimate of it if the
 * configuration names one (`estimate` in layer.h).
 *
 * Inverse: x is the only fixed point of T(x) = y - g(x).  With F(x) = x + g(x) - y, so that |F(x)| = |x - T(x)|, the
 * distance to it is certified: |x - x*| <= |F(x)| / (1 - L), where L is that of the spectral norms (certificate.c).  |F|
 * is what is computed, and 2^-52 |g| more for what the last additions of g and F round: where |g| is large beside |x|,
 * F may vanish far from x*.  The rounding inside the network is not in the bound: it matters where hidden values are large
 * and cancel.  A row is found when the bound is 1e-12 of max(1, |x|); one more step of Newton's then brings
 * it to the rounding.  From x = y each step is Newton's, x <- x - (I + J)^-1 F(x).  If |F| does not shrink by the factor L
 * at least, the step is undone, and Banach's is made, x <- T(x), which does.  So the iteration always converges, as far as
 * rounding allows.  Where it does not, or L is not below 1, the row becomes NaN, and the status says so.
 *
 * Parameters: the network's, its buffers, and the key of the random draws (two words).  The draws of a row of a batch are
 * those of its number. */
#include "internal.h"

#include "../log_det.h"
#include "residual_net.h"

enum { KEY_WORDS = 2 };
static const double TOLERANCE = 1e-12, ROUNDING = 0x1p-52;

struct residual {
    fathom_config        config;
    struct residual_net *net;
    struct log_det       log_det;
    fathom_key           key;
    bool                 estimates;
    uint64_t             passed;     /* rows that forward was given since prepare                           */
    double               lipschitz;  /* the certificate; NaN: not asked for since prepare                   */
    const double        *output;     /* [D] streams, of the last tile                                       */
    double              *slope;      /* [D][D][STRIDE], d log|det| / d J of the last tile                   */
    double              *doutput;    /* [D] streams                                                         */
    double              *y, *at, *f; /* [D][STRIDE]: of the inverse: its argument; the last point kept, F there */
    double              *jacobian, *inverse; /* [D][D], of one row: J; (I + J)^-1, or an estimate's gradient    */
    _Alignas(CACHE_LINE) double memory[];
};

static size_t n_params(const fathom_config *config) { return ISA(residual_net_n_params)(config) + KEY_WORDS; }

static size_t n_buffers(const fathom_config *config) { return n_params(config) - ISA(residual_net_trained)(config); }

static size_t units(size_t *length, const fathom_config *config)
{
    const size_t n = ISA(residual_net_units)(length, config);
    return n + layer_same_units(length ? length + n : NULL, KEY_WORDS, 1);
}

/* ---------------------------------------------------------------------------------------------------- buffers ---- */

/* The words are whole numbers below 2^32.  Whoever moves them a little, as a round-off ensemble does, does not change
 * them. */
static fathom_key read_key(const double *words)
{
    fathom_key key;
    for (int i = 0; i < KEY_WORDS; i++)
        key.word[i] = words[i] >= 0.0 && words[i] < 4294967295.0 ? (uint32_t)(words[i] + 0.5) : UINT32_MAX;
    return key;
}

static void write_key(double *words, const uint32_t word[2])
{
    words[0] = word[0];
    words[1] = word[1];
}

static void init(double *params, const fathom_config *config, fathom_key key)
{
    fathom_key keys[2];
    fathom_key_split(keys, key, 2);
    ISA(residual_net_init)(params, config, keys[0]);
    write_key(params + ISA(residual_net_n_params)(config), keys[1].word);
}

/* The next key is this one's block at a counter of the step: it depends on both, so no two flows, blocks or steps share
 * draws.  Rows draw from counters below 2^63 (log_det.c), so this one has the highest bit. */
static void advance(double *params, const fathom_config *config, fathom_key key)
{
    double  *words = params + ISA(residual_net_n_params)(config);
    uint32_t next[2], counter[2] = { key.word[0] | UINT32_C(1) << 31, key.word[1] };
    ISA(residual_net_advance)(params, config);
    fathom_threefry(next, read_key(words), counter);
    write_key(words, next);
}

/* ------------------------------------------------------------------------------------------------------ state ---- */

static size_t n_doubles(size_t dim)
{
    return dim * STREAMS(dim) + 3 * dim * STRIDE + dim * dim * STRIDE + 2 * dim * dim;
}

static void destroy(void *state)
{
    struct residual *s = state;
    if (!s)
        return;
    ISA(residual_net_destroy)(s->net);
    fathom_log_det_clear(&s->log_det);
    free(s);
}

static void *create(const fathom_config *config)
{
    const size_t     dim = config->dim;
    struct residual *s = zeros(sizeof *s + n_doubles(dim) * sizeof(double));
    if (!s)
        return NULL;
    s->config = *config;
    s->net = ISA(residual_net_create)(config);
    if (!fathom_log_det_open(&s->log_det, config) || !s->net) {
        destroy(s);
        return NULL;
    }
    s->doutput = s->memory;
    s->y = s->doutput + dim * STREAMS(dim);
    s->at = s->y + dim * STRIDE;
    s->f = s->at + dim * STRIDE;
    s->slope = s->f + dim * STRIDE;
    s->jacobian = s->slope + dim * dim * STRIDE;
    s->inverse = s->jacobian + dim * dim;
    return s;
}

static size_t bytes(const void *state)
{
    const struct residual *s = state;
    return sizeof *s + n_doubles(s->config.dim) * sizeof(double) + ISA(residual_net_bytes)(s->net) +
           fathom_log_det_bytes(&s->log_det);
}

static void share(void *state, const void *other)
{
    ISA(residual_net_share)(((struct residual *)state)->net, ((const struct residual *)other)->net);
}

static fathom_status prepare(void *state, const double *params)
{
    struct residual *s = state;
    ISA(residual_net_prepare)(s->net, params);
    s->key = read_key(params + ISA(residual_net_n_params)(&s->config));
    s->estimates = false;
    s->passed = 0;
    s->lipschitz = NAN;
    return FATHOM_OK;
}

static void estimate(void *state)
{
    struct residual *s = state;
    s->estimates = s->config.log_det != FATHOM_LOG_DET_EXACT;
}

/* ------------------------------------------------------------------------------------------ forward, backward ---- */

/* s->jacobian = J of row i. */
static void gather_jacobian(const struct residual *s, size_t rows, size_t i)
{
    const size_t dim = s->config.dim;
    for (size_t k = 0; k < dim; k++)
        for (size_t d = 0; d < dim; d++)
            s->jacobian[k * dim + d] = s->output[k * STREAMS(dim) + (1 + d) * rows + i];
}

/* log |det (I + J)| of row i; s->inverse = (I + J)^-1, which is the transpose of its gradient. */
static double exact_row(struct residual *s, size_t rows, size_t i)
{
    gather_jacobian(s, rows, i);
    return fathom_log_det_exact(s->inverse, s->jacobian, s->config.dim);
}

static void add_to_volume(struct volume *volume, const double *log_det, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        volume_add_log(volume, i, load(log_det + i));
}

/* Row by row, in any dimension and any way.  s->slope = d log|det| / d J; s->inverse holds that of one row, as it is if
 * it is an estimate's, and transposed if the determinant is exact. */
static void log_det_rows(struct volume *volume, struct residual *s, size_t rows)
{
    const size_t dim = s->config.dim;
    double       log_det[TILE];
    for (size_t i = 0; i < rows; i++) {
        if (s->estimates) {
            gather_jacobian(s, rows, i);
            log_det[i] = fathom_log_det_row(s->inverse, &s->log_det, s->jacobian, s->key, s->passed + i);
        } else
            log_det[i] = exact_row(s, rows, i);
        for (size_t k = 0; k < dim; k++)
            for (size_t d = 0; d < dim; d++)
                ROW(s->slope, k * dim + d)[i] = s->inverse[s->estimates ? k * dim + d : d * dim + k];
    }
    add_to_volume(volume, log_det, rows);
}

/* The exact one in the plane, in closed form: det = (1 + a)(1 + d) - b c for J = [a b; c d]. */
static void log_det_plane(struct volume *volume, struct residual *s, size_t rows)
{
    const double *x = s->output + rows, *y = x + STREAMS(2);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const vec one = broadcast(1.0), a = one + load(x + i), b = load(x + rows + i), c = load(y + i),
                  d = one + load(y + rows + i), det = fmadd(a, d, -(b * c)), scale = one / det;
        store(ROW(s->slope, 0) + i, d * scale);
        store(ROW(s->slope, 1) + i, -(c * scale));
        store(ROW(s->slope, 2) + i, -(b * scale));
        store(ROW(s->slope, 3) + i, a * scale);
        volume_grow(volume, i, max(det, -det));
    }
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    struct residual *s = state;
    const size_t     dim = s->config.dim;
    s->output = ISA(residual_net_forward)(s->net, x, rows);
    if (dim == 2 && !s->estimates)
        log_det_plane(volume, s, rows);
    else
        log_det_rows(volume, s, rows);
    s->passed += rows;
    for (size_t k = 0; k < dim; k++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH)
            store(COORDINATE(x, k) + i, load(COORDINATE(x, k) + i) + load(s->output + k * STREAMS(dim) + i));
}

/* d loss / d g = dy,  d loss / d J = dlog_det d log|det| / d J,  dx = dy + what the network adds. */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    struct residual *s = state;
    const size_t     dim = s->config.dim;
    for (size_t k = 0; k < dim; k++) {
        double *doutput = s->doutput + k * STREAMS(dim);
        memcpy(doutput, COORDINATE(dx, k), rows * sizeof *doutput);
        for (size_t d = 0; d < dim; d++)
            for (size_t i = 0; i < rows; i += VEC_WIDTH)
                store(doutput + (1 + d) * rows + i, load(dlog_det + i) * load(ROW(s->slope, k * dim + d) + i));
    }
    ISA(residual_net_backward)(dx, s->doutput, s->net, rows);
}

static void finish(double *gradient, void *state)
{
    struct residual *s = state;
    ISA(residual_net_finish)(gradient, s->net);
    memset(gradient + ISA(residual_net_n_params)(&s->config), 0, KEY_WORDS * sizeof *gradient);
}

/* ---------------------------------------------------------------------------------------------------- inverse ---- */

/* What made the point x that a row is at. */
enum progress {
    STARTED,   /* nothing: x = y                                              */
    BY_NEWTON, /* Newton's step from the point kept                           */
    BY_BANACH, /* Banach's step from it, since Newton's did not shrink |F|    */
    POLISHED,  /* Newton's step from a point that the certificate accepted    */
    FOUND,     /* closed: x is accepted                                       */
    LOST       /* closed: x is NaN                                            */
};

/* The state of the inverse of a tile. */
struct search {
    enum progress progress[TILE];
    double        size[TILE];    /* |F| at the last point kept */
    double        log_det[TILE]; /* of the inverse             */
    size_t        open;          /* rows neither found nor lost */
};

static void close_row(struct search *search, enum progress how, double *x, size_t dim, size_t i)
{
    for (size_t d = 0; d < dim && how == LOST; d++)
        COORDINATE(x, d)[i] = NAN;
    if (how == LOST)
        search->log_det[i] = NAN;
    search->progress[i] = how;
    search->open--;
}

/* Keeps the point x of row i, where F is f, and makes Newton's step from it. */
static void newton_step(double *x, struct residual *s, const double *f, size_t i)
{
    const size_t dim = s->config.dim;
    for (size_t d = 0; d < dim; d++) {
        ROW(s->at, d)[i] = COORDINATE(x, d)[i];
        ROW(s->f, d)[i] = f[d];
    }
    for (size_t d = 0; d < dim; d++)
        for (size_t k = 0; k < dim; k++)
            COORDINATE(x, d)[i] = fma(-s->inverse[d * dim + k], f[k], COORDINATE(x, d)[i]);
}

/* What the evaluation of the network at x says of row i. */
static void judge_row(double *x, struct search *search, struct residual *s, size_t rows, size_t i)
{
    const size_t dim = s->config.dim;
    double       f[FATHOM_DIM_MAX], size = 0.0, length = 0.0, step = 0.0;
    for (size_t d = 0; d < dim; d++) {
        const double g = s->output[d * STREAMS(dim) + i];
        f[d] = (COORDINATE(x, d)[i] - ROW(s->y, d)[i]) + g;
        size = fma(f[d], f[d], size);
        length = fma(COORDINATE(x, d)[i], COORDINATE(x, d)[i], length);
        step = fma(g, g, step);
    }
    size = sqrt(size);
    step = sqrt(step);
    const double        bound = TOLERANCE * (1.0 - s->lipschitz) * (length > 1.0 ? sqrt(length) : 1.0);
    const enum progress by = search->progress[i];
    if (by == POLISHED) {
        if (size < search->size[i])
            search->log_det[i] = -exact_row(s, rows, i);
        for (size_t d = 0; d < dim && !(size < search->size[i]); d++)
            COORDINATE(x, d)[i] = ROW(s->at, d)[i];
        close_row(search, FOUND, x, dim, i);
    } else if (size + ROUNDING * step <= bound && bound < INFINITY) {
        search->log_det[i] = -exact_row(s, rows, i);
        newton_step(x, s, f, i);
        search->size[i] = size;
        search->progress[i] = POLISHED;
    } else if (by == BY_NEWTON && !(size <= s->lipschitz * search->size[i])) {
        for (size_t d = 0; d < dim; d++)
            COORDINATE(x, d)[i] = ROW(s->at, d)[i] - ROW(s->f, d)[i];
        search->progress[i] = BY_BANACH;
    } else if (!(size < (by == STARTED ? INFINITY : search->size[i]))) {
        close_row(search, LOST, x, dim, i);
    } else {
        exact_row(s, rows, i);
        newton_step(x, s, f, i);
        search->size[i] = size;
        search->progress[i] = BY_NEWTON;
    }
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    struct residual *s = state;
    struct search    search = { .open = rows };
    fathom_status    status = FATHOM_OK;
    if (isnan(s->lipschitz))
        status = ISA(residual_net_lipschitz)(&s->lipschitz, s->net, &s->config);
    if (status == FATHOM_NO_MEMORY)
        return status;
    for (size_t d = 0; d < s->config.dim; d++)
        memcpy(ROW(s->y, d), COORDINATE(x, d), rows * sizeof(double));
    if (status != FATHOM_OK || s->lipschitz >= 1.0)
        for (size_t i = 0; i < rows; i++)
            close_row(&search, LOST, x, s->config.dim, i);
    while (search.open > 0) {
        s->output = ISA(residual_net_forward)(s->net, x, rows);
        for (size_t i = 0; i < rows; i++)
            if (search.progress[i] != FOUND && search.progress[i] != LOST)
                judge_row(x, &search, s, rows, i);
    }
    for (size_t i = 0; i < rows; i++)
        if (search.progress[i] == LOST)
            status = FATHOM_NO_CONVERGENCE;
    add_to_volume(volume, search.log_det, rows);
    return status;
}

const struct layer ISA(layer_residual) = {
    .name = "residual",
    .n_params = n_params,
    .n_buffers = n_buffers,
    .init = init,
    .advance = advance,
    .certify = ISA(residual_net_certify),
    .units = units,
    .create = create,
    .destroy = destroy,
    .bytes = bytes,
    .prepare = prepare,
    .estimate = estimate,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .finish = finish,
    .share = share,
};
