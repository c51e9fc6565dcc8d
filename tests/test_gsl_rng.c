/* test_gsl_rng.c - the two streams as GSL generators: the same words as the draws, and any sampler of GSL on top.
 *
 * Moments are asked to lie within five standard errors; the seeds are fixed, so the answer is the same every time.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "fathom.h"

static void test_words_and_uniforms(void **state)
{
    (void)state;
    gsl_rng     *threefry = gsl_rng_alloc(fathom_rng_threefry), *pcg64 = gsl_rng_alloc(fathom_rng_pcg64);
    uint64_t     word[40];
    double       uniform[40];
    fathom_pcg64 rng;
    gsl_rng_set(threefry, 42);
    gsl_rng_set(pcg64, 42);
    fathom_bits64(word, fathom_key_from_seed(42), 40);
    fathom_uniform(uniform, fathom_key_from_seed(42), 0, 1, 40);
    fathom_pcg64_seed(&rng, 42);
    for (size_t i = 0; i < 40; i++) {
        if (i % 2 == 0) {
            assert_true(gsl_rng_get(threefry) == word[i]);
            assert_true(gsl_rng_get(pcg64) == fathom_pcg64_next(&rng));
        } else {
            assert_true(gsl_rng_uniform(threefry) == uniform[i]);
            assert_true(gsl_rng_uniform(pcg64) == fathom_pcg64_uniform(&rng));
        }
    }
    assert_true(gsl_rng_max(pcg64) == UINT64_MAX && gsl_rng_min(pcg64) == 0);
    gsl_rng_free(threefry);
    gsl_rng_free(pcg64);
}

static void test_copies_and_seeds(void **state)
{
    (void)state;
    const gsl_rng_type *const types[] = { fathom_rng_threefry, fathom_rng_pcg64 };
    for (size_t k = 0; k < 2; k++) {
        gsl_rng *rng = gsl_rng_alloc(types[k]), *other = gsl_rng_alloc(types[k]);
        gsl_rng_set(rng, 42);
        gsl_rng_set(other, 43);
        gsl_rng_get(rng);
        gsl_rng *copy = gsl_rng_clone(rng);
        for (int i = 0; i < 10; i++) {
            const unsigned long word = gsl_rng_get(rng);
            assert_true(gsl_rng_get(copy) == word);
            assert_true(gsl_rng_get(other) != word);
        }
        gsl_rng_free(rng);
        gsl_rng_free(copy);
        gsl_rng_free(other);
    }
}

static void test_samplers(void **state)
{
    (void)state;
    const gsl_rng_type *const types[] = { fathom_rng_threefry, fathom_rng_pcg64 };
    for (size_t k = 0; k < 2; k++) {
        enum { N = 100000 };
        gsl_rng *rng = gsl_rng_alloc(types[k]);
        double   sum = 0, square = 0, gamma = 0, chi_square = 0;
        int      face[6] = { 0 };
        gsl_rng_set(rng, 42);
        for (int i = 0; i < N; i++) {
            const double z = gsl_ran_gaussian_ziggurat(rng, 2.0);
            sum += z;
            square += z * z;
            gamma += gsl_ran_gamma(rng, 3.0, 0.5);
            face[gsl_rng_uniform_int(rng, 6)]++;
        }
        assert_true(fabs(sum / N) < 5 * 2.0 / sqrt(N));
        assert_true(fabs(square / N - 4) < 5 * 4 * sqrt(2.0 / N));
        assert_true(fabs(gamma / N - 1.5) < 5 * sqrt(0.75 / N));
        for (int f = 0; f < 6; f++)
            chi_square += (face[f] - N / 6.0) * (face[f] - N / 6.0) / (N / 6.0);
        assert_true(chi_square < 36); /* five degrees of freedom: a chance of 1e-6 */
        gsl_rng_free(rng);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_uniforms),
        cmocka_unit_test(test_copies_and_seeds),
        cmocka_unit_test(test_samplers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
