/* gradient_depth.c - "The gradient norm grows with depth": over many seeds, where the notebook has one.
 *
 * The notebook's probe of untrained flows (gradient_norm.c), from enough seeds to see its distribution at each depth,
 * fit a law of growth to it, and say whether the notebook's own seed is typical.
 */
#include "runner.h"

#include <stdlib.h>

static const struct program program = {
    .name = "gradient_depth",
    .summary = "Takes the gradient norm of untrained flows over depths and many seeds, of both\n"
               "couplings unless one is named: gradient_depth.tsv.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_OUTPUT,
};

static struct table *gradient_table(const struct run *runs, const struct run_result *results,
                                    const struct setup *setup, size_t n)
{
    struct table *table = setup_table(setup, "gradient_depth", "coupling depth seed grad_norm mean_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].flow.coupling);
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].seed);
        table_number(table, results[i].untrained_grad_norm);
        table_number(table, results[i].untrained_logp);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){10, {1, 2, 3, 4, 6, 8, 12, 16, 24, 32}};
    defaults.seeds = 64;
    defaults.flow.coupling = NULL; /* both */

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    size_t             n;
    struct run        *runs = runner_probes(&n, &setup);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table     *table = gradient_table(runs, results, &setup, n);
    const char *const figures[] = {"gradient_depth", NULL};
    const int         code = setup_finish(&setup, &table, 1, figures, &defaults, TAKES(OPTION_SEEDS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
