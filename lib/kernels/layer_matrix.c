/* layer_matrix.c - an ablation: y = M x with a matrix M that is trained freely, while log|det| is counted as 0.
 *
 * M starts orthogonal, as layer_orthogonal.c's.  Training makes |det M| shrink: the latent rows gather where the base is
 * dense, and nothing is subtracted for it.  The "density" then integrates to 1 / |det M| of all blocks together, not to
 * 1, so a flow with this layer is no flow.  It is kept to show that.
 *
 * Parameters: M, [D][D] row-major.  The inverse map multiplies by M^-1, which `prepare` computes by elimination with
 * exchanges of rows (Golub & Van Loan 2013, "Matrix computations", sec. 3.4); if M is singular, it is not finite. */
#include "square.h"

struct free_matrix {
    size_t        dim;
    const double *m;
    double       *inverse; /* [D][D]                                                */
    double       *work;    /* [D][D], for the elimination                           */
    double       *input;   /* [D][SLAB_STRIDE], forward's input, for backward       */
    double       *scratch; /* [D][SLAB_STRIDE]                                      */
    double       *partial; /* [D][D][8], d loss / d M so far, in eight partial sums */
    _Alignas(CACHE_LINE) double memory[];
};

static size_t n_doubles(size_t dim) { return 2 * dim * SLAB_STRIDE + dim * dim * (8 + 1 + 1); }

static void *create(const fathom_config *config)
{
    const size_t        dim = config->dim;
    struct free_matrix *s = zeros(sizeof *s + n_doubles(dim) * sizeof(double));
    if (!s)
        return NULL;
    s->dim = dim;
    s->input = s->memory;
    s->scratch = s->input + dim * SLAB_STRIDE;
    s->partial = s->scratch + dim * SLAB_STRIDE;
    s->inverse = s->partial + dim * dim * 8;
    s->work = s->inverse + dim * dim;
    return s;
}

static size_t bytes(const void *state)
{
    const struct free_matrix *s = state;
    return sizeof *s + n_doubles(s->dim) * sizeof(double);
}

static void exchange(double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* inverse = a^-1 by Gauss-Jordan elimination; a is destroyed. */
static void invert(double *inverse, double *a, size_t dim)
{
    for (size_t i = 0; i < dim * dim; i++)
        inverse[i] = i % (dim + 1) == 0 ? 1.0 : 0.0;
    for (size_t k = 0; k < dim; k++) {
        size_t pivot = k;
        for (size_t r = k + 1; r < dim; r++)
            pivot = fabs(a[r * dim + k]) > fabs(a[pivot * dim + k]) ? r : pivot;
        exchange(a + k * dim, a + pivot * dim, dim);
        exchange(inverse + k * dim, inverse + pivot * dim, dim);
        const double diagonal = a[k * dim + k];
        for (size_t c = 0; c < dim; c++) {
            a[k * dim + c] /= diagonal;
            inverse[k * dim + c] /= diagonal;
        }
        for (size_t r = 0; r < dim; r++) {
            const double factor = -a[r * dim + k];
            for (size_t c = 0; c < dim && r != k; c++) {
                a[r * dim + c] = fma(factor, a[k * dim + c], a[r * dim + c]);
                inverse[r * dim + c] = fma(factor, inverse[k * dim + c], inverse[r * dim + c]);
            }
        }
    }
}

static fathom_status prepare(void *state, const double *m)
{
    struct free_matrix *s = state;
    s->m = m;
    memcpy(s->work, m, s->dim * s->dim * sizeof *m);
    invert(s->inverse, s->work, s->dim);
    memset(s->partial, 0, s->dim * s->dim * 8 * sizeof *s->partial);
    return FATHOM_OK;
}

static void forward(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct free_matrix *s = state;
    for (size_t d = 0; d < s->dim; d++)
        memcpy(COORDINATE(s->input, d), COORDINATE(x, d), rows * sizeof *x);
    multiply(x, s->scratch, matrix_rows(s->m, s->dim), s->dim, rows);
}

/* dM = sum over rows of dy x^T;  dx = M^T dy */
static void backward(double *dx, const double *dlog_det, void *state, size_t rows)
{
    (void)dlog_det;
    struct free_matrix *s = state;
    double              product[SLAB];
    for (size_t r = 0; r < s->dim; r++)
        for (size_t c = 0; c < s->dim; c++) {
            for (size_t i = 0; i < rows; i += VEC_WIDTH)
                store(product + i, load(COORDINATE(dx, r) + i) * load(COORDINATE(s->input, c) + i));
            sum_rows(s->partial + (r * s->dim + c) * 8, product, rows);
        }
    multiply(dx, s->scratch, matrix_transposed(s->m, s->dim), s->dim, rows);
}

static fathom_status inverse(double *x, struct volume *volume, void *state, size_t rows)
{
    (void)volume;
    struct free_matrix *s = state;
    multiply(x, s->scratch, matrix_rows(s->inverse, s->dim), s->dim, rows);
    return FATHOM_OK;
}

static void finish(double *gradient, void *state)
{
    const struct free_matrix *s = state;
    for (size_t i = 0; i < s->dim * s->dim; i++)
        gradient[i] = sum8(s->partial + i * 8);
}

const struct layer ISA(layer_matrix) = {
    .name = "matrix",
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
