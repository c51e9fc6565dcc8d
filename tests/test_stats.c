/* test_stats.c - the statistics of the report against numbers from elsewhere.
 *
 * Sources, named at each number: SciPy 1.17.1 (scipy.stats); counting all cases by hand or by brute force, where
 * there are few; and Darwin's maize, the example of Fisher, "The design of experiments" (1935), sec. 17.
 */
#include "statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>

static void near(double value, double expected, double relative, const char *what)
{
    if (!(fabs(value - expected) <= relative * fabs(expected)))
        fail_msg("%s: %.17g should be %.17g", what, value, expected);
}

static const double x[] = { 0.61,  0.29, 0.06, 0.59, -1.73, -0.74, 0.51, -0.56, 0.39,  1.64,  0.05, -0.06, 0.64,
                            -0.82, 0.37, 1.77, 1.09, -1.28, 2.36,  1.31, 1.05,  -0.32, -0.40, 1.06, -2.47 };
static const double y[] = { 1.2, 0.3, -0.4, 2.2, 0.75, 1.9, -0.1, 0.83, 1.45, 2.7 };
enum { NX = sizeof x / sizeof *x, NY = sizeof y / sizeof *y };

static void test_kolmogorov_smirnov(void **state)
{
    (void)state;
    /* scipy.stats.ks_2samp(x, distinct_y, method='exact'): y without the value that it shares with x */
    const double   distinct_y[] = { 1.2, 0.3, -0.41, 2.2, 0.75, 1.9, -0.1, 0.83, 1.45, 2.7 };
    struct ks_test t = statistics_kolmogorov_smirnov(x, distinct_y, NX, NY);
    near(t.statistic, 0.42, 1e-14, "D");
    near(t.p, 0.12753414331965662, 1e-12, "p");

    /* 10 of the 126 ways to deal 9 values into 4 and 5 are as far apart, counted one by one */
    const double four[] = { 1, 2, 3, 4 }, five[] = { 3.5, 4.5, 5.5, 6.5, 7.5 };
    t = statistics_kolmogorov_smirnov(four, five, 4, 5);
    near(t.statistic, 0.8, 1e-14, "D of 4 and 5");
    near(t.p, 10.0 / 126, 1e-13, "p of 4 and 5");
    t = statistics_kolmogorov_smirnov(five, four, 5, 4);
    near(t.p, 10.0 / 126, 1e-13, "p of 5 and 4");

    /* Ties: 127 of the 792 ways to deal these twelve values into 5 and 7, counted one by one */
    const double tied[] = { 1, 2, 2, 3, 3 }, also[] = { 1, 2, 3, 4, 5, 6, 6 };
    t = statistics_kolmogorov_smirnov(tied, also, 5, 7);
    near(t.statistic, 4.0 / 7, 1e-14, "D with ties");
    near(t.p, 127.0 / 792, 1e-13, "p with ties");

    /* Samples of 32, as an ensemble's: scipy.stats.ks_2samp(arange(32), arange(32) + shift, method='exact') */
    double a[32], b[32];
    for (int i = 0; i < 32; i++) {
        a[i] = i;
        b[31 - i] = i + 12.5;
    }
    t = statistics_kolmogorov_smirnov(a, b, 32, 32);
    near(t.statistic, 0.40625, 1e-14, "D of 32");
    near(t.p, 0.009516275438959759, 1e-12, "p of 32");

    /* The least p: both ways to lie wholly apart, of all ways to deal; 34 over 2 is 561 */
    near(statistics_kolmogorov_smirnov_least(2, 32), 2.0 / 561, 1e-14, "least p of 2 and 32");
    near(statistics_kolmogorov_smirnov_least(32, 2), 2.0 / 561, 1e-14, "least p of 32 and 2");
    near(statistics_kolmogorov_smirnov_least(1, 1), 1, 0, "least p of 1 and 1");
    const double low[] = { 1, 2, 3 }, high[] = { 4, 5, 6, 7 };
    t = statistics_kolmogorov_smirnov(low, high, 3, 4);
    near(statistics_kolmogorov_smirnov_least(3, 4), t.p, 1e-14, "p of samples apart");
    for (int i = 0; i < 32; i++)
        b[i] = i + 20.5;
    t = statistics_kolmogorov_smirnov(a, b, 32, 32);
    near(t.p, 8.115093162982555e-07, 1e-11, "a small p");

    /* The ends: the same sample twice; two that do not overlap, which 2 of the C(8, 4) = 70 ways do */
    t = statistics_kolmogorov_smirnov(a, a, 32, 32);
    near(t.p, 1, 0, "the same sample");
    assert_true(t.statistic == 0);
    const double above[] = { 11, 12, 13, 14 };
    t = statistics_kolmogorov_smirnov(four, above, 4, 4);
    near(t.statistic, 1, 0, "D of two that do not overlap");
    near(t.p, 2.0 / 70, 1e-13, "p of two that do not overlap");
    /* one value against one */
    t = statistics_kolmogorov_smirnov(four, above, 1, 1);
    near(t.p, 1, 0, "one against one");
}

