/* sums.c - sums over arrays: element i goes into partial i mod 8, and the eight partials into one tree (vec.h). */
#include "kernels.h"

/* sum x_i^2; x: [n] */
double ISA(sum_squares)(const double *x, size_t n)
{
    double partial[8] = { 0 };
    size_t i = 0;
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = all(0.0);
        for (i = 0; i + 8 <= n; i += 8)
            sum = fused(load(x + i + j), load(x + i + j), sum);
        store(partial + j, sum);
    }
    for (; i < n; i++)
        partial[i % 8] = fma(x[i], x[i], partial[i % 8]);
    return sum8(partial);
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
