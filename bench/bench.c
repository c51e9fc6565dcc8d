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

static void print(const struct table *table)
{
    printf("\n%s\n", table_name(table));
    for (size_t c = 0; c < table_columns(table); c++)
        printf("%20s", table_column_name(table, c));
    for (size_t r = 0; r < table_rows(table); r++) {
        printf("\n");
        for (size_t c = 0; c < table_columns(table); c++) {
            const char *cell = table_cell(table, r, c);
            if (strchr(cell, '.')) /* of the cells here only a measured number has a point */
                printf("%20.4g", table_cell_number(table, r, c));
            else
                printf("%20s", cell);
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
    if (!out)
        exit_usage("usage: bench --out DIR");
    if (!bench.isa)
        exit_usage("FATHOM_ISA=%s: this processor runs no such kernels; legal: v4, v3, neon, ref", isa ? isa : "");
    if (!files_folder(out, &error))
        exit_failed("--out: %s", error.text);
    if (fathom_spiral(&bench.data, 0, 3000, NULL) != FATHOM_OK)
        exit_failed("not enough memory");

    bench.peak = measure_peak(bench.isa);
    printf("%s, kernels %s, peak %.1f GFLOP/s a core in double precision\n", bench.machine, bench.isa->name,
           bench.peak * 1e-9);
    enum { N_TABLES = 7 };
    struct table *exponents, *tables[N_TABLES];
    tables[0] = bench_split(&bench);
    tables[1] = bench_scaling(&bench, &exponents);
    tables[2] = exponents;
    tables[3] = bench_threads(&bench);
    tables[4] = bench_memory(&bench);
    tables[5] = bench_mixture(&bench);
    tables[6] = bench_residual(&bench);
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
