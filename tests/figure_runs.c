/* figure_runs.c - tables of runs, of any experiment, for figure_worlds.h. */
#include "figure_worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "run_table.h"
#include "runner.h"

/* The rows that the designs name, by name and number alone: no run is made on them. */
enum { ROWS_MAX = 32 };
struct named_rows {
    struct session rows[ROWS_MAX], *others[ROWS_MAX];
    struct session session;
};

static void name_rows(struct named_rows *named, const struct experiment *experiment, const struct options *options)
{
    *named = (struct named_rows){ .session = { .options = options, .called = "spiral", .others = named->others } };
    for (size_t part = 0; part < experiment_parts(experiment); part++)
        for (size_t i = 0; i < experiment->design[part].n_data; i++) {
            const struct data_level *level = &experiment->design[part].data[i];
            const size_t             k = named->session.n_others++;
            assert_true(k < ROWS_MAX);
            named->rows[k] = (struct session){ .options = options,
                                               .set = fathom_data_set_find(level->name),
                                               .called = level->name,
                                               .train = { .n = level->size > 0 ? level->size : options->data_size,
                                                          .dim = 2 } };
            named->others[k] = &named->rows[k];
        }
}

/* Tables of runs, of any experiment: the runs that its design lists, with random results. */
void fill_runs(struct world *w)
{
    const struct experiment *experiment = w->experiment;
    struct options           options = options_default();
    struct run_list          runs = { 0 };
    if (experiment->defaults)
        experiment->defaults(&options);
    options.seeds = w->seeds;
    options.depths.n = w->n_depths;
    for (unsigned d = 0; d < w->n_depths; d++)
        options.depths.depth[d] = w->depths[d];
    struct named_rows named;
    name_rows(&named, experiment, &options);
    if (!w->empty)
        design_list(&runs, experiment->design, experiment_parts(experiment), &named.session, options.seeds);

    struct run_result  *results = runner_results(runs.n + 1);
    struct true_density truth = { .train_mean = world_score(w), .heldout_mean = world_score(w) };
    for (size_t i = 0; i < runs.n; i++) {
        const double value = world_score(w);
        const bool   lost = isnan(value) && world_below(w, 4);
        results[i] = (struct run_result){ .n_params = 1 + world_below(w, 9999),
                                          .untrained_logp = world_score(w),
                                          .untrained_grad_norm = world_size(w),
                                          .status = lost                   ? FATHOM_DIVERGED
                                                  : world_below(w, 5) == 0 ? FATHOM_RUINED
                                                                           : FATHOM_OK,
                                          .diverged_at = lost ? world_below(w, w->steps) : NAN,
                                          .skipped = world_below(w, 2),
                                          .train_logp = value,
                                          .heldout_logp = world_score(w),
                                          .update_rms = world_size(w),
                                          .validation_logp = world_score(w),
                                          .health = { world_size(w), world_size(w), 0.1, 0.1 },
                                          .untrained_health = { world_size(w), world_size(w), 0.1, 0.1 },
                                          .kl = world_score(w),
                                          .kl_std_error = world_size(w) };
    }
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++)
        if (!plan->summary_of && !plan->fill)
            run_table_fill(world_table(w, plan->name, plan->columns), &(struct outcome){ .session = &named.session,
                                                                                         .truth = &truth,
                                                                                         .runs = runs.run,
                                                                                         .results = results,
                                                                                         .n = runs.n });
    free(runs.run);
    runner_free(results, 0);
}
