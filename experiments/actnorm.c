/* actnorm.c - "ActNorm helps only when data-dependently initialised; with default scale it compounds and hurts."
 *
 * None, default and data-initialised, over depths and seeds: the untrained flow's log p and gradient norm, the
 * training curve, and the held-out score at the end.
 */
#include "runner.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"

static const struct program program = {
    .name = "actnorm",
    .summary = "Trains flows without ActNorm, with its default scale and initialised from data:\n"
               "actnorm.tsv, and the mean training curve over the seeds in actnorm_loss.tsv.",
    .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_ACTNORM),
};

static const struct arm {
    const char    *name;
    fathom_actnorm actnorm;
} arms[] = {
    {"none", FATHOM_ACTNORM_NONE},
    {"default", FATHOM_ACTNORM_DEFAULT},
    {"data", FATHOM_ACTNORM_DATA},
};
enum { N_ARMS = sizeof arms / sizeof *arms };

static size_t fill_runs(struct run *runs, const struct setup *setup)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t a = 0; a < N_ARMS; a++)
        for (size_t d = 0; d < options->depths.n; d++)
            for (size_t seed = 0; seed < options->seeds; seed++) {
                struct run *run = &runs[n++];
                *run = runner_run(setup, options->depths.depth[d], options->seed + seed);
                run->arm = arms[a].name;
                run->flow.actnorm = arms[a].actnorm;
                run->probe = run->train = run->keep_trace = true;
            }
    return n;
}

static struct table *actnorm_table(const struct run *runs, const struct run_result *results,
                                   const struct setup *setup, size_t n)
{
    struct table *table = setup_table(setup, "actnorm",
                                      "actnorm depth seed untrained_logp untrained_grad_norm status diverged_at "
                                      "train_logp heldout_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].arm);
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].seed);
        table_number(table, results[i].untrained_logp);
        table_number(table, results[i].untrained_grad_norm);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].diverged_at);
        table_number(table, results[i].mean_logp);
        table_number(table, results[i].heldout_logp);
    }
    return table;
}

/* The mean over seeds of each step's batch loss; not a number from the step on at which a seed diverged. */
static struct table *loss_table(const struct run *runs, const struct run_result *results, const struct setup *setup,
                                size_t n)
{
    const size_t  seeds = setup->options->seeds;
    struct table *table = setup_table(setup, "actnorm_loss", "actnorm depth step loss");
    double       *loss = malloc(seeds * sizeof *loss);
    if (!loss)
        leave_failed("not enough memory for the losses");
    for (size_t i = 0; i < n; i += seeds) /* the seeds of an arm and depth follow each other */
        for (size_t step = 0; step < setup->options->training.steps; step++) {
            for (size_t s = 0; s < seeds; s++)
                loss[s] = results[i + s].loss[step];
            table_text(table, runs[i].arm);
            table_count(table, runs[i].flow.depth);
            table_count(table, step);
            table_number(table, runner_mean(loss, seeds));
        }
    free(loss);
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){6, {1, 2, 4, 8, 16, 20}};
    defaults.seeds = 8;

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct run        *runs = runner_runs(N_ARMS * options.depths.n * options.seeds);
    const size_t       n = fill_runs(runs, &setup);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table     *tables[] = {actnorm_table(runs, results, &setup, n), loss_table(runs, results, &setup, n)};
    const char *const figures[] = {"actnorm", NULL};
    const int         code = setup_finish(&setup, tables, 2, figures, &defaults, TAKES(OPTION_SEEDS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
