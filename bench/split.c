/* split.c - where the time of one coupling goes: 512 rows along the curve of lib/morton.c, the notebook's
 * shape, forward and backward.
 *
 * Each part is timed by itself on the same rows.  Its arithmetic is counted (a multiply-add is 2 flop, exp 19, log1p
 * 26, division and root 1 each) and set against the core's peak; Adam, which does little with much data, is set
 * against the bandwidth of the cache that holds it.  The dense network stands beside the piecewise one. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 512, TILES = (ROWS + TILE - 1) / TILE, N_OUT = 28, UNITS = 24 };

struct coupling_bench {
    const struct conditioner *conditioner;
    const struct transformer *spline;
    const fathom_isa         *isa;
    fathom_config             config;
    size_t                    n_params;
    double                   *params, *gradient, *m, *v;
    void                     *network;
    double                    in[TILES][2 * STRIDE], dx[TILES][2 * STRIDE], dlog_det[TILE];
    struct volume             volume;
    struct volume_memory      volume_memory;
    double                    out[32 * STRIDE], dout[32 * STRIDE], saved[40 * STRIDE]; /* a tile's, as in a flow */
};

static size_t tile_rows(int t) { return ROWS - t * TILE < TILE ? (size_t)(ROWS - t * TILE) : TILE; }

static void prepare(void *c)
{
    struct coupling_bench *b = c;
    b->conditioner->prepare(b->network, b->params);
}

static void network_forward(void *c)
{
    struct coupling_bench *b = c;
    for (int t = 0; t < TILES; t++)
        b->conditioner->forward(b->out, b->in[t], b->network, tile_rows(t));
}

static void prepare_and_forward(void *c)
{
    prepare(c);
    network_forward(c);
}

static void spline_forward(void *c)
{
    struct coupling_bench *b = c;
    for (int t = 0; t < TILES; t++) {
        memcpy(ROW(b->dx[t], 1), ROW(b->in[t], 1), tile_rows(t) * sizeof(double));
        volume_start(&b->volume, tile_rows(t));
        b->spline->forward(ROW(b->dx[t], 1), &b->volume, b->out, b->saved, &b->config, tile_rows(t));
    }
}

static void spline_backward(void *c)
{
    struct coupling_bench *b = c;
    for (int t = 0; t < TILES; t++)
        b->spline->backward(ROW(b->dx[t], 1), b->dout, b->saved, b->dlog_det, &b->config, tile_rows(t));
}

static void network_forward_and_backward(void *c)
{
    struct coupling_bench *b = c;
    for (int t = 0; t < TILES; t++) {
        b->conditioner->forward(b->out, b->in[t], b->network, tile_rows(t));
        b->conditioner->backward(b->dx[t], b->dout, b->network, tile_rows(t));
    }
}

static void finish(void *c)
{
    struct coupling_bench *b = c;
    b->conditioner->finish(b->gradient, b->network);
}

static void adam(void *c)
{
    struct coupling_bench *b = c;
    b->isa->sum_squares(b->gradient, b->n_params);
    b->isa->adam(b->params, b->m, b->v, b->gradient, 1.0, 1e-12, 0.999, 1.0, b->n_params);
}

static void row(struct table *table, const char *network, const char *part, double seconds, double flop, double peak)
{
    table_text(table, network);
    table_text(table, part);
    table_number(table, seconds * 1e6);
    table_number(table, flop / seconds / peak);
}

static void rows_of(struct table *table, struct coupling_bench *b, const struct bench *bench, bool dense)
{
    const double weights = UNITS + UNITS * UNITS + UNITS * N_OUT, bins = 9;
    const char  *name = dense ? "dense" : "piecewise";
    const double spend = 0.15;

    b->conditioner = dense ? bench->isa->dense : bench->isa->piecewise;
    b->network = b->conditioner->create(1, N_OUT, UNITS, 2, TILE);
    double both = measure_best(prepare_and_forward, b, spend, 50);
    double map = measure_best(network_forward, b, spend, 50);
    double spline = measure_best(spline_forward, b, spend, 50);
    double spline_back = measure_best(spline_backward, b, spend, 50);
    prepare_and_forward(b);
    double back = measure_best(network_forward_and_backward, b, spend, 50) - map;
    double last = measure_best(finish, b, spend, 50);
    double update = measure_best(adam, b, spend, 50);
    b->conditioner->destroy(b->network);

    const double exp_flop = 19, log1p_flop = 26;
    const double forward_flop = ROWS * ((2 * bins + 2) * exp_flop + 2 * log1p_flop + 16 * bins + 40);
    const double backward_flop = ROWS * (14 * bins + 60);
    if (dense) {
        row(table, name, "network_forward", map, 2 * weights * ROWS, bench->peak);
        row(table, name, "network_backward", back + last, 4 * weights * ROWS, bench->peak);
        row(table, name, "network", map + back + last, 6 * weights * ROWS, bench->peak);
    } else {
        row(table, name, "table", both - map, NAN, bench->peak);
        row(table, name, "look_up_and_map", map, 2.0 * N_OUT * ROWS, bench->peak);
        row(table, name, "spline_forward", spline, forward_flop, bench->peak);
        row(table, name, "spline_backward", spline_back, backward_flop, bench->peak);
        row(table, name, "moments", back, 5.0 * N_OUT * ROWS, bench->peak);
        row(table, name, "weight_gradients", last, NAN, bench->peak);
        /* seven streams of doubles, and the norm's one; as a fraction of the cache's bandwidth */
        row(table, name, "adam", update, 8.0 * 8.0 * (double)b->n_params, measure_bandwidth(4 * b->n_params));
    }
}

struct table *bench_split(const struct bench *bench)
{
    struct table          *table = bench_table(bench, "split", "network part microseconds fraction");
    struct coupling_bench *b = calloc(1, sizeof *b);
    if (!b)
        return table;
    b->isa = bench->isa;
    b->config = fathom_config_default();
    b->spline = fathom_isa_transformer(bench->isa, "spline");
    b->volume = volume_in(&b->volume_memory);
    const struct layer *coupling = fathom_isa_layer(bench->isa, "coupling");
    b->n_params = layer_n_params(coupling, &b->config);
    uint32_t order[ROWS];
    b->params = zeros(4 * padded(b->n_params) * sizeof(double));
    if (!b->params || fathom_morton_order(order, bench->data.x, ROWS, 2) != FATHOM_OK) {
        free(b->params);
        free(b);
        return table;
    }
    b->gradient = b->params + padded(b->n_params);
    b->m = b->gradient + padded(b->n_params);
    b->v = b->m + padded(b->n_params);
    layer_init(b->params, coupling, &b->config, fathom_key_from_seed(0));
    for (int i = 0; i < ROWS; i++) {
        b->in[i / TILE][i % TILE] = bench->data.x[2 * order[i]];
        b->in[i / TILE][STRIDE + i % TILE] = bench->data.x[2 * order[i] + 1];
        b->dlog_det[i % TILE] = -1.0 / ROWS;
    }
    rows_of(table, b, bench, false);
    rows_of(table, b, bench, true);
    free(b->params);
    free(b);
    return table;
}
