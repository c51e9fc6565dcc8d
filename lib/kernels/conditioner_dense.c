/* conditioner_dense.c - the dense conditioner: a fully connected ReLU network, a slab of rows at a time (tile.h).
 *
 *   h_0 = in,  h_{l+1} = max(0, W_l h_l + b_l),  out = W_L h_L + b_L          (forward)
 *   d_L = dout,  dW_l = d_l h_l^T,  db_l = sum d_l,  d_{l-1} = W_l^T d_l where h_l > 0, else 0     (backward)
 *
 * d_l is d loss / d (W_l h_l + b_l), for one row; dW_l and db_l are summed over rows.  L = `hidden`.
 *
 * Rows lie one way outside, and the other way inside: H_l, whose rows are the h_l of a slab's rows, and D_l, likewise of
 * d_l, are [rows][units].
 *
 *      in  --transpose-->  H_0  --W_0-->  H_1  ...  H_L  --transpose-->  H_L^T  --W_L-->  out
 *
 *      [inputs][rows]      [rows][units]                                 [units][rows]    [outputs][rows]
 *      |------------------------ a whole slab ---------------|           |-- tile by tile (conditioner.h) --|
 *
 * The other operands are read as they lie, in the four products (matrix.c):
 *
 *   H_{l+1} = max(0, H_l W_l^T + b_l)       lanes are units; W_l is transposed once per parameter vector
 *   out     = W_L H_L^T + b_L               lanes are rows
 *   D_{l-1} = D_l W_l where H_l > 0         lanes are units of the layer below
 *   dW_l   += D_l^T H_l                     lanes are units of the layer below; summed over rows in their order
 *
 * With at most FEW inputs most lanes of dW_l would be padding.  Then it is summed as db_l is, in eight partial sums
 * (sums.h), and lanes are units of the layer itself.
 *
 * It works for any number of inputs.  The tests compare conditioner_piecewise.c with it, and it with
 * conditioner_plain.h. */
#include "internal.h"

struct dense_layer {
    size_t        fan_in, fan_out, inputs, columns; /* inputs, columns: fan_in, fan_out padded                */
    size_t        in_step, out_step; /* doubles from one row of [inputs], of [columns], to the next            */
    const double *w;        /* [fan_out][inputs]: the caller's parameters, or w_padded                        */
    double       *w_padded; /* the same if the caller's rows are not in_step apart                            */
    double       *wt, *b;   /* [fan_in][columns], W transposed, but NULL of the last layer; [columns]         */
    double       *h;        /* [most_rows][inputs], h_l                                                       */
    double       *dw;       /* [fan_out][inputs], d loss / d W summed so far; with at most FEW inputs
                               [fan_in][8][columns], in eight partial sums                                    */
    double       *db;       /* [8][columns], d loss / d b summed so far, in eight partial sums                */
};

/* Memory that a call needs only until it returns.  The couplings of a flow share it. */
struct scratch {
    double *delta[2]; /* [most_rows][widest]: d_l and d_{l-1}; the first also [widest][STRIDE], h_L of a tile */
    _Alignas(CACHE_LINE) double memory[];
};

struct dense {
    size_t             n_layers, n_doubles; /* n_doubles: size of `memory`                               */
    size_t             n_scratch;           /* of the scratch memory                                     */
    bool               summed;              /* whether backward has been called since prepare            */
    struct scratch    *scratch, *own;       /* own: the same, or NULL if another state owns it           */
    struct dense_layer layers[9];           /* hidden + 1                                                */
    _Alignas(CACHE_LINE) double memory[];
};

enum { FEW = 4 /* inputs */ };

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Gives the layer its part of `memory`, and returns what follows it.  NULL: nothing is written but the shape, and the
 * difference is how many doubles the layer needs. */
