/* density_checks.c - uniformity, coverage and energy distance (density_checks.h). */
#include "density_checks.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sf_gamma.h>

#include "elementary.h"
#include "fathom.h"

const double density_levels[DENSITY_LEVELS] = { 0.5, 0.9, 0.99 };

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool any_nan(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------------ probability integral transform ---- */

void density_uniform(double *u, const double *t, size_t n)
{
    const double sqrt_half = 0.70710678118654752440;
    for (size_t i = 0; i < n; i++)
        u[i] = 0.5 * same_erfc(-sqrt_half * t[i]);
}

double density_ks_distance(double *u, size_t n)
{
    double d = 0;
    if (any_nan(u, n))
        return NAN;
    qsort(u, n, sizeof *u, ascending);
    for (size_t i = 0; i < n; i++) {
        const double above = (double)(i + 1) / (double)n - u[i], below = u[i] - (double)i / (double)n;
        d = above > d ? above : d;
        d = below > d ? below : d;
    }
    return d;
}

/* P(D+ >= d) = d sum_{j = 0}^{n (1 - d)} (n choose j) (d + j/n)^(j - 1) (1 - d - j/n)^(n - j) */
static double one_sided(double d, size_t n)
{
    double log_choose = 0, sum = 0;
    for (size_t j = 0; j < n; j++) {
        const double at = d + (double)j / (double)n;
        if (at >= 1)
            break;
        sum += same_exp(log_choose + ((double)j - 1) * same_log(at) + (double)(n - j) * same_log1p(-at));
        log_choose += same_log((double)(n - j) / (double)(j + 1));
    }
    return d * sum;
}

double density_ks_p(double d, size_t n)
{
    const double root = sqrt((double)n), x = d * root, y = x + 1 / (6 * root) + (x - 1) / (4 * (double)n);
    const double certain = 0.2, enough = 0.8; /* 1 - p of the limit is below 1e-12 for y < 0.2 */
    double       p, term = 1;
    if (isnan(d) || y < certain)
        return isnan(d) ? NAN : 1;
    p = x < enough ? 2 * same_exp(-2 * y * y) : 2 * one_sided(d, n);
    for (int k = 2; term > 0x1p-60; k++) {
        term = same_exp(-2.0 * k * k * y * y);
        p += k % 2 == 0 ? -2 * term : 2 * term;
    }
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* ----------------------------------------------------------------------------------- coverage of level sets ---- */

/* Which of m sorted draws bounds the level set, from 1. */
static size_t bound(double level, size_t m)
{
    const double k = floor((1 - level) * ((double)m + 1) + 0.5);
    return k < 1 ? 1 : k > (double)m ? m : (size_t)k;
}

void density_coverage(double coverage[DENSITY_LEVELS], const double *log_p, double *drawn, size_t n, size_t m)
{
    const bool unknown = any_nan(log_p, n) || any_nan(drawn, m);
    if (!unknown)
        qsort(drawn, m, sizeof *drawn, ascending);
    for (size_t l = 0; l < DENSITY_LEVELS; l++) {
        const double quantile = drawn[bound(density_levels[l], m) - 1];
        size_t       above = 0;
        for (size_t i = 0; i < n; i++)
            above += log_p[i] > quantile;
        coverage[l] = unknown ? NAN : (double)above / (double)n;
    }
}

/* P(i of n rows above) = (k - 1 + n - i choose n - i) (m - k + i choose i) / (m + n choose n) */
static double chance_above(size_t i, size_t k, size_t n, size_t m)
{
    return exp(gsl_sf_lnchoose((unsigned)(k - 1 + n - i), (unsigned)(n - i)) +
               gsl_sf_lnchoose((unsigned)(m - k + i), (unsigned)i) - gsl_sf_lnchoose((unsigned)(m + n), (unsigned)n));
}

struct interval density_coverage_band(double level, size_t n, size_t m, double confidence)
{
    const size_t k = bound(level, m);
    const double tail = (1 - confidence) / 2;
    size_t       low = 0, high = n;
    for (double p = chance_above(low, k, n, m); p <= tail && low < n; p += chance_above(low, k, n, m))
        low++;
    for (double p = chance_above(high, k, n, m); p <= tail && high > 0; p += chance_above(high, k, n, m))
        high--;
    return (struct interval){ (double)low / (double)n, (double)high / (double)n };
}

/* ---------------------------------------------------------------------------------------- energy distance ---- */

/* The pooled rows x, y by their columns, [dim][2 n]. */
static void pool(double *columns, const double *x, const double *y, size_t n, size_t dim)
{
    for (size_t d = 0; d < dim; d++)
        for (size_t i = 0; i < n; i++) {
            columns[d * 2 * n + i] = x[i * dim + d];
            columns[d * 2 * n + n + i] = y[i * dim + d];
        }
}

/* distance: [all] = |row i - row j| for each j. */
static void distances_from(double *distance, const double *columns, size_t i, size_t all, size_t dim)
{
    for (size_t j = 0; j < all; j++)
        distance[j] = 0;
    for (size_t d = 0; d < dim; d++) {
        const double *column = columns + d * all, here = column[i];
        for (size_t j = 0; j < all; j++)
            distance[j] += (column[j] - here) * (column[j] - here);
    }
    for (size_t j = 0; j < all; j++)
        distance[j] = sqrt(distance[j]);
}

/* The distances a_ij of the N = 2 n pooled rows are centred as of Szekely & Rizzo 2014 ("Partial distance correlation",
 * definition 2): A_ij = a_ij - a_i. / (N - 2) - a_.j / (N - 2) + a_.. / ((N - 1)(N - 2)), whose rows, j = i left out, sum
 * to 0.  With signs s_i = +-1, n of each, that say which sample a row is in, the energy distance is
 *
 *   - S (1 / 2n^2 + 1 / 2n(n - 1)),   S = sum_{i != j} s_i s_j A_ij,
 *
 * and over all such signs E S = 0, E S^2 = 2 N (N - 2) / ((N - 1)(N - 3)) sum_{i != j} A_ij^2, from E s_i s_j =
 * -1 / (N - 1) and E s_i s_j s_k s_l = 3 / ((N - 1)(N - 3)). */
static double squares(double *distance, const double *row_sum, const double *columns, size_t all, size_t dim,
                      double *per_row)
{
    const double N = (double)all, centre = fathom_sum(row_sum, all) / ((N - 1) * (N - 2));
    for (size_t i = 0; i < all; i++) {
        distances_from(distance, columns, i, all, dim);
        for (size_t j = 0; j < all; j++) {
            const double centred = distance[j] - (row_sum[i] + row_sum[j]) / (N - 2) + centre;
            distance[j] = j == i ? 0 : centred * centred;
        }
        per_row[i] = fathom_sum(distance, all);
    }
    return fathom_sum(per_row, all);
}

bool density_energy(struct energy *energy, const double *x, const double *y, size_t n, size_t dim)
{
    const size_t all = 2 * n;
    const double N = (double)all, each = (double)n;
    double      *memory = malloc((dim + 4) * all * sizeof *memory), *columns = memory;
    if (!memory)
        return false;
    double *distance = columns + dim * all, *row_sum = distance + all, *to_x = row_sum + all, *to_y = to_x + all;
    pool(columns, x, y, n, dim);
    for (size_t i = 0; i < all; i++) {
        distances_from(distance, columns, i, all, dim);
        to_x[i] = fathom_sum(distance, n);
        to_y[i] = fathom_sum(distance + n, n);
        row_sum[i] = to_x[i] + to_y[i];
    }
    const double within = fathom_sum(to_x, n) + fathom_sum(to_y + n, n), between = fathom_sum(to_y, n);
    const double weight = 1 / (2 * each * each) + 1 / (2 * each * (each - 1));
    const double square = squares(distance, row_sum, columns, all, dim, to_x);
    energy->distance = 2 * between / (each * each) - within / (each * (each - 1));
    energy->sd = weight * sqrt(2 * N * (N - 2) / ((N - 1) * (N - 3)) * square);
    if (!isfinite(energy->distance) || !isfinite(energy->sd))
        energy->distance = energy->sd = NAN;
    free(memory);
    return true;
}
