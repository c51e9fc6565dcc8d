/* statistics.h - the statistics of the report and of summary tables.
 *
 * Everything here is for reading, not for the bits: sums are GSL's, and what is printed of them has few digits.
 * Samples hold finite numbers; none is changed, unless a comment says so.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* ------------------------------------------------------------------------------------------------- samples ---- */

struct summary {
    size_t n;
    double mean, sd;                 /* sd with divisor n - 1; NaN if n < 2                               */
    double std_error;                /* of the mean: sd / sqrt(n)                                         */
    double min, q1, median, q3, max; /* quartiles by linear interpolation, as NumPy's default  */
};

/* Linear interpolation between the order statistics around (n - 1) part (Hyndman & Fan 1996, definition 7); 0 <= part <= 1.
 * sorted: [n], ascending, infinite numbers too; beside one of these the interpolation is infinite.  NaN if n is 0. */
double statistics_quantile(const double *sorted, size_t n, double part);

/* x: [n], n >= 1.  All NaN but n if memory is short. */
struct summary statistics_summary(const double *x, size_t n);

/* mean(x) - mean(y), its standard error sqrt(sx^2/nx + sy^2/ny), and Welch's test of no difference (Welch 1947):
 * t, degrees of freedom, two-sided p.  nx, ny >= 2.  Where the variances overflow, or both are 0, p is NaN. */
struct difference {
    double value, std_error, t, dof, p;
};
struct difference statistics_difference(const double *x, const double *y, size_t nx, size_t ny);

/* Equivalence by two one-sided tests (Schuirmann 1987): p is the larger of the p-values of "at most the lower bound" and
 * "at least the upper bound"; low to high is the 90 % interval, which lies within the bounds if p is below 0.05.
 * nx, ny >= 2.  p is NaN where there is no such test.
 * mean: of mean(x) - mean(y) between -margin and margin, by Welch's t.
 * spread: of sd(x) / sd(y) between 1 / factor and factor, by the F of the variances, which takes normal x and y. */
struct equivalence {
    double value, low, high, p;
};
struct equivalence statistics_same_mean(const double *x, const double *y, double margin, size_t nx, size_t ny);
struct equivalence statistics_same_spread(const double *x, const double *y, double factor, size_t nx, size_t ny);

/* Two-sample Kolmogorov-Smirnov test: statistic = sup |F_x - F_y|, and the exact two-sided probability of one at least
 * as large, over all ways in which the pooled values can be dealt to two samples of these sizes.  Ties between the
 * samples are allowed: the probability is then that of the tied values (Schroeer & Trenkler 1995).  Takes nx ny
 * steps.  p is NaN if memory is short. */
struct ks_test {
    double statistic, p;
};
struct ks_test statistics_kolmogorov_smirnov(const double *x, const double *y, size_t nx, size_t ny);
/* The least p that it gives, of samples that lie wholly apart: 2 / (nx + ny choose nx).  nx, ny >= 1. */
double statistics_kolmogorov_smirnov_least(size_t nx, size_t ny);

/* Part of the n values that lie at or below value: where a single number falls among many. */
double statistics_rank(const double *x, double value, size_t n);

/* -------------------------------------------------------------------------------------- paired differences ---- */

/* d: [n], differences of pairs.  Two-sided tests that pairs do not differ. */
struct paired_test {
    size_t n;         /* differences that are not zero (the t-test: all) */
    double statistic; /* see each test                                   */
    double p;
};

/* How many are positive, against a fair coin; zeros are left out.  Of scores +1, 0 and -1 this is the exact sign-flip
 * test of their sum: a flip leaves a zero where it is, so |sum| is as large in just the flips that have as many of the
 * n signs on one side. */
struct paired_test statistics_sign_test(const double *d, size_t n);
/* The least p that it gives of n pairs, all of one sign: min(1, 2^(1 - n)). */
double statistics_sign_least(size_t n);
/* Wilcoxon's signed ranks: the sum of the ranks of |d| where d > 0; zeros are left out, ties share their mean rank, and
 * p is exact given the ties.  Takes n^3 / 2 steps: for n up to a thousand. */
struct paired_test statistics_wilcoxon(const double *d, size_t n);
/* Student's t of the mean difference, n - 1 degrees of freedom.  n >= 2. */
struct paired_test statistics_paired_t(const double *d, size_t n);

/* Holm's step-down method (Holm 1979): adjusted: [n], such that rejecting where adjusted <= level keeps the chance of
 * even one false rejection among the n at or below level.  adjusted may be p. */
bool statistics_holm(double *adjusted, const double *p, size_t n); /* false: no memory */

/* ------------------------------------------------------------------------------------------------- counts ---- */

/* Fisher's exact test (Fisher 1935) that a of n and b of m have the same chance: the two-sided p is the sum over all
 * tables with these margins that are at most as likely as this one, to a relative 1e-7 (as R's fisher.test).  a <= n,
 * b <= m; p = 1 if n or m is 0. */
double statistics_fisher(size_t a, size_t n, size_t b, size_t m);

/* The exact interval of a share of which k of n were seen (Clopper & Pearson 1934).  k <= n, n >= 1. */
struct interval {
    double low, high;
};
struct interval statistics_share(size_t k, size_t n, double confidence);

/* ---------------------------------------------------------------------------------------------------- lines ---- */

/* y = intercept + slope x by least squares, with the two-sided confidence interval of the slope from Student's t. */
struct line {
    double slope, intercept, std_error; /* of the slope */
    double low, high;                   /* the slope's interval; NaN if n < 3 */
};
struct line statistics_line(const double *x, const double *y, double confidence, size_t n);
/* log y = intercept + slope log x: y grows as x^slope.  x, y > 0.  All NaN if memory is short. */
struct line statistics_log_log(const double *x, const double *y, double confidence, size_t n);
/* log y = intercept + slope x: y grows by e^slope for each unit of x.  y > 0. */
struct line statistics_semi_log(const double *x, const double *y, double confidence, size_t n);

#endif
