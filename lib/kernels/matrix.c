/* matrix.c - the one matrix kernel: C[r][c] = start + sum_k A[r][k] X[k][c], lanes over c.
 *
 * A is [n_rows][n_k], X is [n_k][n_columns], C is [n_rows][n_columns].  A is read one number at a time with any two
 * steps, so a transposed A costs nothing.  X and C are read by vectors, so each row is contiguous and n_columns is a
 * multiple of 8; rows are best row_step apart (aligned.h).  C is cut into stripes of NV vectors, and a stripe into blocks
 * of MR rows, which registers hold:
 *
 *                 X  . . |xxx| . .        for each stripe of X and C:
 *                    . . |xxx| . .            for each block of the stripe of C:
 *                    . . |xxx| . .                for each k: block += (MR numbers of A) (NV vectors of X)
 *
 *   A  - - -     C  . . | . | . .
 *      a a a         . . |ccc| . .   MR rows      AVX-512: 8 rows x 3 vectors, 24 + 3 + 1 of 32 registers
 *      a a a         . . |ccc| . .                AVX2:    4 rows x 3 vectors, 12 + 3 + 1 of 16
 *      - - -         . . | . | . .                NEON:    6 rows x 4 vectors, 24 + 4 + 1 of 32
 *
 * Invariant: each element is one chain of fused multiply-adds, k = 0, 1, 2, ..., whatever the vector width, the block
 * of C that it is in, or the cache: of more than DEEP numbers k the sum so far waits in C.  So the bits of C depend on
 * the numbers alone. */
#include "internal.h"

#if VEC_WIDTH == 8
enum { MR = 8, NV = 3 };
#elif VEC_WIDTH == 4
enum { MR = 4, NV = 3 };
#elif VEC_WIDTH == 2
enum { MR = 6, NV = 4 }; /* so that 8 columns are a whole stripe */
#else
enum { MR = 2, NV = 3 };
#endif

enum { DEEP = 192 /* numbers k at a time: the stripe of X, that each block of C reads, stays in the nearest cache */ };

/* Where an element's sum starts. */
enum from {
    FROM_C,     /* at what C holds              */
    FROM_ZERO,  /* at 0                         */
    FROM_ROW,   /* at a number of its row       */
    FROM_COLUMN /* at a number of its column    */
};

/* What is stored of it. */
enum to {
    AS_IT_IS,  /* the sum                                  */
    RECTIFIED, /* max(0, sum)                              */
    GATED      /* the sum where the gate is above 0, else 0 */
};

struct product {
    double       *c;
    const double *start; /* FROM_ROW: [n_rows], FROM_COLUMN: [n_columns]; a number that a row, a column starts from */
    const double *gate;  /* GATED: [n_rows][n_columns], rows c_step apart                                           */
    size_t        c_step, n_rows, n_k, n_columns;
    struct matrix a, x;
    enum from     from;
    enum to       to;
};

/* Where a block begins in these operands. */
struct place {
    double       *c;
    const double *start, *gate, *a;
};

/* max(0, a); NaN stays NaN. */
INLINE vec rectified(vec a)
{
    const vec zero = broadcast(0.0);
    return mask_select(mask_or(less(a, zero), equal(a, zero)), zero, a);
}

/* For each vector v of each row r of a block. */
#define EACH_OF_BLOCK                 \
    UNROLL                            \
    for (size_t r = 0; r < rows; r++) \
        UNROLL                        \
    for (size_t v = 0; v < vectors; v++)

/* What the block's sums start from. */
INLINE void start(vec sum[MR][NV], const struct product *p, const struct place *at, const size_t rows,
                  const size_t vectors)
{
    switch (p->from) {
    case FROM_C:
        EACH_OF_BLOCK sum[r][v] = load(at->c + r * p->c_step + v * VEC_WIDTH);
        break;
    case FROM_ROW:
        EACH_OF_BLOCK sum[r][v] = broadcast(at->start[r]);
        break;
    case FROM_COLUMN:
        EACH_OF_BLOCK sum[r][v] = load(at->start + v * VEC_WIDTH);
        break;
    default:
        EACH_OF_BLOCK sum[r][v] = broadcast(0.0);
    }
}

