/* fathom_residual.h - the notebook's one-dimensional residual map and its inverse by Banach's iteration.
 *
 * A part of fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_RESIDUAL_H
#define FATHOM_RESIDUAL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* T(x) = x + a sin(b x), the notebook's one-dimensional residual map (Behrmann et al. 2019, "Invertible residual
 * networks"): g(x) = a sin(b x) has Lipschitz constant |a b|, which the first function returns.  b x is in radians.
 * x, y: [n]. */
double fathom_residual_lipschitz(double a, double b);
void   fathom_residual_forward(double *y, const double *x, double a, double b, size_t n);

/* The number of i with y[i+1] <= y[i] or with NaN in one of them; y: [n].  The notebook calls y monotone if it is 0. */
size_t fathom_nonincreasing_steps(const double *y, size_t n);

/* Banach's iteration x <- y - g(x) from x = y, `iterations` times (Behrmann et al. 2019, algorithm 1).  x, y: [n];
 * they do not overlap.  The error shrinks at least by |a b| per iteration if that is below 1; otherwise x need not
 * converge.  If truth ([n]) and max_error ([iterations + 1]) are not NULL, max_error[k] = max_i |x_i after k
 * iterations - truth_i|. */
void fathom_residual_inverse(double *x, double *max_error, const double *y, const double *truth, double a, double b,
                             size_t iterations, size_t n);

/* The points x with T(x) = y, ascending.  x: [room]; returns how many there are, of which x holds the first `room`.
 * T(x) = y puts x within |a| of y, where T is looked at from 4096 cells: of pre-images that share a cell an even number
 * is missed.  Each is exact to the last bits.  0 if y or |a| is not finite. */
size_t fathom_residual_preimages(double *x, double y, double a, double b, size_t room);

/* The first k at which Banach's bound lipschitz^k is at most `tolerance`, as a real number: log(tolerance) /
 * log(lipschitz), 0 < tolerance < 1; 0 for lipschitz 0, NaN where nothing is promised: lipschitz >= 1. */
double fathom_residual_promise(double lipschitz, double tolerance);

#ifdef __cplusplus
}
#endif
#endif
