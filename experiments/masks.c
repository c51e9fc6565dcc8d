/* masks.c - alternating masks, one of the notebook's guards, left out: "Together — alternating masks, clipping, ActNorm
 * (data-initialised), and a warm start — these make very deep coupling flows trainable."
 *
 * Blocks as they are, without flips, without rotations, and with neither.  The seeds are those of the confirmation.
 */
#include "experiment.h"

static const struct arm arms[] = {
    { .name = "full", .mixing = "full" },
    { .name = "no-flips", .mixing = "no-flips" },
    { .name = "no-rotations", .mixing = "no-rotations" },
    { .name = "none", .mixing = "none" },
};

static const struct design design = {
    .nesting = { AXIS_DEPTH, AXIS_ARM, AXIS_SEED },
    .arms = arms,
    .n_arms = sizeof arms / sizeof *arms,
    .train = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 2, { 4, 8 } };
    options->seed = 100;
    options->seeds = 16;
}

const struct experiment masks = {
    .program = {
        .name = "masks",
        .summary = "Trains flows whose blocks have flips and rotations, one of them, or neither:\n"
                   "masks.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"masks", "coupling depth mixing seed status diverged_at first_kind first_rows train_logp heldout_logp params_sha256"},
        {"masks_summary", .summary_of = "masks", .by = "depth mixing", .of = "train_logp heldout_logp"},
    },
    .figures = {"masks"},
    .notebook_but = TAKES(OPTION_SEED) | TAKES(OPTION_SEEDS),
};
