/* test_spiral.c - the spiral's rows against the reference, its density against adaptive quadrature.
 *
 * Expected values: tests/reference/spiral.tsv (NumPy); gsl_integration_qag; an integral of 1; and the mean log density
 * of the 3000 training rows, -1.3821.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_math.h>

#include "fathom.h"

/* -------------------------------------------------------------------------------------------------- spiral ---- */

static void test_spiral_is_the_reference(void **state)
{
    (void)state;
    fathom_dataset data;
    assert_int_equal(fathom_spiral(&data, 0, 3000, NULL), FATHOM_OK);
    assert_int_equal(data.n, 3000);
    assert_int_equal(data.dim, 2);

    FILE *in = fopen("tests/reference/spiral.tsv", "r");
    assert_non_null(in);
    char   line[256];
    size_t i = 0;
    while (fgets(line, sizeof line, in) != NULL) {
        double x, y;
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%lf %lf", &x, &y), 2);
        assert_true(i < data.n);
        if (fabs(x - data.x[2 * i]) > 1e-13 || fabs(y - data.x[2 * i + 1]) > 1e-13)
            fail_msg("row %zu is %.17g %.17g, expected %.17g %.17g", i, data.x[2 * i], data.x[2 * i + 1], x, y);
        i++;
    }
    fclose(in);
    assert_int_equal(i, 3000);
    fathom_dataset_free(&data);
    assert_null(data.x);
    assert_int_equal(data.n, 0);
    fathom_dataset_free(NULL);
}

static void test_spiral_in_a_frame(void **state)
{
    (void)state;
    fathom_dataset train, other, own;
    assert_int_equal(fathom_spiral(&train, 0, 3000, NULL), FATHOM_OK);
    assert_int_equal(fathom_spiral(&other, 1, 100, &train), FATHOM_OK);
    assert_int_equal(fathom_spiral(&own, 1, 100, NULL), FATHOM_OK);
    for (size_t i = 0; i < 100; i++) {
        for (size_t c = 0; c < 2; c++) {
            const double raw = own.x[2 * i + c] * own.sd[c] + own.mean[c];
            assert_true(fabs(other.x[2 * i + c] - (raw - train.mean[c]) / train.sd[c]) < 1e-14);
        }
    }
    assert_memory_equal(other.mean, train.mean, 2 * sizeof(double));
    assert_memory_equal(other.sd, train.sd, 2 * sizeof(double));
    fathom_dataset_free(&other);
    fathom_dataset_free(&own);

    assert_int_equal(fathom_spiral(&other, 0, 1, NULL), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_spiral(&other, 0, SIZE_MAX / 4, NULL), FATHOM_NO_MEMORY);
    fathom_dataset flat = train;
    flat.dim = 3;
    assert_int_equal(fathom_spiral(&other, 0, 10, &flat), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_spiral(&other, 5, 2, NULL), FATHOM_OK); /* two rows: +-1 in each column */
    assert_true(fabs(fabs(other.x[0]) - 1) < 1e-15 && fabs(other.x[0] + other.x[2]) < 1e-15);
    fathom_dataset_free(&other);
    fathom_dataset_free(&train);
}

/* ------------------------------------------------------------------------------------------------- density ---- */

typedef struct place {
    double x, y, t, shift; /* raw point; where an arm is nearest; exponent taken out */
} place;

static double squared_distance(const place *p, double t, double arm)
{
    return gsl_pow_2(p->x - arm * t * cos(2.5 * t)) + gsl_pow_2(p->y - arm * t * sin(2.5 * t));
}

static double both_arms(double t, void *p)
{
    const place *at = p;
    return exp(at->shift - squared_distance(at, t, 1) / 0.0128) + exp(at->shift - squared_distance(at, t, -1) / 0.0128);
}

