/* density_checks.h - is a density that of the rows?  Three checks that a mean of log p does not make: uniform latent
 * coordinates, level sets that hold what they promise, draws that lie where the rows lie.
 *
 * Pure functions of arrays: the same bits everywhere, except for density_coverage_band, which is for reading.
 */
#ifndef DENSITY_CHECKS_H
#define DENSITY_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "statistics.h"

/* ------------------------------------------------------------------------ probability integral transform ---- */

/* u: [n] = Phi(t), the distribution function of the standard normal; t: [n]; u may be t.  If t is standard normal, u is
 * uniform on (0, 1) (Rosenblatt 1952, "Remarks on a multivariate transformation").  NaN stays. */
void density_uniform(double *u, const double *t, size_t n);

/* The exact Kolmogorov-Smirnov distance sup |F_u - F| to the uniform distribution on [0, 1], at least 1 / 2n.
 * u: [n], n >= 1, is sorted in place.  NaN if a number is NaN; u is then as it was. */
double density_ks_distance(double *u, size_t n);

/* The probability that n independent uniform numbers have a distance of at least d, d in [0, 1]; n >= 1; takes n steps.
 *
 *   p = 2 P(D+ >= d) - 2 sum_{k >= 2} (-1)^k exp(-2 k^2 y^2),   y = x + 1/(6 sqrt n) + (x - 1)/(4 n),   x = d sqrt n
 *
 * The first term, that of either one-sided event, is exact (Birnbaum & Tingey 1951, "One-sided confidence contours for
 * probability distribution functions", eq. 3.0); the rest, that both happen, is that of the limit (Kolmogorov 1933) at the
 * argument of Vrbik 2018, "Small-sample corrections to Kolmogorov-Smirnov test statistic".  For x < 0.8, where p is about
 * 1/2 or more, the first term is the limit's as well, 2 exp(-2 y^2).  Against Marsaglia, Tsang & Wang 2003 the error is
 * below 0.03 / n, and below 5e-4 of p where p < 0.2, however small p is.  NaN if d is NaN. */
double density_ks_p(double d, size_t n);

/* ----------------------------------------------------------------------------------- coverage of level sets ---- */

enum { DENSITY_LEVELS = 3 };
extern const double density_levels[DENSITY_LEVELS]; /* 0.5, 0.9, 0.99 */

/* coverage: [DENSITY_LEVELS], the share of the rows whose log p lies above the quantile 1 - level of log p at the model's
 * own draws (Hyndman 1996, "Computing and graphing highest density regions": the smallest set that holds this
 * probability).  The quantile is the k-th smallest of the m draws, k = (1 - level)(m + 1), to nearest and at least 1: if
 * rows and draws have the same distribution the mean coverage is 1 - k / (m + 1), which is the level itself where k was
 * not rounded.  Too high: the model is too wide, or fits where the rows are dense; too low: it is too sure of itself.
 * log_p: [n], n >= 1; drawn: [m], m >= 1, is sorted in place.  All NaN if a number is NaN. */
void density_coverage(double coverage[DENSITY_LEVELS], const double *log_p, double *drawn, size_t n, size_t m);

/* Where such a share lies with at least this probability if rows and draws have the same distribution, tails equal: the
 * exact distribution of the number of n rows above the k-th smallest of m draws, the negative hypergeometric one, which
 * counts the draws' scatter as well.  Takes n steps.  The binomial interval of the share alone, given the draws' level
 * set, is statistics_share's. */
struct interval density_coverage_band(double level, size_t n, size_t m, double confidence);

/* ---------------------------------------------------------------------------------------- energy distance ---- */

/* The energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Szekely & Rizzo 2013, "Energy statistics: a class of statistics
 * based on distances", J. Stat. Plan. Inference 143), Euclidean, in the units of the coordinates; it is 0 exactly if the
 * distributions are equal.  Estimated without bias: the means over X, X' leave out pairs of a row with itself, so that
 * it scatters about 0, and may be below, if the distributions are equal (the paper's own estimate, with those pairs, is
 * at least 0 and about E|X - X'| (1/n + 1/n) too high). */
struct energy {
    double distance;
    double sd; /* exact standard deviation of distance over all ways to deal the 2 n rows to two samples of n; its mean
                  over them is 0.  The law is skewed to the right: a few sd are no surprise, ten are              */
};

/* x, y: [n][dim], n >= 2, dim >= 1.  Takes 8 n^2 dim steps.  NaN if a coordinate is not finite.  False: no memory. */
bool density_energy(struct energy *energy, const double *x, const double *y, size_t n, size_t dim);

#endif