static void test_summary(void **state)
{
    (void)state;
    /* NumPy 2: mean, std(ddof=1), quantile */
    const struct summary s = statistics_summary(x, NX);
    assert_int_equal(s.n, NX);
    near(s.mean, 0.21639999999999993, 1e-13, "mean");
    near(s.sd, 1.1115412722881683, 1e-13, "sd");
    near(s.std_error, 1.1115412722881683 / 5, 1e-13, "standard error");
    near(s.min, -2.47, 0, "min");
    near(s.q1, -0.4, 1e-15, "first quartile");
    near(s.median, 0.37, 1e-15, "median");
    near(s.q3, 1.05, 1e-15, "third quartile");
    near(s.max, 2.36, 0, "max");
    const struct summary one = statistics_summary(x, 1);
    near(one.median, 0.61, 0, "median of one");
    assert_true(isnan(one.sd));
    assert_true(isnan(statistics_summary(x, 0).mean));
    near(statistics_rank(y, 1.2, NY), 0.6, 1e-15, "rank");
}

static void test_difference(void **state)
{
    (void)state;
    /* scipy.stats.ttest_ind(x, y, equal_var=False) */
    const struct difference d = statistics_difference(x, y, NX, NY);
    near(d.value, -0.8666, 1e-13, "difference");
    near(d.std_error, 0.38748328135976823, 1e-13, "standard error");
    near(d.t, -2.2364835895858537, 1e-12, "t");
    near(d.dof, 18.342727424792983, 1e-12, "degrees of freedom");
    near(d.p, 0.03796579258615058, 1e-9, "p");
}

/* The bound at which two one-sided tests give 0.05 is the farther end of the 90 % interval. */
static void test_equivalence(void **state)
{
    (void)state;
    const struct equivalence mean = statistics_same_mean(x, y, 1, NX, NY);
    const double             farther = fmax(-mean.low, mean.high);
    near(mean.value, -0.8666, 1e-13, "difference");
    near(statistics_same_mean(x, y, farther, NX, NY).p, 0.05, 1e-9, "p at the end of the interval");
    assert_true(statistics_same_mean(x, y, farther + 0.01, NX, NY).p < 0.05);
    assert_true(statistics_same_mean(x, y, 0.8, NX, NY).p > 0.5); /* the difference itself is beyond it */
    const struct equivalence spread = statistics_same_spread(x, y, 2, NX, NY);
    const double             factor = fmax(1 / spread.low, spread.high);
    near(spread.value, statistics_summary(x, NX).sd / statistics_summary(y, NY).sd, 1e-13, "ratio");
    near(statistics_same_spread(x, y, factor, NX, NY).p, 0.05, 1e-9, "p at the end of the interval");
    assert_true(statistics_same_spread(x, y, factor * 1.01, NX, NY).p < 0.05);
    const double same[] = { 1, 1, 1 };
    assert_true(isnan(statistics_same_mean(same, same, 1, 3, 3).p));
    assert_true(isnan(statistics_same_spread(same, x, 2, 3, NX).p));
}

