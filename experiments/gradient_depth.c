/* gradient_depth.c - "The gradient norm grows with depth": over many seeds, where the notebook has one.
 *
 * The notebook's gradient norm of untrained flows (gradient_norm.c), from so many seeds that its distribution at each
 * depth is known: to fit a law of growth, and to judge whether the notebook's own numbers are typical (PROTOCOL.md,
 * Depth, part gradients).
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "depth_law.h"
#include "derive.h"
#include "exit.h"

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

/* The runs, [n]: every seed at every depth, the seeds of a depth following each other. */
struct runs {
    double *depth, *seed, *norm;
};

/* Is every norm of this seed above 0 and finite, in the rows from `row` to `end`? */
static bool is_whole(const struct runs *r, size_t row, size_t end, double seed)
{
    bool whole = true;
    for (size_t i = row; i < end && whole; i++)
        whole = r->seed[i] != seed || (isfinite(r->norm[i]) && r->norm[i] > 0);
    return whole;
}

/* Writes the depths of the rows from `row` to `end`, and at each the geometric mean of the seeds that are whole, each [end
 * - row]; returns their number.  Without such a seed the means are NaN. */
static size_t take_means(double *depth, double *mean, const struct runs *r, size_t row, size_t end)
{
    size_t n = 0;
    for (size_t first = row, next; first < end; first = next, n++) {
        double sum = 0;
        size_t seeds = 0;
        for (next = first; next < end && r->depth[next] == r->depth[first]; next++)
            if (is_whole(r, row, end, r->seed[next])) {
                sum += log(r->norm[next]);
                seeds++;
            }
        depth[n] = r->depth[first];
        mean[n] = exp(sum / (double)seeds);
    }
    return n;
}

/* Both laws of each coupling, whose runs follow each other. */
static void derive_laws(struct table *table, const struct table *source)
{
    const size_t rows = table_rows(source);
    struct runs  r = { derive_numbers(source, "depth"), derive_numbers(source, "seed"),
                       derive_numbers(source, "grad_norm") };
    double      *depth = calloc(2 * rows + 1, sizeof *depth), *mean = depth + rows;
    size_t       coupling;
    if (!depth)
        exit_failed("not enough memory for the laws of growth");
    for (size_t row = 0, end; row < rows && table_find(&coupling, source, "coupling"); row = end) {
        end = derive_group_end(source, "coupling", row);
        const size_t           n = take_means(depth, mean, &r, row, end);
        const struct depth_law law = depth_law_fit(depth, mean, n);
        const char            *name = table_cell(source, row, coupling);
        put_law(table, name, "power", n, law.power, law.power_misfit);
        put_law(table, name, "exponential", n, law.exponential, law.exponential_misfit);
    }
    free(depth);
    free(r.depth);
    free(r.seed);
    free(r.norm);
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
         .summary_of = "gradient_depth", .derive = derive_laws},
    },
    .figures = {"gradient_depth"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
