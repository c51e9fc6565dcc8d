/* actnorm.c - "ActNorm helps only when data-dependently initialised; with default scale it compounds and hurts."
 *
 * None, default and data-initialised, over depths and seeds: the untrained flow's log p and gradient norm, the
 * training curve of splines, and the held-out score at the end.  Two parts: splines at the notebook's rate and clip, and
 * affine stacks where a stabiliser is needed, at a higher rate and without a clip.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"
#include "runner.h"

#define ARMS(c)                                                                                                       \
    {                                                                                                                 \
        { .name = "none", .actnorm = "none", .clip = (c) }, { .name = "default", .actnorm = "default", .clip = (c) }, \
            { .name = "data", .actnorm = "data", .clip = (c) },                                                       \
    }
enum { N_ARMS = 3 };

static const struct arm            clipped[N_ARMS] = ARMS(1), unclipped[N_ARMS] = ARMS(INFINITY);
static const struct coupling_level spline[] = { { "spline", 1 } }, affine[] = { { "affine", 1 } };
static const double                moderate[] = { 3e-3 }, aggressive[] = { 1e-2 };

static const struct design parts[] = {
    {
        .nesting = { AXIS_COUPLING, AXIS_RATE, AXIS_ARM, AXIS_DEPTH, AXIS_SEED },
        .couplings = spline,
        .n_couplings = 1,
        .depths = { 4, { 1, 4, 8, 16 } },
        .rates = moderate,
        .n_rates = 1,
        .arms = clipped,
        .n_arms = N_ARMS,
        .probe = true,
        .train = true,
        .trace = TRACE_ALL,
    },
    {
        .nesting = { AXIS_COUPLING, AXIS_RATE, AXIS_ARM, AXIS_DEPTH, AXIS_SEED },
        .couplings = affine,
        .n_couplings = 1,
        .depths = { 3, { 4, 8, 16 } },
        .rates = aggressive,
        .n_rates = 1,
        .arms = unclipped,
        .n_arms = N_ARMS,
        .probe = true,
        .train = true,
    },
};

static void defaults(struct options *options)
{
    options->seed = 100;
    options->seeds = 16;
    options->flow.coupling = NULL; /* the parts' own */
}

/* Splines: the mean over seeds of each step's batch loss; NaN from the step on at which a seed diverged. */
static void fill_loss(struct table *table, const struct outcome *outcome)
{
    const struct options *options = outcome->session->options;
    double               *loss = malloc(options->seeds * sizeof *loss);
    if (!loss)
        exit_failed("not enough memory for the losses");
    for (size_t i = 0; i < outcome->n; i += options->seeds) /* the seeds of an arm and depth follow each other */
        for (size_t step = 0; outcome->runs[i].keep_trace && step < options->training.steps; step++) {
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
                   "actnorm.tsv, and of splines the mean training curve over the seeds, actnorm_loss.tsv.\n"
                   "Splines at rate 0.003 and clip 1, affine stacks at rate 0.01 without a clip.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM) | TAKES(OPTION_LR) |
                   TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* these are the parts' own */
    },
    .defaults = defaults,
    .design = parts,
    .n_designs = sizeof parts / sizeof *parts,
    .tables = {
        {"actnorm", "coupling actnorm depth lr clip seed untrained_logp grad_norm status diverged_at first_kind first_rows "
                    "train_logp heldout_logp params_sha256"},
        {"actnorm_summary", .summary_of = "actnorm", .by = "coupling actnorm depth",
         .of = "untrained_logp grad_norm train_logp heldout_logp"},
        {"actnorm_loss", "actnorm depth step loss", .fill = fill_loss},
    },
    .figures = {"actnorm"},
    .notebook_but = TAKES(OPTION_SEED) | TAKES(OPTION_SEEDS),
};