/* Heights of crossed less self-fertilised plants, in eighths of an inch (Darwin 1876; Fisher 1935, table 3). */
static const double maize[] = { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 };
enum { MAIZE = sizeof maize / sizeof *maize };

static void test_paired(void **state)
{
    (void)state;
    struct paired_test t = statistics_paired_t(maize, MAIZE);
    near(t.statistic, 2.148, 3e-4, "Fisher's t");    /* as printed by Fisher */
    near(t.statistic, 2.14798746133112, 1e-12, "t"); /* scipy.stats.ttest_1samp */
    near(t.p, 0.049702944021800866, 1e-9, "p of t");

    t = statistics_wilcoxon(maize, MAIZE); /* scipy.stats.wilcoxon(method='exact'): the smaller sum is 24, of 120 */
    near(t.statistic, 96, 0, "signed ranks");
    near(t.p, 0.041259765625, 1e-13, "p of the signed ranks");

    t = statistics_sign_test(maize, MAIZE); /* 13 of 15 positive: 2 (1 + 15 + 105) / 2^15 */
    assert_int_equal(t.n, 15);
    near(t.p, 242.0 / 32768, 1e-12, "p of the signs");

    /* Ties and a zero: 70 of the 512 choices of signs are as far from the middle, counted one by one */
    const double tied[] = { 1, 1, -1, 2, 2, 2, -3, 4, 0, 5 };
    t = statistics_wilcoxon(tied, 10);
    assert_int_equal(t.n, 9);
    near(t.statistic, 36, 0, "signed ranks with ties");
    near(t.p, 70.0 / 512, 1e-13, "p of the signed ranks with ties");

    const double zeros[] = { 0, 0 };
    near(statistics_wilcoxon(zeros, 2).p, 1, 0, "nothing but zeros");
    near(statistics_sign_test(zeros, 2).p, 1, 0, "no signs");
}

static void test_holm(void **state)
{
    (void)state;
    /* By hand: sorted 0.005 0.01 0.03 0.04 times 4 3 2 1 is 0.02 0.03 0.06 0.04, never falling: 0.02 0.03 0.06 0.06 */
    double       p[] = { 0.01, 0.04, 0.03, 0.005 };
    const double expected[] = { 0.03, 0.06, 0.06, 0.02 };
    assert_true(statistics_holm(p, p, 4));
    for (int i = 0; i < 4; i++)
        near(p[i], expected[i], 1e-14, "Holm");
    double large[] = { 0.9, 0.8 };
    assert_true(statistics_holm(large, large, 2));
    near(large[0], 1, 0, "never above 1");
    near(large[1], 1, 0, "never above 1");
}

static void test_lines(void **state)
{
    (void)state;
    /* scipy.stats.linregress of the logarithms, and stats.t.ppf(0.975, 3) standard errors either way */
    const double depth[] = { 1, 2, 4, 8, 16 }, norm[] = { 1.8, 3.1, 5.3, 7.7, 37.1 };
    struct line  line = statistics_log_log(depth, norm, 0.95, 5);
    near(line.slope, 1.0043290980665007, 1e-12, "log-log slope");
    near(line.intercept, 0.4160508137266492, 1e-12, "log-log intercept");
    near(line.std_error, 0.17368603912803676, 1e-11, "log-log standard error");
    near(line.low, 0.4515826045641186, 1e-9, "log-log low end");
    near(line.high, 1.557075591568883, 1e-9, "log-log high end");
    line = statistics_semi_log(depth, norm, 0.95, 5);
    near(line.slope, 0.18555314760199698, 1e-12, "semi-log slope");
    near(line.std_error, 0.01880452652255359, 1e-11, "semi-log standard error");
    near(line.low, 0.12570875164768683, 1e-9, "semi-log low end");
    near(line.high, 0.24539754355630714, 1e-9, "semi-log high end");

    const double straight[] = { 3, 5 };
    line = statistics_line(depth, straight, 0.95, 2);
    near(line.slope, 2, 1e-14, "slope through two points");
    assert_true(isnan(line.low));
}

