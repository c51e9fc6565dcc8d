/* test_gaussian.c - the Gaussian of some rows, by hand and by GSL; and the outcome `ruined` that it decides. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>

#include "runner.h"

/* Rows (1, 0), (-1, 0), (1, 1), (-1, -1): mean 0, covariance ((1, 1/2), (1/2, 1/2)), determinant 1/4, inverse
 * ((2, -2), (-2, 4)).  At (0, 0) log p = -log 2 pi - log(1/4) / 2; at (1, 0) less 2/2; at (0, 1) less 4/2. */
static void test_by_hand(void **state)
{
    (void)state;
    double               rows[] = { 1, 0, -1, 0, 1, 1, -1, -1 }, logp[3];
    const double         x[] = { 0, 0, 1, 0, 0, 1 }, top = -log(2 * 3.14159265358979323846) + log(2);
    const fathom_dataset fit = { .n = 4, .dim = 2, .x = rows };
    assert_int_equal(fathom_gaussian_log_density(logp, x, &fit, 3), FATHOM_OK);
    assert_true(fabs(logp[0] - top) < 1e-15 && fabs(logp[1] - (top - 1)) < 1e-14 && fabs(logp[2] - (top - 2)) < 1e-14);

    double line[] = { 1, 2, 2, 4, 3, 6 }; /* the second column is twice the first */
    logp[0] = 7;
    assert_int_equal(fathom_gaussian_log_density(logp, x, &(fathom_dataset){ .n = 3, .dim = 2, .x = line }, 1),
                     FATHOM_DEGENERATE);
    assert_true(logp[0] == 7);
}

enum { N = 500, D = 5 };

static void test_as_gsl(void **state)
{
    (void)state;
    static double  rows[N * D], logp[N];
    gsl_vector    *mean = gsl_vector_calloc(D), *work = gsl_vector_alloc(D);
    gsl_matrix    *cov = gsl_matrix_calloc(D, D);
    fathom_dataset fit = { .n = N, .dim = D, .x = rows };
    fathom_normal(rows, fathom_key_from_seed(3), N * D);
    for (size_t i = 0; i < N; i++)
        for (size_t a = 1; a < D; a++)
            rows[i * D + a] += 3 * rows[i * D + a - 1] + (double)a;
    gsl_matrix_view all = gsl_matrix_view_array(rows, N, D);
    gsl_ran_multivariate_gaussian_mean(&all.matrix, mean);
    gsl_ran_multivariate_gaussian_vcov(&all.matrix, cov);
    gsl_matrix_scale(cov, (N - 1.0) / N); /* GSL's has the divisor n - 1 */
    gsl_linalg_cholesky_decomp1(cov);
    assert_int_equal(fathom_gaussian_log_density(logp, rows, &fit, N), FATHOM_OK);
    for (size_t i = 0; i < N; i++) {
        double                expected;
        gsl_vector_const_view x = gsl_vector_const_view_array(rows + i * D, D);
        gsl_ran_multivariate_gaussian_log_pdf(&x.vector, mean, cov, &expected, work);
        assert_true(fabs(logp[i] - expected) < 1e-9);
    }
    gsl_vector_free(mean);
    gsl_vector_free(work);
    gsl_matrix_free(cov);
}

/* A session of the spiral's rows and one run, whose rate decides what it comes to. */
static struct run_result run_at(double rate, double clip, size_t steps)
{
    static const struct program program = { .name = "test_gaussian",
                                            .takes = TAKES_DATA | TAKES_FLOW | TAKES_TRAINING | TAKES_OUTPUT };
    struct options              options = options_default();
    struct session              session;
    struct run_result          *results = runner_results(1), result;
    options.data_size = 150;
    options.training.steps = steps;
    options.training.batch = 64;
    options.no_plot = options.quiet = true;
    options.out = "/tmp"; /* tried, nothing is written in it */
    options.threads = 1;
    options.flow.coupling = "affine";
    options.isa = fathom_isa_find(NULL);
    session_open(&session, &options, &program);
    assert_true(session.gaussian_logp < -2.5 && session.gaussian_logp > -3.5);
    struct run run = { .flow = options.flow, .training = options.training, .train = true };
    run.flow.depth = 4;
    run.training.peak_lr = rate;
    run.training.clip = clip;
    runner_run_all(results, &run, &session, 1);
    result = results[0];
    runner_free(results, 1);
    session_close(&session);
    return result;
}

static void test_outcomes(void **state)
{
    (void)state;
    const struct run_result ok = run_at(1e-2, 1, 150), few = run_at(1e-2, 1, 4), wild = run_at(1000, INFINITY, 20);
    assert_int_equal(ok.status, FATHOM_OK);
    assert_true(ok.heldout_logp > -2.8);
    assert_int_equal(few.status, FATHOM_RUINED); /* after 4 steps the spiral is worse than a Gaussian */
    assert_true(isfinite(few.heldout_logp) && few.has_params && isnan(few.diverged_at));
    assert_int_equal(wild.status, FATHOM_DIVERGED);
    assert_true(!wild.has_params && wild.diverged_at > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_as_gsl),
        cmocka_unit_test(test_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
