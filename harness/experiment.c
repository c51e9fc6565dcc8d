/* experiment.c - rows, runs, tables, figures: every experiment's way from the command line to its exit status. */
#include "experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_store.h"
#include "run_table.h"
#include "runner.h"
#include "sample.h"
#include "shard.h"
#include "tuned_rate.h"

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

/* Adds to the n tables. */
static size_t make_tables(struct table **tables, size_t n, const struct experiment *experiment,
                          const struct outcome *outcome)
{
    char text[SUMMARY_TABLE_COLUMNS_SIZE];
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++) {
        const fathom_data_set *set = outcome->session->set;
        if (plan->only_known && !(set && fathom_data_set_has_density(set)))
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

/* A batch system has started this as one of many, but the command line names no part. */
static void warn_of_array(const struct options *options)
{
    const char *task = getenv("SLURM_ARRAY_TASK_ID");
    if (task && !options->shard && !options->list && !options->merge && !options->sample_text)
        exit_note("SLURM_ARRAY_TASK_ID is %.20s, but there is no --shard: every run is made here", task);
}

/* "depth_sweep_rates": the table of --lr tuned. */
struct rates_name {
    char text[64];
};

static struct rates_name rates_name(const struct program *program)
{
    struct rates_name name;
    snprintf(name.text, sizeof name.text, "%s_rates", program->name);
    return name;
}

/* The store is open and every run listed. */
static int make_all(const struct experiment *experiment, struct session *session, struct run_list *runs,
                    const struct true_density *truth, const struct options *defaults)
{
    struct run_result *results = runner_results(runs->n);
    if (session->options->merge && experiment->design)
        shard_merge(session);
    runner_run_all(results, runs->run, session, runs->n);

    struct table *tables[EXPERIMENT_TABLES_MAX + 1];
    size_t        n_tables = 0;
    if (session->options->rates.n > 0) {
        tables[n_tables] = session_table(session, rates_name(session->program).text, TUNED_RATE_COLUMNS);
        tuned_rate_choose(tables[n_tables++], runs, results, session);
    }
    struct outcome outcome = { session, truth, runs->run, results, runs->n, NULL };
    if (experiment->measure)
        outcome.measured = experiment->measure(&outcome);
    run_store_close(session);
    n_tables = make_tables(tables, n_tables, experiment, &outcome);
    if (experiment->release)
        experiment->release(outcome.measured, &outcome);
    const int code = session_finish(session, tables, n_tables, experiment->figures, defaults, experiment->notebook_but);
    runner_free(results, runs->n);
    return code;
}

size_t experiment_parts(const struct experiment *experiment)
{
    return !experiment->design ? 0 : experiment->n_designs > 0 ? experiment->n_designs : 1;
}

/* The true densities of the session's own rows and of the others, [n_others]; with all that is NaN if the experiment does not need it. */
static struct true_density *true_densities(struct session *session, bool asked)
{
    struct true_density *truth = calloc(session->n_others + 1, sizeof *truth);
    if (!truth)
        exit_failed("not enough memory for the true densities");
    for (size_t i = 0; i <= session->n_others; i++)
        truth[i] = asked ? true_density_of(i == 0 ? session : session->others[i - 1]) : true_density_none();
    for (size_t i = 0; i < session->n_others; i++)
        session->others[i]->truth = &truth[i + 1];
    return truth;
}

/* What a run is compared with, and batches for as many steps as it takes. */
static void prepare(struct run_list *runs, struct session *session, const struct true_density *truth)
{
    for (size_t i = 0; i < runs->n; i++) {
        struct run *run = &runs->run[i];
        run->heldout_truth = run->rows ? run->rows->truth->heldout : truth->heldout;
        for (size_t k = 0; k < session->n_others; k++)
            if (run->rows == session->others[k])
                session_need_steps(session->others[k], run->training.steps);
        if (!run->rows)
            session_need_steps(session, run->training.steps);
    }
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

    const size_t parts = experiment_parts(experiment);
    design_open_rows(&session, experiment->design, parts);
    struct true_density *truth = true_densities(&session, experiment->truth);
    if (experiment->design)
        tuned_rate_list(&runs, experiment->design, parts, &session, &options, defaults.seeds);
    prepare(&runs, &session, truth);
    if (options.list && options.shard)
        shard_keep(&runs, &session, options.part, options.parts);
    if ((experiment->design || experiment->keeps) && !options.list && !options.sample_text)
        session.store = run_store_open(&options);
    const int code = options.list        ? shard_list(&runs, &session)
                   : options.shard       ? make_part(&runs, &session)
                   : options.sample_text ? sample_check(experiment, &session, &runs, truth)
                                         : make_all(experiment, &session, &runs, truth, &defaults);
    free(runs.run);
    for (size_t i = 0; i <= session.n_others; i++)
        true_density_free(&truth[i]);
    free(truth);
    session_close(&session);
    return code;
}