/* The density by GSL's adaptive rule, split at a scan's nearest parameter so that no peak is missed. */
static double density_by_qag(const fathom_dataset *frame, const double x[2], gsl_integration_workspace *work)
{
    place  p = { .x = frame->mean[0] + frame->sd[0] * x[0], .y = frame->mean[1] + frame->sd[1] * x[1], .t = 0.5 };
    double least = INFINITY;
    for (int i = 0; i <= 3000; i++)
        for (int arm = -1; arm <= 1; arm += 2)
            if (squared_distance(&p, 0.5 + i * 1e-3, arm) < least) {
                p.t = 0.5 + i * 1e-3;
                least = squared_distance(&p, p.t, arm);
            }
    p.shift = least / 0.0128;

    const double edge[] = { 0.5, p.t - 0.2, p.t - 0.02, p.t, p.t + 0.02, p.t + 0.2, 3.5 };
    gsl_function f = { both_arms, &p };
    double       sum = 0;
    for (int i = 0; i < 6; i++) {
        const double lo = fmin(fmax(edge[i], 0.5), 3.5), hi = fmin(fmax(edge[i + 1], 0.5), 3.5);
        double       part = 0, error = 0;
        if (hi > lo)
            assert_int_equal(gsl_integration_qag(&f, lo, hi, 0, 1e-11, 2000, GSL_INTEG_GAUSS31, work, &part, &error),
                             0);
        sum += part;
    }
    return log(sum) - p.shift - log(6 * 2 * M_PI * 0.0064) + log(frame->sd[0] * frame->sd[1]);
}

static void test_density_is_qag(void **state)
{
    (void)state;
    fathom_dataset train, held;
    assert_int_equal(fathom_spiral(&train, 0, 3000, NULL), FATHOM_OK);
    assert_int_equal(fathom_spiral(&held, 1, 200, &train), FATHOM_OK);
    gsl_integration_workspace *work = gsl_integration_workspace_alloc(2000);

    /* Rows, and points off the arms down to 1e-12 of the peak: seven deviations and more from the nearest. */
    enum { N = 1200 };
    static double x[2 * N], logp[N];
    size_t        n = 0;
    for (size_t i = 0; i < 200; i++, n++)
        memcpy(x + 2 * n, train.x + 2 * i, 2 * sizeof *x);
    for (size_t i = 0; i < 200; i++, n++)
        memcpy(x + 2 * n, held.x + 2 * i, 2 * sizeof *x);
    fathom_uniform(x + 2 * n, fathom_key_from_seed(3), -2.4, 2.4, 2 * (N - n));
    fathom_spiral_log_density(logp, x, &train, N);

    size_t compared = 0;
    for (size_t i = 0; i < N; i++) {
        const double truth = density_by_qag(&train, x + 2 * i, work);
        const double peak = 1; /* log of the density's largest value, from above */
        if (truth < peak - 12 * M_LN10)
            continue;
        if (!(fabs(logp[i] - truth) < 1e-8))
            fail_msg("log density at (%.17g, %.17g) is %.17g, expected %.17g", x[2 * i], x[2 * i + 1], logp[i], truth);
        assert_true(truth < peak);
        compared++;
    }
    assert_true(compared > 900);
    gsl_integration_workspace_free(work);
    fathom_dataset_free(&train);
    fathom_dataset_free(&held);
}

static void test_density_integrates_to_one(void **state)
{
    (void)state;
    /* The trapezoid rule of step h on a sum of normals of deviation s: off by 2 exp(-2 pi^2 s^2 / h^2), here 1e-34. */
    fathom_dataset frame = { .dim = 2, .mean = (double[]){ 0.3, -0.2 }, .sd = (double[]){ 1.7, 0.6 } };
    const double   h = 0.04, reach = 4.4; /* raw */
    const int      n = (int)(2 * reach / h) + 1;
    double        *x = malloc((size_t)(2 * n) * sizeof *x), *logp = malloc((size_t)n * sizeof *logp), sum = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            x[2 * j] = (-reach + i * h - frame.mean[0]) / frame.sd[0];
            x[2 * j + 1] = (-reach + j * h - frame.mean[1]) / frame.sd[1];
        }
        fathom_spiral_log_density(logp, x, &frame, (size_t)n);
        for (int j = 0; j < n; j++)
            sum += exp(logp[j]) * h * h / (frame.sd[0] * frame.sd[1]);
    }
    free(x);
    free(logp);
    if (!(fabs(sum - 1) < 1e-11))
        fail_msg("the density integrates to %.17g", sum);
}

