/* test_tuned_rate.c - the choice of a peak rate on validation rows, the arms of equal parameters and equal work, rows of
 * several data sets, and the parameters that validation rows keep.
 */
#include "tuned_rate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run_store.h"
#include "runner.h"

static const struct program program = { .name = "test", .takes = TAKES_DATA | TAKES_FLOW | TAKES_TRAINING };

static struct options short_options(void)
{
    struct options options = options_default();
    options.data_size = 60;
    options.training.steps = 12;
    options.training.batch = 16;
    options.depths = (struct depth_list){ 2, { 1, 2 } };
    options.seeds = 3;
    options.threads = 1;
    options.quiet = options.no_plot = true;
    options.out = "build";
    options.out_given = true;
    options.isa = fathom_isa_find(NULL);
    return options;
}

/* ----------------------------------------------------------------------------------------------- the rule ---- */

static void test_rule(void **state)
{
    (void)state;
    double odd[] = { -1, -INFINITY, -3 }, even[] = { -4, -1, -2, -INFINITY }, lost[] = { -INFINITY, -1, -INFINITY };
    assert_true(tuned_rate_median(odd, 3) == -3);
    assert_true(tuned_rate_median(even, 4) == -3);
    assert_true(tuned_rate_median(lost, 3) == -INFINITY);
    assert_true(tuned_rate_beats(-1, 0.1, -2, 0.01));
    assert_false(tuned_rate_beats(-2, 0.01, -1, 0.1));
    assert_true(tuned_rate_beats(-1, 0.01, -1, 0.1)); /* of equals the lowest */
    assert_false(tuned_rate_beats(-1, 0.1, -1, 0.01));
    assert_true(tuned_rate_beats(-INFINITY, 0.01, -INFINITY, 0.1));
}

/* ------------------------------------------------------------------------------------------ the choice of runs ---- */

static const struct design design = { .nesting = { AXIS_DEPTH, AXIS_SEED }, .train = true };

/* Scores by depth, rate and seed; of depth 1 the second rate wins only if its lost run counts as minus infinity and not
 * as left out; of depth 2 all tie. */
static double made_up(size_t depth, size_t rate, size_t seed)
{
    static const double score[3][3] = { { -1, NAN, NAN }, { -3, -2, NAN }, { -4, -5, -3 } };
    return depth == 1 ? score[rate][seed] : -7;
}

static void test_choice(void **state)
{
    (void)state;
    struct options  options = short_options();
    struct session  session;
    struct run_list runs = { 0 };
    options.rates = (struct rate_list){ 3, { 0.2, 0.1, 0.3 } };
    options.training.peak_lr = 0.2;
    session_open(&session, &options, &program);
    tuned_rate_list(&runs, &design, 1, &session, &options, 3);
    assert_int_equal(runs.n, 3 * 2 * 3);
    assert_true(options.training.peak_lr == 0.2);
    struct run_result *results = runner_results(runs.n);
    for (size_t i = 0; i < runs.n; i++) {
        const double score = made_up(runs.run[i].flow.depth, i / 6, i % 3);
        assert_true(runs.run[i].validation && runs.run[i].training.peak_lr == options.rates.rate[i / 6]);
        results[i] = (struct run_result){ .status = isnan(score) ? FATHOM_DIVERGED : FATHOM_OK,
                                          .validation_logp = score,
                                          .n_params = i };
    }
    struct table *table = table_new("rates", TUNED_RATE_COLUMNS);
    tuned_rate_choose(table, &runs, results, &session);
    assert_int_equal(runs.n, 6);
    for (size_t i = 0; i < 6; i++) {
        const size_t rate = 1; /* depth 1: -3 beats -4 and minus infinity; depth 2: 0.1 is the lowest */
        assert_true(runs.run[i].training.peak_lr == options.rates.rate[rate]);
        assert_int_equal(runs.run[i].flow.depth, i < 3 ? 1 : 2);
        assert_int_equal(runs.run[i].seed, i % 3);
        assert_int_equal(results[i].n_params, 6 * rate + i);
    }
    size_t tuned;
    assert_true(table_find(&tuned, table, "tuned"));
    assert_int_equal(table_rows(table), 6);
    for (size_t row = 0; row < 6; row++)
        assert_string_equal(table_cell(table, row, tuned), row % 3 == 1 ? "1" : "0");
    table_free(table);
    runner_free(results, runs.n);
    free(runs.run);
    session_close(&session);
}

