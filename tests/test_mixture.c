/* test_mixture.c - Gaussian mixtures on the line: their maps against the C library in long double, and expectation
 * maximisation against a known mixture, in its invariant and at its edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_linalg.h>

#include "common.h"
#include "fathom_warm.h"

static const long double SQRT_HALF = 0.70710678118654752440084436210484904L;
static const long double HALF_LOG_2PI = 0.91893853320467274178032973640561764L;

static long double normal_cdf(long double z) { return 0.5L * erfcl(-SQRT_HALF * z); }

/* ------------------------------------------------------------------------------------------------------ maps ---- */

static void test_normal(void **state)
{
    (void)state;
    for (double z = -140.0; z < 40.0; z += 0.37) {
        const double log_p = fathom_log_normal_cdf(z);
        const double expected = (double)(z < 0.0 ? logl(normal_cdf(z)) : log1pl(-normal_cdf(-z)));
        check_near(log_p, expected, z < 0.0 ? 2e-15 : 1e-16 * (20.0 + z * z), -expected, "log Phi", (size_t)(z + 140));
        if (z < 5.0) /* above, the next double of log Phi is another z */
            check_near(fathom_log_normal_quantile(log_p), z, 4e-15, fmax(1.0, fabs(z) + exp(0.5 * z * z)),
                       "its inverse", (size_t)(z + 140));
    }
    assert_true(fathom_log_normal_cdf(INFINITY) == 0.0 && fathom_log_normal_cdf(-INFINITY) == -INFINITY);
    assert_true(fathom_log_normal_quantile(-INFINITY) == -INFINITY && fathom_log_normal_quantile(0.0) == INFINITY);
    assert_true(isnan(fathom_log_normal_cdf(NAN)) && isnan(fathom_log_normal_quantile(NAN)));
    check_near(fathom_log_normal_cdf(-1e6), -0.5e12, 1e-10, 0.5e12, "log Phi far out", 0);
}

static const fathom_mixture odd = { 4, { 0.5, 0.3, 0.2, 0.0 }, { -1.0, 0.5, 4.0, 9.0 }, { 0.3, 2.0, 0.7, 1.0 } };

static void test_maps(void **state)
{
    (void)state;
    for (double x = -30.0; x < 60.0; x += 0.31) {
        long double lower = 0.0L, upper = 0.0L, density = 0.0L;
        for (size_t k = 0; k < odd.n; k++) {
            const long double u = ((long double)x - odd.mean[k]) / odd.sd[k];
            lower += odd.weight[k] * normal_cdf(u);
            upper += odd.weight[k] * normal_cdf(-u);
            density += odd.weight[k] * expl(-0.5L * u * u - HALF_LOG_2PI) / odd.sd[k];
        }
        const size_t at = (size_t)(x + 30);
        check_near(fathom_mixture_log_density(&odd, x), (double)logl(density), 4e-15, fmax(1.0, -(double)logl(density)),
                   "log f", at);
        check_near(fathom_mixture_log_cdf(&odd, x), (double)logl(lower), 4e-15, fmax(1.0, -(double)logl(lower)),
                   "log F", at);
        check_near(fathom_mixture_log_survival(&odd, x), (double)logl(upper), 4e-15, fmax(1.0, -(double)logl(upper)),
                   "log (1 - F)", at);
        const double      z = fathom_mixture_gaussianise(&odd, x);
        const long double own = lower < upper ? normal_cdf(z) - lower : upper - normal_cdf(-(long double)z);
        check_near((double)(own / expl(-0.5L * z * z - HALF_LOG_2PI)), 0.0, 4e-15, fmax(1.0, fabs(z)), "z", at);
        const double back = fathom_mixture_degaussianise(&odd, z),
                     slope = exp(fathom_mixture_log_density(&odd, x) + 0.5 * z * z + (double)HALF_LOG_2PI);
        check_near(back, x, 1e-14, fmax(1.0, fabs(x)) * fmax(1.0, fabs(z) / slope), "x again", at);
    }
    assert_true(isnan(fathom_mixture_gaussianise(&odd, NAN)) && isnan(fathom_mixture_log_density(&odd, NAN)));
    check_near(fathom_mixture_mean(&odd), -0.5 + 0.15 + 0.8, 1e-15, 1.0, "mean", 0);
    check_near(fathom_mixture_sd(&odd),
               sqrt(0.5 * (0.09 + 1.0) + 0.3 * (4.0 + 0.25) + 0.2 * (0.49 + 16.0) - 0.45 * 0.45), 1e-15, 2.0, "sd", 0);
}

