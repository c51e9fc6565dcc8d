/* test_replay.c - a replay has the bits of the run itself, up to the step at which that one diverged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replay.h"
#include "runner.h"

enum { STEPS = 30 };

static const struct program program = {
    .name = "test", .summary = "", .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT
};

static struct run run_of(const struct session *session, double lr)
{
    struct run run = { .flow = session->options->flow, .training = session->options->training, .seed = 3 };
    run.flow.coupling = "affine";
    run.flow.depth = 2;
    run.training.peak_lr = lr;
    run.arm = "clip";
    run.train = run.keep_trace = true;
    return run;
}

/* The replay's column has the run's numbers: a number that is not finite is nan in a table. */
static void same_trace(const struct table *table, const char *column, const double *trace, size_t steps)
{
    size_t at;
    char   text[40];
    assert_true(table_find(&at, table, column));
    assert_int_equal(table_rows(table), steps);
    for (size_t step = 0; step < steps; step++) {
        snprintf(text, sizeof text, "%.17g", trace[step]);
        if (trace[step] - trace[step] != 0)
            strcpy(text, "nan");
        if (strcmp(table_cell(table, step, at), text) != 0)
            fail_msg("%s of step %zu: %s, the run had %s", column, step, table_cell(table, step, at), text);
    }
}

static void test_same_bits(void **state)
{
    static const double rates[] = { 3e-3, 900 }; /* the second diverges */
    struct options      options = options_default();
    struct session      session;
    (void)state;
    options.data_size = 150;
    options.training.steps = STEPS;
    options.training.batch = 70;
    options.no_plot = options.quiet = true;
    options.out = "/tmp"; /* tried, nothing is written in it */
    options.threads = 1;
    options.isa = fathom_isa_find(NULL);
    session_open(&session, &options, &program);
    for (size_t i = 0; i < 2; i++) {
        struct run         run = run_of(&session, rates[i]);
        struct run_result *result = runner_results(1);
        struct table      *table = table_new("first", REPLAY_COLUMNS);
        runner_run_all(result, &run, &session, 1);
        assert_int_equal(result->status == FATHOM_DIVERGED, i == 1);
        const size_t steps = i == 1 ? (size_t)result->diverged_at + 1 : STEPS;
        assert_true(i == 0 || steps < STEPS);
        replay_add(table, &run, &session);
        same_trace(table, "loss", result->loss, steps);
        same_trace(table, "grad_norm", result->grad_norm, steps);
        table_free(table);
        runner_free(result, 1);
    }
    session_close(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_bits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
