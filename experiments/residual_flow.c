/* residual_flow.c - "More expressive per layer": residual flows against coupling flows at equal parameters and at equal
 * work, with the rate tuned on validation rows (PROTOCOL.md, Residual flows).
 *
 * All flows have four blocks, but in the part that varies them.  Two trained flows of the spiral are drawn: their densities
 * beside the truth, and the plane's grid as it passes through the blocks.  One training is made again, to look at the
 * certificate beside power iteration's value while it goes on.
 */
#include "experiment.h"

#include "exit.h"
#include "residual_pictures.h"
#include "tuned_cells.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* -------------------------------------------------------------------------------------------------- the parts ---- */

static const double rates[] = { 1e-2, 3e-2, 1e-1 };
static const double fixed[] = { 3e-2 }; /* of the descriptive parts: their runs are listed before any is made */

static const struct data_level spiral[] = { { "spiral", 0 } };
static const struct data_level plane[] = {
    { "moons", 0 }, { "checkerboard", 0 }, { "gaussians", 0 }, { "circles", 0 }, { "pinwheel", 0 },
};

#define RESIDUAL .block = "residual", .width = 48
static const struct arm residual = { .name = "residual", RESIDUAL };

static const struct arm contest[] = {
    { .name = "residual", RESIDUAL },
    { .name = "spline-params", .coupling = "spline", .params_of = &residual },
    { .name = "spline-work", .coupling = "spline", .params_of = &residual, .work_of = &residual },
    { .name = "affine-params", .coupling = "affine", .params_of = &residual },
    { .name = "affine-work", .coupling = "affine", .params_of = &residual, .work_of = &residual },
};
enum { WITHOUT_AFFINE = 3, PICTURED = 2 };

static const struct arm lipschitz[] = {
    { .name = "residual-0.5", RESIDUAL, .lipschitz = 0.5 },
    { .name = "residual-0.98", RESIDUAL, .lipschitz = 0.98 },
};

#define PART(levels, arm_list, number, rate_list, seeds_of, keep)                                                      \
    {                                                                                                                  \
        .nesting = { AXIS_DATA, AXIS_ARM, AXIS_DEPTH, AXIS_RATE, AXIS_SEED }, .data = levels, .n_data = COUNT(levels), \
        .arms = arm_list, .n_arms = number, .rates = rate_list, .n_rates = COUNT(rate_list), .seeds = seeds_of,        \
        .train = true, .validation = true, .health = true, .keep_params = keep, .depths = { 1, { 4 } },                \
    }

static const struct design parts[] = {
    PART(spiral, contest, COUNT(contest), rates, 12, false),
    PART(plane, contest, WITHOUT_AFFINE, rates, 8, false),
    { .nesting = { AXIS_DATA, AXIS_ARM, AXIS_DEPTH, AXIS_RATE, AXIS_SEED },
      .data = spiral,
      .n_data = COUNT(spiral),
      .arms = &residual,
      .n_arms = 1,
      .rates = fixed,
      .n_rates = COUNT(fixed),
      .seeds = 4,
      .train = true,
      .validation = true,
      .health = true,
      .depths = { 4, { 1, 2, 8, 16 } } },
    PART(spiral, lipschitz, COUNT(lipschitz), fixed, 4, false),
    PART(spiral, contest, PICTURED, fixed, 1, true),
};

static void defaults(struct options *options)
{
    options->seed = 400;
    options->seeds = 12;
}

static void check_rows(const struct session *session)
{
    if (!session->set && session->validation.n == 0)
        exit_failed("--data FILE: needs --validation FRACTION, the rows that choose the rate");
}

/* ---------------------------------------------------------------------------------------------------- tables ---- */

static void *measure(const struct outcome *outcome) { return residual_pictures_new(outcome); }

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    residual_pictures_free(measured);
}

static void fill_density(struct table *table, const struct outcome *outcome)
{
    residual_pictures_density(table, outcome->measured);
}

static void fill_grid(struct table *table, const struct outcome *outcome)
{
    residual_pictures_grid(table, outcome->measured);
}

static void fill_certificate(struct table *table, const struct outcome *outcome)
{
    residual_pictures_certificate(table, outcome->measured);
}

const struct experiment residual_flow = {
    .program = {
        .name = "residual_flow",
        .summary = "Trains residual flows and coupling flows of four blocks at three peak rates, of which the\n"
                   "validation rows choose one per arm, at equal parameters and at equal work, on the spiral\n"
                   "and, unless a data set is named, on five others: residual_flow.tsv, its medians\n"
                   "residual_flow_rates.tsv.  On rows of the plane also pictures: residual_density.tsv,\n"
                   "residual_grid.tsv.  residual_certificate.tsv has the Lipschitz numbers over a training.\n"
                   "--seeds 12 gives the spiral 12 flows per cell, other sets 8; another number scales both.",
        .takes = (TAKES_DATA | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_LR),
    },
    .defaults = defaults,
    .check_rows = check_rows,
    .design = parts,
    .n_designs = COUNT(parts),
    .truth = true,
    .measure = measure, .release = release,
    .tables = {
        {"residual_flow", "data arm block coupling depth width steps lr seed lipschitz n_params flops status "
                          "train_logp validation_logp test_logp kl kl_std_error inverse_error certified by_power "
                          "before banach_steps params_sha256"},
        {"residual_flow_rates", TUNED_CELLS_COLUMNS, .summary_of = "residual_flow", .derive = tuned_cells_fill},
        {"residual_density", "kind x y density", .fill = fill_density},
        {"residual_grid", "block line x y log_det", .fill = fill_grid},
        {"residual_certificate", "step certified by_power before", .fill = fill_certificate},
    },
    .figures = {"residual_flow", "residual_density", "residual_grid", "residual_certificate"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
