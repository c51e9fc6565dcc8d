/* conditioner_dense.c - the dense conditioner: a fully connected ReLU network, a tile of rows at a time.
 *
 *   h_0 = in,  h_{l+1} = max(0, W_l h_l + b_l),  out = W_L h_L + b_L          (forward, lanes are rows)
 *   d_L = dout,  dW_l = d_l h_l^T,  db_l = sum d_l,  d_{l-1} = W_l^T d_l where h_l > 0, else 0     (backward)
 *
 * d_l is d loss / d (W_l h_l + b_l), for one row; dW_l and db_l are summed over rows.  L = `hidden`.
 *
 * dW is summed over rows in their order, tile after tile, by the one matrix kernel (matrix.c).  There the lanes are
 * input features, so it reads h_l transposed.  With at most FEW inputs most lanes would be padding.  Then the lanes are
 * rows, as for db.
 *
 * It works for any number of inputs.  The tests compare conditioner_piecewise.c with it, and it with
 * conditioner_plain.h. */
#include "internal.h"

struct dense_layer {
    size_t        fan_in, fan_out;
    const double *w, *b; /* [fan_out][fan_in], [fan_out]: in the caller's parameters        */
    double       *input; /* [padded(fan_in)][STRIDE], h_l; rows from fan_in on stay zero    */
    double       *dw;    /* [fan_out][padded(fan_in)], d loss / d W summed so far; with at
                               most FEW inputs [fan_out][fan_in][8], in eight partial sums     */
    double       *db;    /* [fan_out][8], d loss / d b summed so far, in eight partial sums */
};

struct dense {
    size_t             n_layers, n_doubles; /* n_doubles: size of `memory`            */
    double            *transposed;          /* [TILE][widest padded fan_in]                   */
    double            *delta[2];            /* [padded(width)][STRIDE], d_l and d_{l-1}       */
    double            *accumulated;         /* all dw and db                                  */
    size_t             n_accumulated;
    struct dense_layer layers[9]; /* hidden + 1                                 */
    _Alignas(CACHE_LINE) double memory[];
};

enum { FEW = 4 /* inputs */ };

/* Doubles per unit that its part of dw takes. */
static size_t sums_per_unit(size_t fan_in) { return fan_in <= FEW ? fan_in * 8 : padded(fan_in); }

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void *create(size_t n_in, size_t n_out, size_t width, size_t hidden)
{
    size_t inputs = 0, sums = 0, widest = padded(larger(n_in, hidden ? width : 0));
    for (size_t l = 0; l <= hidden; l++) {
        size_t fan_in = l == 0 ? n_in : width, fan_out = l == hidden ? n_out : width;
        inputs += padded(fan_in) * STRIDE;
        sums += fan_out * (sums_per_unit(fan_in) + 8);
    }
    size_t        n_doubles = inputs + sums + TILE * widest + 2 * padded(width) * STRIDE;
    struct dense *s = zeros(sizeof *s + n_doubles * sizeof(double));
    if (!s)
        return NULL;
    s->n_layers = hidden + 1;
    s->n_doubles = n_doubles;
    s->n_accumulated = sums;
    s->accumulated = s->memory;
    double *sum = s->accumulated, *input = s->accumulated + sums;
    for (size_t l = 0; l <= hidden; l++) {
        struct dense_layer *layer = &s->layers[l];
        layer->fan_in = l == 0 ? n_in : width;
        layer->fan_out = l == hidden ? n_out : width;
        layer->dw = sum;
        layer->db = sum + layer->fan_out * sums_per_unit(layer->fan_in);
        sum = layer->db + layer->fan_out * 8;
        layer->input = input;
        input += padded(layer->fan_in) * STRIDE;
    }
    s->transposed = input;
    s->delta[0] = s->transposed + TILE * widest;
    s->delta[1] = s->delta[0] + padded(width) * STRIDE;
    return s;
}

static size_t bytes(const void *state)
{
    const struct dense *s = state;
    return sizeof *s + s->n_doubles * sizeof(double);
}

static fathom_status prepare(void *state, const double *params)
{
    struct dense *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct dense_layer *layer = &s->layers[l];
        layer->w = params;
        layer->b = params + layer->fan_out * layer->fan_in;
        params = layer->b + layer->fan_out;
    }
    memset(s->accumulated, 0, s->n_accumulated * sizeof(double));
    return FATHOM_OK;
}

/* a = max(0, a); NaN stays NaN. */
static void rectify(double *a, size_t units, size_t rows)
{
    for (size_t u = 0; u < units; u++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec v = load(ROW(a, u) + i), zero = broadcast(0.0);
            store(ROW(a, u) + i, mask_select(mask_or(less(v, zero), equal(v, zero)), zero, v));
        }
}

