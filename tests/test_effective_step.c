/* test_effective_step.c - the effective step of a training, against the parameters before and after each step; that
 * measuring it changes no bit of the training.
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

enum { STEPS = 12, BATCH = 40, ROWS = 100 };

struct training {
    struct model    model;
    double          x[ROWS * 2], lr[STEPS], loss[STEPS], norm[STEPS];
    uint32_t        batches[STEPS * BATCH];
    fathom_trainer *trainer;
};

static void begin(struct training *t, bool measure)
{
    fathom_train_options options = fathom_train_options_default();
    options.steps = STEPS;
    options.batch = BATCH;
    options.measure_steps = measure;
    t->model = model_open(2, "spline", FATHOM_ACTNORM_NONE, 2);
    draw(t->x, 9, 1.0, ROWS * 2);
    fathom_schedule(t->lr, STEPS, options.peak_lr, true);
    fathom_batches(t->batches, 1, 0, STEPS, BATCH, ROWS);
    t->trainer = fathom_trainer_new(t->model.flow, fathom_isa_find(NULL), t->model.params, &options, t->x, NULL, ROWS);
    assert_non_null(t->trainer);
}

static void end(struct training *t)
{
    fathom_trainer_free(t->trainer);
    model_close(&t->model);
}

static void test_measured(void **state)
{
    (void)state;
    static struct training by_step, whole, plain;
    begin(&by_step, false);
    begin(&whole, true);
    begin(&plain, false);
    const size_t n = by_step.model.n_params;
    double      *before = need(n * sizeof *before), sum = 0.0;
    for (size_t s = 0; s < STEPS; s++) {
        const double *after = fathom_trainer_params(by_step.trainer);
        double        square = 0.0;
        memcpy(before, after, n * sizeof *before);
        assert_int_equal(fathom_trainer_step(by_step.trainer, by_step.loss + s, by_step.norm + s,
                                             by_step.batches + s * BATCH),
                         FATHOM_OK);
        for (size_t i = 0; i < n; i++)
            square += (after[i] - before[i]) * (after[i] - before[i]);
        sum += square / (double)n / (by_step.lr[s] * by_step.lr[s]);
    }
    const fathom_train_result measured = fathom_train(whole.trainer, whole.loss, whole.norm, whole.batches, NULL, NULL);
    const fathom_train_result other = fathom_train(plain.trainer, plain.loss, plain.norm, plain.batches, NULL, NULL);
    check_near(measured.update_rms, sqrt(sum / STEPS), 1e-12, 1.0, "effective step", 0);
    assert_true(measured.update_rms > 0.1 && measured.update_rms < 1.0);
    assert_true(isnan(other.update_rms));
    check_same(whole.loss, plain.loss, STEPS, "loss", "measured");
    check_same(fathom_trainer_params(whole.trainer), fathom_trainer_params(plain.trainer), n, "parameters", "measured");
    free(before);
    end(&by_step);
    end(&whole);
    end(&plain);
}

/* Without an update there is none. */
static void test_no_update(void **state)
{
    (void)state;
    static struct training t;
    begin(&t, true);
    t.x[2 * t.batches[0]] = NAN;
    fathom_trainer_free(t.trainer);
    fathom_train_options options = fathom_train_options_default();
    options.steps = STEPS;
    options.batch = BATCH;
    options.measure_steps = true;
    t.trainer = fathom_trainer_new(t.model.flow, fathom_isa_find(NULL), t.model.params, &options, t.x, NULL, ROWS);
    const fathom_train_result result = fathom_train(t.trainer, t.loss, t.norm, t.batches, NULL, NULL);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_int_equal(result.steps_taken, 0);
    assert_true(isnan(result.update_rms));
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_measured), cmocka_unit_test(test_no_update) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