static void test_quantiles(void **state)
{
    (void)state;
    static const double p[] = { 1e-300, 1e-20, 0.001, 0.25, 0.5, 0.75, 0.999, 1.0 - 0x1p-53 };
    for (size_t i = 0; i < sizeof p / sizeof *p; i++) {
        const double x = fathom_mixture_quantile(&odd, p[i]), log_p = fathom_mixture_log_cdf(&odd, x);
        check_near(p[i] < 0.5 ? log_p : fathom_mixture_log_survival(&odd, x), log(p[i] < 0.5 ? p[i] : 1.0 - p[i]),
                   1e-13, fmax(1.0, fabs(log(p[i]))), "quantile", i);
    }
    assert_true(isnan(fathom_mixture_quantile(&odd, 0.0)) && isnan(fathom_mixture_quantile(&odd, 1.0)) &&
                isnan(fathom_mixture_quantile(&odd, NAN)));
    /* A gap of a thousand deviations: F is 1/2 all the way, and any x of it will do. */
    const fathom_mixture gap = { 2, { 0.5, 0.5 }, { -500.0, 500.0 }, { 1.0, 1.0 } };
    const double         x = fathom_mixture_degaussianise(&gap, 0.0);
    assert_true(fabs(x) <= 500.0 && fabs(fathom_mixture_gaussianise(&gap, x)) < 1e-15);
}

/* ------------------------------------------------------------------------------------------------------- fit ---- */

enum { KNOWN = 3, FREE = 8, DRAWS = 100000 };

/* The observed information of weights 0 and 1, means and deviations: sum over the points of the scores' products
 * (Louis 1982; at the maximum its mean is Fisher's information).  Returns its inverse's diagonal in square roots. */
static void standard_errors(double *error, const fathom_mixture *m, const double *x, size_t n)
{
    gsl_matrix *information = gsl_matrix_calloc(FREE, FREE);
    double      error_of_last = 0.0;
    for (size_t i = 0; i < n; i++) {
        double score[FREE], part[KNOWN], u[KNOWN], f = 0.0;
        for (size_t k = 0; k < KNOWN; k++) {
            u[k] = (x[i] - m->mean[k]) / m->sd[k];
            part[k] = exp(-0.5 * u[k] * u[k]) / m->sd[k];
            f += m->weight[k] * part[k];
        }
        for (size_t k = 0; k < KNOWN; k++) {
            if (k + 1 < KNOWN)
                score[k] = (part[k] - part[KNOWN - 1]) / f;
            score[2 + k] = m->weight[k] * part[k] / f * u[k] / m->sd[k];
            score[5 + k] = m->weight[k] * part[k] / f * (u[k] * u[k] - 1.0) / m->sd[k];
        }
        for (size_t a = 0; a < FREE; a++)
            for (size_t b = 0; b < FREE; b++)
                *gsl_matrix_ptr(information, a, b) += score[a] * score[b];
    }
    assert_int_equal(gsl_linalg_cholesky_decomp1(information), 0);
    assert_int_equal(gsl_linalg_cholesky_invert(information), 0);
    for (size_t a = 0; a < 2; a++)
        for (size_t b = 0; b < 2; b++)
            error_of_last += gsl_matrix_get(information, a, b); /* its weight is 1 less the other two */
    error[0] = sqrt(gsl_matrix_get(information, 0, 0));
    error[1] = sqrt(gsl_matrix_get(information, 1, 1));
    error[2] = sqrt(error_of_last);
    for (size_t a = 2; a < FREE; a++)
        error[a + 1] = sqrt(gsl_matrix_get(information, a, a));
    gsl_matrix_free(information);
}