/* partial[8] += x y; x, y: [rows]; row i is added to partial sum i mod 8. */
INLINE void add_products(double partial[8], const double *x, const double *y, size_t rows)
{
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = load(partial + j);
        for (size_t i = 0; i < rows; i += 8)
            sum = fmadd(load(x + i + (size_t)j), load(y + i + (size_t)j), sum);
        store(partial + j, sum);
    }
}

/* h_{l+1} = max(0, W_l h_l + b_l); the last layer writes to out, without the maximum. */
static void forward(double *out, const double *in, void *state, size_t rows)
{
    struct dense *s = state;
    for (size_t k = 0; k < s->layers[0].fan_in; k++)
        memcpy(ROW(s->layers[0].input, k), ROW(in, k), rows * sizeof(double));
    for (size_t l = 0; l < s->n_layers; l++) {
        const struct dense_layer *layer = &s->layers[l];
        bool                      last = l + 1 == s->n_layers;
        double                   *next = last ? out : s->layers[l + 1].input;
        ISA(matrix_product)
        (next, STRIDE, layer->b, matrix_rows(layer->w, layer->fan_in), matrix_rows(layer->input, STRIDE),
         layer->fan_out, layer->fan_in, rows);
        if (!last)
            rectify(next, layer->fan_out, rows);
    }
}

/* [units][STRIDE] -> [rows][units], units a multiple of 8 */
static void transpose_tile(double *out, const double *in, size_t units, size_t rows)
{
    for (size_t u = 0; u < units; u += VEC_WIDTH)
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec row[VEC_WIDTH], column[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = load(ROW(in, u + j) + i);
            transpose(column, row);
            for (size_t j = 0; j < VEC_WIDTH; j++)
                store(out + (i + j) * units + u, column[j]);
        }
}

/* dW += sum over a tile's rows of d h^T */
static void weight_gradient(const struct dense *s, const struct dense_layer *layer, const double *d, size_t rows)
{
    const size_t columns = padded(layer->fan_in);
    if (layer->fan_in <= FEW) {
        for (size_t u = 0; u < layer->fan_out; u++)
            for (size_t k = 0; k < layer->fan_in; k++)
                add_products(layer->dw + (u * layer->fan_in + k) * 8, ROW(d, u), ROW(layer->input, k), rows);
        return;
    }
    transpose_tile(s->transposed, layer->input, columns, rows);
    ISA(matrix_add_product)
    (layer->dw, columns, matrix_rows(d, STRIDE), matrix_rows(s->transposed, columns), layer->fan_out, rows, columns);
}

/* db_l += d_l,  dW_l += d_l h_l^T,  d_{l-1} = W_l^T d_l where h_l > 0; after layer 0, din += W_0^T d_0. */
static void backward(double *din, const double *dout, void *state, size_t rows)
{
    struct dense *s = state;
    const double *d = dout;
    for (size_t l = s->n_layers; l-- > 0;) {
        const struct dense_layer *layer = &s->layers[l];
        for (size_t u = 0; u < layer->fan_out; u++)
            sum_rows(layer->db + u * 8, ROW(d, u), rows);
        weight_gradient(s, layer, d, rows);
        if (l == 0) {
            ISA(matrix_add_product)
            (din, STRIDE, matrix_transposed(layer->w, layer->fan_in), matrix_rows(d, STRIDE), layer->fan_in,
             layer->fan_out, rows);
            return;
        }
        double *below = s->delta[l % 2];
        ISA(matrix_product)
        (below, STRIDE, NULL, matrix_transposed(layer->w, layer->fan_in), matrix_rows(d, STRIDE), layer->fan_in,
         layer->fan_out, rows);
        for (size_t u = 0; u < layer->fan_in; u++)
            for (size_t i = 0; i < rows; i += VEC_WIDTH) {
                mask on = less(broadcast(0.0), load(ROW(layer->input, u) + i));
                store(ROW(below, u) + i, mask_select(on, load(ROW(below, u) + i), broadcast(0.0)));
            }
        d = below;
    }
}

static void finish(double *gradient, void *state)
{
    struct dense *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        const struct dense_layer *layer = &s->layers[l];
        for (size_t u = 0; u < layer->fan_out; u++)
            for (size_t k = 0; k < layer->fan_in; k++)
                *gradient++ = layer->fan_in <= FEW ? sum8(layer->dw + (u * layer->fan_in + k) * 8)
                                                   : layer->dw[u * padded(layer->fan_in) + k];
        for (size_t u = 0; u < layer->fan_out; u++)
            *gradient++ = sum8(layer->db + u * 8);
    }
}

const struct conditioner ISA(conditioner_dense) = {
    .name = "dense",
    .create = create,
    .destroy = free,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .finish = finish,
};
