/* test_density_checks.c - uniformity, coverage and energy distance of the true density, where they are nominal, and of
 * densities that are wrong by a known amount, where they have closed forms; and of a flow that is its own truth. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "flow_checks.h"
#include "flow_view.h"

enum { N = 20000, M = 19999 };
static const double WIDE = 1.2; /* the deviation of rows that a standard normal does not describe */

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g, expected %.17g within %g", value, expected, tolerance);
}

/* The quantiles of the normal at (i + 1/2) / n: rows without scatter. */
static void quantiles(double *x, double sd, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = gsl_cdf_gaussian_Pinv(((double)i + 0.5) / (double)n, sd);
}

static void normal(double *x, uint64_t seed, double mean, double sd, size_t n)
{
    fathom_normal(x, fathom_key_from_seed(seed), n);
    for (size_t i = 0; i < n; i++)
        x[i] = mean + sd * x[i];
}

/* ------------------------------------------------------------------------ probability integral transform ---- */

static void multiply(double *c, const double *a, const double *b, size_t m)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            double sum = 0;
            for (size_t k = 0; k < m; k++)
                sum += a[i * m + k] * b[k * m + j];
            c[i * m + j] = sum;
        }
}

/* P(distance < d), exactly: Marsaglia, Tsang & Wang 2003, "Evaluating Kolmogorov's distribution", sec. 2, for n that
 * need no scaling of the powers. */
static double marsaglia_tsang_wang(double d, size_t n)
{
    const size_t  k = (size_t)((double)n * d) + 1, m = 2 * k - 1;
    const double  h = (double)k - (double)n * d;
    static double step[99 * 99], power[99 * 99], product[99 * 99];
    assert_true(m <= 99);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            step[i * m + j] = i + 1 >= j;
    for (size_t i = 0; i < m; i++) {
        step[i * m] -= pow(h, (double)(i + 1));
        step[(m - 1) * m + i] -= pow(h, (double)(m - i));
    }
    step[(m - 1) * m] += 2 * h - 1 > 0 ? pow(2 * h - 1, (double)m) : 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            for (size_t g = 1; i + 1 > j && g <= i - j + 1; g++)
                step[i * m + j] /= (double)g;
    memset(power, 0, sizeof power);
    for (size_t i = 0; i < m; i++)
        power[i * m + i] = 1;
    for (size_t i = 1; i <= n; i++) { /* times n! / n^n */
        multiply(product, power, step, m);
        for (size_t j = 0; j < m * m; j++)
            power[j] = product[j] * (double)i / (double)n;
    }
    return power[(k - 1) * m + k - 1];
}

static void test_ks_p(void **state)
{
    (void)state;
    static const size_t sizes[] = { 10, 30, 100, 200 };
    assert_near(1 - marsaglia_tsang_wang(0.274, 10), 1 - 0.6284796154565043, 1e-13); /* the paper's own example */
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (double x = 0.3; x < 2.4; x += 0.2) {
            const size_t n = sizes[s];
            const double d = x / sqrt((double)n), exact = 1 - marsaglia_tsang_wang(d, n), p = density_ks_p(d, n);
            assert_near(p, exact, 0.03 / (double)n);
            if (exact < 0.2)
                assert_near(p / exact, 1, 5e-4);
        }
    assert_near(density_ks_p(0.9, 4), 2 * pow(0.1, 4), 1e-12); /* d > 1 - 1/n: 2 (1 - d)^n */
    assert_true(density_ks_p(0, 5) == 1 && density_ks_p(1, 5) == 0 && isnan(density_ks_p(NAN, 5)));
    assert_near(density_ks_p(1.5 / sqrt(20000.), 20000), 1 - 0.977782, 2e-4); /* of the limit: Smirnov 1948, table */
}

/* The rows' u is uniform under their own density.  Under the standard normal, rows of deviation s lie apart by
 * |Phi(y) - Phi(y / s)| where the densities are equal: y^2 = 2 log s / (1 - 1 / s^2). */