static void test_counts(void **state)
{
    (void)state;
    /* Fisher's tea: 3 of 4 against 1 of 4; of C(8, 4) = 70 tables 1, 16, 36, 16, 1 have 0 to 4 there; 34 of 70. */
    near(statistics_fisher(3, 4, 1, 4), 34.0 / 70, 1e-12, "tea");
    near(statistics_fisher(4, 4, 0, 4), 2.0 / 70, 1e-12, "tea, all right");
    near(statistics_fisher(2, 4, 2, 4), 1, 1e-12, "tea, as by chance");
    /* 0 of 3 against 3 of 5: C(5, 3) = 10 of C(8, 3) = 56 tables; 1 of them has 3, 15 have 2, 30 have 1 of the three. */
    near(statistics_fisher(0, 3, 3, 5), 11.0 / 56, 1e-12, "uneven");
    near(statistics_fisher(0, 0, 3, 5), 1, 1e-12, "nothing to compare");

    /* None of n: the upper end is 1 - 0.025^(1/n).  One of one: the lower end is 0.025. */
    struct interval i = statistics_share(0, 10, 0.95);
    assert_true(i.low == 0);
    near(i.high, 1 - pow(0.025, 0.1), 1e-9, "0 of 10");
    i = statistics_share(1, 1, 0.95);
    near(i.low, 0.025, 1e-9, "1 of 1");
    assert_true(i.high == 1);
    /* Clopper & Pearson's own condition: P(X >= k | low) = P(X <= k | high) = 0.025. */
    static const unsigned shares[][2] = { { 5, 24 }, { 141, 1256 }, { 1, 1256 }, { 1255, 1256 }, { 9999, 20000 } };
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        const unsigned k = shares[s][0], n = shares[s][1];
        i = statistics_share(k, n, 0.95);
        near(gsl_cdf_binomial_Q(k - 1, i.low, n), 0.025, 1e-8, "low");
        near(gsl_cdf_binomial_P(k, i.high, n), 0.025, 1e-8, "high");
    }
}

/* Every one of the 2^n flips of the signs, counted one by one, is the oracle of the sign test of +1, 0, -1. */
static void test_sign_flips(void **state)
{
    (void)state;
    static const char *const seeds[] = { "++++++++++++", "+++++++++++-", "++0+-0++++-+",
                                         "------------", "000000000000", "+-+-+-+-+-+-" };
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++) {
        double d[12];
        int    sum = 0, as_far = 0;
        for (int i = 0; i < 12; i++) {
            d[i] = seeds[s][i] == '+' ? 1 : seeds[s][i] == '-' ? -1 : 0;
            sum += (int)d[i];
        }
        for (unsigned flips = 0; flips < 1u << 12; flips++) {
            int flipped = 0;
            for (int i = 0; i < 12; i++)
                flipped += flips >> i & 1 ? -(int)d[i] : (int)d[i];
            as_far += abs(flipped) >= abs(sum);
        }
        near(statistics_sign_test(d, 12).p, as_far / 4096.0, 1e-12, seeds[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_sign_flips),  cmocka_unit_test(test_kolmogorov_smirnov),
        cmocka_unit_test(test_summary), cmocka_unit_test(test_equivalence), cmocka_unit_test(test_difference),
        cmocka_unit_test(test_paired),  cmocka_unit_test(test_holm),        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
