/* log_det.h - log |det (I + J)| of one matrix and its gradient, in each of the ways of fathom_log_det. */
#ifndef FATHOM_LOG_DET_H
#define FATHOM_LOG_DET_H

#include "fathom.h"

/* What is the same for all rows: how many terms there are, and the chance that a row has each. */
struct log_det {
    fathom_log_det way;
    size_t         dim;
    size_t         n_terms; /* of the series, at most; 0 of the exact way                                    */
    size_t         room;    /* doubles of chance                                                             */
    double *chance;  /* [room], of which [n_terms]: of term k = 1, 2, ... P(a row has it), 1 for those always there */
    double *scratch; /* [(n_terms + 1) D] or [2 D^2], whatever is more                                */
};

/* False: not enough memory.  The caller clears it in any case. */
bool fathom_log_det_open(struct log_det *log_det, const fathom_config *config);
void fathom_log_det_clear(struct log_det *log_det);
/* Bytes that it holds. */
size_t fathom_log_det_bytes(const struct log_det *log_det);

/* Returns log |det (I + J)|, or its estimate with the draws of row number `row` of the key.  gradient: [D][D] =
 * d value / d J, or NULL.  j: [D][D], row-major; they do not overlap. */
double fathom_log_det_row(double *gradient, struct log_det *log_det, const double *j, fathom_key key, uint64_t row);

/* The exact one: returns log |det (I + J)|; inverse: [D][D] = (I + J)^-1.  They do not overlap. */
double fathom_log_det_exact(double *inverse, const double *j, size_t dim);

#endif
