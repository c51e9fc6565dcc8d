/* residual_inverse.c - "Invertible only if g is a contraction; the inverse is a Banach fixed-point iteration."
 *
 * Two maps T(x) = x + a sin(b x), one whose g contracts and one whose g does not, on the notebook's grid.  The tables
 * show for each whether T is increasing, and how close Banach's iteration comes from T(x) back to x.  The bound beside
 * the error of iteration k is Banach's: Lip(g)^k times the error at the start.  A third map, T(x) = x + 2 x, has an inverse
 * by its formula, y / 3, although its g does not contract (PROTOCOL.md, claim D7).
 *
 * The same at contraction numbers from 0.1 to 1.3: maps x + L sin x on a wider grid, which holds their folds beyond 1, and
 * linear maps x + L x, which never fold (PROTOCOL.md, claim R3).
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

/* ---------------------------------------------------------------------------------------- contraction numbers ---- */

/* T(x) = x + L sin x has the contraction number L; its slope is least, 1 - L, at x = pi. */
static const double numbers[] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98, 1, 1.1, 1.2, 1.3 };
static const double slopes[] = { 0.5, 0.9, 1, SLOPE };    /* of x + L x         */
static const double cobweb_numbers[] = { 0.5, 0.9, 1.3 }; /* the last one fails */
static const double first_wide = -5, last_wide = 5;

enum { WIDE_POINTS = 1000, SHOWN = 60, LIMIT = 3000, COBWEB_STEPS = 14, FOLD_POINTS = 200, PREIMAGES = 8 };
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define TOLERANCE 1e-12
#define PI 3.14159265358979323846
#define COBWEB_X 0.5 /* where the cobwebs should end */

/* One map of the family, with the largest error over the points at each iteration. */
struct family {
    double x[WIDE_POINTS], y[WIDE_POINTS], back[WIDE_POINTS], error[LIMIT + 1];
    double iterations; /* the first after which the error is at most TOLERANCE times the first, or NaN */
    size_t folds, preimages;
};

static struct family *open_family(void)
{
    struct family *f = malloc(sizeof *f);
    if (!f)
        exit_failed("not enough memory for the residual maps");
    for (size_t i = 0; i < WIDE_POINTS; i++)
        f->x[i] = first_wide + (last_wide - first_wide) * (double)i / (WIDE_POINTS - 1);
    return f;
}

static void first_within(struct family *f)
{
    f->iterations = NAN;
    for (size_t k = 0; k <= LIMIT && isnan(f->iterations); k++)
        if (f->error[k] <= TOLERANCE * f->error[0])
            f->iterations = (double)k;
}

static void follow_sine(struct family *f, double number)
{
    double found[PREIMAGES];
    fathom_residual_forward(f->y, f->x, number, 1, WIDE_POINTS);
    fathom_residual_inverse(f->back, f->error, f->y, f->x, number, 1, LIMIT, WIDE_POINTS);
    f->folds = fathom_nonincreasing_steps(f->y, WIDE_POINTS);
    f->preimages = fathom_residual_preimages(found, PI, number, 1, PREIMAGES);
    first_within(f);
}

/* Its iterates are y - L x: no rounding is needed to see what they do, but each is what the iteration gives. */
static void follow_linear(struct family *f, double slope)
{
    for (size_t i = 0; i < WIDE_POINTS; i++)
        f->back[i] = f->y[i] = f->x[i] + slope * f->x[i];
    for (size_t k = 0; k <= LIMIT; k++) {
        f->error[k] = 0;
        for (size_t i = 0; i < WIDE_POINTS; i++) {
            const double error = fabs(f->back[i] - f->x[i]);
            f->error[k] = error <= f->error[k] ? f->error[k] : error;
            f->back[i] = f->y[i] - slope * f->back[i];
        }
    }
    f->folds = fathom_nonincreasing_steps(f->y, WIDE_POINTS);
    f->preimages = 1;
    first_within(f);
}

static void put_family(struct table *table, const struct family *f, const char *name, double number, double formula)
{
    table_text(table, name);
    table_setting(table, number);
    table_text(table, number < 1 ? "true" : "false");
    table_text(table, f->folds == 0 ? "true" : "false");
    table_count(table, f->folds);
    table_count(table, f->preimages);
    table_number(table, f->iterations);
    table_number(table, fathom_residual_promise(number, TOLERANCE));
    table_number(table, formula);
}

static void fill_contraction(struct table *table, const struct outcome *outcome)
{
    struct family *f = open_family();
    (void)outcome;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        follow_sine(f, numbers[i]);
        put_family(table, f, "sine", numbers[i], NAN); /* no formula of elementary functions */
    }
    for (size_t i = 0; i < COUNT(slopes); i++) {
        double greatest = 0;
        follow_linear(f, slopes[i]);
        for (size_t p = 0; p < WIDE_POINTS; p++)
            greatest = fmax(greatest, fabs(f->y[p] / (1 + slopes[i]) - f->x[p]));
        put_family(table, f, "linear", slopes[i], greatest);
    }
    free(f);
}

