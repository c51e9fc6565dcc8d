/* first_not_finite.h - which layer of a flow made the first number that is not finite, for the trainer (train.c). */
#ifndef FATHOM_FIRST_NOT_FINITE_H
#define FATHOM_FIRST_NOT_FINITE_H

#include "fathom.h"

/* Fills *first, but for its step, for a batch whose loss or gradient norm is not finite: params: [n_params]; x: [][D];
 * rows, counts: [n], as for fathom_flow_nll; gradient: [n_params], the batch's, which is overwritten.
 * FATHOM_OK, or FATHOM_NO_MEMORY: then *first is as it was. */
fathom_status fathom_flow_first_not_finite(fathom_first *first, double *gradient, fathom_workspace *ws,
                                           const double *params, const double *x, const uint32_t *rows,
                                           const uint32_t *counts, size_t n);

#endif
