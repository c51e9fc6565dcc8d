/* runner.c - a table of runs, done in parallel (runner.h).
 *
 * Each run owns its trainer and writes only its own result, so the threads share nothing but what is constant, and
 * the result is a function of the run alone.
 */
#include "runner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certified.h"
#include "first_batch.h"
#include "exit.h"
#include "initial_params.h"
#include "kept_params.h"
#include "own_rows.h"
#include "parallel.h"
#include "run_store.h"

struct table_of_runs {
    struct run_result    *results;
    const struct run     *runs;
    const struct session *session;
    char                **texts; /* [n], of the runs; NULL: no store */
    uint64_t             *cost;  /* of each job                   */
    size_t               *which; /* the run that each job makes   */
};

/* Rows that pass forward through the flow; a gradient costs about as much as three of them. */
static const uint64_t rows_per_gradient = 3;

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory");
    return memory;
}

static void check(fathom_status status, const char *what)
{
    if (status != FATHOM_OK)
        exit_failed("%s: %s", what, fathom_status_name(status));
}

/* The rows of a run, with their batches. */
static const struct session *rows_of(const struct run *run, const struct session *session)
{
    return run->rows ? run->rows : session;
}

/* ------------------------------------------------------------------------------------------------- a table ---- */

struct run_result *runner_results(size_t n) { return need(calloc(n + 1, sizeof(struct run_result))); }

void runner_free(struct run_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(results[i].loss);
        free(results[i].grad_norm);
        free(results[i].params);
    }
    free(results);
}

double runner_mean(const double *x, size_t n) { return fathom_sum(x, n) / (double)n; }

double runner_std_error(const double *x, size_t n)
{
    const double mean = runner_mean(x, n);
    double      *off = need(malloc(n * sizeof *off));
    for (size_t i = 0; i < n; i++)
        off[i] = x[i] - mean;
    const double norm = fathom_norm(off, n);
    free(off);
    return norm / sqrt((double)(n - 1)) / sqrt((double)n);
}

/* ---------------------------------------------------------------------------------------------- a single run ---- */

/* log p of each row; the caller frees. */
static double *log_prob(fathom_workspace *workspace, const double *params, const fathom_dataset *data)
{
    double *logp = need(malloc(data->n * sizeof *logp));
    check(fathom_flow_log_prob(logp, workspace, params, data->x, data->n), "log p");
    return logp;
}

static double mean_log_prob(fathom_workspace *workspace, const double *params, const fathom_dataset *data)
{
    double      *logp = log_prob(workspace, params, data);
    const double mean = runner_mean(logp, data->n);
    free(logp);
    return mean;
}

/* KL(truth || flow) by n rows' log p under both, each row's difference by itself: their own scatter cancels. */
static void divergence(struct run_result *result, const double *truth, const double *flow, size_t n)
{
    double *difference = need(malloc(n * sizeof *difference));
    for (size_t i = 0; i < n; i++)
        difference[i] = truth[i] - flow[i];
    result->kl = runner_mean(difference, n);
    result->kl_std_error = runner_std_error(difference, n);
    free(difference);
}

/* A trained flow that is worse than the Gaussian, or has no finite score at all. */
static bool ruined(const struct run_result *result, const struct session *session)
{
    const bool   heldout = session->heldout.n > 0;
    const double score = heldout ? result->heldout_logp : result->train_logp;
    return !isfinite(result->train_logp) || !isfinite(score) || score < session->gaussian_logp;
}

/* What the trained flow came to. */
static void score(struct run_result *result, const struct run *run, const struct session *session,
                  const fathom_flow *flow, fathom_workspace *workspace, const double *params)
{
    const size_t n_heldout = session->heldout.n;
    result->train_logp = mean_log_prob(workspace, params, &session->train);
    if (n_heldout > 0) {
        double *logp = log_prob(workspace, params, &session->heldout); /* once for score and divergence */
        result->heldout_logp = runner_mean(logp, n_heldout);
        if (run->heldout_truth)
            divergence(result, run->heldout_truth, logp, n_heldout);
        free(logp);
    }
    if (run->validation)
        result->validation_logp = mean_log_prob(workspace, params, &session->validation);
    if (run->health && health_measure(&result->health, workspace, flow, params, &session->train,
                                      session_test_rows(session)) != FATHOM_OK)
        exit_failed("not enough memory");
    if (run->checks)
        check(flow_checks_measure(&result->checks, workspace, params, session_test_rows(session), run->seed),
              "checks of the density");
    if (ruined(result, session))
        result->status = FATHOM_RUINED;
}