/* ----------------------------------------------------------------------------------------------------- arms ---- */

static const struct arm arms[] = {
    { .name = "plain" },
    { .name = "params", .equal_params = 2 },
    { .name = "work", .equal_work = 2 },
    { .name = "long", .steps_factor = 4 },
};
static const struct design matched = {
    .nesting = { AXIS_DEPTH, AXIS_ARM },
    .depths = { 2, { 1, 2 } },
    .arms = arms,
    .n_arms = 4,
    .train = true,
};

static size_t params_at(const fathom_config *flow, size_t width)
{
    fathom_config other = *flow;
    other.width = width;
    return fathom_n_params(&other, NULL);
}

static void test_matched_arms(void **state)
{
    (void)state;
    struct options       options = options_default();
    const struct session session = { .options = &options };
    struct run_list      runs = { 0 };
    fathom_config        deep = options.flow;
    deep.depth = 2;
    const size_t target = fathom_n_params(&deep, NULL);
    design_list(&runs, &matched, 1, &session, 1);
    assert_int_equal(runs.n, 8);
    for (size_t d = 0; d < 2; d++) {
        const struct run *run = &runs.run[4 * d];
        assert_true(run[0].flow.width == 24 && run[0].training.steps == 1200);
        /* no other width is nearer */
        const double off = fabs((double)params_at(&run[1].flow, run[1].flow.width) - (double)target);
        for (size_t width = 1; width < 200; width++)
            assert_true(off <= fabs((double)params_at(&run[1].flow, width) - (double)target));
        assert_true(run[1].training.steps == 1200 && off < 0.03 * (double)target);
        /* the work differs by less than half a step */
        const double work = fathom_train_flops(&run[2].flow, &run[2].training),
                     whole = fathom_train_flops(&deep, &options.training), step = work / (double)run[2].training.steps;
        assert_true(run[2].flow.width == 24 && fabs(work - whole) <= step / 2);
        assert_true(run[3].flow.width == 24 && run[3].training.steps == 4800);
    }
    assert_int_equal(runs.run[5].flow.width, 24); /* depth 2 itself */
    assert_int_equal(runs.run[6].training.steps, 1200);
    free(runs.run);
}

static void test_flops(void **state)
{
    (void)state;
    const fathom_config        config = fathom_config_default();
    const fathom_train_options options = { .steps = 10, .batch = 7 };
    assert_true(fathom_train_flops(&config, &options) == 6.0 * 2704 * 7 * 10);
}

/* ------------------------------------------------------------------------------------------- rows of one's own ---- */

static const struct data_level levels[] = { { "spiral", 0 }, { "two_spirals_4d", 0 }, { "spiral", 40 } };
static const struct design     several = {
        .nesting = { AXIS_DATA, AXIS_SEED }, .data = levels, .n_data = 3, .train = true, .validation = true
};

/* A run on other rows is what it is where these rows are the program's own. */
static void test_other_rows(void **state)
{
    (void)state;
    struct options  options = short_options(), alone = short_options();
    struct session  session, own;
    struct run_list runs = { 0 }, single = { 0 };
    options.seeds = alone.seeds = 1;
    session_open(&session, &options, &program);
    design_open_rows(&session, &several, 1);
    assert_int_equal(session.n_others, 2);
    design_list(&runs, &several, 1, &session, 1);
    assert_true(runs.n == 3 && !runs.run[0].rows && runs.run[1].rows == session.others[0]);
    assert_true(runs.run[1].flow.dim == 4 && runs.run[2].flow.dim == 2 && runs.run[2].rows->train.n == 40);
    struct run_result *results = runner_results(3);
    runner_run_all(results, runs.run, &session, 3);
    assert_int_equal(results[1].n_params, fathom_n_params(&runs.run[1].flow, NULL));

    alone.data_size = 40;
    session_open(&own, &alone, &program);
    session_draw_validation(&own);
    const struct design one = { .nesting = { AXIS_SEED }, .train = true, .validation = true };
    design_list(&single, &one, 1, &own, 1);
    struct run_result *again = runner_results(1);
    runner_run_all(again, single.run, &own, 1);
    assert_true(again->train_logp == results[2].train_logp && again->heldout_logp == results[2].heldout_logp);
    assert_true(again->validation_logp == results[2].validation_logp);
    assert_true(again->train_logp != results[0].train_logp);
    char **texts = run_store_texts(runs.run, &session, 3), **text = run_store_texts(single.run, &own, 1);
    assert_string_equal(texts[2], text[0]); /* the store has one for both */
    assert_string_not_equal(texts[0], texts[2]);
    run_store_free_texts(texts, 3);
    run_store_free_texts(text, 1);
    runner_free(results, 3);
    runner_free(again, 1);
    free(runs.run);
    free(single.run);
    session_close(&session);
    session_close(&own);
}

