/* test_true_densities.c - the density of every data set: it integrates to 1, its entropy is the stated one, and it is
 * the density of what is drawn.
 *
 * FATHOM_DRAWS says how many rows are drawn of each, 100000 if it is not set; tests/true_densities.sh draws a million.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_bessel.h>

#include "fathom.h"

static const fathom_data_set *set_of(const char *name)
{
    const fathom_data_set *set = fathom_data_set_find(name);
    assert_non_null(set);
    return set;
}

static double               zero[2] = { 0, 0 }, one[2] = { 1, 1 };
static const fathom_dataset raw_frame = { .dim = 2, .mean = zero, .sd = one };

/* The rule of midpoints on [-reach, reach]^2: on the whole plane it converges faster than any power of the step, and on
 * the board its cells are the board's.  Errors of the entropy at these steps: 1e-9, but for the pinwheel's, whose density
 * is infinite on curves of little mass. */
static const struct {
    const char *name;
    double      reach, step, entropy_within;
} planes[] = {
    { "spiral", 4.4, 0.04, 1e-9 },   { "moons", 3, 1.0 / 32, 1e-9 },   { "checkerboard", 5, 0.125, 1e-13 },
    { "gaussians", 6, 0.125, 1e-9 }, { "circles", 5, 1.0 / 16, 1e-9 }, { "pinwheel", 6, 0.05, 3e-7 },
};
enum { PLANES = sizeof planes / sizeof *planes };

static void integrate(double *mass, double *entropy, const char *name, double reach, double h)
{
    const size_t n = (size_t)lround(2 * reach / h);
    double      *x = malloc(3 * n * sizeof *x), *logp = x + 2 * n;
    assert_non_null(x);
    *mass = *entropy = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            x[2 * j] = ((double)i + 0.5) * h - reach;
            x[2 * j + 1] = ((double)j + 0.5) * h - reach;
        }
        assert_int_equal(fathom_data_set_log_density(logp, set_of(name), x, &raw_frame, n), FATHOM_OK);
        for (size_t j = 0; j < n; j++) {
            *mass += exp(logp[j]) * h * h;
            *entropy -= logp[j] > -INFINITY ? exp(logp[j]) * logp[j] * h * h : 0;
        }
    }
    free(x);
}

static void test_integral_and_entropy(void **state)
{
    (void)state;
    size_t of_plane = 0;
    for (size_t i = 0; fathom_data_set_name(i); i++) {
        double mass, entropy;
        for (size_t k = 0; k < PLANES; k++) {
            if (strcmp(planes[k].name, fathom_data_set_name(i)) != 0)
                continue;
            integrate(&mass, &entropy, planes[k].name, planes[k].reach, planes[k].step);
            if (!(fabs(mass - 1) < 1e-6))
                fail_msg("%s: the density integrates to %.12g", planes[k].name, mass);
            if (!(fabs(entropy - fathom_data_set_entropy(set_of(planes[k].name))) < planes[k].entropy_within))
                fail_msg("%s: the entropy is %.12g", planes[k].name, entropy);
            of_plane++;
        }
    }
    assert_int_equal(of_plane, PLANES);
    assert_true(fabs(fathom_data_set_entropy(set_of("two_spirals_4d")) -
                     2 * fathom_data_set_entropy(set_of("spiral"))) < 2e-9); /* two of them, turned */
}

/* Mean log density of fresh rows, in the coordinates of others: minus the entropy, within 3 standard errors. */
static void test_draws(void **state)
{
    (void)state;
    const char  *asked = getenv("FATHOM_DRAWS");
    const size_t n = asked ? (size_t)strtoul(asked, NULL, 10) : 100000;
    for (size_t i = 0; fathom_data_set_name(i); i++) {
        const fathom_data_set *set = set_of(fathom_data_set_name(i));
        fathom_dataset         train, fresh;
        double                *logp = malloc(n * sizeof *logp), mean = 0, square = 0, log_volume = 0;
        assert_non_null(logp);
        assert_int_equal(fathom_data_set_draw(&train, set, 0, 3000, NULL), FATHOM_OK);
        assert_int_equal(fathom_data_set_draw(&fresh, set, 1, n, &train), FATHOM_OK);
        assert_int_equal(fathom_data_set_log_density(logp, set, fresh.x, &train, n), FATHOM_OK);
        for (size_t c = 0; c < train.dim; c++)
            log_volume += log(train.sd[c]);
        for (size_t k = 0; k < n; k++)
            mean += (logp[k] - log_volume) / (double)n;
        for (size_t k = 0; k < n; k++)
            square += (logp[k] - log_volume - mean) * (logp[k] - log_volume - mean);
        const double error = sqrt(square) / (double)n, off = mean + fathom_data_set_entropy(set);
        if (!(fabs(off) <= 3 * error + 1e-10)) /* on the board every row has the same density */
            fail_msg("%s: mean log density %.9g of %zu draws is %.3g from minus the entropy, standard error %.3g",
                     fathom_data_set_name(i), mean, n, off, error);
        print_message("%s: mean log density %.6f, %.2f standard errors from minus the entropy\n",
                      fathom_data_set_name(i), mean, error > 1e-10 ? off / error : 0);
        fathom_dataset_free(&train);
        fathom_dataset_free(&fresh);
        free(logp);
    }
}

