/* guards.c - "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these make very deep
 * coupling flows trainable" (PROTOCOL.md, Warm start).
 *
 * Stacks of depth 20 with none of the four guards, with all, and with each one left out.  Rotations are fitted and frozen
 * in every arm.  Beside them the notebook's spline stacks of that depth as they are.
 */
#include "experiment.h"

#include <math.h>

#include "run_cells.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct arm arms[] = {
    { .name = "none",
      .mixing = "no-flips",
      .clip = INFINITY,
      .actnorm = "none",
      .start = "rotations",
      .rotation = "frozen" },
    { .name = "all", .mixing = "full", .clip = 1, .actnorm = "data", .start = "warm", .rotation = "frozen" },
    { .name = "no-masks", .mixing = "no-flips", .clip = 1, .actnorm = "data", .start = "warm", .rotation = "frozen" },
    { .name = "no-clip", .mixing = "full", .clip = INFINITY, .actnorm = "data", .start = "warm", .rotation = "frozen" },
    { .name = "no-actnorm", .mixing = "full", .clip = 1, .actnorm = "none", .start = "warm", .rotation = "frozen" },
    { .name = "no-warm", .mixing = "full", .clip = 1, .actnorm = "data", .start = "rotations", .rotation = "frozen" },
};
static const struct arm as_they_are[] = { { .name = "notebook", .clip = 1 },
                                          { .name = "notebook-no-clip", .clip = INFINITY } };

static const struct coupling_level couplings[] = { { "spline", 1 }, { "affine", 1 }, { "affine-bayesflow", 1 } };
static const double                aggressive[] = { 1e-2 }, moderate[] = { 3e-3 };

enum { VERY_DEEP = 20 };
#define PART(n_of, arms_of, rates_of)                                                                          \
    {                                                                                                          \
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED }, .couplings = couplings,      \
        .n_couplings = n_of, .depths = { 1, { VERY_DEEP } }, .rates = rates_of, .n_rates = 1, .arms = arms_of, \
        .n_arms = COUNT(arms_of), .probe = true, .train = true, .validation = true, .health = true,            \
    }

static const struct design parts[] = {
    PART(COUNT(couplings), arms, aggressive), PART(1, as_they_are, moderate), /* splines */
};

static void defaults(struct options *options)
{
    options->seed = 300;
    options->seeds = 12;
    options->flow.coupling = NULL; /* each part's own */
}

const struct experiment guards = {
    .program = {
        .name = "guards",
        .summary = "Trains flows of depth 20 with none of four guards (alternating masks, a clip, ActNorm from\n"
                   "data, a warm start), with all, and with each one left out: guards.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM) | TAKES(OPTION_LR) |
                   TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* the arms' own */
    },
    .defaults = defaults,
    .design = parts,
    .n_designs = COUNT(parts),
    .tables = {
        {"guards", "coupling depth lr arm mixing clip actnorm rotation start seed untrained_logp grad_norm warm_distance status "
                   "first_kind first_rows diverged_at acted train_logp validation_logp heldout_logp inverse_error "
                   "condition_number dead_units params_sha256"},
        {"guards_cells", RUN_CELLS_COLUMNS, .summary_of = "guards", .derive = run_cells_fill},
    },
    .figures = {"guards"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
