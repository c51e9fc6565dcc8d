/* stability_4d.c - the clip in four dimensions, on two spirals side by side (PROTOCOL.md, Stability). */
#include "experiment.h"

#include <math.h>

#include "run_cells.h"

static const struct coupling_level couplings[] = { { "affine", 1 }, { "affine-2sigmoid", 1 } };
static const double                rates[] = { 3e-3, 1e-2 };
static const struct arm            arms[] = {
               { .name = "none", .clip = INFINITY },
               { .name = "clip", .clip = 1 },
};

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .depths = { 1, { 8 } },
    .rates = rates,
    .n_rates = sizeof rates / sizeof *rates,
    .arms = arms,
    .n_arms = sizeof arms / sizeof *arms,
    .train = true,
    .validation = true,
    .health = true,
};

static void defaults(struct options *options)
{
    options->data = "two_spirals_4d";
    options->seed = 100;
    options->seeds = 8;
    options->flow.coupling = NULL; /* both */
}

const struct experiment stability_4d = {
    .program = {
        .name = "stability_4d",
        .summary = "Trains affine stacks on two spirals in four dimensions, with two scales, with and without\n"
                   "the clip, and records which diverge or are ruined: stability_4d.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM) | TAKES(OPTION_LR) |
                   TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* the experiment's own */
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"stability_4d", "coupling depth lr arm seed status first_kind first_layer first_rows diverged_at acted "
                         "train_logp validation_logp heldout_logp inverse_error condition_number dead_units "
                         "params_sha256"},
        {"stability_4d_cells", RUN_CELLS_COLUMNS, .summary_of = "stability_4d", .derive = run_cells_fill},
    },
    .notebook_but = TAKES(OPTION_SEEDS),
};