/* What is stored of them. */
INLINE void end(vec sum[MR][NV], const struct product *p, const struct place *at, const size_t rows,
                const size_t vectors)
{
    switch (p->to) {
    case RECTIFIED:
        EACH_OF_BLOCK store(at->c + r * p->c_step + v * VEC_WIDTH, rectified(sum[r][v]));
        break;
    case GATED:
        EACH_OF_BLOCK
        {
            const size_t i = r * p->c_step + v * VEC_WIDTH;
            store(at->c + i, mask_select(less(broadcast(0.0), load(at->gate + i)), sum[r][v], broadcast(0.0)));
        }
        break;
    default:
        EACH_OF_BLOCK store(at->c + r * p->c_step + v * VEC_WIDTH, sum[r][v]);
    }
}

/* The block of C, `rows` by `vectors` vectors, that begins at `at`.  x: the stripe of X. */
INLINE void block(const struct product *p, const struct place *at, struct matrix x, const size_t rows,
                  const size_t vectors)
{
    const double *xk = x.data, *a[MR];
    const size_t  a_step = p->a.column_step, n_k = p->n_k;
    vec           sum[MR][NV];
    UNROLL
    for (size_t r = 0; r < rows; r++)
        a[r] = at->a + r * p->a.row_step;
    start(sum, p, at, rows, vectors);
    for (size_t k = 0, i = 0; k < n_k; k++, i += a_step, xk += x.row_step) {
        vec xv[NV];
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            xv[v] = load(xk + v * VEC_WIDTH);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            const vec ar = broadcast(a[r][i]);
            UNROLL
            for (size_t v = 0; v < vectors; v++)
                sum[r][v] = fmadd(ar, xv[v], sum[r][v]);
        }
    }
    end(sum, p, at, rows, vectors);
}

/* Begins to bring the block of C after this one nearer: its rows are too far apart for a processor to foresee. */
INLINE void prefetch_next(const struct product *p, const struct place *at, const size_t vectors)
{
    for (size_t r = MR; r < 2 * MR; r++)
        for (size_t c = 0; c < vectors * VEC_WIDTH; c += CACHE_LINE / sizeof(double))
            __builtin_prefetch(at->c + r * p->c_step + c, 1);
}

/* The stripe of C that begins with this column, for at most DEEP numbers k. */
INLINE void stripe(const struct product *p, size_t column, const size_t vectors)
{
    const size_t        n_rows = p->n_rows;
    const struct matrix x = matrix_rows(p->x.data + column, p->x.row_step);
    struct place        at = { p->c + column, p->from == FROM_COLUMN ? p->start + column : p->start,
                        p->to == GATED ? p->gate + column : p->gate, p->a.data };
    size_t              r = 0;
    for (; r + MR <= n_rows; r += MR) {
        prefetch_next(p, &at, vectors);
        block(p, &at, x, MR, vectors);
        at.c += MR * p->c_step;
        at.a += MR * p->a.row_step;
        at.start += p->from == FROM_ROW ? MR : 0;
        at.gate += p->to == GATED ? MR * p->c_step : 0;
    }
    switch (n_rows - r) {
#define CASE(n)                       \
    case n:                           \
        block(p, &at, x, n, vectors); \
        break;
#if VEC_WIDTH == 8
        CASE(7)
        CASE(6)
#endif
#if VEC_WIDTH == 8 || VEC_WIDTH == 2
        CASE(5)
        CASE(4)
#endif
#if VEC_WIDTH > 1
        CASE(3)
        CASE(2)
#endif
        CASE(1)
#undef CASE
    default:
        break;
    }
}

