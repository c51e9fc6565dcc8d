/* test_edges.c - training at the ends of its legal ranges: what is refused, and that nothing legal leads out of the
 * finite numbers.
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
#include "model.h"

enum { N = 600, BATCH = 64 };

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

#define OPTIONS(s, b, l, c)                             \
    {                                                   \
        .steps = s, .batch = b, .peak_lr = l, .clip = c \
    }

/* Each option at the ends of its range and beyond; a trainer takes what the check takes, and nothing else. */
static void test_options_are_checked(void **state)
{
    (void)state;
    static const struct {
        fathom_train_options options;
        const char          *refused;
    } cases[] = {
        { OPTIONS(4, 1, 1e-300, 1.0), NULL },
        { OPTIONS(4, 1, 1000.0, INFINITY), NULL },
        { OPTIONS(3, 1, 1e-3, 1.0), "3 steps" },
        { OPTIONS(4, 0, 1e-3, 1.0), "batch of 0" },
        { OPTIONS(4, 1, 0.0, 1.0), "peak_lr 0;" },
        { OPTIONS(4, 1, 1e308, 1.0), "up to 1000" },
        { OPTIONS(4, 1, NAN, 1.0), "peak_lr nan" },
        { OPTIONS(4, 1, 1000.5, 1.0), "peak_lr 1000.5" },
        { OPTIONS(4, 1, 1e-3, 0.0), "clip 0" },
        { OPTIONS(4, 1, 1e-3, NAN), "clip nan" },
        { { .steps = 4, .batch = 1, .peak_lr = 1e-3, .clip = 1.0, .stabiliser = "rewind" }, NULL },
        { { .steps = 4, .batch = 1, .peak_lr = 1e-3, .clip = 1.0, .stabiliser = "brake" },
          "'brake'; legal is clip, skip, olmo, zclip, agc, amsgrad, beta2, rewind" },
    };
    struct model m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fathom_error    error = { "" };
        fathom_status   status = fathom_train_options_check(&cases[c].options, &error);
        fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &cases[c].options,
                                                     spiral.x, NULL, N);
        assert_int_equal(status, cases[c].refused ? FATHOM_BAD_ARGUMENT : FATHOM_OK);
        assert_int_equal(!trainer, cases[c].refused != NULL);
        if (cases[c].refused && !strstr(error.text, cases[c].refused))
            fail_msg("'%s' does not say '%s'", error.text, cases[c].refused);
        assert_int_equal(fathom_train_options_check(&cases[c].options, NULL), status);
        fathom_trainer_free(trainer);
    }
    model_close(&m);
}

/* At the largest legal rate, with and without a clip and under each stabiliser, no step leads out of the finite numbers. */
static void test_finite_at_the_largest_rate(void **state)
{
    (void)state;
    enum { LONG = 40 };
    static const double clips[] = { INFINITY, 1.0, 1e-300, 1e300 };
    enum { CLIPS = sizeof clips / sizeof *clips };
    for (size_t c = 0; c < 2 * (CLIPS + fathom_n_stabilisers() - 1); c++) {
        struct model         m = model_open(2, c % 2 ? "spline" : "affine", FATHOM_ACTNORM_NONE, 2);
        fathom_train_options options = {
            .steps = LONG,
            .batch = BATCH,
            .peak_lr = 1000.0,
            .clip = c / 2 < CLIPS ? clips[c / 2] : 1.0,
            .stabiliser = fathom_stabiliser_name(c / 2 < CLIPS ? 0 : c / 2 - CLIPS + 1),
        };
        uint32_t batches[LONG * BATCH];
        fathom_batches(batches, 3, 0, LONG, BATCH, N);
        fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &options, spiral.x, NULL,
                                                     N);
        assert_non_null(trainer);
        assert_true(fathom_train(trainer, NULL, NULL, batches, NULL, NULL).steps_taken > 0);
        for (size_t k = 0; k < m.n_params; k++)
            assert_true(isfinite(fathom_trainer_params(trainer)[k]));
        fathom_trainer_free(trainer);
        model_close(&m);
    }
}

/* A mean over no row is none. */
static void test_no_rows_count(void **state)
{
    (void)state;
    struct model   m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    const uint32_t rows[] = { 0, 1, 2 }, none[] = { 0, 0, 0 }, one[] = { 0, 1, 0 };
    double         loss = 7.0, alone, *gradient = need(m.n_params * sizeof *gradient);
    gradient[0] = 7.0;
    assert_int_equal(fathom_flow_nll(&loss, gradient, m.ws, m.params, spiral.x, rows, none, 3), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_flow_nll(&loss, NULL, m.ws, m.params, spiral.x, NULL, none, 3), FATHOM_BAD_ARGUMENT);
    assert_true(loss == 7.0 && gradient[0] == 7.0);
    assert_int_equal(fathom_flow_nll(&loss, gradient, m.ws, m.params, spiral.x, rows, one, 3), FATHOM_OK);
    assert_int_equal(fathom_flow_nll(&alone, NULL, m.ws, m.params, spiral.x, rows + 1, NULL, 1), FATHOM_OK);
    check_near(loss, alone, 1e-14, fabs(alone), "the loss of the one row that counts", 1);
    free(gradient);
    model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_finite_at_the_largest_rate),
        cmocka_unit_test(test_no_rows_count),
    };
    return cmocka_run_group_tests(tests, make_spiral, free_spiral);
}
