/* depth20.c - "Well-conditioned stacks, even at depth 20, train fine": with and without each guard.
 *
 * Four arms, spline and affine: bare, clipped, ActNorm initialised from data, and both.
 */
#include "experiment.h"

#include <math.h>

static const struct coupling_level couplings[] = { { "spline", 1 }, { "affine", 1 } };

static const struct arm arms[] = {
    { .name = "none", .clip = INFINITY, .actnorm = "none" },
    { .name = "clip", .clip = 1, .actnorm = "none" },
    { .name = "actnorm", .clip = INFINITY, .actnorm = "data" },
    { .name = "both", .clip = 1, .actnorm = "data" },
};

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_ARM, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .arms = arms,
    .n_arms = sizeof arms / sizeof *arms,
    .train = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 1, { 20 } };
    options->seeds = 8;
    options->flow.coupling = NULL; /* both */
}

const struct experiment depth20 = {
    .program = {
        .name = "depth20",
        .summary = "Trains flows of depth 20, bare, clipped, with ActNorm from data, and with both, of both\n"
                   "couplings unless one is named: depth20.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_ACTNORM) | TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)),
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"depth20", "coupling depth arm seed status diverged_at train_logp heldout_logp params_sha256"},
        {"depth20_summary", .summary_of = "depth20", .by = "coupling depth arm", .of = "train_logp heldout_logp"},
    },
    .figures = {"depth20"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
