/* depth_truth.c - "Stacking coupling blocks steadily improves the fit": against the truth, and on rows not trained on.
 *
 * Several flow seeds at each depth, scored on the training rows and on held-out ones, beside the true density's own
 * score on both.  Where the training curve passes the truth and the held-out curve does not follow, depth over-fits.
 */
#include "runner.h"

#include <stdlib.h>

#include "truth.h"

static const struct program program = {
    .name = "depth_truth",
    .summary = "Trains flows of growing depth from several seeds and scores them beside the true\n"
               "density on training and held-out rows: depth_truth.tsv.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT,
};

static size_t fill_runs(struct run *runs, const struct setup *setup, const struct truth *truth)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t d = 0; d < options->depths.n; d++)
        for (size_t seed = 0; seed < options->seeds; seed++) {
            struct run *run = &runs[n++];
            *run = runner_run(setup, options->depths.depth[d], options->seed + seed);
            run->train = true;
            run->heldout_truth = truth->heldout;
        }
    return n;
}

static struct table *truth_table(const struct run *runs, const struct run_result *results, const struct truth *truth,
                                 const struct setup *setup, size_t n)
{
    struct table *table = setup_table(setup, "depth_truth",
                                      "depth seed status diverged_at train_logp train_truth heldout_logp "
                                      "heldout_truth kl kl_std_error");
    for (size_t i = 0; i < n; i++) {
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].seed);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].diverged_at);
        table_number(table, results[i].mean_logp);
        table_number(table, truth->train_mean);
        table_number(table, results[i].heldout_logp);
        table_number(table, truth->heldout_mean);
        table_number(table, results[i].kl);
        table_number(table, results[i].kl_std_error);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){6, {1, 2, 4, 8, 16, 20}};
    defaults.seeds = 16;

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct truth       truth = truth_of(&setup);
    struct run        *runs = runner_runs(options.depths.n * options.seeds);
    const size_t       n = fill_runs(runs, &setup, &truth);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table     *table = truth_table(runs, results, &truth, &setup, n);
    const char *const figures[] = {"depth_truth", NULL};
    const int         code = setup_finish(&setup, &table, 1, figures, &defaults, TAKES(OPTION_SEEDS));
    runner_free(results, n);
    free(runs);
    truth_free(&truth);
    setup_close(&setup);
    return code;
}