static void test_known_mixture(void **state)
{
    (void)state;
    const fathom_mixture    truth = { KNOWN, { 0.2, 0.5, 0.3 }, { -4.0, 0.0, 4.0 }, { 1.0, 1.0, 1.0 } };
    const fathom_em_options options = { .tolerance = 1e-12, .iterations = 10000, .floor = 1e-4 };
    fathom_mixture          found;
    fathom_em_report        report;
    double                 *x = need(DRAWS * sizeof *x), *which = need(DRAWS * sizeof *which), error[3 * KNOWN];
    fathom_normal(x, fathom_key_from_seed(1), DRAWS);
    fathom_uniform(which, fathom_key_from_seed(2), 0.0, 1.0, DRAWS);
    for (size_t i = 0; i < DRAWS; i++) {
        const size_t k = which[i] < 0.2 ? 0 : which[i] < 0.7 ? 1 : 2;
        x[i] = truth.mean[k] + truth.sd[k] * x[i];
    }
    assert_int_equal(fathom_mixture_fit(&found, &report, x, DRAWS, KNOWN, &options), FATHOM_OK);
    assert_in_range(report.iterations, 2, 1000);
    assert_int_equal(found.n, KNOWN);
    standard_errors(error, &found, x, DRAWS);
    for (size_t k = 0; k < KNOWN; k++) {
        check_near(found.weight[k], truth.weight[k], 3.0, error[k], "weight", k);
        check_near(found.mean[k], truth.mean[k], 3.0, error[KNOWN + k], "mean", k);
        check_near(found.sd[k], truth.sd[k], 3.0, error[2 * KNOWN + k], "sd", k);
        assert_true(error[k] < 0.01 && error[KNOWN + k] < 0.03 && error[2 * KNOWN + k] < 0.03);
    }
    free(x);
    free(which);
}

/* Finite, positive, weights that add up to 1, and the report's log-likelihood is that of the mixture. */
static void check_mixture(const fathom_mixture *m, const fathom_em_report *report, const double *x, size_t n,
                          const char *what)
{
    double weight = 0.0, sum = 0.0;
    for (size_t k = 0; k < m->n; k++) {
        if (!(m->weight[k] >= 0.0 && isfinite(m->mean[k]) && m->sd[k] > 0.0 && isfinite(m->sd[k])))
            fail_msg("%s: component %zu is %g, %g, %g", what, k, m->weight[k], m->mean[k], m->sd[k]);
        weight += m->weight[k];
    }
    check_near(weight, 1.0, 1e-12, 1.0, what, 0);
    for (size_t i = 0; i < n; i++)
        sum += fathom_mixture_log_density(m, x[i]);
    check_near(report->log_likelihood, sum / (double)n, 1e-11, fmax(1.0, fabs(sum / (double)n)), what, 1);
}

/* The log-likelihood after 0, 1, 2, ... iterations never falls. */
static void test_never_falls(void **state)
{
    (void)state;
    enum { N = 160, MOST = 24 };
    static const size_t components[] = { 1, 2, 3, 8, 30 };
    for (size_t kind = 0; kind < 5; kind++)
        for (size_t c = 0; c < 5; c++) {
            double x[N], before = -INFINITY;
            draw(x, 11 + kind, 1.0, N);
            for (size_t i = 0; i < N;
                 i++) /* normal, heavy tails, ties, two clusters, a narrow one that meets the floor */
                x[i] = kind == 0 ? x[i]
                     : kind == 1 ? 10.0 * x[i] * x[i] * x[i]
                     : kind == 2 ? nearbyint(2.0 * x[i])
                     : kind == 3 ? x[i] + (i % 2 ? 50.0 : -50.0)
                                 : 1e-3 * x[i] + (i % 3 == 0);
            for (size_t iterations = 0; iterations <= MOST; iterations++) {
                const fathom_em_options options = { .tolerance = 0.0, .iterations = iterations, .floor = 1e-4 };
                fathom_mixture          m;
                fathom_em_report        report;
                const fathom_status     status = fathom_mixture_fit(&m, &report, x, N, components[c], &options);
                assert_true(status == FATHOM_NO_CONVERGENCE || (status == FATHOM_OK && iterations > 0));
                if (!(report.log_likelihood >= before - 1e-12 * fmax(1.0, fabs(before))))
                    fail_msg("kind %zu, %zu components: from %.17g to %.17g in iteration %zu", kind, components[c],
                             before, report.log_likelihood, iterations);
                before = report.log_likelihood;
                if (iterations == 0 || iterations == MOST)
                    check_mixture(&m, &report, x, N, "a fit");
            }
        }
}

