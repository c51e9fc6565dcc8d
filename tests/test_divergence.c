/* test_divergence.c - all the steps of a run: how it ends where a loss or a norm is not finite, which steps are left
 * out, and what the caller's progress function is told and may end.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "model.h"

enum { N = 600 };

static fathom_dataset spiral;

static int make_spiral(void **state)
{
    (void)state;
    return fathom_spiral(&spiral, 0, N, NULL) == FATHOM_OK ? 0 : -1;
}

static int free_spiral(void **state)
{
    (void)state;
    fathom_dataset_free(&spiral);
    return 0;
}

/* ----------------------------------------------------------------------------------------------- divergence ---- */

enum { STEPS = 8, BATCH = 64 };

static fathom_train_result run_with(double *loss, double *norm, double *params, const struct model *m,
                                    const double *start, const double *x, double lr, bool skip,
                                    fathom_train_progress *progress, void *context)
{
    fathom_train_options options = {
        .steps = STEPS, .batch = BATCH, .peak_lr = lr, .clip = 1.0, .stabiliser = skip ? "skip" : "clip"
    };
    uint32_t batches[STEPS * BATCH];
    for (size_t i = 0; i < STEPS * BATCH; i++)
        batches[i] = (uint32_t)i; /* step s sees rows s BATCH and on, each row once */
    fathom_trainer *trainer = fathom_trainer_new(m->flow, fathom_isa_find(NULL), start, &options, x, NULL, N);
    assert_non_null(trainer);
    fathom_train_result result = fathom_train(trainer, loss, norm, batches, progress, context);
    memcpy(params, fathom_trainer_params(trainer), m->n_params * sizeof *params);
    fathom_trainer_free(trainer);
    for (size_t k = 0; k < m->n_params; k++)
        assert_true(isfinite(params[k]) || !isfinite(start[k]));
    return result;
}

static fathom_train_result run(double *loss, double *norm, double *params, const struct model *m, const double *start,
                               const double *x, double lr, bool skip)
{
    return run_with(loss, norm, params, m, start, x, lr, skip, NULL, NULL);
}

/* The steps whose loss and norm are finite are those before `end`. */
static void finite_until(const double *loss, const double *norm, size_t end)
{
    for (size_t s = 0; s < STEPS; s++)
        assert_true((isfinite(loss[s]) && isfinite(norm[s])) == (s < end) && (s <= end || isnan(loss[s])));
}

/* The spiral's rows, of which the caller spoils some and which it frees. */
static double *copy_of_spiral(void)
{
    double *x = need(N * 2 * sizeof *x);
    return memcpy(x, spiral.x, N * 2 * sizeof *x);
}

static void test_divergence(void **state)
{
    (void)state;
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double       loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();

    /* nothing wrong */
    fathom_train_result result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(result.steps_taken, STEPS);
    assert_int_equal(result.diverged_at, STEPS);
    assert_int_equal(result.skipped, 0);

    /* a row that is not a number, in the batch of step 5 */
    x[2 * (5 * BATCH + 9)] = NAN;
    result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.steps_taken, 5);
    finite_until(loss, norm, 5);
    assert_true(isnan(loss[5]));

    /* left out, it costs this step alone; and in steps 5 and 6 both */
    result = run(loss, norm, end, &m, m.params, x, 1e-3, true);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.steps_taken, STEPS - 1);
    assert_int_equal(result.skipped, 1);
    assert_true(isfinite(loss[6]) && isfinite(loss[7]) && !isfinite(loss[5]));
    x[2 * (6 * BATCH)] = INFINITY;
    result = run(NULL, NULL, end, &m, m.params, x, 1e-3, true);
    assert_int_equal(result.skipped, 2);
    assert_int_equal(result.diverged_at, 5);

    free(x);
    free(end);
    model_close(&m);
}

/* A loss that is finite with a gradient norm that is not: t^2 of this row is 1e300, its square is out of range. */
static void test_norm_out_of_range(void **state)
{
    (void)state;
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double       loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();
    x[2 * (3 * BATCH)] = 1e150;
    const fathom_train_result result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.diverged_at, 3);
    assert_true(isfinite(loss[3]) && !isfinite(norm[3]));
    free(x);
    free(end);
    model_close(&m);
}