static void test_uniformity(void **state)
{
    (void)state;
    static double x[N], u[N];
    const double  y = sqrt(2 * log(WIDE) / (1 - 1 / (WIDE * WIDE)));
    const double  apart = gsl_cdf_ugaussian_P(y) - gsl_cdf_ugaussian_P(y / WIDE);
    quantiles(x, 1, N);
    density_uniform(u, x, N);
    for (size_t i = 0; i < N; i += 100)
        assert_near(u[i], ((double)i + 0.5) / N, 1e-15);
    assert_near(density_ks_distance(u, N), 0.5 / N, 1e-15);
    quantiles(x, WIDE, N);
    density_uniform(u, x, N);
    assert_near(density_ks_distance(u, N), apart, 0.51 / N);
    for (uint64_t seed = 1; seed <= 3; seed++) { /* draws of the truth, and of what is wider */
        normal(x, seed, 0, 1, N);
        density_uniform(u, x, N);
        assert_in_range((size_t)(1000 * density_ks_p(density_ks_distance(u, N), N)), 10, 1000);
        normal(x, seed, 0, WIDE, N);
        density_uniform(u, x, N);
        const double distance = density_ks_distance(u, N);
        assert_near(distance, apart, 3 * 0.5 / sqrt(N));
        assert_true(density_ks_p(distance, N) < 1e-20 && density_ks_p(distance, N) > 0);
    }
    double three[] = { 0.9, 0.2, 0.3 }, odd[] = { 0, NAN, INFINITY, -INFINITY };
    assert_near(density_ks_distance(three, 3), 2. / 3 - 0.3, 1e-15);
    assert_true(three[0] == 0.2 && three[2] == 0.9);
    density_uniform(odd, odd, 4);
    assert_true(odd[0] == 0.5 && isnan(odd[1]) && odd[2] == 1 && odd[3] == 0);
    assert_true(isnan(density_ks_distance(odd, 4)) && density_ks_distance(odd + 2, 1) == 1);
}

/* ----------------------------------------------------------------------------------- coverage of level sets ---- */

static void log_normal(double *log_p, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        log_p[i] = -x[i] * x[i] / 2;
}

/* The standard normal's level set of mass c is |x| < q, 2 Phi(q) - 1 = c: rows of deviation s lie there with
 * 2 Phi(q / s) - 1. */
static void test_coverage(void **state)
{
    (void)state;
    static double x[N], log_p[N], drawn[M];
    double        coverage[DENSITY_LEVELS];
    for (int wide = 0; wide < 2; wide++)
        for (uint64_t seed = 0; seed <= 3; seed++) {
            const double s = wide ? WIDE : 1;
            if (seed == 0) { /* without scatter */
                quantiles(drawn, 1, M);
                quantiles(x, s, N);
            } else {
                normal(drawn, seed, 0, 1, M);
                normal(x, seed + 10, 0, s, N);
            }
            log_normal(drawn, drawn, M);
            log_normal(log_p, x, N);
            density_coverage(coverage, log_p, drawn, N, M);
            for (size_t l = 0; l < DENSITY_LEVELS; l++) {
                const double level = density_levels[l], q = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
                const double expected = 2 * gsl_cdf_ugaussian_P(q / s) - 1;
                assert_near(coverage[l], expected, seed == 0 ? 4.0 / N : 4 * sqrt(2 * expected * (1 - expected) / N));
                const struct interval band = density_coverage_band(level, N, M, 0.999);
                assert_true((coverage[l] >= band.low && coverage[l] <= band.high) == !wide);
            }
        }
    log_p[7] = -INFINITY; /* a row outside every level set */
    density_coverage(coverage, log_p + 7, drawn, 1, M);
    assert_true(coverage[2] == 0);
    log_p[7] = NAN;
    density_coverage(coverage, log_p, drawn, N, M);
    assert_true(isnan(coverage[0]) && isnan(coverage[1]) && isnan(coverage[2]));
}

/* Two rows and three draws: above the second draw lie 0, 1, 2 rows with 3/10, 4/10, 3/10 (10 orders of 2 among 5). */
static void test_coverage_band(void **state)
{
    (void)state;
    const struct interval all = density_coverage_band(0.5, 2, 3, 0.41), one = density_coverage_band(0.5, 2, 3, 0.39);
    assert_true(all.low == 0 && all.high == 1 && one.low == 0.5 && one.high == 0.5);
    const struct interval band = density_coverage_band(0.9, 1000, 9999999, 0.95); /* the level set is known: binomial */
    assert_near(band.low, 0.9 - 1.96 * sqrt(0.9 * 0.1 / 1000), 1.1e-3);
    assert_near(band.high, 0.9 + 1.96 * sqrt(0.9 * 0.1 / 1000), 1.1e-3);
    const struct interval both = density_coverage_band(0.9, N, M, 0.95); /* twice the variance */
    assert_near(both.high - both.low, 2 * 1.96 * sqrt(2 * 0.9 * 0.1 / N), 1e-4);
}

/* ---------------------------------------------------------------------------------------- energy distance ---- */