static void test_edges(void **state)
{
    (void)state;
    static const double few[] = { 0.5, -1.0, 2.0 }, two[] = { 0, 1, 1, 0, 1, 1, 1, 0 }, same[] = { 7.25, 7.25, 7.25 };
    static const double huge[] = { -1e100, 3.0, 1e100, 0.0 };
    fathom_mixture      m = { .n = 99 };
    fathom_em_report    report = { .iterations = 99 };
    assert_int_equal(fathom_mixture_fit(&m, &report, few, 1, 8, NULL), FATHOM_DEGENERATE);
    assert_int_equal(fathom_mixture_fit(&m, &report, same, 3, 2, NULL), FATHOM_DEGENERATE);
    assert_true(m.n == 99 && report.iterations == 99);
    const struct {
        const double *x;
        size_t        n, components;
    } good[] = { { few, 3, 8 }, { few, 2, 64 }, { two, 8, 1 }, { two, 8, 2 }, { two, 8, 8 }, { huge, 4, 3 } };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const fathom_status status = fathom_mixture_fit(&m, &report, good[i].x, good[i].n, good[i].components, NULL);
        assert_true(status == FATHOM_OK || (status == FATHOM_NO_CONVERGENCE && report.iterations == 100));
        assert_int_equal(m.n, good[i].components);
        check_mixture(&m, &report, good[i].x, good[i].n, "an edge");
    }
    assert_int_equal(fathom_mixture_fit(&m, NULL, two, 8, 2, NULL), FATHOM_OK); /* two values: floors, and the shares */
    check_near(m.weight[0] * m.mean[0] + m.weight[1] * m.mean[1], 0.625, 1e-12, 1.0, "mean of two values", 0);
    assert_true(fabs(m.sd[0] - 0.01) < 1e-15 || fabs(m.sd[1] - 0.01) < 1e-15);
}

static void test_refusals(void **state)
{
    (void)state;
    const double      bad[] = { NAN, INFINITY, -INFINITY, 1.1e100, -1e300 };
    double            x[4] = { 0.0, 1.0, 2.0, 3.0 };
    fathom_mixture    m = { .n = 99 };
    fathom_em_options options = fathom_em_options_default();
    assert_int_equal(fathom_mixture_fit(&m, NULL, x, 0, 1, NULL), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_mixture_fit(&m, NULL, x, 4, 0, NULL), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_mixture_fit(&m, NULL, x, 4, FATHOM_COMPONENTS_MAX + 1, NULL), FATHOM_BAD_ARGUMENT);
    for (size_t i = 0; i < 5; i++) {
        x[2] = bad[i];
        assert_int_equal(fathom_mixture_fit(&m, NULL, x, 4, 2, NULL), FATHOM_BAD_DATA);
    }
    x[2] = 2.0;
#define REFUSED(field, value)              \
    options = fathom_em_options_default(); \
    options.field = (value);               \
    assert_int_equal(fathom_mixture_fit(&m, NULL, x, 4, 2, &options), FATHOM_BAD_ARGUMENT)
    REFUSED(tolerance, -1e-9);
    REFUSED(tolerance, NAN);
    REFUSED(floor, 0.0);
    REFUSED(floor, NAN);
    REFUSED(floor, 1e101);
    assert_int_equal(m.n, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_normal),      cmocka_unit_test(test_maps),
                                        cmocka_unit_test(test_quantiles),   cmocka_unit_test(test_known_mixture),
                                        cmocka_unit_test(test_never_falls), cmocka_unit_test(test_edges),
                                        cmocka_unit_test(test_refusals) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
