/* stability.c - what breaks a deep stack, and which remedy holds it at what cost (PROTOCOL.md, Stability).
 *
 * Four parts, each a design: the primary cells, with and without the clip; which scale of the affine coupling how deep;
 * each other remedy alone, without the clip; and splines at rates that can ruin them.  A run that two parts name is made
 * once.
 */
#include "experiment.h"

#include <math.h>
#include <string.h>

#include "best_rate.h"
#include "replay.h"
#include "run_cells.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct arm none_and_clip[] = {
    { .name = "none", .clip = INFINITY },
    { .name = "clip", .clip = 1 },
};
static const struct arm clip[] = { { .name = "clip", .clip = 1 } };

static const double rates[] = { 3e-3, 1e-2, 3e-2 };

/* ------------------------------------------------------------------------------------------------ the parts ---- */

/* The first three are those of the primary cells. */
static const struct coupling_level scales[] = {
    { "affine", 1 },      { "affine-log-softplus", 1 }, { "affine-2sigmoid", 1 },  { "affine-glow", 1 },
    { "affine-tanh", 1 }, { "affine-freia", 1 },        { "affine-bayesflow", 1 }, { "affine-zuko", 1 },
};
enum { N_PRIMARY = 3 };

static const struct coupling_level remedies_couplings[] = { { "affine", 1 }, { "affine-2sigmoid", 1 } };
static const double                remedies_rates[] = { 1e-2 };
static const struct arm            remedies_arms[] = {
               { .name = "skip", .clip = INFINITY, .stabiliser = "skip" },
               { .name = "olmo", .clip = INFINITY, .stabiliser = "olmo" },
               { .name = "zclip", .clip = INFINITY, .stabiliser = "zclip" },
               { .name = "agc", .clip = INFINITY, .stabiliser = "agc" },
               { .name = "amsgrad", .clip = INFINITY, .stabiliser = "amsgrad" },
               { .name = "beta2", .clip = INFINITY, .stabiliser = "beta2" },
               { .name = "rewind", .clip = INFINITY, .stabiliser = "rewind" },
               { .name = "actnorm", .clip = INFINITY, .actnorm = "data" },
};

static const struct coupling_level splines_couplings[] = { { "spline", 1 } };
static const double                splines_rates[] = { 3e-2, 1e-1 };

static const struct design parts[] = {
    {
        /* primary */
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
        .couplings = scales,
        .n_couplings = N_PRIMARY,
        .depths = { 1, { 16 } },
        .rates = rates,
        .n_rates = COUNT(rates),
        .arms = none_and_clip,
        .n_arms = COUNT(none_and_clip),
        .seeds = 24,
        .train = true,
        .validation = true,
        .health = true,
    },
    {
        /* which scale, how deep */
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
        .couplings = scales,
        .n_couplings = COUNT(scales),
        .depths = { 4, { 4, 8, 16, 32 } },
        .rates = rates,
        .n_rates = COUNT(rates),
        .arms = clip,
        .n_arms = COUNT(clip),
        .seeds = 8,
        .train = true,
        .validation = true,
        .health = true,
    },
    {
        /* each other remedy */
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
        .couplings = remedies_couplings,
        .n_couplings = COUNT(remedies_couplings),
        .depths = { 1, { 16 } },
        .rates = remedies_rates,
        .n_rates = COUNT(remedies_rates),
        .arms = remedies_arms,
        .n_arms = COUNT(remedies_arms),
        .seeds = 12,
        .train = true,
        .validation = true,
        .health = true,
    },
    {
        /* splines where they can be ruined */
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED },
        .couplings = splines_couplings,
        .n_couplings = COUNT(splines_couplings),
        .depths = { 1, { 16 } },
        .rates = splines_rates,
        .n_rates = COUNT(splines_rates),
        .arms = none_and_clip,
        .n_arms = COUNT(none_and_clip),
        .seeds = 12,
        .train = true,
        .validation = true,
        .health = true,
    },
};

/* ------------------------------------------------------------------------------------------ how a run diverged ---- */

enum { REPLAYED = 3 };

/* The first runs of the notebook's scale that diverged at depth 16 and rate 0.01 under the clip, each step by step. */
static void fill_first(struct table *table, const struct outcome *outcome)
{
    size_t replayed = 0;
    for (size_t i = 0; i < outcome->n && replayed < REPLAYED; i++) {
        const struct run *run = &outcome->runs[i];
        if (outcome->results[i].status != FATHOM_DIVERGED || isnan(outcome->results[i].diverged_at) ||
            strcmp(run->flow.coupling, "affine") != 0 || run->flow.depth != 16 || run->training.peak_lr != 1e-2 ||
            strcmp(run->arm, "clip") != 0)
            continue;
        replay_add(table, run, outcome->session);
        replayed++;
    }
}

static void defaults(struct options *options)
{
    options->seed = 100;
    options->seeds = 24;
    options->flow.coupling = NULL; /* each part's own */
}

const struct experiment stability = {
    .program = {
        .name = "stability",
        .summary = "Trains deep affine stacks with each scale, rate, clip and other remedy, and splines at\n"
                   "high rates, and records which diverge or are ruined: stability.tsv.  --seeds 24 gives the\n"
                   "parts 24, 8, 12 and 12 flows per cell; another number scales all four.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM) | TAKES(OPTION_LR) |
                   TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP)), /* the parts' own */
    },
    .defaults = defaults,
    .design = parts,
    .n_designs = COUNT(parts),
    .tables = {
        {"stability", "coupling depth lr arm seed status first_kind first_layer first_rows diverged_at acted "
                      "train_logp validation_logp heldout_logp inverse_error condition_number dead_units "
                      "params_sha256"},
        {"stability_cells", RUN_CELLS_COLUMNS, .summary_of = "stability", .derive = run_cells_fill},
        {"stability_scales", BEST_RATE_COLUMNS, .summary_of = "stability", .derive = best_rate_fill},
        {"stability_title", BEST_RATE_TITLE_COLUMNS, .summary_of = "stability_scales", .derive = best_rate_title},
        {"stability_first", REPLAY_COLUMNS, .fill = fill_first},
    },
    .figures = {"stability", "stability_remedies", "stability_first"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
