/* fathom_warm.h - a flow's warm start from iterative Gaussianization, and what it is made of: Gaussian mixtures in one
 * dimension, and the eigenvectors of a symmetric matrix.
 *
 * A part of the library beside fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_WARM_H
#define FATHOM_WARM_H

#include "fathom.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------- Gaussian mixtures ---- */

/* The density f(x) = sum_k weight_k N(x; mean_k, sd_k^2) on the line, k < n; F is its distribution function. */
typedef struct fathom_mixture {
    size_t n;                                                      /* components, 1 to FATHOM_COMPONENTS_MAX */
    double weight[FATHOM_COMPONENTS_MAX];                          /* >= 0, their sum is 1                   */
    double mean[FATHOM_COMPONENTS_MAX], sd[FATHOM_COMPONENTS_MAX]; /* in x's units; sd > 0               */
} fathom_mixture;

/* How a mixture is fitted: meaning, default, legal values. */
typedef struct fathom_em_options {
    double tolerance;  /* it ends when the mean log-likelihood (nats) gains less   default 1e-3, >= 0          */
    size_t iterations; /* at most                                                  default 100                 */
    double floor;      /* of a component's variance, in x's units squared          default 1e-4, 1e-100 to 1e100 */
} fathom_em_options;

fathom_em_options fathom_em_options_default(void);

/* What became of a fit. */
typedef struct fathom_em_report {
    size_t iterations;     /* that were made                                                          */
    double log_likelihood; /* mean over the points of log f of the mixture that came out, nats        */
} fathom_em_report;

/* Fits a mixture of `components` components to the points x, [n], by expectation maximisation (Dempster, Laird & Rubin
 * 1977; Redner & Walker 1984, "Mixture densities, maximum likelihood and the EM algorithm"), from means
 * at the points' quantiles (k + 1/2) / components, equal weights and the points' deviation over `components`.  After
 * each iteration a variance below options.floor becomes that floor, so the log-likelihood does not fall.  A component
 * that no point belongs to keeps its mean and sd.  There may be more components than points.
 *
 * report, options: may be NULL.  FATHOM_OK.  FATHOM_NO_CONVERGENCE if the iterations did not reach the tolerance: *out
 * is then the mixture after the last.  FATHOM_DEGENERATE if all points are equal, or n is 1.  FATHOM_BAD_DATA if a
 * point is not finite or above 1e100 in size; FATHOM_BAD_ARGUMENT if n is 0, or for components or an option out of its
 * range; FATHOM_NO_MEMORY: *out is then unchanged, as with FATHOM_DEGENERATE. */
fathom_status fathom_mixture_fit(fathom_mixture *out, fathom_em_report *report, const double *x, size_t n,
                                 size_t components, const fathom_em_options *options);

/* The mean, and the standard deviation, of the whole mixture. */
double fathom_mixture_mean(const fathom_mixture *mixture);
double fathom_mixture_sd(const fathom_mixture *mixture);

/* log f(x), log F(x) and log(1 - F(x)), each accurate far out in its tail; -inf only where |x - mean| / sd squared is
 * infinite.  NaN for NaN. */
double fathom_mixture_log_density(const fathom_mixture *mixture, double x);
double fathom_mixture_log_cdf(const fathom_mixture *mixture, double x);
double fathom_mixture_log_survival(const fathom_mixture *mixture, double x);

/* Phi^-1(F(x)): standard normal if x is distributed as the mixture.  It increases over the whole line, and is computed
 * from the smaller of F and 1 - F, whose logarithm it uses. */
double fathom_mixture_gaussianise(const fathom_mixture *mixture, double x);

/* The x where that is z, for |z| <= 1e6, by Newton's iteration between bounds, to a few units in the last place of z
 * or x, whichever is the wider.  In a gap between far components it is flat, and x is one of those whose z is this
 * double. */
double fathom_mixture_degaussianise(const fathom_mixture *mixture, double z);

/* The x where F(x) = p, 0 < p < 1; otherwise NaN. */
double fathom_mixture_quantile(const fathom_mixture *mixture, double p);