static void stripe_widest(const struct product *p, size_t column) { stripe(p, column, NV); }
static void stripe_3(const struct product *p, size_t column) { stripe(p, column, 3); }
static void stripe_2(const struct product *p, size_t column) { stripe(p, column, 2); }
static void stripe_1(const struct product *p, size_t column) { stripe(p, column, 1); }

/* All stripes, for at most DEEP numbers k.  None is a single vector if the one before can give it another, because the
 * sums of a narrow block are too few to hide an operation's latency. */
static void stripes(const struct product *p)
{
    for (size_t column = 0, width; column < p->n_columns; column += width * VEC_WIDTH) {
        const size_t left = (p->n_columns - column) / VEC_WIDTH;
        width = left == NV + 1 ? 2 : left > NV ? NV : left;
        (width == NV ? stripe_widest : width == 3 ? stripe_3 : width == 2 ? stripe_2 : stripe_1)(p, column);
    }
}

/* All of C, at most DEEP numbers k at a time. */
static void multiply(struct product *p)
{
    const size_t  n_k = p->n_k;
    const enum to to = p->to;
    for (size_t k = 0; k == 0 || k < n_k; k += DEEP) {
        p->n_k = n_k - k < DEEP ? n_k - k : DEEP;
        p->to = k + p->n_k == n_k ? to : AS_IT_IS;
        stripes(p);
        p->from = FROM_C;
        p->a.data += DEEP * p->a.column_step;
        p->x.data += DEEP * p->x.row_step;
    }
}

void ISA(matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                             size_t n_columns)
{
    static const double none;
    multiply(&(struct product){ c, &none, &none, c_step, n_rows, n_k, n_columns, a, x, FROM_C, AS_IT_IS });
}

void ISA(matrix_product)(double *c, size_t c_step, const double *start, struct matrix a, struct matrix x, size_t n_rows,
                         size_t n_k, size_t n_columns)
{
    static const double none;
    multiply(&(struct product){ c, start ? start : &none, &none, c_step, n_rows, n_k, n_columns, a, x,
                                start ? FROM_ROW : FROM_ZERO, AS_IT_IS });
}

void ISA(matrix_layer)(double *c, size_t c_step, const double *bias, bool rectify, struct matrix a, struct matrix x,
                       size_t n_rows, size_t n_k, size_t n_columns)
{
    static const double none;
    multiply(&(struct product){ c, bias, &none, c_step, n_rows, n_k, n_columns, a, x, FROM_COLUMN,
                                rectify ? RECTIFIED : AS_IT_IS });
}

void ISA(matrix_gated_product)(double *c, size_t c_step, const double *gate, struct matrix a, struct matrix x,
                               size_t n_rows, size_t n_k, size_t n_columns)
{
    static const double none;
    multiply(&(struct product){ c, &none, gate, c_step, n_rows, n_k, n_columns, a, x, FROM_ZERO, GATED });
}

/* out: [n_columns][n_rows], rows out_step apart, is the transpose of in: [n_rows][n_columns], rows in_step apart. */
void ISA(matrix_transpose)(double *out, size_t out_step, const double *in, size_t in_step, size_t n_rows,
                           size_t n_columns)
{
    size_t r = 0;
    for (; r + VEC_WIDTH <= n_rows; r += VEC_WIDTH) {
        size_t c = 0;
        for (; c + VEC_WIDTH <= n_columns; c += VEC_WIDTH) {
            vec row[VEC_WIDTH], column[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = load(in + (r + j) * in_step + c);
            transpose(column, row);
            for (size_t j = 0; j < VEC_WIDTH; j++)
                store(out + (c + j) * out_step + r, column[j]);
        }
        for (; c < n_columns; c++)
            for (size_t j = 0; j < VEC_WIDTH; j++)
                out[c * out_step + r + j] = in[(r + j) * in_step + c];
    }
    for (; r < n_rows; r++)
        for (size_t c = 0; c < n_columns; c++)
            out[c * out_step + r] = in[r * in_step + c];
}
