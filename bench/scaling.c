/* scaling.c - the time of a training step against depth, batch, width and dimension, one at a time from the notebook's
 * shape (depth 8, batch 512, width 24, dimension 2), and the exponent of each: time ~ value^exponent.  Against depth
 * also in four dimensions, where the networks are dense: how far from linear a step is without the tables of lines.
 *
 * An exponent compares an axis's ends, so its points are timed in turn, in several rounds, and each gives its least: a
 * neighbour who is loud for a second then disturbs a round and not a point. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

#include "statistics.h"

/* As the notebook has 3000 rows for a batch of 512. */
enum { ROWS_A_BATCH = 6, STEPS = 64 };

/* One point of an axis: a trainer and what it trains on, the spiral in the plane, else a standard normal. */
struct point {
    fathom_flow    *flow;
    fathom_trainer *trainer;
    double         *x;    /* [ROWS_A_BATCH batch][D]                      */
    uint32_t       *rows; /* [STEPS][batch], in turn and from the start   */
    size_t          batch, n_steps;
};

static void step(void *c)
{
    struct point *p = c;
    double        loss, norm;
    fathom_trainer_step(p->trainer, &loss, &norm, p->rows + p->n_steps++ % STEPS * p->batch);
}

static void close_point(struct point *p)
{
    fathom_trainer_free(p->trainer);
    fathom_flow_free(p->flow);
    free(p->x);
    free(p->rows);
    *p = (struct point){ .flow = NULL };
}

/* x: [n][dim].  false: not enough memory. */
static bool draw_rows(double *x, size_t dim, size_t n)
{
    fathom_dataset spiral;
    if (dim != 2) {
        fathom_normal(x, fathom_key_from_seed(5), n * dim);
        return true;
    }
    if (fathom_spiral(&spiral, 0, n, NULL) != FATHOM_OK)
        return false;
    memcpy(x, spiral.x, dim * n * sizeof *x);
    fathom_dataset_free(&spiral);
    return true;
}

/* Without memory the point stays closed. */
static void open_point(struct point *p, const struct bench *bench, const fathom_config *config, size_t batch)
{
    fathom_train_options options = fathom_train_options_default();
    const size_t         n = ROWS_A_BATCH * batch;
    options.batch = batch;
    options.steps = 100000;
    *p = (struct point){ .flow = fathom_flow_new(config, NULL, NULL),
                         .x = malloc(n * config->dim * sizeof(double)),
                         .rows = malloc(STEPS * batch * sizeof(uint32_t)),
                         .batch = batch };
    double *params = p->flow ? malloc(fathom_flow_n_params(p->flow) * sizeof *params) : NULL;
    if (params && p->x && p->rows && draw_rows(p->x, config->dim, n)) {
        fathom_batches(p->rows, 1, 0, STEPS, batch, n);
        fathom_flow_init(params, p->flow, fathom_key_from_seed(0));
        p->trainer = fathom_trainer_new(p->flow, bench->isa, params, &options, p->x, NULL, n);
    }
    free(params);
    if (!p->trainer)
        close_point(p);
}

enum quantity { DEPTH, BATCH, WIDTH, DIMENSION };
enum { MOST_POINTS = 9, ROUNDS = 16 };

static const struct axis {
    const char   *name;
    enum quantity quantity;
    size_t        dim;  /* unless that is the quantity                */
    size_t        skip; /* points before those that the law is about  */
    size_t        n, value[MOST_POINTS];
} axes[] = {
    { "depth", DEPTH, 2, 1, 6, { 1, 2, 4, 8, 16, 32 } },
    { "depth_dense", DEPTH, 4, 1, 6, { 1, 2, 4, 8, 16, 32 } },
    { "batch", BATCH, 2, 0, 9, { 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384 } },
    { "width", WIDTH, 2, 0, 6, { 8, 16, 32, 64, 128, 256 } },
    { "dimension", DIMENSION, 2, 0, 4, { 2, 4, 6, 8 } },
};

struct table *bench_scaling(const struct bench *bench, struct table **exponents)
{
    struct table *table = bench_table(bench, "scaling", "axis value microseconds");
    *exponents = bench_table(bench, "exponents", "axis from to exponent low high");
    for (size_t a = 0; a < sizeof axes / sizeof *axes; a++) {
        const enum quantity along = axes[a].quantity;
        const size_t        skip = axes[a].skip;
        struct point        point[MOST_POINTS];
        double              value[MOST_POINTS], time[MOST_POINTS];
        for (size_t i = 0; i < axes[a].n; i++) {
            fathom_config config = fathom_config_default();
            const size_t  v = axes[a].value[i];
            config.depth = along == DEPTH ? v : 8;
            config.width = along == WIDTH ? v : config.width;
            config.dim = along == DIMENSION ? v : axes[a].dim;
            open_point(&point[i], bench, &config, along == BATCH ? v : 512);
            value[i] = (double)v;
            time[i] = point[i].trainer ? INFINITY : NAN;
        }
        for (int round = 0; round < ROUNDS; round++)
            for (size_t i = 0; i < axes[a].n; i++)
                if (point[i].trainer)
                    time[i] = fmin(time[i], measure_best(step, &point[i], 0.1, 2));
        for (size_t i = 0; i < axes[a].n; i++) {
            close_point(&point[i]);
            table_text(table, axes[a].name);
            table_count(table, axes[a].value[i]);
            table_number(table, time[i] * 1e6);
        }
        struct line fit = statistics_log_log(value + skip, time + skip, 0.95, axes[a].n - skip);
        table_text(*exponents, axes[a].name);
        table_count(*exponents, axes[a].value[skip]);
        table_count(*exponents, axes[a].value[axes[a].n - 1]);
        table_number(*exponents, fit.slope);
        table_number(*exponents, fit.low);
        table_number(*exponents, fit.high);
    }
    return table;
}
