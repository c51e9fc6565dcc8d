/* matrix.c - the one matrix kernel: C[r][c] += sum_k A[r][k] X[k][c], lanes over c.
 *
 * A is [n_rows][n_k], X is [n_k][n_columns], C is [n_rows][n_columns].  The lanes are neighbouring columns c.  They are
 * rows of the batch in a dense layer's forward pass and its input gradient, input features in its weight gradient, and
 * units in the piecewise conditioner.  A is read one number at a time with any two steps, so a transposed A costs
 * nothing.  X and C are read by vectors, so each row is contiguous and n_columns is a multiple of 8.
 *
 * Invariant: each element is one chain of fused multiply-adds, k = 0, 1, 2, ..., whatever the vector width or the block
 * of C that it is in.  So the bits of C depend on the numbers alone.
 */
#include "internal.h"

/* The loops over a block's rows and vectors must be unrolled completely.  Otherwise the compiler keeps `sum` in memory
 * instead of registers, at a quarter of the speed.  clang ignores gcc's pragma. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Blocks of C held in registers: MR rows by NV vectors, 24 of AVX-512's and NEON's 32 registers, 12 of AVX2's 16. */
#if VEC_WIDTH == 8 || VEC_WIDTH == 2
enum { MR = 6, NV = 4 };
#elif VEC_WIDTH == 4
enum { MR = 6, NV = 2 };
#else
enum { MR = 2, NV = 4 };
#endif

/* The operands.  If `adds` is true in the functions below, the sum for C[r][c] starts from C[r][c]; otherwise it starts
 * from start[r start_step]. */
struct product {
    double       *c;
    const double *start;
    size_t        c_step, start_step, n_k;
    struct matrix a, x;
};

/* A block of C, `rows` by `vectors` vectors, at the start of p.c. */
INLINE void block(struct product p, const int rows, const int vectors, const bool adds)
{
    vec sum[MR][NV];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[r][v] = adds ? load(p.c + (size_t)r * p.c_step + v * VEC_WIDTH)
                         : broadcast(p.start[(size_t)r * p.start_step]);
    for (size_t k = 0; k < p.n_k; k++) {
        vec xv[NV];
        UNROLL
        for (int v = 0; v < vectors; v++)
            xv[v] = load(p.x.data + k * p.x.row_step + v * VEC_WIDTH);
        UNROLL
        for (int r = 0; r < rows; r++) {
            vec ar = broadcast(p.a.data[(size_t)r * p.a.row_step + k * p.a.column_step]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] = fmadd(ar, xv[v], sum[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        store(p.c + (size_t)r * p.c_step + v * VEC_WIDTH, sum[r][v]);
}

/* All rows of a stripe of C that is `vectors` vectors wide, block by block. */
INLINE void stripe(struct product p, size_t n_rows, const int vectors, const bool adds)
{
    for (; n_rows >= MR; n_rows -= MR) {
        block(p, MR, vectors, adds);
        p.c += MR * p.c_step;
        p.a.data += MR * p.a.row_step;
        p.start += MR * p.start_step;
    }
    switch (n_rows) {
#if VEC_WIDTH > 1
    case 5:
        block(p, 5, vectors, adds);
        break;
    case 4:
        block(p, 4, vectors, adds);
        break;
    case 3:
        block(p, 3, vectors, adds);
        break;
    case 2:
        block(p, 2, vectors, adds);
        break;
#endif
    case 1:
        block(p, 1, vectors, adds);
        break;
    default:
        break;
    }
}

/* All of C, stripe by stripe. */
INLINE void multiply(struct product p, size_t n_rows, size_t n_columns, const bool adds)
{
    for (; n_columns >= NV * VEC_WIDTH; n_columns -= NV * VEC_WIDTH) {
        stripe(p, n_rows, NV, adds);
        p.c += NV * VEC_WIDTH;
        p.x.data += NV * VEC_WIDTH;
    }
#if VEC_WIDTH == 8 /* at other widths a multiple of eight columns is a whole number of stripes */
    switch (n_columns / VEC_WIDTH) {
    case 3:
        stripe(p, n_rows, 3, adds);
        break;
    case 2:
        stripe(p, n_rows, 2, adds);
        break;
    case 1:
        stripe(p, n_rows, 1, adds);
        break;
    default:
        break;
    }
#endif
}

/* C[r][c] += sum_k A[r][k] X[k][c].  c: [n_rows][n_columns], rows c_step apart; a: [n_rows][n_k];
 * x: [n_k][n_columns], with column_step 1. */
void ISA(matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                             size_t n_columns)
{
    static const double  none = 0.0;
    const struct product p = { .c = c, .start = &none, .c_step = c_step, .n_k = n_k, .a = a, .x = x };
    multiply(p, n_rows, n_columns, true);
}

/* C[r][c] = start[r] + sum_k A[r][k] X[k][c].  start: [n_rows], or NULL for zeros; the others as above. */
void ISA(matrix_product)(double *c, size_t c_step, const double *start, struct matrix a, struct matrix x, size_t n_rows,
                         size_t n_k, size_t n_columns)
{
    static const double  zero = 0.0;
    const struct product p = { .c = c,
                               .start = start ? start : &zero,
                               .c_step = c_step,
                               .start_step = start ? 1 : 0,
                               .n_k = n_k,
                               .a = a,
                               .x = x };
    multiply(p, n_rows, n_columns, false);
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
