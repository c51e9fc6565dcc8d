/* figure_residual.c - tables of residual maps and residual flows, for figure_worlds.h. */
#include "figure_worlds.h"

#include <math.h>
#include <string.h>

/* From [0, 1). */
static double part(struct world *w) { return world_below(w, 1000) / 1000.0; }

static void put_contraction(struct table *table, const char *family, double number, struct world *w)
{
    const bool rises = number <= 1 || world_below(w, 3) == 0;
    table_text(table, family);
    table_setting(table, number);
    table_text(table, number < 1 ? "true" : "false");
    table_text(table, rises ? "true" : "false");
    table_count(table, rises ? 0 : 1 + world_below(w, 300));
    table_count(table, rises ? 1 : 3);
    table_number(table, number < 1 ? world_below(w, 2000) : NAN);
    table_number(table, number < 1 ? log(1e-12) / log(number) : NAN);
    table_number(table, strcmp(family, "linear") == 0 ? 1e-16 : NAN);
}

static void put_curve(struct table *table, double number, const char *kind, double x, double y)
{
    table_setting(table, number);
    table_text(table, kind);
    table_number(table, x);
    table_number(table, y);
}

static void fill_contraction_numbers(struct world *w)
{
    static const double numbers[] = { 0.3, 0.5, 0.9, 1, 1.3 };
    struct table       *maps = world_table(w, "residual_contraction",
                                           "family lipschitz contraction monotone nonincreasing_steps preimages iterations "
                                                 "promised formula_max_err");
    struct table       *errors = world_table(w, "residual_convergence", "lipschitz iteration max_err bound");
    struct table       *cobweb = world_table(w, "residual_cobweb", "lipschitz kind x y");
    struct table       *folds = world_table(w, "residual_folds", "lipschitz kind x y");
    const size_t        n = w->empty ? 0 : 1 + world_below(w, 5);
    for (size_t i = 0; i < n; i++) {
        const double number = numbers[i];
        put_contraction(maps, i % 3 == 2 ? "linear" : "sine", number, w);
        for (unsigned k = 0; k < 20; k++) {
            table_setting(errors, number);
            table_count(errors, k);
            table_number(errors, k > 15 ? 0 : part(w) * pow(number, k));
            table_number(errors, pow(number, k));
            put_curve(cobweb, number, "h", 0.1 * k - 1, part(w));
            put_curve(cobweb, number, "path", part(w), part(w));
            put_curve(folds, number, "map", 0.3 * k, 0.3 * k + number * sin(0.3 * k));
        }
        put_curve(cobweb, number, "x", 0.5, 0.5);
        put_curve(folds, number, "preimage", 3.14, 3.14);
    }
}

void fill_residual_inverse(struct world *w)
{
    struct table  *maps = world_table(w, "residual_inverse",
                                      "a b lipschitz monotone nonincreasing_steps banach_max_err");
    struct table  *curves = world_table(w, "residual_map", "a b x y");
    struct table  *iterates = world_table(w, "residual_banach", "a b iteration max_err bound");
    const unsigned n = 1 + world_below(w, 3);
    for (unsigned m = 0; m < n && !w->empty; m++) {
        const double   a = 0.3 * (m + 1), b = 1 + 0.5 * m;
        const unsigned folds = world_below(w, 2) * world_below(w, 100);
        table_number(maps, a);
        table_number(maps, b);
        table_number(maps, a * b);
        table_text(maps, folds ? "false" : "true");
        table_count(maps, folds);
        table_number(maps, folds ? 2 * world_uniform(w) : 1e-16 * world_uniform(w));
        for (unsigned i = 0; i < 20; i++) {
            const double x = 0.3 * i - 3;
            table_number(curves, a);
            table_number(curves, b);
            table_number(curves, x);
            table_number(curves, x + a * sin(b * x));
            table_number(iterates, a);
            table_number(iterates, b);
            table_count(iterates, i);
            table_number(iterates, i > 15 ? 0 : world_uniform(w) * pow(0.1, i));
            table_number(iterates, pow(0.3 + m, i));
        }
    }
    struct table *linear = world_table(w, "residual_linear", "slope lipschitz monotone formula_max_err banach_max_err");
    table_number(linear, 2);
    table_number(linear, 2);
    table_text(linear, "true");
    table_number(linear, 4e-16);
    table_number(linear, 7e18);
    fill_contraction_numbers(w);
}

