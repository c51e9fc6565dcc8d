/* gradient_depth.c - "The gradient norm grows with depth": over many seeds, where the notebook has one.
 *
 * The notebook's gradient norm of untrained flows (gradient_norm.c), from so many seeds that its distribution at each
 * depth is known: to fit a law of growth, and to judge whether the notebook's own seed is typical.
 */
#include "experiment.h"

static const struct coupling_level couplings[] = {{"affine", 1}, {"spline", 1}};

static const struct design design = {
    .nesting = {AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED},
    .couplings = couplings, .n_couplings = sizeof couplings / sizeof *couplings,
    .probe = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){10, {1, 2, 3, 4, 6, 8, 12, 16, 24, 32}};
    options->seeds = 64;
    options->flow.coupling = NULL; /* both */
}

const struct experiment gradient_depth = {
    .program = {
        .name = "gradient_depth",
        .summary = "Takes the gradient norm of untrained flows over depths and many seeds, of both\n"
                   "couplings unless one is named: gradient_depth.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"gradient_depth", "coupling depth seed untrained_logp grad_norm"},
        {"gradient_depth_summary", .summary_of = "gradient_depth", .by = "coupling depth", .of = "grad_norm"},
    },
    .figures = {"gradient_depth"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
