/* effective_step.c - "With a fixed learning rate that means deeper stacks take ever-larger effective steps".
 *
 * The rms of a parameter's change in an update, divided by the rate, over the updates of a training; beside it the norm
 * of the untrained gradient, which the sentence takes it from.  Stacks of growing depth, of both couplings.
 */
#include "experiment.h"

static const struct coupling_level couplings[] = { { "affine", 1 }, { "spline", 1 } };

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .probe = true,
    .train = true,
    .measure_steps = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 6, { 1, 2, 4, 8, 16, 32 } };
    options->seed = 100;
    options->seeds = 8;
    options->flow.coupling = NULL; /* both */
}

const struct experiment effective_step = {
    .program = {
        .name = "effective_step",
        .summary = "Trains flows of growing depth and measures their steps: the rms of a parameter's change\n"
                   "divided by the rate, effective_step.tsv.  Runs both couplings unless one is named.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"effective_step", "coupling depth seed untrained_logp grad_norm status diverged_at update_rms train_logp "
                           "heldout_logp params_sha256"},
        {"effective_step_summary", .summary_of = "effective_step", .by = "coupling depth status", .of = "update_rms"},
        {"effective_step_gradient", .summary_of = "effective_step", .by = "coupling depth", .of = "grad_norm"},
    },
    .figures = {"effective_step"},
    .notebook_but = TAKES(OPTION_SEED) | TAKES(OPTION_SEEDS),
};