static size_t place(struct dense_layer *layer, double *memory, size_t fan_in, size_t fan_out, bool last,
                    size_t most_rows)
{
    const size_t inputs = padded(fan_in), columns = padded(fan_out);
    const size_t in_step = row_step(fan_in), out_step = row_step(fan_out);
    const size_t sizes[] = { fan_in == in_step ? 0 : fan_out * in_step,
                             last ? 0 : fan_in * out_step,
                             columns,
                             most_rows * in_step,
                             fan_in <= FEW ? fan_in * 8 * columns : fan_out * in_step,
                             8 * columns };
    double **const parts[] = { &layer->w_padded, &layer->wt, &layer->b, &layer->h, &layer->dw, &layer->db };
    size_t         total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        *parts[i] = memory ? memory + total : NULL;
        total += sizes[i];
    }
    layer->fan_in = fan_in, layer->inputs = inputs, layer->in_step = in_step;
    layer->fan_out = fan_out, layer->columns = columns, layer->out_step = out_step;
    return total;
}

static void destroy(void *state)
{
    struct dense *s = state;
    if (s)
        free(s->own);
    free(s);
}

static void *create(size_t n_in, size_t n_out, size_t width, size_t hidden, size_t most_rows)
{
    struct dense_layer layer;
    size_t             n_doubles = 0, widest = row_step(larger(n_in, hidden ? width : 0));
    for (size_t l = 0; l <= hidden; l++)
        n_doubles += place(&layer, NULL, l == 0 ? n_in : width, l == hidden ? n_out : width, l == hidden, most_rows);
    struct dense *s = zeros(sizeof *s + n_doubles * sizeof(double));
    if (!s)
        return NULL;
    s->n_layers = hidden + 1;
    s->n_doubles = n_doubles;
    const size_t first = larger(STRIDE, most_rows) * widest;
    s->n_scratch = first + most_rows * widest;
    s->scratch = s->own = zeros(sizeof *s->own + s->n_scratch * sizeof(double));
    if (!s->own) {
        free(s);
        return NULL;
    }
    s->own->delta[0] = s->own->memory;
    s->own->delta[1] = s->own->memory + first;
    double *next = s->memory;
    for (size_t l = 0; l <= hidden; l++)
        next += place(&s->layers[l], next, l == 0 ? n_in : width, l == hidden ? n_out : width, l == hidden, most_rows);
    return s;
}

static void share(void *state, const void *other)
{
    struct dense *s = state;
    free(s->own);
    s->own = NULL;
    s->scratch = ((const struct dense *)other)->scratch;
}

static size_t bytes(const void *state)
{
    const struct dense *s = state;
    return sizeof *s + s->n_doubles * sizeof(double) + (s->own ? sizeof *s->own + s->n_scratch * sizeof(double) : 0);
}

static fathom_status prepare(void *state, const double *params)
{
    struct dense *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct dense_layer *layer = &s->layers[l];
        if (l + 1 < s->n_layers)
            ISA(matrix_transpose)(layer->wt, layer->out_step, params, layer->fan_in, layer->fan_out, layer->fan_in);
        layer->w = params;
        if (layer->fan_in != layer->in_step) {
            for (size_t u = 0; u < layer->fan_out; u++)
                memcpy(layer->w_padded + u * layer->in_step, params + u * layer->fan_in,
                       layer->fan_in * sizeof(double));
            layer->w = layer->w_padded;
        }
        params += layer->fan_out * layer->fan_in;
        memcpy(layer->b, params, layer->fan_out * sizeof(double));
        params += layer->fan_out;
    }
    s->summed = false;
    return FATHOM_OK;
}

/* h_{l+1} = max(0, W_l h_l + b_l); the last layer without the maximum. */
static void forward(double *out, const double *in, void *state, size_t rows)
{
    struct dense             *s = state;
    const struct dense_layer *layer = s->layers, *const last = s->layers + s->n_layers - 1;
    double *transposed = s->scratch->delta[0];
    ISA(matrix_transpose)(layer->h, layer->in_step, in, SLAB_STRIDE, layer->fan_in, rows);
    for (; layer < last; layer++)
        ISA(matrix_layer)
    (layer[1].h, layer->out_step, layer->b, true, matrix_rows(layer->h, layer->in_step),
     matrix_rows(layer->wt, layer->out_step), rows, layer->fan_in, layer->columns);
    for (size_t first = 0; first < rows; first += TILE) {
        const size_t here = rows_of_tile(rows, first);
        ISA(matrix_transpose)(transposed, STRIDE, last->h + first * last->in_step, last->in_step, here, last->inputs);
        ISA(matrix_product)
        (out + conditioner_out(last->fan_out, first), STRIDE, last->b, matrix_rows(last->w, last->in_step),
         matrix_rows(transposed, STRIDE), last->fan_out, last->fan_in, here);
    }
}

