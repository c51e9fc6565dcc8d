/* residual_inverse.c - "Invertible only if g is a contraction; the inverse is a Banach fixed-point iteration."
 *
 * Two maps T(x) = x + a sin(b x), one whose g contracts and one whose g does not, on the notebook's grid.  For each: is
 * T increasing, and how far does Banach's iteration come from T(x) back to x?  The bound beside the error at each
 * iteration is Banach's own: Lip(g)^k times the error at the start.
 */
#include "experiment.h"

#include <stdlib.h>

#include "leave.h"

static const struct map {
    double a, b;
} maps[] = {{0.3, 1.0}, {0.9, 1.5}};

enum { N_MAPS = sizeof maps / sizeof *maps, POINTS = 400, ITERATIONS = 60 };
static const double first_x = -3, last_x = 3;

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

/* Follows each map and has its rows added. */
static void each_map(struct table *table,
                     void (*add)(struct table *table, const struct inverse *inverse, const struct map *map))
{
    struct inverse *inverse = malloc(sizeof *inverse);
    if (!inverse)
        leave_failed("not enough memory");
    for (size_t i = 0; i < N_MAPS; i++) {
        follow(inverse, &maps[i]);
        add(table, inverse, &maps[i]);
    }
    free(inverse);
}

static void add_summary(struct table *table, const struct inverse *r, const struct map *map)
{
    table_setting(table, map->a);
    table_setting(table, map->b);
    table_number(table, r->lipschitz);
    table_text(table, r->nonincreasing_steps == 0 ? "true" : "false");
    table_count(table, r->nonincreasing_steps);
    table_number(table, r->error[ITERATIONS]);
}

static void add_curve(struct table *table, const struct inverse *r, const struct map *map)
{
    for (size_t i = 0; i < POINTS; i++) {
        table_setting(table, map->a);
        table_setting(table, map->b);
        table_number(table, r->x[i]);
        table_number(table, r->y[i]);
    }
}

static void add_errors(struct table *table, const struct inverse *r, const struct map *map)
{
    for (size_t k = 0; k <= ITERATIONS; k++) {
        table_setting(table, map->a);
        table_setting(table, map->b);
        table_count(table, k);
        table_number(table, r->error[k]);
        table_number(table, r->bound[k]);
    }
}

static void fill_summary(struct table *table, const struct outcome *outcome) { (void)outcome; each_map(table, add_summary); }
static void fill_curve(struct table *table, const struct outcome *outcome) { (void)outcome; each_map(table, add_curve); }
static void fill_errors(struct table *table, const struct outcome *outcome) { (void)outcome; each_map(table, add_errors); }

const struct experiment residual_inverse = {
    .program = {
        .name = "residual_inverse",
        .summary = "Follows the residual map x + a sin(b x) and its Banach inverse: residual_inverse.tsv,\n"
                   "residual_map.tsv (the curves) and residual_banach.tsv (the error at each iteration).",
        .takes = TAKES_OUTPUT,
    },
    .tables = {
        {"residual_inverse", "a b lipschitz monotone nonincreasing_steps banach_max_err", .fill = fill_summary},
        {"residual_map", "a b x y", .fill = fill_curve},
        {"residual_banach", "a b iteration max_err bound", .fill = fill_errors},
    },
    .figures = {"residual_inverse", "banach"},
};
