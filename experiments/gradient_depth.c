/* gradient_depth.c - "The gradient norm grows with depth": over many seeds, where the notebook has one.
 *
 * The notebook's gradient norm of untrained flows (gradient_norm.c), from so many seeds that its distribution at each
 * depth is known: to fit a law of growth, and to judge whether the notebook's own numbers are typical (PROTOCOL.md,
 * Depth, part gradients).
 */
#include "experiment.h"

#include <stdlib.h>

#include "depth_law.h"
#include "derive.h"

static const struct coupling_level couplings[] = { { "affine", 1 }, { "spline", 1 } };

static const struct design design = {
    .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED },
    .couplings = couplings,
    .n_couplings = sizeof couplings / sizeof *couplings,
    .probe = true,
};

static void defaults(struct options *options)
{
    options->depths = (struct depth_list){ 10, { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32 } };
    options->seed = 200;
    options->seeds = 64;
    options->flow.coupling = NULL; /* both */
}

static void put_law(struct table *table, const char *coupling, const char *law, size_t n, struct line line,
                    double misfit)
{
    table_text(table, coupling);
    table_text(table, law);
    table_count(table, n);
    table_digits(table, line.slope);
    table_digits(table, line.std_error);
    table_digits(table, line.intercept);
    table_digits(table, misfit);
}

/* Both laws of each coupling's medians; the summary's rows of a coupling follow each other. */
static void derive_laws(struct table *table, const struct table *summary)
{
    double *depth = derive_numbers(summary, "depth"), *median = derive_numbers(summary, "median");
    size_t  coupling;
    for (size_t row = 0, end; row < table_rows(summary) && table_find(&coupling, summary, "coupling"); row = end) {
        end = derive_group_end(summary, "coupling", row);
        const struct depth_law law = depth_law_fit(depth + row, median + row, end - row);
        const char            *name = table_cell(summary, row, coupling);
        put_law(table, name, "power", end - row, law.power, law.power_misfit);
        put_law(table, name, "exponential", end - row, law.exponential, law.exponential_misfit);
    }
    free(depth);
    free(median);
}

const struct experiment gradient_depth = {
    .program = {
        .name = "gradient_depth",
        .summary = "Takes the gradient norm of untrained flows over depths and many seeds, of both\n"
                   "couplings unless one is named: gradient_depth.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .design = &design,
    .tables = {
        {"gradient_depth", "coupling depth seed n_params untrained_logp grad_norm"},
        {"gradient_depth_summary", .summary_of = "gradient_depth", .by = "coupling depth", .of = "grad_norm"},
        {"gradient_depth_law", "coupling law depths slope std_error intercept misfit",
         .summary_of = "gradient_depth_summary", .derive = derive_laws},
    },
    .figures = {"gradient_depth"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
