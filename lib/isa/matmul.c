/* matmul.c - the one matrix kernel: C[r][c] += sum_k A[r, k] X[k][c], lanes over c.
 *
 * It serves a dense layer's forward (lanes are rows of the batch), its input gradient (likewise) and its weight
 * gradient (lanes are input features), and the piecewise conditioner's tables (lanes are units).  A is read one number
 * at a time with any two strides, so that a transpose costs nothing; X and C are read by vectors.
 *
 * Invariant: each element is one chain of fused multiply-adds, k = 0, 1, 2, ..., whatever the vector width or the block
 * it falls in: so the bits of C depend on nothing but the numbers.
 */
#include "kernels.h"

/* Blocks of C held in registers: MR rows by NV vectors.  512-bit: 24 of 32 registers; 256-bit: 12 of 16. */
#if VEC_WIDTH == 8
enum { MR = 6, NV = 4 };
#elif VEC_WIDTH == 4
enum { MR = 4, NV = 3 };
#else
enum { MR = 2, NV = 4 };
#endif

INLINE void block(double *c, size_t c_step, const double *a, size_t row_step, size_t k_step, const double *x,
                  size_t x_step, size_t n_k, const int rows, const int vectors)
{
    vec sum[MR][NV];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[r][v] = load(c + (size_t)r * c_step + v * VEC_WIDTH);
    for (size_t k = 0; k < n_k; k++) {
        vec xv[NV];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            xv[v] = load(x + k * x_step + v * VEC_WIDTH);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            vec ar = all(a[(size_t)r * row_step + k * k_step]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[r][v] = fused(ar, xv[v], sum[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            store(c + (size_t)r * c_step + v * VEC_WIDTH, sum[r][v]);
}

/* All rows of a stripe of `vectors` vectors. */
INLINE void stripe(double *c, size_t c_step, const double *a, size_t row_step, size_t k_step, const double *x,
                   size_t x_step, size_t n_rows, size_t n_k, const int vectors)
{
    size_t r = 0;
    for (; r + MR <= n_rows; r += MR)
        block(c + r * c_step, c_step, a + r * row_step, row_step, k_step, x, x_step, n_k, MR, vectors);
    c += r * c_step;
    a += r * row_step;
    switch (n_rows - r) {
#if VEC_WIDTH == 8
    case 5: block(c, c_step, a, row_step, k_step, x, x_step, n_k, 5, vectors); break;
    case 4: block(c, c_step, a, row_step, k_step, x, x_step, n_k, 4, vectors); break;
#endif
#if VEC_WIDTH > 1
    case 3: block(c, c_step, a, row_step, k_step, x, x_step, n_k, 3, vectors); break;
    case 2: block(c, c_step, a, row_step, k_step, x, x_step, n_k, 2, vectors); break;
#endif
    case 1: block(c, c_step, a, row_step, k_step, x, x_step, n_k, 1, vectors); break;
    default: break;
    }
}

/* c: [n_rows], rows c_step apart; A[r, k] = a[r row_step + k k_step]; x: [n_k], rows x_step apart; n_columns is a
 * multiple of 8. */
void ISA(matmul)(double *c, size_t c_step, const double *a, size_t row_step, size_t k_step, const double *x,
                 size_t x_step, size_t n_rows, size_t n_k, size_t n_columns)
{
    size_t j = 0;
    for (; j + NV * VEC_WIDTH <= n_columns; j += NV * VEC_WIDTH)
        stripe(c + j, c_step, a, row_step, k_step, x + j, x_step, n_rows, n_k, NV);
    switch ((n_columns - j) / VEC_WIDTH) {
#if VEC_WIDTH != 4
    case 3: stripe(c + j, c_step, a, row_step, k_step, x + j, x_step, n_rows, n_k, 3); break;
#endif
    case 2: stripe(c + j, c_step, a, row_step, k_step, x + j, x_step, n_rows, n_k, 2); break;
    case 1: stripe(c + j, c_step, a, row_step, k_step, x + j, x_step, n_rows, n_k, 1); break;
    default: break;
    }
}
