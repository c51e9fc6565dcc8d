/* sums.c - the sum of squares of an array, and the dot product of two.
 *
 * Of the squares element i is added to partial sum i mod 32, so consecutive additions do not
 * depend on each other.  The partial sums j, j + 8, j + 16 and j + 24 are added to number j of the eight that sum8 adds
 * (sums.h). */
#include "internal.h"

/* sum x_i^2; x: [n] */
double ISA(sum_squares)(const double *x, size_t n)
{
    enum { CHAINS = 32 / VEC_WIDTH };
    double partial[32], octet[8];
    vec    sum[CHAINS];
    size_t i = 0;
    for (int c = 0; c < CHAINS; c++)
        sum[c] = broadcast(0.0);
    for (; i + 32 <= n; i += 32)
        for (int c = 0; c < CHAINS; c++) {
            vec xi = load(x + i + c * VEC_WIDTH);
            sum[c] = fmadd(xi, xi, sum[c]);
        }
    for (int c = 0; c < CHAINS; c++)
        store(partial + c * VEC_WIDTH, sum[c]);
    for (; i < n; i++)
        partial[i % 32] = fma(x[i], x[i], partial[i % 32]);
    for (int j = 0; j < 8; j++)
        octet[j] = (partial[j] + partial[8 + j]) + (partial[16 + j] + partial[24 + j]);
    return sum8(octet);
}

/* x . y in eight partial sums and their tree; x, y: [n] */
double ISA(dot)(const double *x, const double *y, size_t n)
{
    double partial[8];
    size_t i = 0;
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = broadcast(0.0);
        for (i = 0; i + 8 <= n; i += 8)
            sum = fmadd(load(x + i + j), load(y + i + j), sum);
        store(partial + j, sum);
    }
    for (; i < n; i++)
        partial[i % 8] = fma(x[i], y[i], partial[i % 8]);
    return sum8(partial);
}
