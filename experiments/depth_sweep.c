/* depth_sweep.c - "Stacking coupling blocks steadily improves the fit."
 *
 * Trains a flow of each depth and scores it on the rows that it was trained on, as the notebook does, and on held-out
 * rows.  Training is chaotic, so a trained number is a draw from a distribution.  --replicas draws more of them, each
 * from initial parameters that differ in the last bits.  Of the first seed's replica 0 the loss at each step is kept.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "derive.h"
#include "exit.h"

static const struct design design = {
    .nesting = { AXIS_DEPTH, AXIS_SEED, AXIS_REPLICA },
    .train = true,
    .trace = TRACE_FIRST,
};

static void fill_loss(struct table *table, const struct outcome *outcome)
{
    const fathom_train_options *training = &outcome->session->options->training;
    double                     *lr = malloc(training->steps * sizeof *lr);
    if (!lr)
        exit_failed("not enough memory for the losses");
    for (size_t i = 0; i < outcome->n; i++) {
        fathom_schedule(lr, training->steps, outcome->runs[i].training.peak_lr, true); /* the one that training uses */
        for (size_t step = 0; outcome->runs[i].keep_trace && step < training->steps; step++) {
            table_count(table, outcome->runs[i].flow.depth);
            table_count(table, step);
            table_number(table, outcome->results[i].loss[step]);
            table_number(table, outcome->results[i].grad_norm[step]);
            table_number(table, lr[step]);
        }
    }
    free(lr);
}

enum { WINDOW = 25 }; /* losses of the running mean */

/* The mean of a depth's last WINDOW finite losses, or of all while they are fewer, at the middle of their steps. */
static void derive_loss_mean(struct table *table, const struct table *losses)
{
    double *loss = derive_numbers(losses, "loss"), *step = derive_numbers(losses, "step");
    size_t  depth;
    for (size_t row = 0, end; row < table_rows(losses) && table_find(&depth, losses, "depth"); row = end) {
        end = derive_group_end(losses, "depth", row);
        for (size_t i = row, finite = row; i < end; i++) {
            if (!isfinite(loss[i]))
                continue;
            loss[finite++] = loss[i]; /* the finite ones stand together, from `row` on */
            const size_t n = finite - row < WINDOW ? finite - row : WINDOW;
            table_text(table, table_cell(losses, row, depth));
            table_setting(table, step[i] - 0.5 * (double)(n - 1));
            table_count(table, n);
            table_number(table, runner_mean(loss + finite - n, n));
        }
    }
    free(loss);
    free(step);
}

/* The true density's mean log p: what a perfect flow would score, on the training rows and on held-out ones. */
static void fill_truth(struct table *table, const struct outcome *outcome)
{
    const struct session *session = outcome->session;
    const struct {
        const char   *name;
        const double *logp;
        size_t        n;
    } rows[] = { { "train", outcome->truth->train, session->train.n },
                 { "heldout", outcome->truth->heldout, session->heldout.n } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_text(table, rows[i].name);
        table_count(table, rows[i].n);
        table_number(table, runner_mean(rows[i].logp, rows[i].n));
        table_number(table, runner_std_error(rows[i].logp, rows[i].n));
    }
}

const struct experiment depth_sweep = {
    .program = {
        .name = "depth_sweep",
        .summary = "Trains flows of growing depth and writes their mean log p: depth_sweep.tsv, and the\n"
                   "losses of one run per depth: loss.tsv.  Of the spiral: the true density's own mean\n"
                   "log p, truth.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_START | TAKES_SEEDS | TAKES_TRAINING | TAKES(OPTION_REPLICAS) | TAKES_OUTPUT,
    },
    .design = &design,
    .truth = true,
    .tables = {
        {"depth_sweep", "coupling depth seed replica n_params status diverged_at train_logp heldout_logp "
                        "params_sha256"},
        {"depth_sweep_summary", .summary_of = "depth_sweep", .by = "depth seed", .of = "train_logp heldout_logp"},
        {"loss", "depth step loss grad_norm lr", .fill = fill_loss},
        {"loss_mean", "depth step n loss", .summary_of = "loss", .derive = derive_loss_mean},
        {"truth", "rows n mean_logp std_error", .fill = fill_truth, .only_known = true},
    },
    .figures = {"depth_sweep", "loss"},
    .notebook_but = TAKES(OPTION_DEPTHS) | TAKES(OPTION_SEEDS) | TAKES(OPTION_REPLICAS),
};
