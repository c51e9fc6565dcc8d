/* test_residual.c - the residual map: the two published cases, Banach's bound, and the way back.
 *
 * Expected values: tests/reference/residual.txt, printed by NumPy.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fathom.h"

enum { N = 400, ITERATIONS = 60 };

/* NumPy's linspace(-3, 3, 400). */
static void grid(double x[N])
{
    for (int i = 0; i < N; i++)
        x[i] = i == N - 1 ? 3.0 : -3.0 + i * (6.0 / (N - 1));
}

static void test_reference_cases(void **state)
{
    (void)state;
    double x[N], y[N], back[N], error[ITERATIONS + 1];
    char   line[256];
    int    cases = 0;
    FILE  *in = fopen("tests/reference/residual.txt", "r");
    assert_non_null(in);
    grid(x);
    while (fgets(line, sizeof line, in) != NULL) {
        double            a, b, lipschitz, max_error;
        char              monotone[16];
        size_t            steps;
        const char *const form = "a=%lf b=%lf lip=%lf monotone=%15s nonincreasing_steps=%zu banach_max_err=%lf";
        assert_int_equal(sscanf(line, form, &a, &b, &lipschitz, monotone, &steps, &max_error), 6);
        assert_true(fabs(fathom_residual_lipschitz(a, b) - lipschitz) < 1e-15);
        fathom_residual_forward(y, x, a, b, N);
        assert_int_equal(fathom_nonincreasing_steps(y, N), steps);
        assert_int_equal(fathom_nonincreasing_steps(y, N) == 0, strcmp(monotone, "True") == 0);

        fathom_residual_inverse(back, error, y, x, a, b, ITERATIONS, N);
        if (lipschitz < 1) {
            if (!(error[ITERATIONS] <= 1e-15))
                fail_msg("Banach error %g, expected at most 1e-15 (printed: %g)", error[ITERATIONS], max_error);
            for (int k = 0; k < ITERATIONS; k++) /* the bound of the fixed-point theorem, up to rounding */
                assert_true(error[k + 1] <= lipschitz * error[k] + 1e-15);
        } else if (!(fabs(error[ITERATIONS] - max_error) < 1e-12)) {
            fail_msg("Banach error %.17g, expected %.17g", error[ITERATIONS], max_error);
        }
        double largest = 0;
        for (int i = 0; i < N; i++)
            largest = fmax(largest, fabs(back[i] - x[i]));
        assert_true(largest == error[ITERATIONS]);
        cases++;
    }
    fclose(in);
    assert_int_equal(cases, 2);
}

static void test_edges(void **state)
{
    (void)state;
    const double x[] = { -1, 0, 2 };
    double       y[3], back[3], error[1] = { 7 };

    fathom_residual_forward(y, x, 0, 5, 3); /* a = 0: the identity */
    assert_memory_equal(y, x, sizeof x);
    fathom_residual_inverse(back, error, y, x, 0.5, 1, 0, 3); /* no iteration: x = y */
    assert_memory_equal(back, y, sizeof y);
    assert_true(error[0] == 0);
    fathom_residual_inverse(back, NULL, y, x, 0.5, 1, 3, 3); /* nothing to measure, or nothing to measure against */
    error[0] = 7;
    fathom_residual_inverse(back, error, y, NULL, 0.5, 1, 3, 3);
    assert_true(error[0] == 7);
    assert_true(fathom_residual_lipschitz(-0.3, 1) == 0.3);

    const double flat[] = { 1, 1, 2, NAN, 3 };
    assert_int_equal(fathom_nonincreasing_steps(flat, 5), 3); /* the flat step, and both beside the NaN */
    assert_int_equal(fathom_nonincreasing_steps(flat, 1), 0);
    assert_int_equal(fathom_nonincreasing_steps(flat, 0), 0);

    const double infinite[] = { INFINITY };
    fathom_residual_inverse(back, error, infinite, infinite, 0.5, 1, 0, 1);
    assert_true(isnan(error[0]));
}

/* x + L sin x at pi: one pre-image up to L = 1, three beyond, the outer two as far from pi as they are from each other. */
static void test_preimages(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    double       x[3] = { 0 }, y[3];
    assert_int_equal(fathom_residual_preimages(x, pi, 0.9, 1, 3), 1);
    assert_true(fabs(x[0] - pi) < 1e-15);
    assert_int_equal(fathom_residual_preimages(x, pi, 1, 1, 3), 1);
    assert_int_equal(fathom_residual_preimages(x, pi, 1.3, 1, 3), 3);
    assert_true(x[0] < x[1] && x[1] < x[2] && fabs(x[0] + x[2] - 2 * pi) < 1e-14);
    fathom_residual_forward(y, x, 1.3, 1, 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(y[i] - pi) < 2e-15);
    x[1] = 7;
    assert_int_equal(fathom_residual_preimages(x, pi, 1.3, 1, 1),
                     3); /* counts them all, fills what there is room for */
    assert_true(x[1] == 7);
    assert_int_equal(fathom_residual_preimages(x, 2, 0, 1, 3), 1); /* the identity */
    assert_true(x[0] == 2);
    assert_int_equal(fathom_residual_preimages(x, NAN, 1, 1, 3), 0);
    assert_int_equal(fathom_residual_preimages(x, 1, INFINITY, 1, 3), 0);
}

static void test_promise(void **state)
{
    (void)state;
    assert_true(fabs(fathom_residual_promise(0.1, 1e-12) - 12) < 1e-14);
    assert_true(fabs(fathom_residual_promise(0.5, 1e-12) - 12 * log(10) / log(2)) < 1e-13);
    assert_true(fathom_residual_promise(0, 1e-12) == 0);
    assert_true(isnan(fathom_residual_promise(1, 1e-12)) && isnan(fathom_residual_promise(NAN, 1e-12)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_cases),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_preimages),
        cmocka_unit_test(test_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
