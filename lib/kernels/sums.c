/* sums.c - sums over arrays: element i goes into partial i mod 8, and the eight partials into one tree (vec.h).  A sum
 * of squares has 32 partials, so that no addition waits for the one before it. */
#include "internal.h"

/* sum x_i^2; x: [n] */
double ISA(sum_squares)(const double *x, size_t n)
{
    enum { CHAINS = 32 / VEC_WIDTH };
    double partial[32], octet[8];
    vec sum[CHAINS];
    size_t i = 0;
    for (int c = 0; c < CHAINS; c++)
        sum[c] = all(0.0);
    for (; i + 32 <= n; i += 32)
        for (int c = 0; c < CHAINS; c++) {
            vec xi = load(x + i + c * VEC_WIDTH);
            sum[c] = fused(xi, xi, sum[c]);
        }
    for (int c = 0; c < CHAINS; c++)
        store(partial + c * VEC_WIDTH, sum[c]);
    for (; i < n; i++)
        partial[i % 32] = fma(x[i], x[i], partial[i % 32]);
    for (int j = 0; j < 8; j++)
        octet[j] = (partial[j] + partial[8 + j]) + (partial[16 + j] + partial[24 + j]);
    return sum8(octet);
}

/* log sum_i weight_i e^(x_i), -inf if every x_i is; weight, x: [n], n a multiple of 8. */
double ISA(log_sum_exp)(const double *weight, const double *x, size_t n)
{
    double greatest = -INFINITY, partial[8];
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec most = all(-INFINITY);
        for (size_t i = 0; i < n; i += 8)
            most = greater(load(x + i + j), most);
        store(partial + j, most);
    }
    for (int j = 0; j < 8; j++)
        greatest = partial[j] > greatest ? partial[j] : greatest;
    if (greatest == -INFINITY)
        return -INFINITY;
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = all(0.0);
        for (size_t i = 0; i < n; i += 8)
            sum = fused(load(weight + i + j), exp_(load(x + i + j) - all(greatest)), sum);
        store(partial + j, sum);
    }
    return same_log(sum8(partial)) + greatest;
}