/* Row i of d times h[i][k], k < n, is added to dw[k][i mod 8], and row i itself to db[i mod 8].  dw: [n][8][columns],
 * db: [8][columns]; d: [rows][columns]. */
INLINE void add_partial_sums(const struct dense_layer *layer, const double *d, size_t rows, const size_t n)
{
    const size_t  columns = layer->columns;
    const double *h = layer->h;
    for (size_t u = 0; u < columns; u += VEC_WIDTH)
        for (size_t j = 0; j < 8; j++) {
            double *const dw = layer->dw + j * columns + u, *const db = layer->db + j * columns + u;
            vec b = load(db), w[FEW];
            for (size_t k = 0; k < n; k++)
                w[k] = load(dw + k * 8 * columns);
            for (size_t i = j; i < rows; i += 8) {
                const vec di = load(d + i * layer->out_step + u);
                for (size_t k = 0; k < n; k++)
                    w[k] = fmadd(di, broadcast(h[i * layer->in_step + k]), w[k]);
                b += di;
            }
            for (size_t k = 0; k < n; k++)
                store(dw + k * 8 * columns, w[k]);
            store(db, b);
        }
}

/* db_l += d_l, and with few inputs dW_l += d_l h_l^T.  d: [rows][columns]. */
static void bias_gradient(const struct dense_layer *layer, const double *d, size_t rows)
{
    switch (layer->fan_in) {
    case 1:
        add_partial_sums(layer, d, rows, 1);
        break;
    case 2:
        add_partial_sums(layer, d, rows, 2);
        break;
    case 3:
        add_partial_sums(layer, d, rows, 3);
        break;
    case 4:
        add_partial_sums(layer, d, rows, 4);
        break;
    default:
        add_partial_sums(layer, d, rows, 0);
    }
}

/* The same of the last layer, whose upstream gradient is coordinate-major: d: [fan_out][STRIDE], of one tile. */
static void last_bias_gradient(struct dense_layer *layer, const double *d, const double *h, size_t rows)
{
    for (size_t u = 0; u < layer->fan_out; u++) {
        sum_rows(layer->db + u * 8, ROW(d, u), rows);
        for (size_t k = 0; layer->fan_in <= FEW && k < layer->fan_in; k++)
            for (size_t i = 0; i < rows; i++) {
                double *sum = layer->dw + (u * layer->fan_in + k) * 8 + i % 8;
                *sum = fma(ROW(d, u)[i], h[i * layer->in_step + k], *sum);
            }
    }
}

/* The rows of a slab, or of one tile of it, that pass back through a layer. */
struct part {
    struct matrix d; /* [fan_out][rows]        */
    const double *h; /* [rows][inputs]         */
    size_t        rows;
    bool          first; /* since prepare      */
};

/* dW_l += d_l h_l^T, with more inputs than FEW. */
static void weight_gradient(const struct dense_layer *layer, const struct part *part)
{
    const struct matrix h = matrix_rows(part->h, layer->in_step);
    if (layer->fan_in > FEW && part->first)
        ISA(matrix_product)(layer->dw, layer->in_step, NULL, part->d, h, layer->fan_out, part->rows, layer->inputs);
    if (layer->fan_in > FEW && !part->first)
        ISA(matrix_add_product)(layer->dw, layer->in_step, part->d, h, layer->fan_out, part->rows, layer->inputs);
}

