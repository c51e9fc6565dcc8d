/* sums.h - sums over rows in one fixed order, whatever the vector width.
 *
 * Element i is added to partial sum i mod 8, and the eight partial sums are added in one fixed tree. */
#ifndef FATHOM_SUMS_H
#define FATHOM_SUMS_H

#include "vec.h"

/* The sum of eight partial sums, in the fixed tree. */
INLINE double sum8(const double p[8]) { return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])); }

/* Adds x: [rows] to the eight partial sums of a sum over all rows of a batch. */
INLINE void sum_rows(double partial[8], const double *x, size_t rows)
{
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = load(partial + j);
        for (size_t i = 0; i < rows; i += 8)
            sum += load(x + i + (size_t)j);
        store(partial + j, sum);
    }
}

#endif