/* From the first step on: the parameters stay as they were, bit by bit. */
static void test_divergence_at_once(void **state)
{
    (void)state;
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double       loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end);
    for (int value = 0; value < 2; value++)
        for (size_t k = 0; k < m.n_params; k += 97) {
            const double kept = m.params[k];
            m.params[k] = value ? NAN : INFINITY;
            const fathom_train_result result = run(loss, norm, end, &m, m.params, spiral.x, 1e-3, k % 2);
            if (result.status != FATHOM_OK || result.skipped > 0) { /* an infinite weight may end in the identity */
                assert_int_equal(result.diverged_at, 0);
                assert_int_equal(result.steps_taken, 0);
                check_same(end, m.params, m.n_params, "parameters", "of a run that diverged at once");
            } else {
                assert_true(!value);
            }
            m.params[k] = kept;
        }
    free(end);
    model_close(&m);
}

/* A rate that no run survives: it ends, and says where, at the first loss or norm that is not finite. */
static void test_rate_too_high(void **state)
{
    (void)state;
    struct model              deep = model_open(8, "affine", FATHOM_ACTNORM_NONE, 2);
    double                    loss[STEPS], norm[STEPS], *end = need(deep.n_params * sizeof *end);
    const fathom_train_result result = run(loss, norm, end, &deep, deep.params, spiral.x, FATHOM_LR_MAX, false);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_true(result.diverged_at > 0 && result.diverged_at < STEPS);
    finite_until(loss, norm, result.diverged_at);
    free(end);
    model_close(&deep);
}

/* ------------------------------------------------------------------------------------------------- progress ---- */

struct seen {
    size_t calls, stop_at; /* the call that asks for the end, from 1; 0: none */
    double loss[STEPS], norm[STEPS];
};

static int see_step(void *context, size_t step, double loss, double grad_norm)
{
    struct seen *seen = context;
    assert_int_equal(step, seen->calls);
    assert_in_range(step, 0, STEPS - 1);
    seen->loss[step] = loss;
    seen->norm[step] = grad_norm;
    return ++seen->calls == seen->stop_at ? -1 : 0;
}

/* What progress is told is the trace, and it changes no bit.  A stop leaves the run as it is after that step. */
static void test_progress(void **state)
{
    (void)state;
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double       loss[STEPS], norm[STEPS], *end = need(2 * m.n_params * sizeof *end), *early = end + m.n_params;
    run(loss, norm, end, &m, m.params, spiral.x, 1e-3, false);

    struct seen         seen = { 0 };
    double              same_loss[STEPS], same_norm[STEPS];
    fathom_train_result result = run_with(same_loss, same_norm, early, &m, m.params, spiral.x, 1e-3, false, see_step,
                                          &seen);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(seen.calls, STEPS);
    check_same(seen.loss, loss, STEPS, "loss", "that progress is told");
    check_same(seen.norm, norm, STEPS, "norm", "that progress is told");
    check_same(early, end, m.n_params, "parameters", "of a run with progress");

    seen = (struct seen){ .stop_at = 3 };
    result = run_with(same_loss, same_norm, early, &m, m.params, spiral.x, 1e-3, false, see_step, &seen);
    assert_int_equal(result.status, FATHOM_STOPPED);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(result.steps_taken, 3);
    assert_int_equal(result.diverged_at, STEPS);
    check_same(same_loss, loss, 3, "loss", "before the stop");
    finite_until(same_loss, same_norm, 3);
    assert_true(isnan(same_loss[3]) && isnan(same_norm[3]));
    assert_memory_not_equal(early, end, m.n_params * sizeof *end);
    free(end);
    model_close(&m);
}

/* The step that ends a run is told, those behind it are not; and a stop at this step is a divergence. */
static void test_progress_of_divergence(void **state)
{
    (void)state;
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double      *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();
    x[2 * (5 * BATCH + 9)] = NAN;
    for (size_t stop_at = 0; stop_at <= 6; stop_at += 6) {
        struct seen               seen = { .stop_at = stop_at };
        const fathom_train_result result = run_with(NULL, NULL, end, &m, m.params, x, 1e-3, false, see_step, &seen);
        assert_int_equal(result.status, FATHOM_DIVERGED);
        assert_int_equal(result.diverged_at, 5);
        assert_int_equal(seen.calls, 6);
        assert_true(isnan(seen.loss[5]));
    }
    struct seen seen = { .stop_at = 6 }; /* a step that is left out is told like any other, and may be the last */
    const fathom_train_result result = run_with(NULL, NULL, end, &m, m.params, x, 1e-3, true, see_step, &seen);
    assert_int_equal(result.status, FATHOM_STOPPED);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.skipped, 1);
    free(x);
    free(end);
    model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divergence),         cmocka_unit_test(test_norm_out_of_range),
        cmocka_unit_test(test_divergence_at_once), cmocka_unit_test(test_rate_too_high),
        cmocka_unit_test(test_progress),           cmocka_unit_test(test_progress_of_divergence),
    };
    return cmocka_run_group_tests(tests, make_spiral, free_spiral);
}
