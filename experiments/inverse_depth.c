/* inverse_depth.c - "exact inverse survives every layer": how exactly a row comes back through a stack of any depth.
 *
 * Inverse error and condition number (health.h) of untrained and of trained flows, of both couplings, from several seeds
 * (PROTOCOL.md, Depth, part inverses).
 */
#include "experiment.h"

static const struct coupling_level couplings[] = { { "affine", 1 }, { "spline", 1 } };

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .train = true,
    .health = true,
    .untrained_health = true,
};

static void defaults(struct options *options)
{
    options->seed = 200;
    options->seeds = 12;
    options->depths = (struct depth_list){ 5, { 1, 2, 4, 8, 16 } };
    options->flow.coupling = NULL; /* both */
}

const struct experiment inverse_depth = {
    .program = {
        .name = "inverse_depth",
        .summary = "Takes held-out rows through flows of growing depth and back, before and after training,\n"
                   "and measures the condition number of the map: inverse_depth.tsv.  Runs both couplings\n"
                   "unless one is named.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"inverse_depth", "coupling depth seed status untrained_inverse_error inverse_error untrained_condition_number "
                          "condition_number params_sha256"},
        {"inverse_depth_summary", .summary_of = "inverse_depth", .by = "coupling depth",
         .of = "untrained_inverse_error inverse_error untrained_condition_number condition_number"},
    },
    .figures = {"inverse_depth"},
    .notebook_but = TAKES(OPTION_SEEDS) | TAKES(OPTION_COUPLING),
};
