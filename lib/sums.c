/* sums.c - sums in one fixed order of additions, the same bits everywhere: element i is added to partial sum i mod 8,
 * and the eight are added in one fixed tree (kernels/sums.h). */
#include <math.h>

#include "kernels/kernels.h"

double fathom_sum(const double *x, size_t n)
{
    double p[8] = { 0 };
    for (size_t i = 0; i < n; i++)
        p[i % 8] += x[i];
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

double fathom_norm(const double *x, size_t n) { return sqrt(fathom_isa_ref.sum_squares(x, n)); }
