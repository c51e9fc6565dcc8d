/* scaling.c - the time of a training step against depth, batch, width and dimension, one at a time from the notebook's
 * shape (depth 8, batch 512, width 24, dimension 2), and the exponent of each: time ~ value^exponent.  Against depth
 * also in four dimensions, where the networks are dense: how far from linear a step is without the tables of lines.
 *
 * An exponent compares an axis's ends, so its points are timed in turn, in several rounds, and each gives its least: a
 * neighbour who is loud for a second then disturbs a round and not a point.  The two axes of depth are timed in the same
 * rounds, and the difference of their exponents has a row of its own, depth_minus_dense. */
#include <math.h>
#include <stdlib.h>

#include "point.h"
#include "statistics.h"

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

/* An axis, opened: its points and their least times. */
struct timed {
    const struct axis *axis;
    struct point       point[MOST_POINTS];
    double             value[MOST_POINTS], time[MOST_POINTS]; /* time: seconds, NaN without memory */
};

static void open_axis(struct timed *t, const struct bench *bench, const struct axis *axis)
{
    *t = (struct timed){ .axis = axis };
    for (size_t i = 0; i < axis->n; i++) {
        fathom_config config = fathom_config_default();
        const size_t  v = axis->value[i];
        config.depth = axis->quantity == DEPTH ? v : 8;
        config.width = axis->quantity == WIDTH ? v : config.width;
        config.dim = axis->quantity == DIMENSION ? v : axis->dim;
        point_open(&t->point[i], bench->isa, &config, axis->quantity == BATCH ? v : 512);
        t->value[i] = (double)v;
        t->time[i] = t->point[i].trainer ? INFINITY : NAN;
    }
}

/* All points of these axes, once each. */
static void time_round(struct timed *t, size_t n_axes)
{
    for (size_t i = 0; i < MOST_POINTS; i++)
        for (size_t a = 0; a < n_axes; a++)
            if (i < t[a].axis->n && t[a].point[i].trainer)
                t[a].time[i] = fmin(t[a].time[i], measure_best(point_step, &t[a].point[i], 0.1, 2));
}

static void exponent(struct table *exponents, const char *name, const struct axis *axis, struct line fit)
{
    table_text(exponents, name);
    table_count(exponents, axis->value[axis->skip]);
    table_count(exponents, axis->value[axis->n - 1]);
    table_number(exponents, fit.slope);
    table_number(exponents, fit.low);
    table_number(exponents, fit.high);
}

static void close_axis(struct timed *t, struct table *table, struct table *exponents)
{
    const struct axis *axis = t->axis;
    for (size_t i = 0; i < axis->n; i++) {
        point_close(&t->point[i]);
        table_text(table, axis->name);
        table_count(table, axis->value[i]);
        table_number(table, t->time[i] * 1e6);
    }
    exponent(exponents, axis->name, axis,
             statistics_log_log(t->value + axis->skip, t->time + axis->skip, 0.95, axis->n - axis->skip));
}

/* The exponent of a ratio of times is the difference of their exponents; the interval is that of the ratio's line, so
 * what bends both alike, such as the caches' sizes, does not widen it. */
static void difference(struct table *exponents, const struct timed *t, const struct timed *other)
{
    const size_t skip = t->axis->skip, n = t->axis->n - skip;
    double       ratio[MOST_POINTS];
    for (size_t i = 0; i < n; i++)
        ratio[i] = t->time[skip + i] / other->time[skip + i];
    exponent(exponents, "depth_minus_dense", t->axis, statistics_log_log(t->value + skip, ratio, 0.95, n));
}

struct table *bench_scaling(const struct bench *bench, struct table **exponents)
{
    static const size_t together[] = { 2, 1, 1, 1 }; /* axes whose points are timed in turn */
    static struct timed timed[2];
    const struct axis  *axis = axes;
    struct table       *table = bench_table(bench, "scaling", "axis value microseconds");
    *exponents = bench_table(bench, "exponents", "axis from to exponent low high");
    for (size_t g = 0; g < sizeof together / sizeof *together; g++) {
        const size_t n = together[g];
        for (size_t a = 0; a < n; a++)
            open_axis(&timed[a], bench, axis++);
        for (int round = 0; round < ROUNDS; round++)
            time_round(timed, n);
        for (size_t a = 0; a < n; a++)
            close_axis(&timed[a], table, *exponents);
        if (n == 2)
            difference(*exponents, &timed[0], &timed[1]);
    }
    return table;
}
