/* test_figures.c - every figure from random small tables: each must come out whole, and gnuplot complain of none.
 *
 * A world is a number from 0 on; its figure, tables and values follow from that number alone.  Every experiment of
 * report/judges.h is drawn; one that has no function here has the runs of its design.
 *
 *   test_figures [FIRST [LAST]]     these worlds; by default the first few
 *   KEEP=DIR test_figures 17        leaves the tables and the picture of world 17 in DIR
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figure_worlds.h"
#include "plot.h"

enum { FEW = 48 };

static unsigned first_world, last_world = FEW - 1;

/* --------------------------------------------------------------------------------------------------- drawing ---- */

#define JUDGE(name) extern const struct experiment name;
#include "judges.h"
#undef JUDGE

static const struct experiment *const experiments[] = {
#define JUDGE(name) &name,
#include "judges.h"
#undef JUDGE
};
enum { EXPERIMENTS = sizeof experiments / sizeof *experiments };

/* Those whose tables are not all of runs, or have a shape of their own. */
static const struct {
    void (*fill)(struct world *w);
    const struct experiment *experiment;
} programs[] = {
    { fill_depth_sweep, &depth_sweep },
    { fill_density, &density },
    { fill_gradient_norm, &gradient_norm },
    { fill_gradient_depth, &gradient_depth },
    { fill_depth_truth, &depth_truth },
    { fill_actnorm, &actnorm },
    { fill_stability, &stability },
    { fill_stability, &stability_4d },
    { fill_nothing, &divergence },
    { fill_nothing, &sibling_moons },
    { fill_conditioner, &conditioner },
    { fill_roundoff, &roundoff },
    { fill_residual_inverse, &residual_inverse },
    { fill_warm_start, &warm_start },
    { fill_residual_flow, &residual_flow },
    { fill_log_det_estimators, &log_det_estimators },
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

/* The tables of its world; false: a function that none here stands for fills one of them. */
static bool fill_tables(struct world *w)
{
    for (size_t p = 0; p < PROGRAMS; p++)
        if (programs[p].experiment == w->experiment) {
            programs[p].fill(w);
            return true;
        }
    for (const struct table_plan *plan = w->experiment->tables; plan->name; plan++)
        if (plan->fill)
            return false;
    fill_runs(w);
    return true;
}

static unsigned complaints;

static void complain(void *context, const char *line)
{
    const unsigned *world = context;
    if (strstr(line, "ERROR: ld.so:")) /* of a preloaded library that is not there: not gnuplot's */
        return;
    print_error("world %u: %s\n", *world, line);
    complaints++;
}

/* The picture has a title and a description of its own, and names gnuplot's version (report/compare.c). */
static bool tells_what_it_shows(const char *folder, const char *figure)
{
    char path[256], head[4096] = "";
    snprintf(path, sizeof path, "%s/%s.svg", folder, figure);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    head[fread(head, 1, sizeof head - 1, file)] = '\0';
    fclose(file);
    const char *title = strstr(head, "<title>"), *desc = strstr(head, "</title>\n<desc>");
    return title && desc && strncmp(title, "<title>Gnuplot", 14) != 0 && strstr(desc, "Table") &&
           strstr(desc, "Produced by GNUPLOT ");
}

static void draw_world(unsigned number, const char *folder)
{
    struct world w;
    fathom_error error = { "" };
    world_new(&w, number);
    w.experiment = experiments[number % EXPERIMENTS];
    if (!fill_tables(&w)) {
        print_message("skipped: %s: no function of test_figures.c fills its tables\n", w.experiment->program.name);
        return;
    }
    world_derive(&w);
    if (!tables_write(folder, w.tables, w.n_tables, &error))
        fail_msg("%s", error.text);
    for (size_t t = 0; t < w.n_tables; t++)
        table_free(w.tables[t]);
    plot_options options = { .out = folder,
                             .home = ".",
                             .formats = PLOT_SVG,
                             .notebook = w.notebook,
                             .warn = complain,
                             .warn_context = &number };
    for (const char *const *figure = w.experiment->figures; *figure; figure++)
        if (plot_draw(*figure, &options, &error) != PLOT_OK) {
            print_error("world %u: %s\n", number, error.text);
            complaints++;
        } else if (!tells_what_it_shows(folder, *figure)) {
            print_error("world %u: %s.svg does not say what it shows\n", number, *figure);
            complaints++;
        }
}

static void test_figures(void **state)
{
    (void)state;
    char        scratch[] = "/tmp/fathom-figures-XXXXXX";
    const char *keep = getenv("KEEP"), *folder = keep ? keep : mkdtemp(scratch);
    assert_non_null(folder);
    for (unsigned world = first_world; world <= last_world; world++)
        draw_world(world, folder);
    if (!keep) {
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));)
            unlinkat(dirfd(dir), entry->d_name, 0);
        closedir(dir);
        rmdir(folder);
    }
    assert_int_equal(complaints, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_figures) };
    if (argc > 1)
        first_world = last_world = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        last_world = (unsigned)strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