/* The part of fresh draws that falls into a square, against the density's integral over it: binomial, 3 deviations. */
static void test_density_is_the_draws(void **state)
{
    (void)state;
    enum { DRAWS = 400000, SIDE = 60, SQUARES = 5 };
    static const double corner[SQUARES][2] = {
        { -0.1, 0.4 }, { 0.6, -0.4 }, { -1.9, -0.3 }, { 1.5, 0.9 }, { 0.0, 0.0 }
    };
    const double   width = 0.3, h = width / SIDE;
    fathom_dataset frame, fresh;
    assert_int_equal(fathom_spiral(&frame, 0, 3000, NULL), FATHOM_OK);
    assert_int_equal(fathom_spiral(&fresh, 77, DRAWS, &frame), FATHOM_OK);
    for (size_t s = 0; s < SQUARES; s++) {
        double integral = 0, inside = 0, x[2 * SIDE], logp[SIDE];
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++) {
                x[2 * j] = corner[s][0] + (i + 0.5) * h;
                x[2 * j + 1] = corner[s][1] + (j + 0.5) * h;
            }
            fathom_spiral_log_density(logp, x, &frame, SIDE);
            for (int j = 0; j < SIDE; j++)
                integral += exp(logp[j]) * h * h;
        }
        for (size_t i = 0; i < DRAWS; i++) {
            const double u = fresh.x[2 * i] - corner[s][0], v = fresh.x[2 * i + 1] - corner[s][1];
            inside += u >= 0 && u < width && v >= 0 && v < width;
        }
        const double part = inside / DRAWS, deviation = sqrt(integral * (1 - integral) / DRAWS);
        if (!(fabs(part - integral) <= 3 * deviation))
            fail_msg("square %zu: %.17g of the draws, integral %.17g, deviation %.3g", s, part, integral, deviation);
    }
    fathom_dataset_free(&frame);
    fathom_dataset_free(&fresh);
}

static void test_density_of_the_rows(void **state)
{
    (void)state;
    fathom_dataset train;
    double         logp[3000], sum = 0;
    assert_int_equal(fathom_spiral(&train, 0, 3000, NULL), FATHOM_OK);
    fathom_spiral_log_density(logp, train.x, &train, 3000);
    for (size_t i = 0; i < 3000; i++)
        sum += logp[i];
    if (!(fabs(sum / 3000 - -1.3821) < 5e-5))
        fail_msg("mean log density of the training rows is %.17g, expected -1.3821", sum / 3000);

    /* The same bits one by one, far points finite, points beyond squaring -inf, NaN only for NaN. */
    for (size_t i = 0; i < 20; i++) {
        double one;
        fathom_spiral_log_density(&one, train.x + 2 * i, &train, 1);
        assert_memory_equal(&one, logp + i, sizeof one);
    }
    const double odd[] = { 40, -30, 1e6, 1e6, 1e200, 0, NAN, 0, -INFINITY, 0 };
    fathom_spiral_log_density(logp, odd, &train, 5);
    assert_true(isfinite(logp[0]) && isfinite(logp[1]) && logp[1] < logp[0] && logp[0] < -1e5);
    assert_true(logp[2] == -INFINITY && isnan(logp[3]) && logp[4] == -INFINITY);
    fathom_dataset_free(&train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spiral_is_the_reference), cmocka_unit_test(test_spiral_in_a_frame),
        cmocka_unit_test(test_density_is_qag),          cmocka_unit_test(test_density_integrates_to_one),
        cmocka_unit_test(test_density_is_the_draws),    cmocka_unit_test(test_density_of_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
