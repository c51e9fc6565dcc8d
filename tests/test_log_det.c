/* test_log_det.c - the four ways to take log |det (I + J)|, as random variables: the mean of the roulette, the bound on what
 * a truncated series leaves out, and second moments that exist or do not.
 *
 * The second moment of an estimate sum_{k <= N} X_k / P(N >= k), for one number J = -r, where X_k = -r^k / k and the probe
 * is its own inverse, is a sum over N of P(N = n) (sum_{k <= n} X_k / P(N >= k))^2: a series that needs no draws.  It is
 * finite for a geometric N if and only if r^2 < 1 - p, and for no Poisson N.
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

#include "common.h"
#include "fathom_certificate.h"

static const double constants[] = { 0.5, 0.9, 0.98 };
enum { CONSTANTS = sizeof constants / sizeof *constants };

static fathom_config config_of(fathom_log_det way, size_t dim, size_t terms, double stop)
{
    fathom_config config = fathom_config_default();
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.dim = dim;
    config.log_det = way;
    config.terms = terms;
    config.stop = stop;
    return config;
}

/* A matrix of spectral norm L; `kind` 0: random, 1: -L I, the worst for a truncated series, 2: L times a rotation. */
static void make_matrix(double *j, size_t dim, double lipschitz, int kind)
{
    double norm;
    draw(j, 5 + dim, 1.0, dim * dim);
    for (size_t r = 0; r < dim && kind > 0; r++)
        for (size_t c = 0; c < dim; c++)
            j[r * dim + c] = kind == 1 ? -1.0 * (r == c) : r + 1 == c ? 1.0 : -1.0 * (r == dim - 1 && c == 0);
    assert_int_equal(fathom_spectral_norm(&norm, j, dim, dim), FATHOM_OK);
    for (size_t i = 0; i < dim * dim; i++)
        j[i] *= lipschitz / norm;
}

static double value_of(const fathom_config *config, const double *j)
{
    double value;
    assert_int_equal(fathom_log_det_estimate(&value, NULL, j, config, fathom_key_from_seed(0), 1), FATHOM_OK);
    return value;
}

/* ------------------------------------------------------------------------------------------------------- bias ---- */

/* |series of n terms - log-det| <= -D [ln(1 - L) + sum_{k <= n} L^k / k] (Behrmann et al. 2019, theorem 3), with equality
 * for -L I. */
static void test_truncation(void **state)
{
    (void)state;
    static const size_t terms[] = { 1, 2, 5, 10, 40, 200 };
    for (size_t i = 0; i < CONSTANTS; i++)
        for (size_t dim = 2; dim <= 6; dim += 2)
            for (int kind = 0; kind < 3; kind++)
                for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
                    const double        lipschitz = constants[i];
                    const fathom_config exact = config_of(FATHOM_LOG_DET_EXACT, dim, 1, 0.1);
                    const fathom_config series = config_of(FATHOM_LOG_DET_SERIES, dim, terms[t], 0.1);
                    double              j[36], bound = -log1p(-lipschitz), power = 1.0;
                    for (size_t k = 1; k <= terms[t]; k++)
                        bound -= (power *= lipschitz) / (double)k;
                    bound *= (double)dim;
                    make_matrix(j, dim, lipschitz, kind);
                    const double bias = value_of(&series, j) - value_of(&exact, j);
                    assert_true(fabs(bias) <= bound + 1e-13);
                    if (kind == 1)
                        check_near(bias, bound, 1e-12, 1.0, "bias of -L I", t);
                }
}

/* ------------------------------------------------------------------------------------------------- expectation ---- */

/* The mean of 10^5 draws is within 3 standard errors of the exact value.  At a level of 0.27 % a case, that an unbiased
 * estimator fails one of the six has probability 1.6 %; the draws are always the same, so it passes or fails for ever. */
static void test_roulette_is_unbiased(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    double *j = need(4 * DRAWS * sizeof *j), *value = need(DRAWS * sizeof *value);
    for (size_t i = 0; i < CONSTANTS; i++)
        for (int kind = 0; kind < 2; kind++) {
            const double        lipschitz = constants[i], stop = (1.0 - lipschitz * lipschitz) / 2.0;
            const fathom_config exact = config_of(FATHOM_LOG_DET_EXACT, 2, 1, 0.1);
            const fathom_config roulette = config_of(FATHOM_LOG_DET_ROULETTE, 2, 2, stop);
            double              squares = 0.0;
            make_matrix(j, 2, lipschitz, kind);
            for (size_t n = 1; n < DRAWS; n++)
                memcpy(j + 4 * n, j, 4 * sizeof *j);
            assert_int_equal(fathom_log_det_estimate(value, NULL, j, &roulette, fathom_key_from_seed(i), DRAWS),
                             FATHOM_OK);
            const double mean = fathom_sum(value, DRAWS) / DRAWS;
            for (size_t n = 0; n < DRAWS; n++)
                squares += (value[n] - mean) * (value[n] - mean);
            const double error = sqrt(squares / (DRAWS - 1.0) / DRAWS);
            assert_true(error > 0.0 && error < 0.05);
            check_near(mean, value_of(&exact, j), 3.0, error, "mean of the roulette at constant", i);
        }
    free(j);
    free(value);
}