/* log Phi(z), Phi the distribution function of the standard normal; and the z where it is log_p <= 0.  The latter is -inf
 * for -inf, and inf for 0. */
double fathom_log_normal_cdf(double z);
double fathom_log_normal_quantile(double log_p);

/* ---------------------------------------------------------------------------------------------- eigenvectors ---- */

/* values: [dim], the eigenvalues of the symmetric matrix a, [dim][dim], descending; vectors: [dim][dim], row k the
 * unit eigenvector of value k, whose largest entry in size is positive (of equal ones the first).  By Jacobi rotations
 * in cyclic order (Golub & Van Loan 2013, "Matrix computations", sec. 8.5).  Only a's upper triangle is read; a is
 * destroyed.  FATHOM_BAD_DATA if an entry is not finite or above 1e150 in size, and values and vectors are unchanged;
 * FATHOM_NO_CONVERGENCE if 60 sweeps do not do. */
fathom_status fathom_symmetric_eigen(double *values, double *vectors, double *a, size_t dim);

/* ------------------------------------------------------------------------------------------------ warm start ---- */

typedef enum fathom_start {
    FATHOM_START_COLD,      /* as fathom_flow_init draws it                                                     */
    FATHOM_START_ROTATIONS, /* cold, with the rotations of the warm start                                       */
    FATHOM_START_WARM       /* the diagonal solution of iterative Gaussianization                               */
} fathom_start;

/* Writes the start into params, as fathom_flow_init drew them.  Iterative Gaussianization (Laparra, Camps-Valls & Malo
 * 2011, "Iterative Gaussianization: from ICA to random rotations") turns the rows to their principal axes, makes each
 * coordinate's distribution normal by Phi^-1(F), and repeats.  Here, block by block, as the rows x[rows] pass through:
 *
 *   ActNorm    (FATHOM_ACTNORM_DATA) loc and scale as fathom_flow_actnorm_init sets them
 *   rotation   (FATHOM_ROTATION_FROZEN or _FREE) the eigenvectors of the covariance (divisor n) as rows of the matrix,
 *              largest variance first; the rows of data are not centred
 *   coupling   to each coordinate that it transforms a mixture of config.components components is fitted
 *              (fathom_em_options_default, sd at most e^4.99); the last weights of the conditioner become 0, and its
 *              last biases the outputs with which the transformer is nearest to Phi^-1(F) (transformer.h, `fit`)
 *
 * so that with "mixture" the flow is the diagonal solution itself: between rotations no coordinate's map depends on
 * another coordinate.  Other layers stay as they were drawn, and the rows pass through them.  The base stays standard
 * normal.
 *
 * FATHOM_START_ROTATIONS makes the same fit and writes the rotations' matrices alone, FATHOM_START_COLD does nothing.
 * rows: [n] indices into x, or NULL for 0 .. n - 1.
 *
 * distance (may be NULL): the root mean square of f(v) - Phi^-1(F(v)), f the fitted map of a coordinate v at a coupling
 * and F that of its mixture, over all couplings, the coordinates that they transform, and the rows: how far, coupling by
 * coupling, the flow is from the diagonal solution.  FATHOM_START_ROTATIONS: that of the fit; FATHOM_START_COLD: NaN.
 *
 * FATHOM_BAD_ARGUMENT if n is 0, blocks are residual ones or the transformer has no `fit`; FATHOM_DEGENERATE if the
 * deviation of a coordinate is not above 1e-5 where a mixture or an ActNorm is due; FATHOM_BAD_DATA if a number is not
 * finite or too large to be squared; FATHOM_NO_CONVERGENCE if the covariance has no eigenvectors within the sweeps;
 * FATHOM_NO_MEMORY.  On failure params and *distance are unchanged. */
fathom_status fathom_flow_warm_start(double *params, fathom_workspace *ws, const double *x, const uint32_t *rows,
                                     size_t n, fathom_start start, double *distance);

#ifdef __cplusplus
}
#endif
#endif
