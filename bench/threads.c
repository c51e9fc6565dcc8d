/* threads.c - whole runs: the notebook's depth sweep and the ensemble of 32, on one thread, two, and all.
 *
 * The sweep (1200 steps, depths 1, 2, 4, 8) is set against its dense limit: the matrix work of a dense conditioner,
 * forward and backward, at this core's own peak.  The ensemble (32 replicas of each depth, fewer steps) shows the
 * parallel efficiency: its runs are the unit, longest first, as in the experiments. */
#include "measure.h"

#include <omp.h>
#include <stdlib.h>

static const size_t depths[] = { 8, 4, 2, 1 }; /* longest first */
enum { N_DEPTHS = 4, BATCH = 512, SWEEP_STEPS = 1200, ENSEMBLE_STEPS = 150, REPLICAS = 32 };

static bool train(const struct bench *bench, size_t depth, uint64_t seed, size_t steps, const uint32_t *batches)
{
    fathom_config        config = fathom_config_default();
    fathom_train_options options = fathom_train_options_default();
    config.depth = depth;
    options.steps = steps;
    fathom_flow    *flow = fathom_flow_new(&config, NULL, NULL);
    double         *params = flow ? malloc(fathom_flow_n_params(flow) * sizeof *params) : NULL;
    fathom_trainer *trainer = NULL;
    if (params) {
        fathom_flow_init(params, flow, fathom_key_from_seed(seed));
        trainer = fathom_trainer_new(flow, bench->isa, params, &options, bench->data.x, NULL, bench->data.n);
    }
    bool done = trainer && fathom_train(trainer, NULL, NULL, batches, NULL, NULL).status != FATHOM_NO_MEMORY;
    fathom_trainer_free(trainer);
    free(params);
    fathom_flow_free(flow);
    return done;
}

static double seconds(const struct bench *bench, size_t replicas, size_t steps, const uint32_t *batches, int threads)
{
    double start = measure_now();
    int    runs = (int)(N_DEPTHS * replicas);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int i = 0; i < runs; i++)
        train(bench, depths[(size_t)i / replicas], (size_t)i % replicas, steps, batches);
    return measure_now() - start;
}

/* 2 flop a weight and row forward, 4 backward. */
static double dense_flop(size_t steps)
{
    double weights = 24 + 24 * 24 + 24 * 28, couplings = 2 * (1 + 2 + 4 + 8);
    return 6.0 * weights * couplings * BATCH * (double)steps;
}

struct table *bench_threads(const struct bench *bench)
{
    struct table *table = bench_table(bench, "threads", "what threads seconds dense_limit_ratio speedup efficiency");
    uint32_t     *batches = malloc(SWEEP_STEPS * BATCH * sizeof *batches);
    if (!batches)
        return table;
    fathom_batches(batches, 1, 0, SWEEP_STEPS, BATCH, 3000);
    const int counts[] = { 1, 2, omp_get_num_procs() };
    for (int kind = 0; kind < 2; kind++) {
        size_t replicas = kind == 0 ? 1 : REPLICAS, steps = kind == 0 ? SWEEP_STEPS : ENSEMBLE_STEPS;
        double best[3] = { INFINITY, INFINITY, INFINITY };
        int    n = counts[2] > 2 ? 3 : counts[2] > 1 ? 2 : 1;
        for (int round = 0; round < 5; round++) /* interleaved, the least of each */
            for (int i = 0; i < n; i++) {
                double took = seconds(bench, replicas, steps, batches, counts[i]);
                best[i] = took < best[i] ? took : best[i];
            }
        for (int i = 0; i < n; i++) {
            table_text(table, kind == 0 ? "sweep" : "ensemble");
            table_count(table, (uint64_t)counts[i]);
            table_number(table, best[i]);
            table_number(table, best[i] * bench->peak / (dense_flop(steps) * (double)replicas));
            table_number(table, best[0] / best[i]);
            table_number(table, best[0] / best[i] / counts[i]);
        }
    }
    free(batches);
    return table;
}
