/* statistics.c - the statistics of the report (statistics.h).
 *
 * Two of the tests are exact by counting.  Kolmogorov-Smirnov: every way to deal the pooled values is a path on a
 * lattice, and the fraction of paths that go too far from the diagonal is a recursion over its points.  Wilcoxon:
 * every choice of signs is a subset of the ranks, and the distribution of subset sums is a recursion over the ranks.
 * Both work on integers where equality decides, so that no rounding can turn "as large" into "larger".
 */
#include "statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fathom.h"

static double *sorted_copy(const double *x, size_t n)
{
    double *copy = malloc((n ? n : 1) * sizeof *copy);
    if (copy && n) {
        memcpy(copy, x, n * sizeof *copy);
        gsl_sort(copy, 1, n);
    }
    return copy;
}

/* ------------------------------------------------------------------------------------------------- samples ---- */

double statistics_quantile(const double *sorted, size_t n, double part)
{
    if (n == 0)
        return GSL_NAN;
    const double at = part * (double)(n - 1), weight = at - floor(at), low = sorted[(size_t)at];
    const double high = sorted[(size_t)at + (weight > 0)];
    return isinf(low) ? low : isinf(high) ? high : low + weight * (high - low);
}

struct summary statistics_summary(const double *x, size_t n)
{
    struct summary s = { n, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN };
    double        *sorted = sorted_copy(x, n);
    if (!sorted || n == 0) {
        free(sorted);
        return s;
    }
    s.mean = fathom_sum(x, n) / (double)n;
    s.min = sorted[0];
    s.q1 = statistics_quantile(sorted, n, 0.25);
    s.median = statistics_quantile(sorted, n, 0.5);
    s.q3 = statistics_quantile(sorted, n, 0.75);
    s.max = sorted[n - 1];
    if (n > 1) {
        for (size_t i = 0; i < n; i++)
            sorted[i] -= s.mean;
        s.sd = fathom_norm(sorted, n) / sqrt((double)(n - 1));
        s.std_error = s.sd / sqrt((double)n);
    }
    free(sorted);
    return s;
}

struct difference statistics_difference(const double *x, const double *y, size_t nx, size_t ny)
{
    struct difference d;
    const double      vx = gsl_stats_variance(x, 1, nx) / (double)nx, vy = gsl_stats_variance(y, 1, ny) / (double)ny;
    d.value = gsl_stats_mean(x, 1, nx) - gsl_stats_mean(y, 1, ny);
    d.std_error = sqrt(vx + vy);
    d.t = d.value / d.std_error;
    d.dof = (vx + vy) * (vx + vy) / (vx * vx / (double)(nx - 1) + vy * vy / (double)(ny - 1));
    d.p = isfinite(d.t) && isfinite(d.dof) ? 2 * gsl_cdf_tdist_Q(fabs(d.t), d.dof) : GSL_NAN;
    return d;
}

struct equivalence statistics_same_mean(const double *x, const double *y, double margin, size_t nx, size_t ny)
{
    const struct difference d = statistics_difference(x, y, nx, ny);
    struct equivalence      e = { d.value, GSL_NAN, GSL_NAN, GSL_NAN };
    if (!(d.std_error > 0) || !isfinite(d.dof))
        return e;
    const double reach = gsl_cdf_tdist_Pinv(0.95, d.dof) * d.std_error;
    e.low = d.value - reach;
    e.high = d.value + reach;
    e.p = fmax(gsl_cdf_tdist_Q((d.value + margin) / d.std_error, d.dof),
               gsl_cdf_tdist_P((d.value - margin) / d.std_error, d.dof));
    return e;
}

struct equivalence statistics_same_spread(const double *x, const double *y, double factor, size_t nx, size_t ny)
{
    const double       vx = gsl_stats_variance(x, 1, nx), vy = gsl_stats_variance(y, 1, ny), ratio = vx / vy;
    const double       a = (double)(nx - 1), b = (double)(ny - 1), bound = factor * factor;
    struct equivalence e = { sqrt(ratio), GSL_NAN, GSL_NAN, GSL_NAN };
    if (!(ratio > 0) || !isfinite(ratio))
        return e;
    e.low = sqrt(ratio / gsl_cdf_fdist_Pinv(0.95, a, b));
    e.high = sqrt(ratio / gsl_cdf_fdist_Pinv(0.05, a, b));
    e.p = fmax(gsl_cdf_fdist_Q(ratio * bound, a, b), gsl_cdf_fdist_P(ratio / bound, a, b));
    return e;
}

double statistics_rank(const double *x, double value, size_t n)
{
    size_t below = 0;
    for (size_t i = 0; i < n; i++)
        below += x[i] <= value;
    return (double)below / (double)n;
}

