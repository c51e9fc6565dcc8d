/* gradient_norm.c - "The gradient norm grows with depth."
 *
 * A quantity that needs no training: the global norm of the gradient of the mean negative log-likelihood of the first
 * 1000 rows, with respect to all parameters, for untrained stacks of growing depth, of both couplings.
 */
#include "experiment.h"

static const struct coupling_level couplings[] = { { "affine", 1 }, { "spline", 1 } };

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .probe = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 4, { 2, 4, 8, 16 } };
    options->flow.coupling = NULL; /* both */
}

const struct experiment gradient_norm = {
    .program = {
        .name = "gradient_norm",
        .summary = "Takes the gradient of untrained flows of growing depth and writes its global norm:\n"
                   "gradient_norm.tsv.  Runs both couplings unless one is named.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {{"gradient_norm", "coupling depth seed n_params untrained_logp grad_norm"}},
    .figures = {"gradient_norm"},
    .notebook_but = TAKES(OPTION_DEPTHS) | TAKES(OPTION_SEEDS) | TAKES(OPTION_COUPLING),
};