/* ---------------------------------------------------------------------------------------- kept parameters ---- */

/* The kept parameters are those of the step, of all looked at, with the highest validation log p.  At so high a rate
 * that is not the last one. */
static void test_kept_parameters(void **state)
{
    (void)state;
    struct options options = short_options();
    struct session session;
    options.training.peak_lr = 0.5;
    session_open(&session, &options, &program);
    session_draw_validation(&session);
    struct run run[2] = { { .flow = options.flow, .training = options.training, .train = true, .validation = true } };
    run[1] = run[0];
    run[1].evaluate_every = 5; /* 5, 10, 12 */
    struct run_result *results = runner_results(2);
    runner_run_all(results, run, &session, 2);

    fathom_flow *flow = fathom_flow_new(&options.flow, NULL, NULL);
    double      *params = malloc(fathom_flow_n_params(flow) * sizeof *params);
    double      *logp = malloc(session.validation.n * sizeof *logp), best = -INFINITY, loss, norm;
    size_t       kept = 0;
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    fathom_trainer *trainer = fathom_trainer_new(flow, options.isa, params, &options.training, session.train.x, NULL,
                                                 session.train.n);
    for (size_t step = 1; step <= 12; step++) {
        assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, session.batches + (step - 1) * 16), FATHOM_OK);
        fathom_flow_log_prob(logp, fathom_trainer_workspace(trainer), fathom_trainer_params(trainer),
                             session.validation.x, session.validation.n);
        const double score = runner_mean(logp, session.validation.n);
        if ((step % 5 == 0 || step == 12) && score > best) {
            best = score;
            kept = step;
        }
    }
    assert_int_not_equal(kept, 12);
    assert_true(results[1].kept_step == (double)kept && results[1].validation_logp == best);
    assert_true(isnan(results[0].kept_step) && results[0].validation_logp == runner_mean(logp, session.validation.n));
    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
    free(params);
    free(logp);
    runner_free(results, 2);
    session_close(&session);
}

/* --------------------------------------------------------------------------------------------- the option ---- */

static enum options_outcome parse(struct options *options, fathom_error *error, const char *lr)
{
    char *argv[] = { "test", "--lr", (char *)lr, NULL };
    *options = options_default();
    return options_parse(options, error, &program, 3, argv);
}

static void test_option(void **state)
{
    (void)state;
    struct options options;
    fathom_error   error;
    assert_int_equal(parse(&options, &error, "tuned"), OPTIONS_RUN);
    assert_true(options.rates.n == 3 && options.rates.rate[2] == 0.03 && options.training.peak_lr == 0.003);
    assert_int_equal(parse(&options, &error, "tuned:0.5,1e-3"), OPTIONS_RUN);
    assert_true(options.rates.n == 2 && options.rates.rate[0] == 0.5 && options.rates.rate[1] == 0.001);
    assert_int_equal(parse(&options, &error, "0.5"), OPTIONS_RUN);
    assert_true(options.rates.n == 0 && options.training.peak_lr == 0.5);
    static const char *const illegal[] = { "tuned:",        "tuned:0", "tuned:0.1,", "tuned:0.1,0.1",
                                           "tuned:0.1;0.2", "tune",    "tuned,0.1",  "tuned:2000" };
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i++) {
        assert_int_equal(parse(&options, &error, illegal[i]), OPTIONS_ILLEGAL);
        assert_non_null(strstr(error.text, "tuned:LIST"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),   cmocka_unit_test(test_choice),     cmocka_unit_test(test_matched_arms),
        cmocka_unit_test(test_flops),  cmocka_unit_test(test_other_rows), cmocka_unit_test(test_kept_parameters),
        cmocka_unit_test(test_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
