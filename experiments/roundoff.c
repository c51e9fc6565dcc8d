/* roundoff.c - how fast one part in 1e15 grows: why only the same bits make a trained number checkable.
 *
 * Replicas of one run, their initial parameters perturbed by one part in 1e15, against the unperturbed one: the
 * difference of their batch losses at each step, and the scores that they end with.
 */
#include "runner.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"

static const struct program program = {
    .name = "roundoff",
    .summary = "Perturbs initial parameters by one part in 1e15 and follows the difference of the\n"
               "losses: roundoff.tsv, and the final scores: roundoff_final.tsv.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES(OPTION_REPLICAS) | TAKES_OUTPUT,
};

static size_t fill_runs(struct run *runs, const struct setup *setup)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t d = 0; d < options->depths.n; d++)
        for (size_t replica = 0; replica < options->replicas; replica++) {
            struct run *run = &runs[n++];
            *run = runner_run(setup, options->depths.depth[d], options->seed);
            run->replica = replica;
            run->train = run->keep_trace = true;
        }
    return n;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over the perturbed replicas: the least, middle (lower of two) and greatest |loss - loss of replica 0|, as far as the
 * losses are finite. */
static struct table *growth_table(const struct run *runs, const struct run_result *results,
                                  const struct setup *setup, size_t n)
{
    const size_t  replicas = setup->options->replicas;
    struct table *table = setup_table(setup, "roundoff", "depth step least median greatest");
    double       *difference = malloc(replicas * sizeof *difference);
    if (!difference)
        leave_failed("not enough memory for the differences");
    for (size_t i = 0; i < n; i += replicas)
        for (size_t step = 0; step < setup->options->training.steps; step++) {
            size_t m = 0;
            for (size_t r = 1; r < replicas; r++) {
                const double d = fabs(results[i + r].loss[step] - results[i].loss[step]);
                if (isfinite(d))
                    difference[m++] = d;
            }
            qsort(difference, m, sizeof *difference, ascending);
            table_count(table, runs[i].flow.depth);
            table_count(table, step);
            table_number(table, m ? difference[0] : NAN);
            table_number(table, m ? difference[(m - 1) / 2] : NAN);
            table_number(table, m ? difference[m - 1] : NAN);
        }
    free(difference);
    return table;
}

static struct table *final_table(const struct run *runs, const struct run_result *results, const struct setup *setup,
                                 size_t n)
{
    struct table *table = setup_table(setup, "roundoff_final", "depth replica status mean_logp heldout_logp");
    for (size_t i = 0; i < n; i++) {
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].replica);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].mean_logp);
        table_number(table, results[i].heldout_logp);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.replicas = 9; /* the unperturbed one and eight others */

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    if (options.replicas < 2)
        leave_usage("--replicas %zu: a difference needs at least 2", options.replicas);
    setup_open(&setup, &options, &program);

    struct run        *runs = runner_runs(options.depths.n * options.replicas);
    const size_t       n = fill_runs(runs, &setup);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table     *tables[] = {growth_table(runs, results, &setup, n), final_table(runs, results, &setup, n)};
    const char *const figures[] = {"roundoff", NULL};
    const int         code = setup_finish(&setup, tables, 2, figures, &defaults, TAKES(OPTION_REPLICAS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
