/* actnorm.c - "ActNorm helps only when data-dependently initialised; with default scale it compounds and hurts."
 *
 * None, default and data-initialised, over depths and seeds: the untrained flow's log p and gradient norm, the
 * training curve, and the held-out score at the end.
 */
#include "experiment.h"

#include <stdlib.h>

#include "exit.h"

static const struct arm arms[] = {
    { .name = "none", .actnorm = "none" },
    { .name = "default", .actnorm = "default" },
    { .name = "data", .actnorm = "data" },
};

static const struct design design = {
    .nesting = { AXIS_ARM, AXIS_DEPTH, AXIS_SEED },
    .arms = arms,
    .n_arms = sizeof arms / sizeof *arms,
    .probe = true,
    .train = true,
    .trace = TRACE_ALL,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 6, { 1, 2, 4, 8, 16, 20 } };
    options->seeds = 8;
}

/* The mean over seeds of each step's batch loss; not a number from the step on at which a seed diverged. */
static void fill_loss(struct table *table, const struct outcome *outcome)
{
    const struct options *options = outcome->session->options;
    double               *loss = malloc(options->seeds * sizeof *loss);
    if (!loss)
        exit_failed("not enough memory for the losses");
    for (size_t i = 0; i < outcome->n; i += options->seeds) /* the seeds of an arm and depth follow each other */
        for (size_t step = 0; step < options->training.steps; step++) {
            for (size_t s = 0; s < options->seeds; s++)
                loss[s] = outcome->results[i + s].loss[step];
            table_text(table, outcome->runs[i].arm);
            table_count(table, outcome->runs[i].flow.depth);
            table_count(table, step);
            table_number(table, runner_mean(loss, options->seeds));
        }
    free(loss);
}

const struct experiment actnorm = {
    .program = {
        .name = "actnorm",
        .summary = "Trains flows without ActNorm, with its default scale and initialised from data:\n"
                   "actnorm.tsv, and the mean training curve over the seeds in actnorm_loss.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_ACTNORM),
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"actnorm", "actnorm depth seed untrained_logp grad_norm status diverged_at train_logp heldout_logp "
                    "params_sha256"},
        {"actnorm_summary", .summary_of = "actnorm", .by = "actnorm depth",
         .of = "untrained_logp grad_norm train_logp heldout_logp"},
        {"actnorm_loss", "actnorm depth step loss", .fill = fill_loss},
    },
    .figures = {"actnorm"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
