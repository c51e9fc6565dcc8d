/* test_exponential.c - the library's own e^x and log(1 + e): to 1.1 + 0.31 |x| and 2 units in the last place of the C
 * library's long double functions; its root: to the last bit; and what becomes of NaN and the ends of the range.  In
 * plain C, one number wide; test_isa.c holds the other widths to the same bits. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"

#define FATHOM_ISA ref
#define VEC_WIDTH 1
#include "kernels/exponential.h"

enum { N = 1 << 18 };

/* |x - truth| in units of the last place of truth */
static double ulps(double x, long double truth)
{
    int exponent;
    frexpl(truth, &exponent);
    return (double)(fabsl(x - truth) / ldexpl(1.0L, exponent < -1021 ? -1074 : exponent - 53));
}

/* Against `truth` at N points x = scale(uniform): off by less than most + more |x| units in the last place. */
static void check(double (*f)(double), long double (*truth)(long double), double (*scale)(double), double most,
                  double more, const char *name)
{
    double *u = need(N * sizeof *u);
    fathom_uniform(u, fathom_key_from_seed(77), 0.0, 1.0, N);
    for (size_t i = 0; i < N; i++) {
        const double x = scale(u[i]), error = ulps(f(x), truth(x));
        if (!(error < most + more * fabs(x)))
            fail_msg("%s(%a) is %.3f units in the last place off", name, x, error);
    }
    free(u);
}

static double call_exp(double x) { return vec_exp(x); }
static double call_exp_in_range(double x) { return vec_exp_in_range(x); }
static double call_exp_any(double x) { return vec_exp_any(x); }
static double call_log1p(double x) { return vec_log1p(x); }

static double small(double u) { return -u; }
static double wide(double u) { return -708.0 * u; }
static double both(double u) { return 1416.0 * u - 708.0; }
static double unit(double u) { return u; }
static double tiny(double u) { return u * 0x1p-40; }

static void check_root(double x)
{
    if (vec_sqrt(x) != sqrt(x))
        fail_msg("root(%a) is %a, not %a", x, vec_sqrt(x), sqrt(x));
}

/* Every exponent of its range; and where a root lies as near as can be to the middle of two doubles, beside powers of
 * two. */
static void test_root(void **state)
{
    (void)state;
    double *u = need(N * sizeof *u);
    fathom_uniform(u, fathom_key_from_seed(78), 1.0, 2.0, N);
    for (int i = 0; i < N; i++)
        check_root(ldexp(u[i], i % (1022 + 960) - 960));
    for (int exponent = -958; exponent < 1021; exponent++)
        for (int i = -64; i <= 64; i++)
            check_root(ldexp(1.0 + i * (i < 0 ? DBL_EPSILON / 2.0 : DBL_EPSILON), exponent));
    assert_true(vec_sqrt(0.0) == 0.0 && isnan(vec_sqrt(NAN)));
    assert_true(vec_sqrt(0x1p-1074) >= 0.0 && vec_sqrt(0x1p-961) < 0x1p-480);
    free(u);
}

static void test_accuracy(void **state)
{
    (void)state;
    check(call_exp, expl, small, 1.1, 0.31, "exp");
    check(call_exp, expl, wide, 1.1, 0.31, "exp");
    check(call_exp_in_range, expl, both, 1.1, 0.31, "exp");
    check(call_exp_any, expl, both, 3.2, 0.62, "exp");
    check(call_exp_any, expl, unit, 3.2, 0.62, "exp");
    check(call_log1p, log1pl, unit, 2.0, 0.0, "log1p");
    check(call_log1p, log1pl, tiny, 2.0, 0.0, "log1p");
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(vec_exp(0.0) == 1.0 && vec_exp(-0.0) == 1.0);
    assert_true(vec_exp(-708.0) > DBL_MIN);
    assert_true(vec_exp(-709.0) == 0.0 && vec_exp(-DBL_MAX) == 0.0 && vec_exp(-INFINITY) == 0.0);
    assert_true(vec_exp_any(0.0) == 1.0 && vec_exp_any(-0.0) == 1.0 && isfinite(vec_exp_any(708.0)));
    assert_true(vec_exp_any(709.0) == INFINITY && vec_exp_any(INFINITY) == INFINITY);
    assert_true(vec_exp_any(-709.0) == 0.0 && vec_exp_any(-INFINITY) == 0.0);
    assert_true(isnan(vec_exp(NAN)) && isnan(vec_exp_any(NAN)) && isnan(vec_log1p(NAN)));
    assert_true(vec_log1p(0.0) == 0.0 && ulps(vec_log1p(1.0), log1pl(1.0L)) < 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_accuracy), cmocka_unit_test(test_root),
                                        cmocka_unit_test(test_ends) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