/* ------------------------------------------------------------------------------------------------ second moments ---- */

/* log P(N >= n) and log P(N = n) of a number of terms: geometric from 1 on, or Poisson from 0 on.  The Poisson tail is
 * summed by its own terms: a difference of numbers near 1 would lose it. */
struct number {
    bool   poisson;
    double stop;
};

static double log_chance(const struct number *number, size_t n)
{
    if (!number->poisson)
        return n == 0 ? -INFINITY : log(number->stop) + (double)(n - 1) * log1p(-number->stop);
    return (double)n * log(number->stop) - number->stop - lgamma((double)n + 1.0);
}

static double log_tail(const struct number *number, size_t n)
{
    double relative = 0.0;
    if (!number->poisson)
        return (double)(n - 1) * log1p(-number->stop);
    for (size_t k = n; k < n + 50; k++)
        relative += exp(log_chance(number, k) - log_chance(number, n));
    return log_chance(number, n) + log(relative);
}

/* sum: [length], sum[n - 1] = sum_{m <= n} P(N = m) (sum_{k <= m} radius^k / (k P(N >= k)))^2 */
static void second_moment(double *sum, size_t length, struct number number, double radius)
{
    double estimate = 0.0, total = 0.0;
    for (size_t n = 1; n <= length; n++) {
        estimate += exp((double)n * log(radius) - log((double)n) - log_tail(&number, n));
        total += exp(log_chance(&number, n) + 2.0 * log(estimate));
        sum[n - 1] = total;
    }
}

/* The roulette's p decides: below 1 - rho^2 the partial sums stand still, above they grow by a factor per term. */
static void test_variance_of_the_roulette(void **state)
{
    (void)state;
    enum { LENGTH = 1200 };
    double sum[LENGTH];
    for (size_t i = 0; i < CONSTANTS; i++) {
        const double radius = constants[i], edge = 1.0 - radius * radius;
        second_moment(sum, LENGTH, (struct number){ false, 0.5 * edge }, radius);
        check_near(sum[LENGTH - 1], sum[LENGTH - 201], 1e-6, sum[LENGTH - 1], "finite second moment", i);
        second_moment(sum, LENGTH, (struct number){ false, edge + 0.5 * (1.0 - edge) }, radius);
        assert_true(sum[399] > 10.0 * sum[199] && sum[199] > 10.0 * sum[99]);
    }
}

/* However small the radius and large the rate, the terms shrink at first, and then grow for ever. */
static void test_variance_of_poisson(void **state)
{
    (void)state;
    enum { LENGTH = 150 };
    static const double rates[] = { 1.0, 2.0, 4.0 };
    double              sum[LENGTH];
    for (size_t r = 0; r < 3; r++) {
        second_moment(sum, LENGTH, (struct number){ true, rates[r] }, 0.5);
        assert_true(sum[LENGTH - 1] > 1e6 * sum[LENGTH / 2]);
        for (size_t n = 100; n + 1 < LENGTH; n++) /* and the increments with them */
            assert_true(sum[n + 1] - sum[n] > 1.5 * (sum[n] - sum[n - 1]));
    }
}

/* What is drawn has the second moment that the series says: E of the roulette's square for J = -r in one direction. */
static void test_moment_of_draws(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    double             *j = need(4 * DRAWS * sizeof *j), *value = need(DRAWS * sizeof *value);
    const double        radius = 0.5, stop = 0.375;
    const fathom_config roulette = config_of(FATHOM_LOG_DET_ROULETTE, 2, 1, stop);
    double              square = 0.0, fourth = 0.0;
    for (size_t n = 0; n < DRAWS; n++)
        memcpy(j + 4 * n, (const double[4]){ -radius }, 4 * sizeof *j);
    assert_int_equal(fathom_log_det_estimate(value, NULL, j, &roulette, fathom_key_from_seed(1), DRAWS), FATHOM_OK);
    for (size_t n = 0; n < DRAWS; n++) {
        square += value[n] * value[n] / DRAWS;
        fourth += pow(value[n], 4.0) / DRAWS;
    }
    /* one term is always there: N = 1 + geometric, so that term k >= 2 has the chance (1 - p)^(k - 2) */
    double estimate = radius, expected = 0.0, tail = 1.0;
    for (int k = 2; k <= 400; k++) {
        estimate += pow(radius, k) / k / tail;
        expected += tail * stop * estimate * estimate;
        tail *= 1.0 - stop;
    }
    check_near(square, expected, 3.0, sqrt((fourth - square * square) / DRAWS), "second moment of draws", 0);
    free(j);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_roulette_is_unbiased),
        cmocka_unit_test(test_variance_of_the_roulette),
        cmocka_unit_test(test_variance_of_poisson),
        cmocka_unit_test(test_moment_of_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