/* All 70 deals of eight rows to two samples of four: mean 0, and the deviation that is said of each. */
static void test_energy_deals(void **state)
{
    (void)state;
    enum { EACH = 4, D = 3 };
    double        rows[2 * EACH * D], x[EACH * D], y[EACH * D], mean = 0, square = 0, sd = 0;
    struct energy energy;
    fathom_normal(rows, fathom_key_from_seed(3), 2 * EACH * D);
    for (unsigned deal = 0; deal < 256; deal++) {
        size_t in_x = 0, in_y = 0;
        if (__builtin_popcount(deal) != EACH)
            continue;
        for (size_t i = 0; i < 2 * EACH; i++)
            memcpy(deal >> i & 1 ? x + D * in_x++ : y + D * in_y++, rows + D * i, D * sizeof *rows);
        assert_true(density_energy(&energy, x, y, EACH, D));
        assert_true(sd == 0 || fabs(energy.sd - sd) < 1e-14);
        sd = energy.sd;
        mean += energy.distance / 70;
        square += energy.distance * energy.distance / 70;
    }
    assert_near(mean, 0, 1e-15);
    assert_near(sd, sqrt(square), 1e-14);
    /* |x - y|: 2, 4, 1, 3; |x - x'|: 1; |y - y'|: 2 */
    const double left[] = { 0, 1 }, right[] = { 2, 4 }, nan[] = { NAN, 1 }, infinite[] = { 1, INFINITY };
    assert_true(density_energy(&energy, left, right, 2, 1));
    assert_near(energy.distance, 2 * 2.5 - 1 - 2, 1e-15);
    assert_true(density_energy(&energy, nan, right, 2, 1) && isnan(energy.distance) && isnan(energy.sd));
    assert_true(density_energy(&energy, left, infinite, 2, 1) && isnan(energy.distance) && isnan(energy.sd));
}

/* E|X - Y| of normals whose difference has this mean and deviation. */
static double mean_distance(double mean, double sd)
{
    return sd * sqrt(2 / M_PI) * exp(-mean * mean / (2 * sd * sd)) + mean * (1 - 2 * gsl_cdf_ugaussian_P(-mean / sd));
}

/* Equal normals are within a few sd of 0.  Those apart by 1/2, and of deviation 1.2, have closed forms, which rows without
 * scatter give but for what leaving out a row's distance to itself adds to the means. */
static void test_energy_normals(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    static double x[ROWS], y[ROWS];
    struct energy energy;
    const double  equal = mean_distance(0, M_SQRT2), wider = mean_distance(0, WIDE * M_SQRT2);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        normal(x, seed, 0, 1, ROWS);
        normal(y, seed + 10, 0, 1, ROWS);
        assert_true(density_energy(&energy, x, y, ROWS, 1));
        assert_near(energy.distance, 0, 4 * energy.sd);
        normal(y, seed + 10, 0.5, 1, ROWS);
        assert_true(density_energy(&energy, x, y, ROWS, 1));
        assert_true(energy.distance > 20 * energy.sd);
    }
    quantiles(x, 1, ROWS);
    quantiles(y, WIDE, ROWS);
    assert_true(density_energy(&energy, x, y, ROWS, 1));
    assert_near(energy.distance + (equal + wider) / (ROWS - 1),
                2 * mean_distance(0, sqrt(1 + WIDE * WIDE)) - equal - wider, 1e-5);
    for (size_t i = 0; i < ROWS; i++)
        y[i] = x[i] + 0.5;
    assert_true(density_energy(&energy, x, y, ROWS, 1));
    assert_near(energy.distance + 2 * equal / (ROWS - 1), 2 * mean_distance(0.5, M_SQRT2) - 2 * equal, 5e-4);
}

/* ------------------------------------------------------------------------------------------------- a flow ---- */

enum { D = 2, ROWS = 5000 };

struct flow {
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params;
};

/* Untrained, with a base of its own location, and scale 0.7. */
static struct flow make(const char *coupling, double interval)
{
    fathom_config config = fathom_config_default();
    struct flow   f;
    config.dim = D;
    config.coupling = coupling;
    config.interval = interval;
    f.flow = fathom_flow_new(&config, NULL, NULL);
    f.ws = fathom_workspace_new(f.flow, fathom_isa_find(NULL));
    f.params = malloc(fathom_flow_n_params(f.flow) * sizeof *f.params);
    assert_non_null(f.params);
    fathom_flow_init(f.params, f.flow, fathom_key_from_seed(1));
    for (size_t d = 0; d < D; d++) {
        f.params[d] = 0.3 - (double)d;
        f.params[D + d] = log(expm1(0.7));
    }
    return f;
}

static void release(struct flow *f)
{
    fathom_workspace_free(f->ws);
    fathom_flow_free(f->flow);
    free(f->params);
}

