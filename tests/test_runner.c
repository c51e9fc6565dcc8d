/* test_runner.c - runs in parallel: every job once, results in the order of the table, and the same bits whatever the
 * number of threads and the company that a run has.
 */
#include "runner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "first_batch.h"
#include "parallel.h"
#include "run_table.h"

/* ------------------------------------------------------------------------------------------------- the loop ---- */

enum { JOBS = 100 };

/* A run of the session's options, at one depth. */
static struct run run_of(const struct session *session, size_t depth, uint64_t seed)
{
    struct run run = { .flow = session->options->flow, .training = session->options->training, .seed = seed };
    run.flow.depth = depth;
    return run;
}

static void count_job(void *context, size_t index, struct progress *progress)
{
    ((unsigned *)context)[index]++;
    parallel_add(progress, 1);
}

static void test_every_job_once(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        const struct parallel how = { .what = "jobs", .threads = threads, .quiet = true };
        unsigned              count[JOBS] = { 0 };
        uint64_t              cost[JOBS];
        for (size_t i = 0; i < JOBS; i++)
            cost[i] = i % 7;
        parallel_do(&how, count_job, count, cost, JOBS);
        for (size_t i = 0; i < JOBS; i++)
            assert_int_equal(count[i], 1);
        parallel_do(&how, count_job, count, cost, 0); /* an empty table is no error */
    }
}

static void note_order(void *context, size_t index, struct progress *progress)
{
    size_t *order = context; /* order[0]: how many so far */
    order[++order[0]] = index;
    parallel_add(progress, 1);
}

/* On one thread the order of starting shows. */
static void test_longest_first(void **state)
{
    (void)state;
    const struct parallel how = { .what = "jobs", .threads = 1, .quiet = true };
    const uint64_t        cost[] = { 3, 9, 3, 0, 27 };
    const size_t          expected[] = { 4, 1, 0, 2, 3 };
    size_t                order[6] = { 0 };
    parallel_do(&how, note_order, order, cost, 5);
    assert_memory_equal(order + 1, expected, sizeof expected);
}

/* ------------------------------------------------------------------------------------------------- the runs ---- */

static const struct program program = { .name = "test",
                                        .summary = "",
                                        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING |
                                                 TAKES(OPTION_REPLICAS) | TAKES_OUTPUT };

struct world {
    struct options options;
    struct session session;
};

enum { STEPS = 12, BATCH = 70, ROWS = 150 };

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        return -1;
    w->options = options_default();
    w->options.data_size = ROWS;
    w->options.training.steps = STEPS;
    w->options.training.batch = BATCH;
    w->options.no_plot = w->options.quiet = true;
    w->options.out = "/tmp"; /* tried, nothing is written in it */
    w->options.threads = 1;
    w->options.isa = fathom_isa_find(NULL);
    session_open(&w->session, &w->options, &program);
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;
    session_close(&w->session);
    free(w);
    return 0;
}

enum { RUNS = 6 };

static struct run *some_runs(const struct session *session)
{
    struct run *runs = calloc(RUNS, sizeof *runs);
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = run_of(session, 1 + i % 3, 5);
        runs[i].replica = i / 3;
        runs[i].train = runs[i].probe = runs[i].keep_trace = runs[i].keep_params = true;
    }
    return runs;
}

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* The library's own loop is the oracle of the runner's. */
static void test_trains_as_the_library(void **state)
{
    const struct world   *w = *state;
    const struct session *session = &w->session;
    struct run           *runs = some_runs(session);
    struct run_result    *results = runner_results(RUNS);
    runner_run_all(results, runs, session, RUNS);

    fathom_flow *flow = fathom_flow_new(&runs[1].flow, NULL, NULL);
    const size_t n = fathom_flow_n_params(flow);
    double      *params = malloc(n * sizeof *params), loss[STEPS], norm[STEPS], logp[ROWS];
    assert_non_null(params);
    fathom_flow_init(params, flow, fathom_key_from_seed(5));
    fathom_trainer *trainer = fathom_trainer_new(flow, w->options.isa, params, &runs[1].training, session->train.x,
                                                 NULL, session->train.n);
    assert_int_equal(fathom_train(trainer, loss, norm, session->batches, NULL, NULL).status, FATHOM_OK);
    fathom_flow_log_prob(logp, fathom_trainer_workspace(trainer), fathom_trainer_params(trainer), session->train.x,
                         ROWS);

    const struct run_result *r = &results[1];
    assert_int_equal(r->n_params, n);
    assert_int_equal(r->status, FATHOM_RUINED); /* so few steps do not reach the Gaussian */
    assert_true(r->heldout_logp < session->gaussian_logp);
    assert_true(isnan(r->diverged_at));
    assert_memory_equal(r->loss, loss, sizeof loss);
    assert_memory_equal(r->grad_norm, norm, sizeof norm);
    assert_memory_equal(r->params, fathom_trainer_params(trainer), n * sizeof *params);
    assert_true(same_bits(r->train_logp, fathom_sum(logp, ROWS) / ROWS));
    assert_true(isfinite(r->heldout_logp) && isfinite(r->untrained_logp) && isfinite(r->untrained_grad_norm));

    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
    free(params);
    runner_free(results, RUNS);
    free(runs);
}

