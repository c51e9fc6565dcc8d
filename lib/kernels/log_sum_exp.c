/* log_sum_exp.c - the logarithm of a weighted sum of exponentials.  The largest exponent is subtracted first, so no
 * exponential overflows. */
#include "internal.h"

/* log sum_i weight_i e^(x_i), -inf if every x_i is; weight, x: [n], n a multiple of 8. */
double ISA(log_sum_exp)(const double *weight, const double *x, size_t n)
{
    double greatest = -INFINITY, partial[8];
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec maximum = broadcast(-INFINITY);
        for (size_t i = 0; i < n; i += 8)
            maximum = max(load(x + i + j), maximum);
        store(partial + j, maximum);
    }
    for (int j = 0; j < 8; j++)
        greatest = partial[j] > greatest ? partial[j] : greatest;
    if (greatest == -INFINITY)
        return -INFINITY;
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = broadcast(0.0);
        for (size_t i = 0; i < n; i += 8)
            sum = fmadd(load(weight + i + j), vec_exp(load(x + i + j) - broadcast(greatest)), sum);
        store(partial + j, sum);
    }
    return same_log(sum8(partial)) + greatest;
}
