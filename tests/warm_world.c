/* warm_world.c - synthetic tables of the warm start and the guards (warm_world.h). */
#include "warm_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "report_world.h"
#include "run_cells.h"

struct warm_world warm_world;

static const char *const rates[] = { "0.001", "0.003", "0.01" }, *const starts[] = { "cold", "warm" };
static const char *const scales[] = { "spline", "affine", "affine-bayesflow" };
static const char *const arms[] = { "none", "all", "no-masks", "no-clip", "no-actnorm", "no-warm" };

struct warm_world good_warm(void)
{
    return (struct warm_world){
        .end = { .1, .1, .1 },
        .largest = { -1, -1, -1 },
        .reach = { -300, -300, -300 },
        .validation = { 0, 1, 0 },
        .guard = { { -3, -1, -2, -2, -2, -2 }, { -3, -1, -2, -2, -2, -2 }, { -3, -1, -2, -2, -2, -2 } },
        .integral = 1,
        .error = 1e-7,
        .seeds = 24,
        .guard_seeds = 12,
    };
}

static void write_runs(void)
{
    FILE *file = create_table("warm_start",
                              "data coupling depth lr arm seed untrained_logp warm_distance status train_logp "
                              "validation_logp heldout_logp");
    for (size_t r = 0; r < 3; r++)
        for (size_t a = 0; a < 2; a++)
            for (size_t s = 0; s < warm_world.seeds; s++) {
                const double score = -1.6 + 1e-3 * (double)(s % 5) + warm_world.level[r] + (a ? warm_world.end[r] : 0);
                fprintf(file, "spiral\tmixture\t4\t%s\t%s\t%zu\t-3\t%s\t", rates[r], starts[a], 300 + s,
                        a ? "0" : "nan");
                if (a && s < warm_world.lost[r])
                    fprintf(file, "diverged\tnan\tnan\tnan\n");
                else
                    fprintf(file, "ok\t%.9f\t%.9f\t%.9f\n", score + .1,
                            -2 + warm_world.validation[r] + (a ? warm_world.warm_validation[r] : 0), score);
            }
    finish_table(file);
}

static void write_reach(void)
{
    FILE *file = create_table(
        "warm_start_reach", "data coupling depth lr arm seed status first_loss largest_loss final_loss reached reach");
    for (size_t r = 0; r < 3; r++)
        for (size_t a = 0; a < 2; a++)
            for (size_t s = 0; s < warm_world.seeds; s++) {
                const double wobble = 1e-3 * (double)(s % 5);
                const bool   lost = a && s < warm_world.lost[r],
                           never = a && (warm_world.never[r] || (r == 0 && s < warm_world.slow));
                fprintf(file, "spiral\tmixture\t4\t%s\t%s\t%zu\t%s\t3\t%.9f\t1.5\t%s\t", rates[r], starts[a], 300 + s,
                        lost ? "diverged" : "ok", 4 + wobble + (a ? warm_world.largest[r] : 0), never ? "no" : "yes");
                if (lost || never)
                    fprintf(file, "nan\n");
                else
                    fprintf(file, "%.0f\n", 1000 + (a ? warm_world.reach[r] : 0));
            }
    finish_table(file);
}

static void write_integrals(void)
{
    FILE                    *file = create_table("warm_start_integral",
                                                 "data coupling depth lr arm seed step status square outside integral error");
    static const char *const cells[] = { "spiral\tmixture\t4\t0.001", "spiral\tmixture\t4\t0.003",
                                         "spiral\tmixture\t4\t0.01",  "spiral\tmixture\t2\t0.003",
                                         "spiral\tmixture\t8\t0.003", "spiral\tspline\t4\t0.003",
                                         "moons\tmixture\t4\t0.003",  "checkerboard\tmixture\t4\t0.003" };
    for (size_t c = 0; c + warm_world.lacking < sizeof cells / sizeof *cells; c++)
        for (size_t end = 0; end < (c == 0 && warm_world.no_end ? 1 : 2); end++)
            fprintf(file, "%s\twarm\t300\t%d\tok\t1\t0\t%.9f\t%.9g\n", cells[c], end ? 1200 : 0,
                    c == 1 && end ? warm_world.integral : 1, c == 1 && end ? warm_world.error : 1e-8);
    finish_table(file);
    file = create_table("warm_start_free", "rotation seed step train_logp square outside integral error determinant");
    fprintf(file,
            "frozen\t300\t0\t-2.3\t1\t0\t1\t1e-8\t1\nfree\t300\t0\t-2.3\t1\t0\t1\t1e-8\t1\n"
            "frozen\t300\t1200\t-1.3\t1\t0\t1.00004\t1e-4\t1\nfree\t300\t1200\t4.8\t475\t0\t475.04\t1e-4\t475.06\n");
    finish_table(file);
}

#define GUARD_COLUMNS                                                                                           \
    "coupling depth lr arm seed status first_kind first_rows acted validation_logp heldout_logp inverse_error " \
    "condition_number "                                                                                         \
    "dead_units"

static void write_guard(FILE *file, const char *coupling, const char *lr, const char *arm, double score, size_t lost)
{
    for (size_t s = 0; s < warm_world.guard_seeds; s++) {
        fprintf(file, "%s\t20\t%s\t%s\t%zu\t", coupling, lr, arm, 300 + s);
        if (s < lost)
            fprintf(file, "diverged\tscale-underflow\t3\t0.5\tnan\tnan\tnan\tnan\tnan\n");
        else
            fprintf(file, "ok\tnone\tnan\t0.5\t%.9f\t%.9f\t1e-12\t9\t0.1\n", score, score + 1e-4 * (double)(s % 5));
    }
}

static void write_guards(void)
{
    FILE *file = create_table("guards", GUARD_COLUMNS);
    for (size_t c = 0; c < 3; c++)
        for (size_t a = 0; a < 6; a++)
            write_guard(file, scales[c], "0.01", arms[a], warm_world.guard[c][a], warm_world.guard_lost[c][a]);
    write_guard(file, "spline", "0.003", "notebook", -1.5, 0);
    write_guard(file, "spline", "0.003", "notebook-no-clip", -1.5, warm_world.plain_lost);
    finish_table(file);
}

void write_warm(void)
{
    write_runs();
    write_reach();
    write_integrals();
    write_guards();
    derive_table("guards_cells", RUN_CELLS_COLUMNS, run_cells_fill, "guards");
}
