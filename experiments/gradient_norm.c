/* gradient_norm.c - "The gradient norm grows with depth."
 *
 * A probe that needs no training: the global norm of the gradient of the mean negative log-likelihood of the first
 * 1000 rows, with respect to all parameters, for untrained stacks of growing depth, of both couplings.
 */
#include "runner.h"

#include <stdlib.h>

static const struct program program = {
    .name = "gradient_norm",
    .summary = "Takes the gradient of untrained flows of growing depth and writes its global norm:\n"
               "gradient_norm.tsv.  Runs both couplings unless one is named.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_OUTPUT,
};

static struct table *norm_table(const struct run *runs, const struct run_result *results, const struct setup *setup,
                                size_t n)
{
    struct table *table = setup_table(setup, "gradient_norm", "coupling depth seed n_params grad_norm mean_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].flow.coupling);
        table_count(table, runs[i].flow.depth);
        table_count(table, runs[i].seed);
        table_count(table, results[i].n_params);
        table_number(table, results[i].untrained_grad_norm);
        table_number(table, results[i].untrained_logp);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){4, {2, 4, 8, 16}};
    defaults.flow.coupling = NULL; /* both */

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    size_t             n;
    struct run        *runs = runner_probes(&n, &setup);
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table      *table = norm_table(runs, results, &setup, n);
    const char *const  figures[] = {"gradient_norm", NULL};
    const int          code = setup_finish(&setup, &table, 1, figures, &defaults,
                                           TAKES(OPTION_DEPTHS) | TAKES(OPTION_SEEDS) | TAKES(OPTION_COUPLING));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
