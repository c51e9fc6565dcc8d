/* morton.h - an order of points in which consecutive points lie close together. */
#ifndef FATHOM_MORTON_H
#define FATHOM_MORTON_H

#include "fathom.h"

/* order: [n] = the numbers of x's rows along the curve of morton.c.  x: [n][dim], dim 2 to 64, n 1 to 2^32 - 1.
 * FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_morton_order(uint32_t *order, const double *x, size_t n, size_t dim);

#endif
