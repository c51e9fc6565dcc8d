/* scaling.c - the time of a training step against depth, batch, width and dimension, one at a time from the notebook's
 * shape (depth 8, batch 512, width 24, dimension 2), and the exponent of each: time ~ value^exponent. */
#include "measure.h"

#include <stdlib.h>

#include "stats.h"

struct step_bench {
    fathom_trainer *trainer;
    const double   *x;
    uint32_t       *rows;
};

static void step(void *c)
{
    struct step_bench *s = c;
    double             loss, norm;
    fathom_trainer_step(s->trainer, &loss, &norm, s->x, s->rows);
}

/* Seconds of a step; the rows of x are coordinates of a standard normal, D of them. */
static double seconds_a_step(const struct bench *bench, const fathom_config *config, size_t batch)
{
    fathom_train_options options = fathom_train_options_default();
    options.batch = batch;
    options.steps = 1000000;
    fathom_flow *flow = fathom_flow_new(config, NULL, NULL);
    double      *params = malloc(fathom_flow_n_params(flow) * sizeof *params);
    double      *x = malloc(batch * config->dim * sizeof *x);
    uint32_t    *rows = malloc(batch * sizeof *rows);
    double       best = NAN;
    if (params && x && rows) {
        fathom_normal(x, fathom_key_from_seed(5), batch * config->dim);
        for (size_t i = 0; i < batch; i++)
            rows[i] = (uint32_t)i;
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        struct step_bench s = {fathom_trainer_new(flow, bench->isa, params, &options), x, rows};
        best = s.trainer ? measure_best(step, &s, 0.25, 8) : NAN;
        fathom_trainer_free(s.trainer);
    }
    free(params);
    free(x);
    free(rows);
    fathom_flow_free(flow);
    return best;
}

static const struct axis {
    const char *name;
    size_t      n, value[9];
} axes[] = {
    {"depth", 6, {1, 2, 4, 8, 16, 32}},
    {"batch", 9, {64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384}},
    {"width", 6, {8, 16, 32, 64, 128, 256}},
    {"dimension", 4, {2, 4, 6, 8}},
};
enum { DEPTH, BATCH, WIDTH, DIMENSION };

struct table *bench_scaling(const struct bench *bench, struct table **exponents)
{
    struct table *table = bench_table(bench, "scaling", "axis value microseconds");
    *exponents = bench_table(bench, "exponents", "axis from to exponent low high");
    for (size_t a = 0; a < sizeof axes / sizeof *axes; a++) {
        double value[9], time[9];
        for (size_t i = 0; i < axes[a].n; i++) {
            fathom_config config = fathom_config_default();
            size_t        batch = 512, v = axes[a].value[i];
            config.depth = a == DEPTH ? v : 8;
            config.width = a == WIDTH ? v : config.width;
            config.dim = a == DIMENSION ? v : config.dim;
            batch = a == BATCH ? v : batch;
            value[i] = (double)v;
            time[i] = seconds_a_step(bench, &config, batch);
            table_text(table, axes[a].name);
            table_count(table, v);
            table_number(table, time[i] * 1e6);
        }
        size_t      skip = a == DEPTH ? 1 : 0; /* the law is stated from depth 2 on */
        struct line fit = stats_log_log(value + skip, time + skip, 0.95, axes[a].n - skip);
        table_text(*exponents, axes[a].name);
        table_count(*exponents, axes[a].value[skip]);
        table_count(*exponents, axes[a].value[axes[a].n - 1]);
        table_number(*exponents, fit.slope);
        table_number(*exponents, fit.low);
        table_number(*exponents, fit.high);
    }
    return table;
}