static void test_same_bits_on_any_threads(void **state)
{
    struct world      *w = *state;
    struct run        *runs = some_runs(&w->session);
    struct run_result *first = runner_results(RUNS);
    runner_run_all(first, runs, &w->session, RUNS);
    for (size_t threads = 2; threads <= 4; threads++) {
        struct run_result *again = runner_results(RUNS);
        w->options.threads = threads;
        runner_run_all(again, runs, &w->session, RUNS);
        for (size_t i = 0; i < RUNS; i++) {
            assert_true(same_bits(first[i].train_logp, again[i].train_logp));
            assert_true(same_bits(first[i].heldout_logp, again[i].heldout_logp));
            assert_memory_equal(first[i].params, again[i].params, first[i].n_params * sizeof(double));
        }
        runner_free(again, RUNS);
    }
    w->options.threads = 1;
    /* A replica is another draw, from a start that differs in the last bits only. */
    for (size_t i = 0; i < 3; i++) {
        assert_memory_not_equal(first[i].params, first[i + 3].params, first[i].n_params * sizeof(double));
        assert_true(fabs(first[i].loss[0] - first[i + 3].loss[0]) < 1e-12);
    }
    runner_free(first, RUNS);
    free(runs);
}

/* With a rate far too high a run ends early, and says at which step; with the guard it goes on. */
static void test_divergence_is_recorded(void **state)
{
    const struct world *w = *state;
    struct run         *runs = calloc(2, sizeof *runs);
    struct run_result  *results = runner_results(2);
    for (size_t i = 0; i < 2; i++) {
        runs[i] = run_of(&w->session, 4, 0);
        runs[i].flow.coupling = "affine";
        runs[i].training.peak_lr = 1000;
        runs[i].training.clip = INFINITY;
        runs[i].training.stabiliser = i == 1 ? "skip" : "clip";
        runs[i].train = runs[i].keep_trace = true;
    }
    runner_run_all(results, runs, &w->session, 2);
    assert_int_equal(results[0].status, FATHOM_DIVERGED);
    assert_true(results[0].diverged_at >= 1 && results[0].diverged_at < STEPS);
    assert_true(isnan(results[0].train_logp) && isnan(results[0].heldout_logp));
    const size_t at = (size_t)results[0].diverged_at;
    assert_true(isfinite(results[0].loss[at - 1]));
    assert_false(isfinite(results[0].loss[at]) && isfinite(results[0].grad_norm[at]));
    /* Whether the guarded run still has a score is the run's affair, but it went on to its last step. */
    assert_true(results[1].skipped > 0);
    assert_true(results[0].acted == 0 && results[1].acted == (double)results[1].skipped / STEPS);
    for (size_t i = 0; i < 2; i++) {
        assert_true(results[i].first_kind != FATHOM_FIRST_NONE && results[i].first_rows >= 1);
        assert_true(results[i].first_layer >= 0 && isnan(results[i].update_rms));
    }
    assert_int_equal(results[1].status == FATHOM_OK, isfinite(results[1].train_logp) != 0);
    assert_true(same_bits(results[1].diverged_at, results[0].diverged_at));
    runner_free(results, 2);
    free(runs);
}

