/* memory.c - what a run holds at each depth: its parameters, gradient, moments and one thread's workspace
 * (not the 12 bytes that a trainer holds for each training row). */
#include "measure.h"

#include <stdlib.h>
#include <sys/resource.h>

struct table *bench_memory(const struct bench *bench)
{
    static const size_t depths[] = { 1, 2, 4, 8, 16, 32 };
    struct table       *table = bench_table(bench, "memory", "depth n_params trainer_bytes workspace_bytes");
    struct rusage       usage;
    char                text[32];
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        fathom_config config = fathom_config_default();
        config.depth = depths[i];
        fathom_flow      *flow = fathom_flow_new(&config, NULL, NULL);
        fathom_workspace *workspace = flow ? fathom_workspace_new(flow, bench->isa) : NULL;
        if (workspace) {
            table_count(table, depths[i]);
            table_count(table, fathom_flow_n_params(flow));
            table_count(table, 4 * fathom_flow_n_params(flow) * sizeof(double));
            table_count(table, fathom_workspace_bytes(workspace));
        }
        fathom_workspace_free(workspace);
        fathom_flow_free(flow);
    }
    getrusage(RUSAGE_SELF, &usage);
    snprintf(text, sizeof text, "%ld", usage.ru_maxrss);
    table_config(table, "process-peak-KiB", text);
    return table;
}