/* |i/nx - j/ny| in units of 1/(nx ny): a whole number. */
static uint64_t lattice_gap(size_t i, size_t j, size_t nx, size_t ny)
{
    const uint64_t a = (uint64_t)i * ny, b = (uint64_t)j * nx;
    return a > b ? a - b : b - a;
}

struct ks_test statistics_kolmogorov_smirnov(const double *x, const double *y, size_t nx, size_t ny)
{
    struct ks_test test = { GSL_NAN, GSL_NAN };
    double        *xs = sorted_copy(x, nx), *ys = sorted_copy(y, ny);
    double        *far = malloc((ny + 1) * sizeof *far);
    bool          *ends = malloc((nx + ny + 1) * sizeof *ends);
    uint64_t       largest = 0;
    if (!xs || !ys || !far || !ends)
        goto done;

    /* Walk through the pooled values.  The two distribution functions can be compared only between different values,
     * so after the k-th smallest if the next one is larger: ends[k]. */
    for (size_t k = 1, i = 0, j = 0; k <= nx + ny; k++) {
        const double now = j == ny || (i < nx && xs[i] <= ys[j]) ? xs[i++] : ys[j++];
        ends[k] = (i == nx || xs[i] > now) && (j == ny || ys[j] > now);
        if (ends[k] && lattice_gap(i, j, nx, ny) > largest)
            largest = lattice_gap(i, j, nx, ny);
    }
    test.statistic = (double)largest / ((double)nx * (double)ny);

    /* far[j], at row i: of the paths from (0, 0) to (i, j), all equally likely, the part that met a gap >= largest
     * on its way.  The last step to (i, j) is one in x with probability i/(i + j).  Summing what went far, and not
     * what stayed near, keeps small probabilities exact to their last digits. */
    ends[0] = false;
    for (size_t i = 0; i <= nx; i++)
        for (size_t j = 0; j <= ny; j++) {
            const double total = (double)(i + j);
            if (ends[i + j] && lattice_gap(i, j, nx, ny) >= largest)
                far[j] = 1;
            else if (i + j == 0)
                far[j] = largest == 0;
            else
                far[j] = (i > 0 ? (double)i / total * far[j] : 0) + (j > 0 ? (double)j / total * far[j - 1] : 0);
        }
    test.p = far[ny] < 1 ? far[ny] : 1;
done:
    free(xs);
    free(ys);
    free(far);
    free(ends);
    return test;
}

double statistics_kolmogorov_smirnov_least(size_t nx, size_t ny)
{
    double p = 2; /* over (nx + ny)! / (nx! ny!), factor by factor */
    for (size_t i = 1; i <= ny; i++)
        p *= (double)i / (double)(nx + i);
    return p < 1 ? p : 1;
}

/* -------------------------------------------------------------------------------------- paired differences ---- */

struct paired_test statistics_sign_test(const double *d, size_t n)
{
    struct paired_test test = { 0 };
    size_t             positive = 0;
    for (size_t i = 0; i < n; i++) {
        test.n += d[i] != 0;
        positive += d[i] > 0;
    }
    const size_t fewer = positive < test.n - positive ? positive : test.n - positive;
    test.statistic = (double)positive;
    test.p = test.n == 0 ? 1 : 2 * gsl_cdf_binomial_P((unsigned)fewer, 0.5, (unsigned)test.n);
    test.p = test.p < 1 ? test.p : 1;
    return test;
}

double statistics_sign_least(size_t n) { return n ? ldexp(1, n < 2000 ? 1 - (int)n : -2000) : 1; }

