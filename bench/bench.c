/* bench.c - what a training step costs and where, from one process: `make bench`.
 *
 * Prints a summary, and writes tables and figures into a folder of their own: times differ from machine to machine and
 * run to run, so they are no part of the results that are compared byte for byte. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "exit.h"
#include "plot.h"

/* Of the cells here only a measured number has a point; it is printed with four digits. */
static bool is_number(const char *cell) { return strchr(cell, '.') != NULL; }

static int width_of(const struct table *table, size_t column)
{
    size_t width = strlen("1.234e+05");
    for (size_t r = 0; r < table_rows(table); r++) {
        const char *cell = table_cell(table, r, column);
        width = !is_number(cell) && strlen(cell) > width ? strlen(cell) : width;
    }
    const size_t name = strlen(table_column_name(table, column));
    return (int)(name > width ? name : width) + 2;
}

static void print(const struct table *table)
{
    printf("\n%s\n", table_name(table));
    for (size_t c = 0; c < table_columns(table); c++)
        printf("%*s", width_of(table, c), table_column_name(table, c));
    for (size_t r = 0; r < table_rows(table); r++) {
        printf("\n");
        for (size_t c = 0; c < table_columns(table); c++) {
            const char *cell = table_cell(table, r, c);
            if (is_number(cell))
                printf("%*.4g", width_of(table, c), table_cell_number(table, r, c));
            else
                printf("%*s", width_of(table, c), cell);
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const char       *out = argc == 3 && strcmp(argv[1], "--out") == 0 ? argv[2] : NULL;
    const char *const isa = getenv("FATHOM_ISA"), *const figures[] = { "bench_split", "bench_scaling",
                                                                       "bench_threads" };
    struct bench       bench = { .isa = fathom_isa_find(isa), .machine = measure_machine() };
    const plot_options plot = { .out = out, .formats = PLOT_SVG };
    fathom_error       error;
    size_t             dim, width, batch;
    const bool         shape = argc == 3 && strcmp(argv[1], "--step") == 0 &&
                       sscanf(argv[2], "%zu,%zu,%zu", &dim, &width, &batch) == 3;
    if (!out && !shape)
        exit_usage("usage: bench --out DIR, or bench --step DIM,WIDTH,BATCH");
    if (!bench.isa)
        exit_usage("FATHOM_ISA=%s: this processor runs no such kernels; legal: v4, v3, neon, ref", isa ? isa : "");
    if (shape) {
        const double seconds = bench_step(&bench, dim, width, batch);
        if (!(seconds > 0.0))
            exit_failed("--step %s: no flow of that shape", argv[2]);
        printf("%.9f\n", seconds);
        return EXIT_DONE;
    }
    if (!files_folder(out, &error))
        exit_failed("--out: %s", error.text);
    if (fathom_spiral(&bench.data, 0, 3000, NULL) != FATHOM_OK)
        exit_failed("not enough memory");

    bench.peak = measure_peak(bench.isa);
    printf("%s, kernels %s, peak %.1f GFLOP/s per core in double precision\n", bench.machine, bench.isa->name,
           bench.peak * 1e-9);
    enum { N_TABLES = 8 };
    struct table *exponents, *tables[N_TABLES];
    tables[0] = bench_split(&bench);
    tables[1] = bench_steps(&bench);
    tables[2] = bench_scaling(&bench, &exponents);
    tables[3] = exponents;
    tables[4] = bench_threads(&bench);
    tables[5] = bench_memory(&bench);
    tables[6] = bench_mixture(&bench);
    tables[7] = bench_residual(&bench);
    for (size_t i = 0; i < N_TABLES; i++)
        print(tables[i]);
    if (!tables_write(out, tables, N_TABLES, &error))
        exit_failed("%s", error.text);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (plot_draw(figures[i], &plot, &error) != PLOT_OK)
            exit_failed("%s", error.text);
    for (size_t i = 0; i < N_TABLES; i++)
        table_free(tables[i]);
    fathom_dataset_free(&bench.data);
    return EXIT_DONE;
}