static void measure_untrained(struct run_result *result, const struct session *session, const fathom_flow *flow,
                              fathom_workspace *workspace, const double *params)
{
    if (health_measure(&result->untrained_health, workspace, flow, params, &session->train,
                       session_test_rows(session)) != FATHOM_OK)
        exit_failed("not enough memory");
}

static void probe(struct run_result *result, const struct session *session, const fathom_flow *flow,
                  fathom_workspace *workspace, const double *params)
{
    const size_t n_params = fathom_flow_n_params(flow);
    double       loss, *gradient = need(malloc(n_params * sizeof *gradient));
    result->untrained_logp = mean_log_prob(workspace, params, &session->train);
    check(fathom_flow_nll(&loss, gradient, workspace, params, session->train.x, NULL, NULL,
                          initial_params_probe_rows(session)),
          "gradient");
    result->untrained_grad_norm = fathom_norm(gradient, n_params);
    free(gradient);
}

/* ------------------------------------------------------------------------------------------------ its training ---- */

/* A run's training, step by step: for the progress line and the kept parameters. */
struct course {
    struct progress    *progress;
    struct kept_params *best;
    uint64_t            cost_per_step;
    size_t              steps;
};

static int after_step(void *context, size_t step, double loss, double grad_norm)
{
    struct course *course = context;
    if (isfinite(loss) && isfinite(grad_norm))
        kept_params_look(course->best, step);
    parallel_add(course->progress, course->cost_per_step);
    course->steps = step + 1;
    return 0;
}

/* No step of a run that has no parameters to start from. */
static void train(struct run_result *result, const struct run *run, const struct session *session,
                  fathom_trainer *trainer, struct kept_params *best, struct progress *progress, uint64_t cost_per_step)
{
    struct course course = { .progress = progress, .best = best, .cost_per_step = cost_per_step };
    const size_t  steps = run->training.steps;
    for (size_t step = 0; result->loss && step < steps; step++)
        result->loss[step] = result->grad_norm[step] = NAN;
    if (result->status == FATHOM_OK) {
        const fathom_train_result trained = fathom_train(trainer, result->loss, result->grad_norm, session->batches,
                                                         after_step, &course);
        if (trained.status != FATHOM_DIVERGED)
            check(trained.status, "training");
        if (trained.diverged_at < steps)
            result->diverged_at = (double)trained.diverged_at;
        result->first_kind = trained.first.kind;
        if (trained.first.kind != FATHOM_FIRST_NONE) {
            result->first_layer = (double)trained.first.layer;
            result->first_rows = (double)trained.first.rows;
        }
        result->skipped = trained.skipped;
        result->acted = (double)trained.acted / (double)trained.steps;
        result->update_rms = trained.update_rms;
        result->status = trained.status;
    }
    parallel_add(progress, (steps - course.steps) * cost_per_step);
}

static uint64_t cost_of_training_step(const struct run *run, size_t n_params)
{
    return rows_per_gradient * run->training.batch * n_params / 64 + 1;
}

/* Rows that pass through the flow, forward or back, beside those of training. */
static uint64_t rows_to_judge(const struct run *run, const struct session *session)
{
    const fathom_dataset *test = session_test_rows(session);
    uint64_t              rows = session->train.n + session->heldout.n;
    if (run->validation)
        rows += session->validation.n;
    if (run->health)
        rows += 2 * test->n + rows_per_gradient * test->dim * HEALTH_ROWS + session->train.n;
    if (run->checks)
        rows += 2 * test->n + 2 * FLOW_CHECKS_DRAWS;
    if (run->evaluate_every > 0)
        rows += (run->training.steps / run->evaluate_every + 1) * session->validation.n;
    return rows;
}

static uint64_t cost_of_run(const struct run *run, const struct session *session, size_t n_params)
{
    uint64_t cost = 1;
    if (run->probe)
        cost += (session->train.n + rows_per_gradient * initial_params_probe_rows(session)) * n_params / 64;
    if (run->train)
        cost += run->training.steps * cost_of_training_step(run, n_params) +
                rows_to_judge(run, session) * n_params / 64;
    return cost;
}

/* Into the store, with trace and parameters for their hashes; then only what the experiment keeps stays in memory.
 * A run that diverged has no trained parameters. */