static int by_magnitude(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

struct paired_test statistics_wilcoxon(const double *d, size_t n)
{
    struct paired_test test = { 0, 0, GSL_NAN };
    double            *kept = malloc((n + 1) * sizeof *kept), *chance = NULL;
    size_t            *rank = malloc((n + 1) * sizeof *rank), positive = 0, total = 0, reached = 0;
    if (!kept || !rank)
        goto done;
    for (size_t i = 0; i < n; i++)
        if (d[i] != 0)
            kept[test.n++] = d[i];
    qsort(kept, test.n, sizeof *kept, by_magnitude);

    /* Twice the mean rank of a group of ties at places a+1 .. b is a + 1 + b: a whole number. */
    for (size_t a = 0, b; a < test.n; a = b) {
        for (b = a + 1; b < test.n && fabs(kept[b]) == fabs(kept[a]); b++)
            ;
        for (size_t i = a; i < b; i++) {
            rank[i] = a + 1 + b;
            total += rank[i];
            positive += kept[i] > 0 ? rank[i] : 0;
        }
    }
    test.statistic = (double)positive / 2;

    /* chance[s]: of all choices of signs, the part whose positive (doubled) ranks add up to s. */
    chance = calloc(total + 1, sizeof *chance);
    if (!chance)
        goto done;
    chance[0] = 1;
    for (size_t i = 0; i < test.n; i++) {
        reached += rank[i];
        for (size_t s = reached + 1; s-- > 0;)
            chance[s] = (chance[s] + (s >= rank[i] ? chance[s - rank[i]] : 0)) / 2;
    }
    const size_t smaller = positive < total - positive ? positive : total - positive;
    test.p = 0;
    for (size_t s = 0; s <= smaller; s++)
        test.p += 2 * chance[s];
    test.p = test.p < 1 ? test.p : 1;
done:
    free(kept);
    free(rank);
    free(chance);
    return test;
}

struct paired_test statistics_paired_t(const double *d, size_t n)
{
    struct paired_test test = { n, GSL_NAN, GSL_NAN };
    const double       mean = gsl_stats_mean(d, 1, n);
    test.statistic = mean / (gsl_stats_sd_m(d, 1, n, mean) / sqrt((double)n));
    if (isfinite(test.statistic))
        test.p = 2 * gsl_cdf_tdist_Q(fabs(test.statistic), (double)(n - 1));
    return test;
}

bool statistics_holm(double *adjusted, const double *p, size_t n)
{
    size_t *order = malloc((n + 1) * sizeof *order);
    double *result = malloc((n + 1) * sizeof *result), largest = 0;
    if (order && result) {
        gsl_sort_index(order, p, 1, n);
        for (size_t k = 0; k < n; k++) {
            const double step = p[order[k]] * (double)(n - k);
            largest = step > largest ? step : largest;
            result[order[k]] = largest < 1 ? largest : 1;
        }
        memcpy(adjusted, result, n * sizeof *result);
    }
    const bool good = order && result;
    free(order);
    free(result);
    return good;
}

/* ------------------------------------------------------------------------------------------------- counts ---- */

double statistics_fisher(size_t a, size_t n, size_t b, size_t m)
{
    const unsigned in_both = (unsigned)(a + b), of_n = (unsigned)n, of_m = (unsigned)m;
    const unsigned low = in_both > of_m ? in_both - of_m : 0, high = in_both < of_n ? in_both : of_n;
    const double   seen = gsl_ran_hypergeometric_pdf((unsigned)a, of_n, of_m, in_both);
    double         p = 0;
    for (unsigned k = low; k <= high; k++) {
        const double chance = gsl_ran_hypergeometric_pdf(k, of_n, of_m, in_both);
        p += chance <= seen * (1 + 1e-7) ? chance : 0;
    }
    return p < 1 ? p : 1;
}

/* x with P(Beta(a, b) <= x) = p, by bisection: gsl_cdf_beta_Pinv and _Qinv do not always converge (141 of 1256). */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        *(gsl_cdf_beta_P(middle, a, b) < p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

struct interval statistics_share(size_t k, size_t n, double confidence)
{
    const double tail = (1 - confidence) / 2, seen = (double)k, rest = (double)(n - k);
    return (struct interval){ k == 0 ? 0 : beta_quantile(tail, seen, rest + 1),
                              k == n ? 1 : 1 - beta_quantile(tail, rest, seen + 1) };
}

/* ---------------------------------------------------------------------------------------------------- lines ---- */

struct line statistics_line(const double *x, const double *y, double confidence, size_t n)
{
    struct line line;
    double      cov00, cov01, cov11, sum_of_squares;
    gsl_fit_linear(x, 1, y, 1, n, &line.intercept, &line.slope, &cov00, &cov01, &cov11, &sum_of_squares);
    line.std_error = line.low = line.high = GSL_NAN;
    if (n > 2) {
        line.std_error = sqrt(cov11);
        const double reach = gsl_cdf_tdist_Pinv((1 + confidence) / 2, (double)(n - 2)) * line.std_error;
        line.low = line.slope - reach;
        line.high = line.slope + reach;
    }
    return line;
}

static struct line fit_logs(const double *x, const double *y, double confidence, size_t n, bool log_x)
{
    struct line line = { GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN, GSL_NAN };
    double     *lx = malloc((n + 1) * sizeof *lx), *ly = malloc((n + 1) * sizeof *ly);
    if (lx && ly) {
        for (size_t i = 0; i < n; i++) {
            lx[i] = log_x ? log(x[i]) : x[i];
            ly[i] = log(y[i]);
        }
        line = statistics_line(lx, ly, confidence, n);
    }
    free(lx);
    free(ly);
    return line;
}

struct line statistics_log_log(const double *x, const double *y, double confidence, size_t n)
{
    return fit_logs(x, y, confidence, n, true);
}

struct line statistics_semi_log(const double *x, const double *y, double confidence, size_t n)
{
    return fit_logs(x, y, confidence, n, false);
}
