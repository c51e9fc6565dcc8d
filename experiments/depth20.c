/* depth20.c - "Well-conditioned stacks, even at depth 20, train fine": with and without each guard.
 *
 * Four arms, spline and affine: bare, clipped, ActNorm initialised from data, and both.
 */
#include "runner.h"

#include <math.h>
#include <stdlib.h>

static const struct program program = {
    .name = "depth20",
    .summary = "Trains flows of depth 20, bare, clipped, with ActNorm from data, and with both, of both\n"
               "couplings unless one is named: depth20.tsv.",
    .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
             ~(TAKES(OPTION_ACTNORM) | TAKES(OPTION_CLIP)),
};

static const char *const couplings[] = {"spline", "affine"};

static const struct arm {
    const char    *name;
    bool           clipped;
    fathom_actnorm actnorm;
} arms[] = {
    {"none", false, FATHOM_ACTNORM_NONE},
    {"clip", true, FATHOM_ACTNORM_NONE},
    {"actnorm", false, FATHOM_ACTNORM_DATA},
    {"both", true, FATHOM_ACTNORM_DATA},
};

enum { N_COUPLINGS = sizeof couplings / sizeof *couplings, N_ARMS = sizeof arms / sizeof *arms };

static size_t fill_runs(struct run *runs, const struct setup *setup, const char *wanted)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t c = 0; c < (wanted ? 1 : N_COUPLINGS); c++)
        for (size_t d = 0; d < options->depths.n; d++)
            for (size_t a = 0; a < N_ARMS; a++)
                for (size_t seed = 0; seed < options->seeds; seed++) {
                    struct run *run = &runs[n++];
                    *run = runner_run(setup, options->depths.depth[d], options->seed + seed);
                    run->arm = arms[a].name;
                    run->flow.coupling = wanted ? wanted : couplings[c];
                    run->flow.actnorm = arms[a].actnorm;
                    run->training.clip = arms[a].clipped ? 1.0 : INFINITY;
                    run->train = true;
                }
    return n;
}

static struct table *depth20_table(const struct run *runs, const struct run_result *results,
                                   const struct setup *setup, size_t n)
{
    struct table *table = setup_table(setup, "depth20",
                                      "coupling depth arm seed status diverged_at train_logp heldout_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].flow.coupling);
        table_count(table, runs[i].flow.depth);
        table_text(table, runs[i].arm);
        table_count(table, runs[i].seed);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].diverged_at);
        table_number(table, results[i].mean_logp);
        table_number(table, results[i].heldout_logp);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){1, {20}};
    defaults.seeds = 8;
    defaults.flow.coupling = NULL; /* both */

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct run        *runs = runner_runs(N_COUPLINGS * options.depths.n * N_ARMS * options.seeds);
    const size_t       n = fill_runs(runs, &setup, options.flow.coupling);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table     *table = depth20_table(runs, results, &setup, n);
    const char *const figures[] = {"depth20", NULL};
    const int         code = setup_finish(&setup, &table, 1, figures, &defaults, TAKES(OPTION_SEEDS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