static void keep(struct run_result *result, double *params, const struct table_of_runs *table, size_t i)
{
    const struct run *run = &table->runs[i];
    result->has_trace = run->train;
    if (run->train && (result->status == FATHOM_OK || result->status == FATHOM_RUINED)) {
        result->params = params;
        result->has_params = true;
        sha256_doubles(&result->params_hash, params, result->n_params);
    } else
        free(params);
    if (result->has_trace)
        sha256_two(&result->trace_hash, result->loss, result->grad_norm, run->training.steps);
    if (table->texts)
        run_store_put(table->session->store, run, result, table->texts[i]);
    if (!run->keep_params) {
        free(result->params);
        result->params = NULL;
    }
    if (!run->keep_trace) {
        free(result->loss);
        free(result->grad_norm);
        result->loss = result->grad_norm = NULL;
    }
}

static struct run_result nothing_measured(size_t n_params)
{
    const struct health unknown = { NAN, NAN, NAN, NAN };
    return (struct run_result){ .n_params = n_params,
                                .untrained_logp = NAN,
                                .untrained_grad_norm = NAN,
                                .diverged_at = NAN,
                                .acted = NAN,
                                .first_layer = NAN,
                                .first_rows = NAN,
                                .update_rms = NAN,
                                .train_logp = NAN,
                                .heldout_logp = NAN,
                                .validation_logp = NAN,
                                .health = unknown,
                                .untrained_health = unknown,
                                .warm_distance = NAN,
                                .certified = certified_none,
                                .kept_step = NAN,
                                .checks = flow_checks_none,
                                .kl = NAN,
                                .kl_std_error = NAN };
}

/* params: [n_params], the initial ones; those of the trained flow if there is one. */
static void train_and_score(struct run_result *result, double *params, const struct run *run,
                            const struct session *session, const fathom_flow *flow, struct progress *progress)
{
    const size_t       steps = run->training.steps, n_params = fathom_flow_n_params(flow);
    fathom_trainer    *trainer = need(fathom_trainer_new(flow, session->options->isa, params, &run->training,
                                                         session->train.x, session->order, session->train.n));
    struct kept_params best = kept_params_new(run->evaluate_every, run->training.steps, session, flow, trainer);
    result->loss = need(malloc(steps * sizeof *result->loss));
    result->grad_norm = need(malloc(steps * sizeof *result->grad_norm));
    train(result, run, session, trainer, &best, progress, cost_of_training_step(run, n_params));
    if (result->status == FATHOM_OK) {
        const double *trained = best.kept_step > 0 ? best.params : fathom_trainer_params(trainer);
        if (best.kept_step > 0)
            result->kept_step = (double)best.kept_step;
        memcpy(params, trained, n_params * sizeof *params);
        check(certified_measure(&result->certified, params, flow), "certificate");
        score(result, run, session, flow, fathom_trainer_workspace(trainer), params);
    }
    kept_params_free(&best);
    fathom_trainer_free(trainer);
}

static void do_run(void *context, size_t index, struct progress *progress)
{
    const struct table_of_runs *table = context;
    const struct run           *run = &table->runs[table->which[index]];
    const struct session       *session = rows_of(run, table->session);
    struct run_result          *result = &table->results[table->which[index]];
    const double                started = parallel_seconds();

    fathom_flow      *flow = need(fathom_flow_new(&run->flow, NULL, NULL));
    fathom_workspace *workspace = need(fathom_workspace_new(flow, session->options->isa));
    const size_t      n_params = fathom_flow_n_params(flow);
    double           *params = need(malloc(n_params * sizeof *params));
    uint64_t          reported = 0;
    *result = nothing_measured(n_params);
    result->status = initial_params(params, &result->warm_distance, run, session, flow, workspace);
    if (run->probe && result->status == FATHOM_OK)
        probe(result, session, flow, workspace, params);
    if (run->untrained_health && result->status == FATHOM_OK)
        measure_untrained(result, session, flow, workspace, params);
    fathom_workspace_free(workspace);
    if (run->train) {
        train_and_score(result, params, run, session, flow, progress);
        reported = run->training.steps * cost_of_training_step(run, n_params);
    }
    fathom_flow_free(flow);
    result->seconds = parallel_seconds() - started;
    keep(result, params, table, table->which[index]);
    parallel_add(progress, table->cost[index] - reported);
}

/* --------------------------------------------------------------------------------------------- all the runs ---- */

