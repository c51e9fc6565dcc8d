/* residual_inverse.c - "Invertible only if g is a contraction; the inverse is a Banach fixed-point iteration."
 *
 * Two maps T(x) = x + a sin(b x), one whose g contracts and one whose g does not, on the notebook's grid.  For each: is
 * T increasing, and how far does Banach's iteration come from T(x) back to x?  The bound beside the error at each
 * iteration is Banach's own: Lip(g)^k times the error at the start.
 */
#include "leave.h"
#include "setup.h"

#include <stdlib.h>

static const struct program program = {
    .name = "residual_inverse",
    .summary = "Follows the residual map x + a sin(b x) and its Banach inverse: residual_inverse.tsv,\n"
               "residual_map.tsv (the curves) and residual_banach.tsv (the error at each iteration).",
    .takes = TAKES_OUTPUT,
};

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

static void add_rows(struct table *const *tables, const struct inverse *r, const struct map *map)
{
    struct table *summary = tables[0], *curve = tables[1], *banach = tables[2];
    table_setting(summary, map->a);
    table_setting(summary, map->b);
    table_number(summary, r->lipschitz);
    table_text(summary, r->nonincreasing_steps == 0 ? "true" : "false");
    table_count(summary, r->nonincreasing_steps);
    table_number(summary, r->error[ITERATIONS]);
    for (size_t i = 0; i < POINTS; i++) {
        table_setting(curve, map->a);
        table_setting(curve, map->b);
        table_number(curve, r->x[i]);
        table_number(curve, r->y[i]);
    }
    for (size_t k = 0; k <= ITERATIONS; k++) {
        table_setting(banach, map->a);
        table_setting(banach, map->b);
        table_count(banach, k);
        table_number(banach, r->error[k]);
        table_number(banach, r->bound[k]);
    }
}

int main(int argc, char **argv)
{
    const struct options defaults = options_default();
    struct options       options = defaults;
    struct setup         setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct table *tables[] = {
        setup_table(&setup, "residual_inverse", "a b lipschitz monotone nonincreasing_steps banach_max_err"),
        setup_table(&setup, "residual_map", "a b x y"),
        setup_table(&setup, "residual_banach", "a b iteration max_err bound"),
    };
    struct inverse *inverse = malloc(sizeof *inverse);
    if (!inverse)
        leave_failed("not enough memory");
    for (size_t i = 0; i < N_MAPS; i++) {
        follow(inverse, &maps[i]);
        add_rows(tables, inverse, &maps[i]);
    }
    free(inverse);

    const char *const figures[] = {"residual_inverse", "banach", NULL};
    const int         code = setup_finish(&setup, tables, sizeof tables / sizeof *tables, figures, &defaults, 0);
    setup_close(&setup);
    return code;
}
