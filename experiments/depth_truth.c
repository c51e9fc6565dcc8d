/* depth_truth.c - "Stacking coupling blocks steadily improves the fit": against the truth, and on rows not trained on.
 *
 * Several flow seeds at each depth, scored on the training rows and on held-out ones, beside the true density's own
 * score on both.  Where the training curve passes the truth and the held-out curve does not follow, depth over-fits.
 */
#include "experiment.h"

#include <stdlib.h>

#include "derive.h"

static const struct design design = {
    .nesting = { AXIS_DEPTH, AXIS_SEED },
    .train = true,
    .checks = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 6, { 1, 2, 4, 8, 16, 20 } };
    options->seeds = 16;
}

/* A row per run: what of KL(truth || flow) the training rows do not show, (flow - truth on training rows) + KL. */
static void derive_over_fit(struct table *table, const struct table *runs)
{
    double *flow = derive_numbers(runs, "train_logp"), *truth = derive_numbers(runs, "train_truth");
    double *kl = derive_numbers(runs, "kl");
    for (size_t row = 0; row < table_rows(runs); row++) {
        derive_copy_run(table, runs, row);
        table_number(table, flow[row] - truth[row] + kl[row]);
    }
    free(flow);
    free(truth);
    free(kl);
}

const struct experiment depth_truth = {
    .program = {
        .name = "depth_truth",
        .summary = "Trains flows of growing depth from several seeds and scores them beside the true\n"
                   "density on training and held-out rows: depth_truth.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_START | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .truth = true,
    .tables = {
        {"depth_truth", "depth seed status diverged_at train_logp train_truth heldout_logp heldout_truth kl "
                        "kl_std_error pit_ks pit_p coverage_50 coverage_90 coverage_99 energy_distance energy_sd "
                        "params_sha256"},
        {"depth_truth_summary", .summary_of = "depth_truth", .by = "depth",
         .of = "train_logp heldout_logp kl kl_std_error pit_ks coverage_50 coverage_90 coverage_99 energy_distance"},
        {"depth_truth_over_fit", "depth seed status over_fit", .summary_of = "depth_truth", .derive = derive_over_fit},
        {"depth_truth_over_fit_summary", .summary_of = "depth_truth_over_fit", .by = "depth", .of = "over_fit"},
    },
    .figures = {"depth_truth"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