/* A column that does not vary over the rows that ActNorm sees is found, and only over these. */
static void test_first_batch(void **state)
{
    const struct world *w = *state;
    const struct run    run = run_of(&w->session, 3, 0);
    enum { N = 6 };
    double         x[2 * N] = { 0.5, 1, -2, 1, 0.25, 1, 0.5, 3, 0.5, -1, 0.5, 0.75 };
    double         mean[2] = { 0 }, sd[2] = { 1, 1 };
    fathom_dataset data = { N, 2, x, mean, sd };
    const uint32_t second[] = { 0, 1, 1, 2 }, first[] = { 3, 4, 5 }, both[] = { 0, 2, 4 }, same[] = { 3, 3, 3 };
    size_t         column = 9;
    assert_true(first_batch_varies(&column, &run.flow, w->options.isa, &data, NULL, N));
    assert_true(first_batch_varies(&column, &run.flow, w->options.isa, &data, both, 3));
    assert_int_equal(column, 9);
    assert_false(first_batch_varies(&column, &run.flow, w->options.isa, &data, second, 4));
    assert_int_equal(column, 1);
    assert_false(first_batch_varies(&column, &run.flow, w->options.isa, &data, NULL, 3));
    assert_int_equal(column, 1);
    assert_false(first_batch_varies(&column, &run.flow, w->options.isa, &data, first, 3));
    assert_int_equal(column, 0);
    assert_false(first_batch_varies(&column, &run.flow, w->options.isa, &data, same, 3));
    x[3] = INFINITY;
    assert_false(first_batch_varies(&column, &run.flow, w->options.isa, &data, NULL, N));
    assert_int_equal(column, 1);
}

/* A run costs what its training costs, and what is asked of the trained flow: of twice the steps the rest is the same. */
static void test_cost(void **state)
{
    const struct world *w = *state;
    struct run          run = run_of(&w->session, 2, 5), longer, judged;
    run.train = true;
    longer = judged = run;
    longer.training.steps *= 2;
    judged.health = judged.checks = true;
    const uint64_t cost = runner_cost(&run, &w->session), steps = runner_cost(&longer, &w->session) - cost;
    const uint64_t more = runner_cost(&judged, &w->session) - cost;
    assert_true(steps > 0 && cost > steps);
    assert_true(more > 2 * (cost - steps)); /* the held-out rows four times instead of once, and draws */
    longer.health = longer.checks = true;
    assert_int_equal(runner_cost(&longer, &w->session), cost + steps + more);
}

static void test_mean_and_error(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 3, 4 };
    assert_true(runner_mean(x, 4) == 2.5);
    assert_true(fabs(runner_std_error(x, 4) - sqrt(5.0 / 3) / 2) < 1e-15); /* sd sqrt(5/3), by hand */
}

/* A design's arms change what they name, and nothing for the arms after them; the columns of run tables show it. */
static void test_arms(void **state)
{
    const struct world *w = *state;
    const struct arm    arms[] = { { .name = "wide", .width = 48, .bins = 5 },
                                   { .name = "as is" },
                                   { .name = "one", .bins = 1, .stabiliser = "agc" } };
    const struct design design = {
        .nesting = { AXIS_DEPTH, AXIS_ARM }, .arms = arms, .n_arms = 3, .measure_steps = true
    };
    static const char *const names[] = { "clip", "clip", "agc" }, *const clips[] = { "1", "1", "none" };
    static const size_t width[] = { 48, 24, 24 }, bins[] = { 5, 8, 1 };
    struct run_list     list = { 0 };
    struct run_result   results[12] = { 0 };
    design_list(&list, &design, 1, &w->session, 1);
    assert_int_equal(list.n, 3 * w->options.depths.n);

    struct table *table = table_new("arms", "arm width bins stabiliser clip acted first_kind first_layer");
    assert_non_null(table);
    run_table_fill(table,
                   &(struct outcome){ .session = &w->session, .runs = list.run, .results = results, .n = list.n });
    for (size_t i = 0; i < list.n; i++) {
        assert_int_equal(list.run[i].flow.width, width[i % 3]);
        assert_true(list.run[i].training.measure_steps);
        assert_string_equal(table_cell(table, i, 3), names[i % 3]);
        assert_string_equal(table_cell(table, i, 4), clips[i % 3]);
        assert_string_equal(table_cell(table, i, 6), "none");
        assert_int_equal(list.run[i].flow.knots, bins[i % 3]);
        assert_string_equal(table_cell(table, i, 0), arms[i % 3].name);
        assert_int_equal(strtoul(table_cell(table, i, 1), NULL, 10), width[i % 3]);
        assert_int_equal(strtoul(table_cell(table, i, 2), NULL, 10), bins[i % 3]);
    }
    table_free(table);
    free(list.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_job_once),
        cmocka_unit_test(test_longest_first),
        cmocka_unit_test(test_trains_as_the_library),
        cmocka_unit_test(test_same_bits_on_any_threads),
        cmocka_unit_test(test_divergence_is_recorded),
        cmocka_unit_test(test_first_batch),
        cmocka_unit_test(test_mean_and_error),
        cmocka_unit_test(test_arms),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
