/* effective_step.c - "With a fixed learning rate that means deeper stacks take ever-larger effective steps".
 *
 * The root mean square of an update divided by its rate, over all parameters and updates of a training; beside it the
 * norm of the untrained gradient, which the sentence takes it from.  Stacks of growing depth, of both couplings, at the
 * notebook's rate and without a clip: a clip fixes the length of a gradient.
 */
#include "experiment.h"

#include <math.h>

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
    options->depths = (struct depth_list){ 5, { 1, 2, 4, 8, 16 } };
    options->seed = 100;
    options->seeds = 16;
    options->training.clip = INFINITY;
    options->flow.coupling = NULL; /* both */
}

const struct experiment effective_step = {
    .program = {
        .name = "effective_step",
        .summary = "Trains flows of growing depth and measures their steps, the rms of an update divided by\n"
                   "its rate: effective_step.tsv.  Runs both couplings unless one is named, without a clip.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"effective_step", "coupling depth seed untrained_logp grad_norm status diverged_at update_rms train_logp "
                           "heldout_logp params_sha256"},
        {"effective_step_summary", .summary_of = "effective_step", .by = "coupling depth", .of = "grad_norm update_rms"},
    },
    .figures = {"effective_step"},
    .notebook_but = TAKES(OPTION_SEED) | TAKES(OPTION_SEEDS),
};