/* ------------------------------------------------------------------------------- by other means, point by point ---- */

static double log_density_at(const char *name, double x, double y)
{
    const double point[2] = { x, y };
    double       logp;
    assert_int_equal(fathom_data_set_log_density(&logp, set_of(name), point, &raw_frame, 1), FATHOM_OK);
    return logp;
}

static double on_moon(double t, void *place)
{
    const double *p = place, *from = p + 2;
    const double  x = from[0] + (from[1] > 0 ? -cos(t) : cos(t)) - p[0],
                 y = (from[1] > 0 ? 0.5 - sin(t) : sin(t)) - p[1];
    return exp(-(x * x + y * y) / 0.02) / (0.02 * M_PI) / (2 * M_PI);
}

static void test_moons_are_qag(void **state)
{
    (void)state;
    gsl_integration_workspace *work = gsl_integration_workspace_alloc(2000);
    double                     at[160];
    fathom_uniform(at, fathom_key_from_seed(1), 0, 1, 160);
    for (size_t i = 0; i < 80; i++) {
        double       sum = 0, x = 4 * at[2 * i] - 1.5, y = 2.7 * at[2 * i + 1] - 1.1;
        const double logp = log_density_at("moons", x, y);
        for (int moon = 0; moon < 2; moon++) {
            double       place[4] = { x, y, moon, moon }, part, error;
            gsl_function f = { on_moon, place };
            assert_int_equal(gsl_integration_qag(&f, 0, M_PI, 1e-280, 1e-10, 2000, GSL_INTEG_GAUSS61, work, &part,
                                                 &error),
                             0);
            sum += part;
        }
        if (sum > 1e-12 && !(fabs(logp - log(sum)) < 1e-8))
            fail_msg("moons at (%g, %g): %.12g, expected %.12g", x, y, logp, log(sum));
    }
    gsl_integration_workspace_free(work);
}

static void test_circles_are_bessel(void **state)
{
    (void)state;
    for (double r = 0; r < 12; r += 0.037) {
        double sum = 0; /* less its exponent at r: no underflow */
        for (double radius = 1.5; radius < 4; radius += 1.5)
            sum += exp((gsl_pow_2(r - 3) - gsl_pow_2(r - radius)) / (2 * 0.0576)) *
                   gsl_sf_bessel_I0_scaled(r * radius / 0.0576) / (4 * M_PI * 0.0576);
        const double logp = log_density_at("circles", -r * 0.6, r * 0.8);
        const double expected = log(sum) - gsl_pow_2(r - 3) / (2 * 0.0576);
        if (!(fabs(logp - expected) < 1e-10))
            fail_msg("circles at r = %g: %.15g, expected %.15g", r, logp, expected);
    }
}

/* The roots by sign changes alone, on a fine grid of u, each refined by Newton's steps. */
static double pinwheel_by_scan(double x, double y)
{
    enum { STEPS = 20000 };
    const double from = -2.6, h = 7.2 / STEPS, r = hypot(x, y) / 2;
    double       sum = 0;
    for (int k = 0; k < 5; k++) {
        const double angle = atan2(y, x) - 2 * M_PI * k / 5;
        double       before = NAN;
        for (int i = 0; i <= STEPS; i++) {
            const double u = from + i * h, g = u - r * cos(angle - 0.25 * exp(u));
            if (before * g < 0) {
                double root = u - h * g / (g - before), v = 0, slope = 1;
                for (int step = 0; step < 3; step++) {
                    v = r * sin(angle - 0.25 * exp(root));
                    slope = 1 - 0.25 * exp(root) * v;
                    root -= (root - r * cos(angle - 0.25 * exp(root))) / slope;
                }
                sum += exp(-gsl_pow_2((root - 1) / 0.3) / 2 - gsl_pow_2(v / 0.1) / 2) / fabs(slope) / (1.2 * M_PI);
            }
            before = g;
        }
    }
    return log(sum);
}

/* Points near the arms and, with several roots an arm, beyond them. */
static void test_pinwheel_is_the_scan(void **state)
{
    (void)state;
    double at[60];
    fathom_uniform(at, fathom_key_from_seed(2), -4.5, 4.5, 60);
    for (size_t i = 0; i < 30; i++) {
        const double logp = log_density_at("pinwheel", at[2 * i], at[2 * i + 1]);
        const double expected = pinwheel_by_scan(at[2 * i], at[2 * i + 1]);
        if (!(fabs(logp - expected) < 1e-8))
            fail_msg("pinwheel at (%g, %g): %.12g, expected %.12g", at[2 * i], at[2 * i + 1], logp, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integral_and_entropy), cmocka_unit_test(test_draws),
        cmocka_unit_test(test_moons_are_qag),        cmocka_unit_test(test_circles_are_bessel),
        cmocka_unit_test(test_pinwheel_is_the_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
