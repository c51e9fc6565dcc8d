/* power_iteration.h - the spectral norm of a matrix by power iteration (Miyato et al. 2018, "Spectral normalization for
 * generative adversarial networks", algorithm 1): v <- W^T u / |W^T u|, u <- W v / |W v|, sigma = u^T W v.
 *
 * Invariant: sigma is never above the norm, whatever u and v are. */
#ifndef FATHOM_POWER_ITERATION_H
#define FATHOM_POWER_ITERATION_H

#include "vec.h"

/* w: [n_rows][n_columns]; u: [n_rows], v: [n_columns], in place.  Where a product is 0 or not finite, its vector stays
 * as it was. */
void ISA(power_iterate)(double *u, double *v, const double *w, size_t n_rows, size_t n_columns, size_t steps);

/* u^T W v / (|u| |v|); 0 if u or v is 0.  *lengths = |u| |v|. */
double ISA(power_sigma)(double *lengths, const double *u, const double *v, const double *w, size_t n_rows,
                        size_t n_columns);

#endif
