/* depth_sweep.c - "Stacking coupling blocks steadily improves the fit."
 *
 * Trains a flow of each depth and scores it on the rows that it was trained on, as the notebook does, and on held-out
 * rows.  Training is chaotic, so a trained number is a draw from a distribution: --replicas draws more of them, each
 * from initial parameters that differ in the last bits.  Of the first seed's replica 0 the loss at each step is kept.
 */
#include "leave.h"
#include "runner.h"
#include "truth.h"

#include <stdlib.h>

static const struct program program = {
    .name = "depth_sweep",
    .summary = "Trains flows of growing depth and writes their mean log p: depth_sweep.tsv, and the\n"
               "losses of one run a depth: loss.tsv.  Of the spiral: the true density's own mean\n"
               "log p, truth.tsv.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES(OPTION_REPLICAS) | TAKES_OUTPUT,
};

/* Depth outermost, then seed, then replica: run 0 of each depth is its first seed's replica 0. */
static size_t fill_runs(struct run *runs, const struct setup *setup)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t d = 0; d < options->depths.n; d++)
        for (size_t seed = 0; seed < options->seeds; seed++)
            for (size_t replica = 0; replica < options->replicas; replica++) {
                struct run *run = &runs[n++];
                *run = runner_run(setup, options->depths.depth[d], options->seed + seed);
                run->replica = replica;
                run->train = true;
                run->keep_trace = seed == 0 && replica == 0;
            }
    return n;
}

static struct table *sweep_table(const struct run *runs, const struct run_result *results, const struct setup *setup,
                                 size_t n)
{
    struct table *table = setup_table(
        setup, "depth_sweep", "coupling depth seed replica n_params status diverged_at mean_logp heldout_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].flow.coupling);
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].seed);
        table_count(table, runs[i].replica);
        table_count(table, results[i].n_params);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].diverged_at);
        table_number(table, results[i].mean_logp);
        table_number(table, results[i].heldout_logp);
    }
    return table;
}

static struct table *loss_table(const struct run *runs, const struct run_result *results, const struct setup *setup,
                                size_t n)
{
    const fathom_train_options *training = &setup->options->training;
    struct table               *table = setup_table(setup, "loss", "depth step loss grad_norm lr");
    double                     *lr = malloc(training->steps * sizeof *lr);
    if (!lr)
        leave_failed("not enough memory for the losses");
    fathom_schedule(lr, training->steps, training->peak_lr, true); /* the one that training uses */
    for (size_t i = 0; i < n; i++)
        for (size_t step = 0; runs[i].keep_trace && step < training->steps; step++) {
            table_count(table, runs[i].flow.depth);
            table_count(table, step);
            table_number(table, results[i].loss[step]);
            table_number(table, results[i].grad_norm[step]);
            table_number(table, lr[step]);
        }
    free(lr);
    return table;
}

/* The true density's mean log p: what a perfect flow would score, on the training rows and on held-out ones. */
static struct table *truth_table(const struct setup *setup)
{
    struct table *table = setup_table(setup, "truth", "rows n mean_logp std_error");
    struct truth  truth = truth_of(setup);
    const struct {
        const char   *name;
        const double *logp;
        size_t        n;
    } rows[] = {{"train", truth.train, setup->train.n}, {"heldout", truth.heldout, setup->heldout.n}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_text(table, rows[i].name);
        table_count(table, rows[i].n);
        table_number(table, runner_mean(rows[i].logp, rows[i].n));
        table_number(table, runner_std_error(rows[i].logp, rows[i].n));
    }
    truth_free(&truth);
    return table;
}

int main(int argc, char **argv)
{
    const struct options defaults = options_default();
    struct options       options = defaults;
    struct setup         setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct run        *runs = runner_runs(options.depths.n * options.seeds * options.replicas);
    const size_t       n = fill_runs(runs, &setup);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    const char *const figures[] = {"depth_sweep", "loss", NULL};
    struct table     *tables[3];
    size_t            n_tables = 0;
    tables[n_tables++] = sweep_table(runs, results, &setup, n);
    tables[n_tables++] = loss_table(runs, results, &setup, n);
    if (!options.data)
        tables[n_tables++] = truth_table(&setup);
    /* The figure shows the notebook's numbers beside these unless another experiment was asked for. */
    const int code = setup_finish(&setup, tables, n_tables, figures, &defaults,
                                  TAKES(OPTION_DEPTHS) | TAKES(OPTION_SEEDS) | TAKES(OPTION_REPLICAS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