/* Of the maps with a sine: error and Banach's bound at each of the first iterations. */
static void fill_convergence(struct table *table, const struct outcome *outcome)
{
    struct family *f = open_family();
    (void)outcome;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        follow_sine(f, numbers[i]);
        double bound = f->error[0];
        for (size_t k = 0; k <= SHOWN; k++, bound *= numbers[i]) {
            table_setting(table, numbers[i]);
            table_count(table, k);
            table_number(table, f->error[k]);
            table_number(table, bound);
        }
    }
    free(f);
}

static void put_point(struct table *table, double number, const char *kind, double x, double y)
{
    table_setting(table, number);
    table_text(table, kind);
    table_number(table, x);
    table_number(table, y);
}

/* The cobweb of h(x) = y - g(x) from x = y: up or down to h, across to the diagonal.  kind "h": the curve of h; "path":
 * the corners in their order; "x": the point that is sought, at (x, x). */
static void fill_cobweb(struct table *table, const struct outcome *outcome)
{
    (void)outcome;
    for (size_t i = 0; i < COUNT(cobweb_numbers); i++) {
        const double number = cobweb_numbers[i], sought = COBWEB_X;
        double       y, at;
        fathom_residual_forward(&y, &sought, number, 1, 1);
        for (size_t p = 0; p <= FOLD_POINTS; p++) {
            const double x = -1 + 3 * (double)p / FOLD_POINTS;
            double       forward;
            fathom_residual_forward(&forward, &x, number, 1, 1);
            put_point(table, number, "h", x, y - (forward - x));
        }
        at = y;
        for (size_t k = 1; k <= COBWEB_STEPS; k++) {
            double next;
            fathom_residual_inverse(&next, NULL, &y, NULL, number, 1, k, 1);
            put_point(table, number, "path", at, at);
            put_point(table, number, "path", at, next);
            at = next;
        }
        put_point(table, number, "x", sought, sought);
    }
}

/* From x = 0 to 2 pi, about the point of least slope.  kind "map": the curve of T; "preimage": each x with T(x) = pi. */
static void fill_folds(struct table *table, const struct outcome *outcome)
{
    (void)outcome;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        double       found[PREIMAGES];
        const size_t n = fathom_residual_preimages(found, PI, numbers[i], 1, PREIMAGES);
        if (numbers[i] < 0.9)
            continue;
        for (size_t p = 0; p <= FOLD_POINTS; p++) {
            const double x = 2 * PI * (double)p / FOLD_POINTS;
            double       y;
            fathom_residual_forward(&y, &x, numbers[i], 1, 1);
            put_point(table, numbers[i], "map", x, y);
        }
        for (size_t k = 0; k < n && k < PREIMAGES; k++)
            put_point(table, numbers[i], "preimage", found[k], PI);
    }
}

const struct experiment residual_inverse = {
    .program = {
        .name = "residual_inverse",
        .summary = "Follows the residual map x + a sin(b x) and its Banach inverse: residual_inverse.tsv,\n"
                   "residual_map.tsv (the curves) and residual_banach.tsv (the error at each iteration).\n"
                   "residual_linear.tsv has the map x + 2 x.  The same at contraction numbers from 0.1 to 1.3:\n"
                   "residual_contraction.tsv, residual_convergence.tsv (errors and bounds), residual_cobweb.tsv\n"
                   "and residual_folds.tsv (curves and pre-images).",
        .takes = TAKES_OUTPUT,
    },
    .measure = measure, .release = release,
    .tables = {
        {"residual_inverse", "a b lipschitz monotone nonincreasing_steps banach_max_err", .fill = fill_summary},
        {"residual_map", "a b x y", .fill = fill_curve},
        {"residual_banach", "a b iteration max_err bound", .fill = fill_errors},
        {"residual_linear", "slope lipschitz monotone formula_max_err banach_max_err", .fill = fill_linear},
        {"residual_contraction", "family lipschitz contraction monotone nonincreasing_steps preimages iterations "
                                 "promised formula_max_err", .fill = fill_contraction},
        {"residual_convergence", "lipschitz iteration max_err bound", .fill = fill_convergence},
        {"residual_cobweb", "lipschitz kind x y", .fill = fill_cobweb},
        {"residual_folds", "lipschitz kind x y", .fill = fill_folds},
    },
    .figures = {"residual_inverse", "banach", "residual_convergence", "residual_cobweb", "residual_folds"},
};