/* ------------------------------------------------------------------------------------------ residual flows ---- */

static void put_grid_point(struct world *w, struct table *grid, unsigned block, unsigned line, unsigned k)
{
    table_count(grid, block);
    table_count(grid, line);
    table_number(grid, block == 0 ? line : world_score(w));
    table_number(grid, block == 0 ? k : world_score(w));
    table_number(grid, block == 0 ? 0 : world_score(w));
}

void fill_residual_flow(struct world *w)
{
    static const char *const kinds[] = { "coupling", "residual", "truth" };
    fill_runs(w);
    struct table  *density = world_table(w, "residual_density", "kind x y density");
    struct table  *grid = world_table(w, "residual_grid", "block line x y log_det");
    struct table  *looks = world_table(w, "residual_certificate", "step certified by_power before");
    const unsigned n_kinds = w->empty ? 0 : world_below(w, 4), side = 4 + world_below(w, 8);
    const unsigned depth = n_kinds > 1 ? 1 + world_below(w, 8) : 0, n_looks = w->empty ? 0 : world_below(w, 6);
    for (unsigned kind = 0; kind < n_kinds; kind++)
        for (unsigned cell = 0; cell < side * side; cell++) {
            table_text(density, kinds[kind]);
            table_number(density, (2 * (cell % side) + 1.0) / side - 1);
            table_number(density, (2 * (cell / side) + 1.0) / side - 1);
            table_number(density, world_size(w));
        }
    for (unsigned block = 0; depth > 0 && block <= depth; block++)
        for (unsigned i = 0; i < 12; i++)
            put_grid_point(w, grid, block, i / 4, i % 4);
    for (unsigned i = 0; i < n_looks; i++) {
        const double before = part(w);
        table_count(looks, 25 * i);
        table_number(looks, before < 0.9 ? before : 0.9);
        table_number(looks, world_below(w, 2) ? before : before * part(w));
        table_number(looks, world_below(w, 9) ? before : NAN);
    }
}

void fill_log_det_estimators(struct world *w)
{
    static const char *const matrices[] = { "-LI", "LQ" }, *const ways[] = { "geometric", "poisson" };
    fill_runs(w);
    struct table  *bias = world_table(w, "log_det_bias", "matrix lipschitz terms exact bias bound mean variance");
    struct table  *means = world_table(w, "log_det_roulette",
                                       "distribution matrix lipschitz stop draws exact mean std_error z");
    struct table  *moment = world_table(w, "log_det_moment", "distribution rho stop finite terms part sum");
    const unsigned n = w->empty ? 0 : world_below(w, 12);
    for (unsigned i = 0; i < n; i++) {
        table_text(bias, matrices[i % 2]);
        table_setting(bias, i % 4 < 2 ? 0.5 : 0.9);
        table_count(bias, 1 + i);
        for (unsigned k = 0; k < 5; k++)
            table_number(bias, k == 1 || k == 4 ? world_size(w) : world_score(w));
        table_text(means, ways[i % 2]);
        table_text(means, matrices[1]);
        for (unsigned k = 0; k < 7; k++)
            table_number(means, world_size(w));
        table_text(moment, ways[i % 2]);
        table_setting(moment, 0.9);
        table_setting(moment, i % 2 ? 6 : 0.1);
        table_text(moment, i % 2 ? "false" : "true");
        table_count(moment, 2 + i);
        table_number(moment, world_size(w));
        table_number(moment, world_size(w));
    }
}
