/* experiment.c - rows, runs, tables, figures: every experiment's way from the command line to its exit status. */
#include "experiment.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_store.h"
#include "run_table.h"
#include "sample.h"
#include "shard.h"

static struct table *table_by_name(struct table *const *tables, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table_name(tables[i]), name) == 0)
            return tables[i];
    return NULL;
}

const char *experiment_columns(char text[SUMMARY_TABLE_COLUMNS_SIZE], const struct table_plan *plan)
{
    if (plan->columns)
        return plan->columns;
    summary_table_columns(text, plan->by);
    return text;
}

void experiment_derive(struct table *table, const struct table_plan *plan, const struct table *source)
{
    if (plan->derive)
        plan->derive(table, source);
    else
        summary_table_fill(table, source, plan->by, plan->of);
}

static bool has_runs(const struct experiment *experiment) { return experiment->design || experiment->designs[0]; }

bool experiment_list(struct run_list *runs, const struct experiment *experiment, const struct session *session)
{
    if (experiment->design)
        design_list(runs, experiment->design, session);
    for (const struct design *const *design = experiment->designs; *design; design++)
        design_list(runs, *design, session);
    return has_runs(experiment);
}

static size_t make_tables(struct table **tables, const struct experiment *experiment, const struct outcome *outcome)
{
    size_t n = 0;
    char   text[SUMMARY_TABLE_COLUMNS_SIZE];
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++) {
        if (plan->only_spiral && outcome->session->options->data)
            continue;
        struct table *table = session_table(outcome->session, plan->name, experiment_columns(text, plan));
        if (plan->summary_of)
            experiment_derive(table, plan, table_by_name(tables, n, plan->summary_of));
        else if (plan->fill)
            plan->fill(table, outcome);
        else
            run_table_fill(table, outcome);
        tables[n++] = table;
    }
    return n;
}

/* All that a shard does; no table is made of a part. */
static int make_part(struct run_list *runs, struct session *session)
{
    const struct options *options = session->options;
    const size_t          all = runs->n;
    shard_keep(runs, session, options->part, options->parts);
    struct run_result *results = runner_results(runs->n);
    runner_run_all(results, runs->run, session, runs->n);
    if (!options->quiet)
        exit_note("shard %s: %zu of %zu runs are in %s", options->shard, runs->n, all, options->store);
    runner_free(results, runs->n);
    return EXIT_DONE;
}

/* A batch system has started this as one of many, and nobody said which part is to be made. */
static void warn_of_array(const struct options *options)
{
    const char *task = getenv("SLURM_ARRAY_TASK_ID");
    if (task && !options->shard && !options->list && !options->merge && !options->sample_text)
        exit_note("SLURM_ARRAY_TASK_ID is %.20s, but there is no --shard: every run is made here", task);
}

/* The store is open and every run listed. */
static int make_all(const struct experiment *experiment, struct session *session, struct run_list *runs,
                    const struct true_density *truth, const struct options *defaults)
{
    struct run_result *results = runner_results(runs->n);
    if (session->options->merge && has_runs(experiment))
        shard_merge(session);
    runner_run_all(results, runs->run, session, runs->n);
    run_store_close(session);

    struct table  *tables[EXPERIMENT_TABLES_MAX];
    struct outcome outcome = { session, truth, runs->run, results, runs->n, NULL };
    if (experiment->measure)
        outcome.measured = experiment->measure(&outcome);
    const size_t n_tables = make_tables(tables, experiment, &outcome);
    if (experiment->release)
        experiment->release(outcome.measured, &outcome);
    const int code = session_finish(session, tables, n_tables, experiment->figures, defaults, experiment->notebook_but);
    runner_free(results, runs->n);
    return code;
}

int experiment_main(const struct experiment *experiment, int argc, char **argv)
{
    struct options defaults = options_default();
    if (experiment->defaults)
        experiment->defaults(&defaults);
    struct options  options = defaults;
    struct session  session;
    struct run_list runs = { 0 };

    options_read(&options, &experiment->program, argc, argv);
    warn_of_array(&options);
    if (experiment->check_options)
        experiment->check_options(&options);
    session_open(&session, &options, &experiment->program);
    if (experiment->check_rows)
        experiment->check_rows(&session);

    struct true_density truth = experiment->truth ? true_density_of(&session) : true_density_none();
    experiment_list(&runs, experiment, &session);
    for (size_t i = 0; i < runs.n; i++)
        runs.run[i].heldout_truth = truth.heldout;
    if (options.list && options.shard)
        shard_keep(&runs, &session, options.part, options.parts);
    if (has_runs(experiment) && !options.list && !options.sample_text)
        session.store = run_store_open(&options);
    const int code = options.list        ? shard_list(&runs, &session)
                   : options.shard       ? make_part(&runs, &session)
                   : options.sample_text ? sample_check(experiment, &session, &runs, &truth)
                                         : make_all(experiment, &session, &runs, &truth, &defaults);
    free(runs.run);
    true_density_free(&truth);
    session_close(&session);
    return code;
}
