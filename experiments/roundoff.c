/* roundoff.c - how fast one part in 1e15 grows: why a trained number can be checked only if the bits are the same.
 *
 * Replicas of one run, their initial parameters perturbed by one part in 1e15, against the unperturbed one: the
 * difference of their batch losses at each step, and the scores that they end with.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "derive.h"
#include "exit.h"
#include "growth_phase.h"

static const struct design design = {
    .nesting = { AXIS_DEPTH, AXIS_REPLICA },
    .train = true,
    .trace = TRACE_ALL,
};

static void defaults(struct options *options) { options->replicas = 9; /* the unperturbed one and eight others */ }

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

/* The differences of one depth, [n]; only steps at which all three are numbers. */
struct differences {
    double *step, *least, *median, *greatest;
};

static struct differences differences_of(const struct table *growth)
{
    return (struct differences){ derive_numbers(growth, "step"), derive_numbers(growth, "least"),
                                 derive_numbers(growth, "median"), derive_numbers(growth, "greatest") };
}

static void differences_free(struct differences d)
{
    free(d.step);
    free(d.least);
    free(d.median);
    free(d.greatest);
}

/* Moves the rows that are numbers from `row` to `end` together, to the start of them; how many they are. */
static size_t keep_numbers(struct differences d, size_t row, size_t end)
{
    size_t kept = row;
    for (size_t i = row; i < end; i++)
        if (isfinite(d.least[i]) && isfinite(d.median[i]) && isfinite(d.greatest[i])) {
            d.step[kept] = d.step[i];
            d.least[kept] = d.least[i];
            d.median[kept] = d.median[i];
            d.greatest[kept++] = d.greatest[i];
        }
    return kept - row;
}

/* A row per depth: when the difference grows, and how fast. */
static void derive_rate(struct table *table, const struct table *growth)
{
    const struct differences d = differences_of(growth);
    size_t                   depth;
    for (size_t row = 0, end; row < table_rows(growth) && table_find(&depth, growth, "depth"); row = end) {
        end = derive_group_end(growth, "depth", row);
        const size_t              n = keep_numbers(d, row, end);
        const struct growth_phase phase = growth_phase_find(d.step + row, d.least + row, d.median + row,
                                                            d.greatest + row, n);
        table_text(table, table_cell(growth, row, depth));
        table_count(table, n);
        table_number(table, phase.largest);
        table_number(table, phase.start);
        table_number(table, phase.saturated);
        table_digits(table, phase.rate);
        table_digits(table, phase.least_rate);
        table_digits(table, phase.greatest_rate);
        table_digits(table, M_LN10 / phase.rate);
        table_digits(table, phase.intercept);
    }
    differences_free(d);
}

/* Zero counts as half an ulp of a number from 1 to 2, so that it has a logarithm. */
static double geometric_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(fmax(x[i], 0x1p-53));
    return exp(sum / (double)n);
}

enum { WINDOW = 8 }; /* steps */

/* A row per WINDOW steps, as at a single step a difference may pass through zero: their geometric means, and the mean
 * step. */
static void derive_windows(struct table *table, const struct table *growth)
{
    const struct differences d = differences_of(growth);
    size_t                   depth;
    for (size_t row = 0, end; row < table_rows(growth) && table_find(&depth, growth, "depth"); row = end) {
        end = derive_group_end(growth, "depth", row);
        const size_t last = row + keep_numbers(d, row, end);
        for (size_t i = row, n; i < last; i += n) {
            for (n = 1; i + n < last && floor(d.step[i + n] / WINDOW) == floor(d.step[i] / WINDOW); n++)
                ;
            table_text(table, table_cell(growth, row, depth));
            table_setting(table, fathom_sum(d.step + i, n) / (double)n);
            table_digits(table, geometric_mean(d.least + i, n));
            table_digits(table, geometric_mean(d.median + i, n));
            table_digits(table, geometric_mean(d.greatest + i, n));
        }
    }
    differences_free(d);
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
        {"roundoff_windows", "depth step least median greatest", .summary_of = "roundoff", .derive = derive_windows},
        {"roundoff_rate", "depth steps largest start saturated rate least_rate greatest_rate tenfold intercept",
         .summary_of = "roundoff", .derive = derive_rate},
    },
    .figures = {"roundoff"},
    .notebook_but = TAKES(OPTION_REPLICAS),
};