static void add_timing(const struct session *session, const struct run *run, const struct run_result *result)
{
    struct table *timings = session->timings;
    char          seconds[32];
    snprintf(seconds, sizeof seconds, "%.6f", result->seconds);
    table_text(timings, (run->rows ? run->rows : session)->called);
    table_text(timings, run->flow.coupling);
    table_count(timings, run->flow.depth);
    table_text(timings, options_actnorms[run->flow.actnorm]);
    table_setting(timings, run->training.peak_lr);
    table_setting(timings, run->training.clip);
    table_text(timings, run->training.stabiliser);
    table_text(timings, run->arm ? run->arm : "-");
    table_count(timings, run->seed);
    table_count(timings, run->replica);
    table_text(timings, fathom_status_name(result->status));
    table_text(timings, seconds);
}

_Noreturn static void refuse_actnorm(const struct run *run, const struct session *session, size_t column, size_t n)
{
    const struct options    *options = session->options;
    const char              *data = own_rows_name(options);
    const struct column_text where = own_rows_column(&session->rows, column);
    const char              *cure = session->program->takes & TAKES(OPTION_ACTNORM) ? ", or --actnorm none" : "";
    if (run->train)
        exit_failed("%s: %s does not vary over the first batch (--batch %zu --batch-seed %llu), and ActNorm "
                    "from data divides by its deviation; cure: a larger --batch or another --batch-seed%s",
                    data, where.text, n, (unsigned long long)options->batch_seed, cure);
    exit_failed("%s: %s does not vary over the first %zu rows, and ActNorm from data divides by its "
                "deviation; cure: the rows in another order%s",
                data, where.text, n, cure);
}

/* All runs on the same rows that train share the first batch, and all others the rows of the probe: one check for
 * each. */
static void check_first_batch(const struct run *runs, const struct session *session, size_t n)
{
    const struct session *asked[2] = { NULL, NULL };
    for (size_t i = 0; i < n; i++) {
        const struct session *of = rows_of(&runs[i], session);
        size_t                n_rows, column;
        if (runs[i].flow.actnorm != FATHOM_ACTNORM_DATA || asked[runs[i].train] == of)
            continue;
        asked[runs[i].train] = of;
        const uint32_t *rows = initial_params_first_rows(&n_rows, &runs[i], of);
        if (!first_batch_varies(&column, &runs[i].flow, session->options->isa, &of->train, rows, n_rows))
            refuse_actnorm(&runs[i], session, column, n_rows);
    }
}

/* The most that any call of runner_run_all had. */
static void note_threads(struct table *timings, size_t threads)
{
    char        text[32];
    const char *before = timings ? table_value(timings, "threads") : NULL;
    if (before && strtoul(before, NULL, 10) >= threads)
        return;
    snprintf(text, sizeof text, "%zu", threads);
    table_config(timings, "threads", text);
}

uint64_t runner_cost(const struct run *run, const struct session *session)
{
    fathom_error error;
    const size_t n_params = fathom_n_params(&run->flow, &error);
    if (n_params == 0)
        exit_failed("%s", error.text);
    return cost_of_run(run, rows_of(run, session), n_params);
}

/* The runs of the list `which`: [n]; `found` others were in the store. */
static void do_listed(struct table_of_runs *table, size_t n, size_t found)
{
    const struct options *options = table->session->options;
    const struct parallel how = { .what = n == 1 ? "run" : "runs",
                                  .threads = options->threads,
                                  .quiet = options->quiet,
                                  .found = found,
                                  .where = run_store_path() };
    for (size_t k = 0; k < n; k++)
        table->cost[k] = runner_cost(&table->runs[table->which[k]], table->session);
    note_threads(table->session->timings, parallel_do(&how, do_run, table, table->cost, n));
    for (size_t k = 0; k < n; k++)
        add_timing(table->session, &table->runs[table->which[k]], &table->results[table->which[k]]);
}

/* All of them are looked for in the store before the first one starts. */
void runner_run_all(struct run_result *results, const struct run *runs, const struct session *session, size_t n)
{
    struct table_of_runs table = { results,
                                   runs,
                                   session,
                                   session->store ? run_store_texts(runs, session, n) : NULL,
                                   need(calloc(n + 1, sizeof *table.cost)),
                                   need(calloc(n + 1, sizeof *table.which)) };
    size_t               listed = 0;
    check_first_batch(runs, session, n);
    for (size_t i = 0; i < n; i++)
        if (!table.texts || !run_store_find(&results[i], session->store, &runs[i], table.texts[i]))
            table.which[listed++] = i;
    if (session->options->merge && listed > 0)
        run_store_missing(table.texts, table.which, listed, n);
    do_listed(&table, listed, n - listed);
    run_store_free_texts(table.texts, n);
    free(table.cost);
    free(table.which);
}
