/* divergence.c - how often a deep affine stack diverges here, beside the notebook's own stack.
 *
 * The cells of tests/reference/divergence.tsv, which that stack made with the same seeds.  A single run of either is
 * chaotic: only how many diverge can be compared.
 */
#include "experiment.h"

#include <math.h>

static const struct coupling_level couplings[] = { { "affine", 1 } };
static const double                rates[] = { 3e-3, 1e-2 };
static const struct arm            arms[] = {
               { .name = "none", .clip = INFINITY },
               { .name = "clip", .clip = 1 },
};

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .rates = rates,
    .n_rates = sizeof rates / sizeof *rates,
    .arms = arms,
    .n_arms = sizeof arms / sizeof *arms,
    .train = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 1, { 16 } };
    options->seeds = 24;
    options->flow.coupling = "affine";
}

const struct experiment divergence = {
    .program = {
        .name = "divergence",
        .summary = "Trains deep affine stacks with and without the clip, on the seeds that the notebook's own\n"
                   "stack was trained on, and records which diverge: divergence.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_LR) | TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* the experiment's own */
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"divergence", "coupling depth lr clip seed status diverged_at train_logp heldout_logp params_sha256"},
    },
    .notebook_but = TAKES(OPTION_SEEDS),
};
