/* depth_tuned.c - "Stacking coupling blocks steadily improves the fit": with the rate chosen for each depth, at equal
 * parameters, at equal work, and on other data sets (PROTOCOL.md, Depth).
 *
 * Every depth is trained at every rate.  The validation rows choose a rate per configuration; the test rows choose
 * nothing.  The arms of equal parameters and equal work are relative to depth 8, where all three arms are the same runs:
 * these are made once and stand in the table with the arm "width".
 */
#include "experiment.h"

#include "exit.h"
#include "tuned_cells.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { REFERENCE_DEPTH = 8 }; /* the notebook's deepest */

static const double rates[] = { 3e-3, 1e-2, 3e-2, 1e-1 };
enum { N_RATES_OTHER = 3 }; /* the fourth on the spiral alone */

static const struct data_level spiral[] = { { "spiral", 0 } };
static const struct data_level plane[] = {
    { "moons", 0 }, { "checkerboard", 0 }, { "gaussians", 0 }, { "circles", 0 }, { "pinwheel", 0 },
};
static const struct data_level four_dimensions[] = { { "two_spirals_4d", 0 } };

static const struct arm width[] = { { .name = "width" } };
static const struct arm params[] = { { .name = "params", .equal_params = REFERENCE_DEPTH } };
static const struct arm work[] = { { .name = "work", .equal_work = REFERENCE_DEPTH } };

#define PART(levels, arm, rates_of, seeds_of)                                                                          \
    {                                                                                                                  \
        .nesting = { AXIS_DATA, AXIS_ARM, AXIS_DEPTH, AXIS_RATE, AXIS_SEED }, .data = levels, .n_data = COUNT(levels), \
        .arms = arm, .n_arms = COUNT(arm), .rates = rates, .n_rates = rates_of, .seeds = seeds_of, .train = true,      \
        .validation = true,                                                                                            \
    }

static const struct design parts[] = {
    PART(spiral, width, COUNT(rates), 12),          PART(spiral, params, COUNT(rates), 12),
    PART(spiral, work, COUNT(rates), 12),           PART(plane, width, N_RATES_OTHER, 8),
    PART(four_dimensions, width, N_RATES_OTHER, 4),
};

static void defaults(struct options *options)
{
    options->seed = 200;
    options->seeds = 12;
    options->depths = (struct depth_list){ 5, { 1, 2, 4, 8, 16 } };
}

static void check_rows(const struct session *session)
{
    if (!session->set && session->validation.n == 0)
        exit_failed("--data FILE: needs --validation FRACTION, the rows that choose the rate");
}

/* Of equal parameters and equal work, the reference depth's runs are those of the arm "width". */
static void derive_rates(struct table *table, const struct table *runs)
{
    tuned_cells_fill_shared(table, runs, "width", REFERENCE_DEPTH);
}

const struct experiment depth_tuned = {
    .program = {
        .name = "depth_tuned",
        .summary = "Trains flows of growing depth at several peak rates, of which the validation rows choose\n"
                   "one per depth: on the spiral also at equal parameters and at equal work, and on all other\n"
                   "data sets unless one is named: depth_tuned.tsv.  --seeds 12 gives the spiral 12 flows per\n"
                   "cell, other sets of the plane 8 and four dimensions 4; another number scales all three.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_LR),
    },
    .defaults = defaults,
    .check_rows = check_rows,
    .design = parts,
    .n_designs = COUNT(parts),
    .truth = true,
    .tables = {
        {"depth_tuned", "data arm depth width steps lr seed n_params flops status train_logp validation_logp test_logp "
                        "kl kl_std_error params_sha256"},
        {"depth_tuned_rates", TUNED_CELLS_COLUMNS_NO_INVERSE, .summary_of = "depth_tuned", .derive = derive_rates},
    },
    .figures = {"depth_tuned"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
