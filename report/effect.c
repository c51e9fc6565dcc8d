/* effect.c - what a test found (effect.h). */
#include "effect.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "statistics.h"

struct effect effect_none(void)
{
    return (struct effect){ .value = NAN, .low = NAN, .high = NAN, .p = 1, .least = NAN, .corrected = 1 };
}

struct effect effect_mean(const double *d, size_t n)
{
    struct effect e = effect_none();
    e.n = n;
    if (n == 0)
        return e;
    const struct summary s = statistics_summary(d, n);
    if (!isfinite(s.mean))
        return e;
    e.value = s.mean;
    if (n < 2)
        return e;
    const double reach = gsl_cdf_tdist_Pinv(0.975, (double)(n - 1)) * s.std_error;
    e.low = s.mean - reach;
    e.high = s.mean + reach;
    if (!isfinite(s.sd))
        e.p = 1;
    else if (s.sd > 0)
        e.p = statistics_paired_t(d, n).p;
    else /* all alike: t is infinite, or there is nothing to see */
        e.p = s.mean != 0 ? 0 : 1;
    e.least = 0; /* t has no bound */
    e.corrected = e.p;
    e.testable = true;
    return e;
}

struct effect effect_signs(const double *d, size_t n)
{
    const struct paired_test test = statistics_sign_test(d, n);
    struct effect            e = { .n = test.n,
                                   .positive = (size_t)test.statistic,
                                   .low = NAN,
                                   .high = NAN,
                                   .p = test.p,
                                   .least = NAN,
                                   .corrected = test.p };
    e.value = test.n ? 2 * test.statistic / (double)test.n - 1 : 0;
    if (n > 0)
        e.least = statistics_sign_least(n); /* any of the n pairs could have differed */
    e.testable = e.least <= EFFECT_LEVEL;
    return e;
}

struct effect effect_share(size_t k, size_t n)
{
    struct effect e = effect_none();
    e.n = n;
    e.positive = k;
    if (n == 0)
        return e;
    const double a = (double)k, b = (double)(n - k);
    e.value = a / (double)n;
    e.low = k > 0 ? gsl_cdf_beta_Pinv(0.025, a, b + 1) : 0;
    e.high = k < n ? gsl_cdf_beta_Pinv(0.975, a + 1, b) : 1;
    return e;
}

int effect_sign(const struct effect *e)
{
    if (!(e->corrected <= EFFECT_LEVEL))
        return 0;
    return e->value > 0 ? 1 : -1;
}

bool effect_between(const struct effect *e, double low, double high)
{
    return e->low > low && e->high < high; /* false for NaN */
}
