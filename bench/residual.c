/* residual.c - the time of one residual block of a training step: batch 512, D = 2, four matrices of width 128, and what part of
 * it is the matrix work, at this core's own peak (fathom_train_flops).
 *
 * Power iteration, activations with two derivatives and the log-determinant are in the time and not in the work. */
#include "measure.h"

#include <stdlib.h>

enum { BATCH = 512, DEPTH = 4, STEPS = 64 };

struct work {
    fathom_trainer *trainer;
    const uint32_t *rows; /* [STEPS][BATCH] */
    size_t          n_steps;
};

static void step(void *context)
{
    struct work *w = context;
    double       loss, norm;
    fathom_trainer_step(w->trainer, &loss, &norm, w->rows + w->n_steps++ % STEPS * BATCH);
}

/* Microseconds of a step; NaN without memory. */
static double time_step(const struct bench *bench, const fathom_config *config, const fathom_train_options *options,
                        const uint32_t *rows)
{
    fathom_flow *flow = fathom_flow_new(config, NULL, NULL);
    double      *params = flow ? malloc(fathom_flow_n_params(flow) * sizeof *params) : NULL, seconds = NAN;
    struct work  work = { .rows = rows };
    if (params) {
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        work.trainer = fathom_trainer_new(flow, bench->isa, params, options, bench->data.x, NULL, bench->data.n);
    }
    if (work.trainer)
        seconds = measure_best(step, &work, 2.0, 20);
    fathom_trainer_free(work.trainer);
    free(params);
    fathom_flow_free(flow);
    return seconds * 1e6;
}

struct table *bench_residual(const struct bench *bench)
{
    static const size_t  widths[] = { 48, 128 };
    static uint32_t      rows[STEPS * BATCH];
    struct table        *table = bench_table(bench, "residual", "width layers microseconds_per_block peak_share");
    fathom_train_options options = fathom_train_options_default();
    options.steps = 100000;
    for (size_t i = 0; i < STEPS * BATCH; i++) /* no row twice in a batch: each passes through the flow */
        rows[i] = (uint32_t)(i % bench->data.n);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        fathom_config config = fathom_config_default();
        config.block = FATHOM_BLOCK_RESIDUAL;
        config.depth = DEPTH;
        config.width = widths[i];
        config.hidden = widths[i] == 128 ? 3 : 2;
        const double time = time_step(bench, &config, &options, rows);
        options.steps = 1;
        const double work = fathom_train_flops(&config, &options);
        options.steps = 100000;
        table_count(table, config.width);
        table_count(table, config.hidden + 1);
        table_number(table, time / DEPTH);
        table_number(table, work / bench->peak / (time * 1e-6));
    }
    return table;
}
