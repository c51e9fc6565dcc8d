/* residual_inverse.c - "Invertible only if g is a contraction; the inverse is a Banach fixed-point iteration."
 *
 * Two maps T(x) = x + a sin(b x), one whose g contracts and one whose g does not, on the notebook's grid.  The tables
 * show for each whether T is increasing, and how close Banach's iteration comes from T(x) back to x.  The bound beside
 * the error of iteration k is Banach's: Lip(g)^k times the error at the start.  A third map, T(x) = x + 2 x, has an inverse
 * by its formula, y / 3, although its g does not contract (PROTOCOL.md, claim D7).
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"

static const struct map {
    double a, b;
} maps[] = { { 0.3, 1.0 }, { 0.9, 1.5 } };

enum { N_MAPS = sizeof maps / sizeof *maps, POINTS = 400, ITERATIONS = 60 };
static const double first_x = -3, last_x = 3;

#define SLOPE 2.0 /* of the third map's g */

/* What is known of one map. */
struct inverse {
    double lipschitz;
    size_t nonincreasing_steps;
    double x[POINTS], y[POINTS], error[ITERATIONS + 1], bound[ITERATIONS + 1];
};

/* NumPy's linspace: the step is rounded once, and the last point is exact. */
static void fill_points(double *x)
{
    const double step = (last_x - first_x) / (POINTS - 1);
    for (size_t i = 0; i < POINTS; i++)
        x[i] = (double)i * step + first_x;
    x[POINTS - 1] = last_x;
}

static void follow(struct inverse *r, const struct map *map)
{
    double back[POINTS];
    fill_points(r->x);
    fathom_residual_forward(r->y, r->x, map->a, map->b, POINTS);
    r->lipschitz = fathom_residual_lipschitz(map->a, map->b);
    r->nonincreasing_steps = fathom_nonincreasing_steps(r->y, POINTS);
    fathom_residual_inverse(back, r->error, r->y, r->x, map->a, map->b, ITERATIONS, POINTS);
    r->bound[0] = r->error[0];
    for (size_t k = 1; k <= ITERATIONS; k++)
        r->bound[k] = r->lipschitz * r->bound[k - 1];
}

static void *measure(const struct outcome *outcome)
{
    (void)outcome;
    struct inverse *inverse = calloc(N_MAPS, sizeof *inverse);
    if (!inverse)
        exit_failed("not enough memory for the residual maps");
    for (size_t i = 0; i < N_MAPS; i++)
        follow(&inverse[i], &maps[i]);
    return inverse;
}

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    free(measured);
}

static void fill_summary(struct table *table, const struct outcome *outcome)
{
    const struct inverse *inverse = outcome->measured;
    for (size_t i = 0; i < N_MAPS; i++) {
        table_setting(table, maps[i].a);
        table_setting(table, maps[i].b);
        table_number(table, inverse[i].lipschitz);
        table_text(table, inverse[i].nonincreasing_steps == 0 ? "true" : "false");
        table_count(table, inverse[i].nonincreasing_steps);
        table_number(table, inverse[i].error[ITERATIONS]);
    }
}

static void fill_curve(struct table *table, const struct outcome *outcome)
{
    const struct inverse *inverse = outcome->measured;
    for (size_t i = 0; i < N_MAPS; i++)
        for (size_t point = 0; point < POINTS; point++) {
            table_setting(table, maps[i].a);
            table_setting(table, maps[i].b);
            table_number(table, inverse[i].x[point]);
            table_number(table, inverse[i].y[point]);
        }
}

static void fill_errors(struct table *table, const struct outcome *outcome)
{
    const struct inverse *inverse = outcome->measured;
    for (size_t i = 0; i < N_MAPS; i++)
        for (size_t k = 0; k <= ITERATIONS; k++) {
            table_setting(table, maps[i].a);
            table_setting(table, maps[i].b);
            table_count(table, k);
            table_number(table, inverse[i].error[k]);
            table_number(table, inverse[i].bound[k]);
        }
}

/* The largest distance from the points; NaN if one is. */
static double greatest_error(const double *back, const double *x)
{
    double greatest = 0;
    for (size_t i = 0; i < POINTS; i++) {
        const double error = fabs(back[i] - x[i]);
        greatest = error <= greatest ? greatest : error;
    }
    return greatest;
}

/* The third map, from y = x + g(x) back by its formula, and by the iteration x <- y - g(x). */
static void fill_linear(struct table *table, const struct outcome *outcome)
{
    double x[POINTS], y[POINTS], formula[POINTS], iterated[POINTS];
    (void)outcome;
    fill_points(x);
    for (size_t i = 0; i < POINTS; i++) {
        iterated[i] = y[i] = x[i] + SLOPE * x[i];
        formula[i] = y[i] / (1 + SLOPE);
        for (size_t k = 0; k < ITERATIONS; k++)
            iterated[i] = y[i] - SLOPE * iterated[i];
    }
    table_setting(table, SLOPE);
    table_number(table, SLOPE); /* the Lipschitz number of x -> SLOPE x */
    table_text(table, fathom_nonincreasing_steps(y, POINTS) == 0 ? "true" : "false");
    table_number(table, greatest_error(formula, x));
    table_number(table, greatest_error(iterated, x));
}

const struct experiment residual_inverse = {
    .program = {
        .name = "residual_inverse",
        .summary = "Follows the residual map x + a sin(b x) and its Banach inverse: residual_inverse.tsv,\n"
                   "residual_map.tsv (the curves) and residual_banach.tsv (the error at each iteration).\n"
                   "residual_linear.tsv has the map x + 2 x.",
        .takes = TAKES_OUTPUT,
    },
    .measure = measure, .release = release,
    .tables = {
        {"residual_inverse", "a b lipschitz monotone nonincreasing_steps banach_max_err", .fill = fill_summary},
        {"residual_map", "a b x y", .fill = fill_curve},
        {"residual_banach", "a b iteration max_err bound", .fill = fill_errors},
        {"residual_linear", "slope lipschitz monotone formula_max_err banach_max_err", .fill = fill_linear},
    },
    .figures = {"residual_inverse", "banach"},
};
