/* data_set.h - a data set with a name: how its rows are drawn, and their log density.
 *
 * A data set is one file of lib/ that ends in a `const struct fathom_data_set fathom_data_set_NAME`, and one line of
 * data_sets.h.  data_sets.c standardises what it draws.
 *
 * Invariant: rows and densities have the same bits on every machine: no function of libm but fma and sqrt, and every
 * sum in a fixed order.
 */
#ifndef FATHOM_DATA_SET_H
#define FATHOM_DATA_SET_H

#include "fathom.h"

struct fathom_data_set {
    const char *name;
    size_t      dim; /* D, FATHOM_DIM_MIN to FATHOM_DIM_MAX */
    /* raw: [n][D], a function of the seed and n.  FATHOM_OK or FATHOM_NO_MEMORY. */
    fathom_status (*draw)(double *raw, uint64_t seed, size_t n);
    /* logp: [n], nats, in frame's coordinates; x: [n][D]; NaN for a row with NaN.  FATHOM_OK or FATHOM_NO_MEMORY, and
     * then logp is unchanged.  -inf where no row can be.  NULL: the density has no formula. */
    fathom_status (*log_density)(double *logp, const double *x, const fathom_dataset *frame, size_t n);
    double entropy; /* -E log p, nats, in raw units; NaN: not known.  Where it comes from stands beside the number. */
};

/* The spiral's raw rows, for data sets that are made of it: [n][2]. */
void fathom_spiral_draw(double *raw, uint64_t seed, size_t n);

#endif
