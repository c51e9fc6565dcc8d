/* test_normal_cdf.c - Mills' ratio and the quantile of a tail's logarithm, in plain C, one number wide (test_isa.c holds
 * the other widths to the same bits).
 *
 * The truth is the C library's erfcl up to u = 20, beyond which the continued fraction of Laplace takes over:
 * R(u) = 1 / (u + 1 / (u + 2 / (u + 3 / ...))), Abramowitz & Stegun 1964, 26.2.14.  GSL's hazard function and log erfc are
 * a third side. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gsl/gsl_sf_erf.h>

#include "common.h"

#define FATHOM_ISA ref
#define VEC_WIDTH 1
#include "kernels/exponential.h"
#include "kernels/normal_cdf.h"

enum { N = 1 << 15 };

static const long double HALF_LOG_2PI_L = 0.91893853320467274178032973640561764L;
static const long double ROOT_HALF_PI = 1.25331413731550025120788264240552263L;

static long double mills(long double u)
{
    if (u < 20.0L)
        return ROOT_HALF_PI * expl(u * u / 2.0L) * erfcl(u / sqrtl(2.0L));
    long double fraction = 0.0L;
    for (int k = 60; k > 0; k--)
        fraction = (long double)k / (u + fraction);
    return 1.0L / (u + fraction);
}

/* u from -3/4 to 40 evenly, then every magnitude to 1e140. */
static double place(size_t i)
{
    return i < N ? -0.75 + 40.75 * (double)i / N : pow(10.0, 1.5 + (double)(i - N) / 64.0);
}
enum { N_PLACES = N + 64 * 138 };

static void test_mills_ratio(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PLACES; i++) {
        const double      u = place(i);
        const long double truth = mills(u);
        check_near(mills_ratio(u), (double)truth, 4.0 * DBL_EPSILON, (double)truth, "Mills' ratio", i);
        if (u >= 0.0 && u < 1e4) /* GSL multiplies by e^(-u^2/2) up to 25 */
            check_near(mills_ratio(u) * gsl_sf_hazard(u), 1.0, 1e-15, fmin(10.0 + u * u, 700.0), "GSL's hazard", i);
    }
    assert_true(mills_ratio(1e300) == 1e-300 && mills_ratio(INFINITY) == 0.0 && isnan(mills_ratio(NAN)));
}

/* y back from log Phi(-y), which as a double leaves y uncertain by epsilon |log Phi| R / 2. */
static void test_quantile(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PLACES; i++) {
        const double y = place(i), log_tail = (double)(-(long double)y * y / 2.0L - HALF_LOG_2PI_L + logl(mills(y)));
        double       ratio, back = normal_tail_quantile(&ratio, log_tail);
        if (y > 1e139)
            continue;
        check_near(back, y, 4.0 * DBL_EPSILON, fmax(1.0, fabs(y)), "quantile", i);
        check_near(ratio, (double)mills(back), 6.0 * DBL_EPSILON, (double)mills(back), "Mills' ratio there", i);
        if (y < 1e4) { /* erfc(y / sqrt 2) = 2 Phi(-y) */
            const double log_erfc = gsl_sf_log_erfc(back / sqrt(2.0)) - log(2.0);
            check_near(log_erfc, log_tail, 1e-14, fmax(1.0, fabs(log_tail)), "GSL's log erfc", i);
        }
    }
    double ratio;
    assert_true(isnan(normal_tail_quantile(&ratio, NAN)) && isnan(ratio));
    check_near(normal_tail_quantile(&ratio, log(0.5)), 0.0, 4.0 * DBL_EPSILON, 1.0, "the median", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_mills_ratio), cmocka_unit_test(test_quantile) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