/* The largest distance and Bonferroni's p, coordinate by coordinate. */
static void assert_margins(const struct flow_checks *checks, const struct flow *f, const double *x)
{
    static double t[ROWS * D], u[ROWS];
    double        most = 0;
    assert_int_equal(fathom_flow_view_standard(t, f->ws, f->params, x, ROWS), FATHOM_OK);
    for (size_t d = 0; d < D; d++) {
        for (size_t i = 0; i < ROWS; i++)
            u[i] = gsl_cdf_ugaussian_P(t[i * D + d]);
        most = fmax(most, density_ks_distance(u, ROWS));
    }
    assert_near(checks->pit_ks, most, 1e-14);
    assert_near(checks->pit_p / fmin(1, D * density_ks_p(most, ROWS)), 1, 1e-9);
}

/* Draws of a flow are its truth.  Then its base is made narrower by 1 / 1.2: the latent rows have deviation 1.2, whatever
 * the couplings.  Then, as wide as before, it is moved by 0.4 of its deviation in one coordinate, and the distance is
 * 2 Phi(0.2) - 1. */
static void test_flow(void **state)
{
    (void)state;
    static double      x[ROWS * D];
    struct flow        f = make("affine", 4);
    struct flow_checks checks, again;
    struct interval    band[DENSITY_LEVELS];
    for (size_t l = 0; l < DENSITY_LEVELS; l++)
        band[l] = density_coverage_band(density_levels[l], ROWS, FLOW_CHECKS_DRAWS, 0.999);
    assert_int_equal(fathom_flow_sample(x, f.ws, f.params, fathom_key_from_seed(5), ROWS), FATHOM_OK);
    const fathom_dataset rows = { .n = ROWS, .dim = D, .x = x };
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_int_equal(flow_checks_measure(&again, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_memory_equal(&checks, &again, sizeof checks);
    assert_margins(&checks, &f, x);
    assert_true(checks.pit_p > 0.01 && checks.pit_ks < 0.03);
    for (size_t l = 0; l < DENSITY_LEVELS; l++)
        assert_true(checks.coverage[l] >= band[l].low && checks.coverage[l] <= band[l].high);
    assert_near(checks.energy_distance, 0, 4 * checks.energy_sd);

    for (size_t d = 0; d < D; d++)
        f.params[D + d] = log(expm1(0.7 / WIDE));
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    const double y = sqrt(2 * log(WIDE) / (1 - 1 / (WIDE * WIDE)));
    assert_near(checks.pit_ks, gsl_cdf_ugaussian_P(y) - gsl_cdf_ugaussian_P(y / WIDE), 2 / sqrt(ROWS));
    assert_true(checks.pit_p < 1e-6 && checks.energy_distance > 4 * checks.energy_sd);
    for (size_t l = 0; l < DENSITY_LEVELS; l++)
        assert_true(checks.coverage[l] < band[l].low);

    for (size_t d = 0; d < D; d++)
        f.params[D + d] = log(expm1(0.7));
    f.params[D - 1] += 0.4 * 0.7;
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_near(checks.pit_ks, 2 * gsl_cdf_ugaussian_P(0.2) - 1, 2 / sqrt(ROWS));
    assert_margins(&checks, &f, x);
    release(&f);
}

/* No inverse, no draws; a row that is not finite has no coordinate. */
static void test_no_number(void **state)
{
    (void)state;
    double             x[2 * D] = { 0.1, -0.2, 0.3, 0.4 };
    struct flow        f = make("spline", 2 * FATHOM_INVERSE_INTERVAL);
    struct flow_checks checks;
    fathom_dataset     rows = { .n = 2, .dim = D, .x = x };
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_true(checks.pit_ks > 0 && checks.pit_p >= 0 && isnan(checks.coverage[0]) && isnan(checks.energy_distance));
    release(&f);
    f = make("spline", 4);
    rows.n = 1;
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_true(checks.coverage[2] == 1 && isnan(checks.energy_distance) && isnan(checks.energy_sd));
    x[0] = NAN;
    assert_int_equal(flow_checks_measure(&checks, f.ws, f.params, &rows, 1), FATHOM_OK);
    assert_true(isnan(checks.pit_ks) && isnan(checks.pit_p) && isnan(checks.coverage[0]));
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ks_p),         cmocka_unit_test(test_uniformity),
        cmocka_unit_test(test_coverage),     cmocka_unit_test(test_coverage_band),
        cmocka_unit_test(test_energy_deals), cmocka_unit_test(test_energy_normals),
        cmocka_unit_test(test_flow),         cmocka_unit_test(test_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