/* below: [rows][inputs] = d_{l-1} = W_l^T d_l where h_l > 0; for layer 0 W_0^T d_0 is added to it. */
static void input_gradient(double *below, const struct dense_layer *layer, const struct part *part, bool lowest)
{
    const struct matrix dt = { part->d.data, part->d.column_step, part->d.row_step };
    const struct matrix w = matrix_rows(layer->w, layer->in_step);
    if (lowest)
        ISA(matrix_add_product)(below, layer->in_step, dt, w, part->rows, layer->fan_out, layer->inputs);
    else
        ISA(matrix_gated_product)(below, layer->in_step, part->h, dt, w, part->rows, layer->fan_out, layer->inputs);
}

/* db_l += d_l,  dW_l += d_l h_l^T, then the layer below; the last layer tile by tile; after layer 0, din += d_{-1}. */
static void backward(double *din, const double *dout, void *state, size_t rows)
{
    struct dense *s = state;
    double       *d = NULL;
    for (size_t l = s->n_layers; l-- > 0;) {
        struct dense_layer *layer = &s->layers[l];
        const bool          last = l + 1 == s->n_layers, lowest = l == 0;
        double             *below = s->scratch->delta[l % 2];
        if (!s->summed) {
            memset(layer->db, 0, 8 * layer->columns * sizeof(double));
            memset(layer->dw, 0, layer->fan_in <= FEW ? layer->fan_in * 8 * layer->columns * sizeof(double) : 0);
        }
        if (lowest)
            ISA(matrix_transpose)(below, layer->in_step, din, SLAB_STRIDE, layer->fan_in, rows);
        for (size_t first = 0; last && first < rows; first += TILE) {
            const double *d_tile = dout + conditioner_out(layer->fan_out, first),
                         *h = layer->h + first * layer->in_step;
            const struct part part = { matrix_rows(d_tile, STRIDE), h, rows_of_tile(rows, first),
                                       !s->summed && first == 0 };
            last_bias_gradient(layer, d_tile, h, part.rows);
            weight_gradient(layer, &part);
            input_gradient(below + first * layer->in_step, layer, &part, lowest);
        }
        if (!last) {
            const struct part part = { matrix_transposed(d, layer->out_step), layer->h, rows, !s->summed };
            bias_gradient(layer, d, rows);
            weight_gradient(layer, &part);
            input_gradient(below, layer, &part, lowest);
        }
        if (lowest)
            ISA(matrix_transpose)(din, SLAB_STRIDE, below, layer->in_step, rows, layer->fan_in);
        d = below;
    }
    s->summed = true;
}

/* The sum of the eight partial sums p[0], p[step], ... */
static double sum_of(const double *p, size_t step)
{
    double each[8];
    for (size_t j = 0; j < 8; j++)
        each[j] = p[j * step];
    return sum8(each);
}

static void finish(double *gradient, void *state)
{
    struct dense *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        const struct dense_layer *layer = &s->layers[l];
        const size_t              fan_in = layer->fan_in, n = layer->fan_out * (fan_in + 1);
        const bool                last = l + 1 == s->n_layers; /* its partial sums lie together */
        const size_t              columns = layer->columns, step = last ? 1 : columns;
        if (!s->summed)
            memset(gradient, 0, n * sizeof *gradient);
        for (size_t u = 0; s->summed && u < layer->fan_out; u++) {
            for (size_t k = 0; fan_in <= FEW && k < fan_in; k++)
                gradient[u * fan_in + k] = sum_of(layer->dw + (last ? (u * fan_in + k) * 8 : k * 8 * columns + u),
                                                  step);
            if (fan_in > FEW)
                memcpy(gradient + u * fan_in, layer->dw + u * layer->in_step, fan_in * sizeof *gradient);
            gradient[layer->fan_out * fan_in + u] = sum_of(layer->db + (last ? u * 8 : u), step);
        }
        gradient += n;
    }
}

const struct conditioner ISA(conditioner_dense) = {
    .name = "dense",
    .create = create,
    .destroy = destroy,
    .bytes = bytes,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .finish = finish,
    .share = share,
};
