/* warm_figures.c - random tables of the warm start, as the program gives them (figure_worlds.h). */
#include "figure_worlds.h"

#include <string.h>

static void fill_loss(struct world *w)
{
    static const char *const rates[] = { "0.001", "0.003", "0.01" }, *const arms[] = { "cold", "warm" };
    struct table  *table = world_table(w, "warm_start_loss", "coupling depth lr arm step runs q1 median q3");
    const unsigned n_rates = 1 + world_below(w, 3), n_arms = 1 + world_below(w, 2);
    for (unsigned r = 0; r < n_rates && !w->empty; r++)
        for (unsigned a = 0; a < n_arms; a++)
            for (unsigned step = 0; step < w->steps; step++) {
                table_text(table, "mixture");
                table_count(table, 4);
                table_text(table, rates[r]);
                table_text(table, arms[a]);
                table_count(table, step);
                table_count(table, w->seeds);
                for (int i = 0; i < 3; i++)
                    table_number(table, world_score(w));
            }
}

static void fill_course(struct world *w)
{
    static const char *const rotations[] = { "frozen", "free" };
    struct table            *table = world_table(w, "warm_start_free",
                                                 "rotation seed step train_logp square outside integral error determinant");
    for (unsigned r = 0; r < 2 && !w->empty; r++)
        for (unsigned step = 0, parts = 1 + world_below(w, 12); step < parts; step++) {
            table_text(table, rotations[r]);
            table_count(table, 0);
            table_count(table, step);
            table_number(table, world_score(w));
            for (int i = 0; i < 5; i++)
                table_number(table, world_size(w));
        }
}

static void fill_pictures(struct world *w)
{
    struct table  *table = world_table(w, "warm_start_density", "step x y density");
    const unsigned side = 4, ends = 1 + world_below(w, 2);
    for (unsigned end = 0; end < ends && !w->empty; end++)
        for (unsigned cell = 0; cell < side * side; cell++) {
            table_count(table, end * w->steps);
            table_number(table, 1.5 * (cell % side) - 2.25);
            table_number(table, 1.5 * (cell / side) - 2.25);
            table_digits(table, world_size(w));
        }
}

void fill_warm_start(struct world *w)
{
    static const char *const not_drawn[] = { "warm_start", "warm_start_reach", "warm_start_integral" };
    for (const struct table_plan *plan = w->experiment->tables; plan->name; plan++)
        for (size_t i = 0; i < sizeof not_drawn / sizeof *not_drawn; i++)
            if (strcmp(plan->name, not_drawn[i]) == 0)
                world_table(w, plan->name, plan->columns);
    fill_loss(w);
    fill_course(w);
    fill_pictures(w);
}
