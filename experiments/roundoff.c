/* roundoff.c - how fast one part in 1e15 grows: why only the same bits make a trained number checkable.
 *
 * Replicas of one run, their initial parameters perturbed by one part in 1e15, against the unperturbed one: the
 * difference of their batch losses at each step, and the scores that they end with.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"

static const struct design design = {
    .nesting = {AXIS_DEPTH, AXIS_REPLICA},
    .train = true,
    .trace = TRACE_ALL,
};

static void defaults(struct options *options)
{
    options->replicas = 9; /* the unperturbed one and eight others */
}

static void check_options(const struct options *options)
{
    if (options->replicas < 2)
        exit_usage("--replicas %zu: a difference needs at least 2", options->replicas);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over the perturbed replicas: the least, middle (lower of two) and greatest |loss - loss of replica 0|, as far as the
 * losses are finite. */
static void fill_growth(struct table *table, const struct outcome *outcome)
{
    const struct options *options = outcome->session->options;
    const size_t          replicas = options->replicas;
    double               *difference = malloc(replicas * sizeof *difference);
    if (!difference)
        exit_failed("not enough memory for the differences");
    for (size_t i = 0; i < outcome->n; i += replicas)
        for (size_t step = 0; step < options->training.steps; step++) {
            const struct run_result *result = &outcome->results[i];
            size_t                   m = 0;
            for (size_t r = 1; r < replicas; r++) {
                const double d = fabs(result[r].loss[step] - result[0].loss[step]);
                if (isfinite(d))
                    difference[m++] = d;
            }
            qsort(difference, m, sizeof *difference, ascending);
            table_count(table, outcome->runs[i].flow.depth);
            table_count(table, step);
            table_number(table, m ? difference[0] : NAN);
            table_number(table, m ? difference[(m - 1) / 2] : NAN);
            table_number(table, m ? difference[m - 1] : NAN);
        }
    free(difference);
}

const struct experiment roundoff = {
    .program = {
        .name = "roundoff",
        .summary = "Perturbs initial parameters by one part in 1e15 and follows the difference of the\n"
                   "losses: roundoff.tsv, and the final scores: roundoff_final.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES(OPTION_REPLICAS) | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .check_options = check_options,
    .design = &design,
    .tables = {
        {"roundoff", "depth step least median greatest", .fill = fill_growth},
        {"roundoff_final", "depth replica status train_logp heldout_logp params_sha256"},
        {"roundoff_summary", .summary_of = "roundoff_final", .by = "depth", .of = "train_logp heldout_logp"},
    },
    .figures = {"roundoff"},
    .notebook_but = TAKES(OPTION_REPLICAS),
};
