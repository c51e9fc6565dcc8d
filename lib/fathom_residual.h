/* fathom_residual.h - residual maps: the words that a configuration uses for residual blocks; the notebook's
 * one-dimensional map and its inverse by Banach's iteration.
 *
 * A part of fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_RESIDUAL_H
#define FATHOM_RESIDUAL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a block of a flow is. */
typedef enum fathom_block {
    FATHOM_BLOCK_COUPLING, /* [ActNorm], [rotation], coupling, [flip], coupling, [flip]                            */
    FATHOM_BLOCK_RESIDUAL /* [ActNorm], y = x + g(x), g a network with Lipschitz constant below 1 (Behrmann et al. 2019,
                              "Invertible residual networks"; kernels/layer_residual.c)                           */
} fathom_block;

/* The activation of a residual block's network.  b, one number per hidden layer, is trained. */
typedef enum fathom_activation {
    FATHOM_ACTIVATION_LIPSWISH, /* phi(x) = x sigmoid(softplus(b) x) / 1.1 (Chen et al. 2019, "Residual flows for
                                   invertible generative modeling", sec. 3.3)                                     */
    FATHOM_ACTIVATION_CLIPSWISH /* [phi(x), phi(-x)] / 1.004, twice as many outputs (Perugachi-Diaz et al. 2021,
                                   "Invertible DenseNets with concatenated LipSwish", sec. 3.3)                   */
} fathom_activation;

/* How training computes log |det (I + J)| = sum_k (-1)^(k+1) tr(J^k) / k of a residual block, J = dg/dx.  Scores
 * (fathom_flow_log_prob, fathom_flow_forward, fathom_flow_inverse) are always exact.  lib/log_det.c has the formulas. */
typedef enum fathom_log_det {
    FATHOM_LOG_DET_EXACT,      /* the determinant itself                                                          */
    FATHOM_LOG_DET_SERIES,     /* `terms` terms with exact traces: biased                                         */
    FATHOM_LOG_DET_HUTCHINSON, /* the same with v^T J^k v for tr(J^k), one v of signs per row (Hutchinson 1990)   */
    FATHOM_LOG_DET_ROULETTE,   /* Hutchinson's, `terms` + N terms, P(N >= i) = (1 - stop)^(i - 1), each divided by its
                                  probability (Chen et al. 2019, eq. 6): unbiased                                 */
    FATHOM_LOG_DET_POISSON     /* the same with N Poisson of mean `stop`: unbiased, of infinite variance          */
} fathom_log_det;

enum { FATHOM_TERMS_MAX = 1000 };
#define FATHOM_STOP_MIN 0.01
#define FATHOM_STOP_MAX 100.0

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
