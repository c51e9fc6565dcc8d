/* clipping.c - "The most reliable stabiliser is gradient clipping": where it suffices, and what does better.
 *
 * A map of coupling x depth x peak rate for each stabiliser: no clip, two clips, and no clip but a guard that leaves out
 * a step whose loss or gradient norm is not finite.  A guard that never acts changes no bit of a run, so only unclipped
 * runs that diverged are repeated with it.
 */
#include "experiment.h"

#include <math.h>

/* Whether an affine run diverges depends on its seed, and the claims are about how often: so there are more of them. */
static const struct coupling_level couplings[] = { { "affine", 2 }, { "spline", 1 } };
static const double                rates[] = { 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2, 1e-1 };

static const struct arm stabilisers[] = {
    { .name = "none", .clip = INFINITY },
    { .name = "clip 1", .clip = 1 },
    { .name = "clip 0.1", .clip = 0.1 },
    { .name = "skip", .stabiliser = "skip", .only_if_diverged = "none" },
};

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .rates = rates,
    .n_rates = sizeof rates / sizeof *rates,
    .arms = stabilisers,
    .n_arms = sizeof stabilisers / sizeof *stabilisers,
    .train = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 3, { 4, 8, 16 } };
    options->seeds = 12;
    options->flow.coupling = NULL; /* both */
}

const struct experiment clipping = {
    .program = {
        .name = "clipping",
        .summary = "Trains flows over depths, peak rates and clips, and unclipped with a guard that skips\n"
                   "steps that are not finite, and tells which diverge: clipping.tsv.  Runs both couplings\n"
                   "unless one is named, the affine with twice as many flows.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_LR) | TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* the experiment's own */
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"clipping", "coupling depth lr clip guard seed status diverged_at skipped train_logp heldout_logp "
                     "params_sha256"},
        {"clipping_summary", .summary_of = "clipping", .by = "coupling depth lr clip guard",
         .of = "train_logp heldout_logp"},
    },
    .figures = {"clipping"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
