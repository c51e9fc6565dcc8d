/* mixture.c - what a mixture coupling costs: 512 rows along the curve of lib/morton.c, K = 8 components, a conditioner
 * 1 -> 64 -> 64 -> 24.
 *
 * The transformer alone, forward and backward, and the whole coupling: prepare, forward, backward, gradients.  The
 * arithmetic is that of split.c; per component and row forward has 4 exponentials, Mills' ratio (23 multiply-adds and a
 * division), a division and 24 other operations, backward 26; per row forward has 2 of Mills' ratio, 4 logarithms and 60
 * others.  Of the conditioner its look-up and its moments count, 7 operations per output and row. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 512, TILES = (ROWS + TILE - 1) / TILE };

struct mixture_bench {
    const struct layer       *coupling;
    const struct transformer *transformer;
    void                     *state;
    double                   *params, *gradient, *outputs, *saved, dlog_det[TILE];
    fathom_config             config;
    double                    in[TILES][2 * SLAB_STRIDE], x[2 * SLAB_STRIDE];
    struct volume             volume;
    struct volume_memory      volume_memory;
};

static size_t tile_rows(int t) { return ROWS - t * TILE < TILE ? (size_t)(ROWS - t * TILE) : TILE; }

static void forward(void *c)
{
    struct mixture_bench *b = c;
    for (int t = 0; t < TILES; t++) {
        memcpy(b->x, COORDINATE(b->in[t], 1), TILE * sizeof(double));
        volume_start(&b->volume, tile_rows(t));
        b->transformer->forward(b->x, &b->volume, b->outputs, b->saved, &b->config, tile_rows(t));
    }
}

/* Of the last tile's numbers; the gradient goes where the coupling's own would. */
static void backward(void *c)
{
    struct mixture_bench *b = c;
    double               *gradient = b->saved + b->transformer->n_saved(&b->config) * STRIDE;
    for (int t = 0; t < TILES; t++)
        b->transformer->backward(b->x, gradient, b->saved, b->dlog_det, &b->config, tile_rows(t));
}

static void coupling(void *c)
{
    struct mixture_bench *b = c;
    layer_prepare(b->coupling, b->state, b->params);
    for (int t = 0; t < TILES; t++) {
        memcpy(b->x, b->in[t], sizeof b->x);
        volume_start(&b->volume, tile_rows(t));
        b->coupling->forward(b->x, &b->volume, b->state, tile_rows(t));
        b->coupling->backward(b->x, b->dlog_det, b->state, tile_rows(t));
    }
    layer_finish(b->gradient, b->coupling, b->state);
}

static void row(struct table *table, const char *part, double seconds, double flop, double peak)
{
    table_text(table, part);
    table_number(table, seconds * 1e6);
    table_number(table, flop / seconds / peak);
}

/* b->outputs: some mixtures, near those of an untrained conditioner. */
static void place(struct mixture_bench *b, const struct bench *bench, const uint32_t *order)
{
    const size_t n = b->transformer->n_outputs(&b->config);
    layer_init(b->params, b->coupling, &b->config, fathom_key_from_seed(0));
    fathom_uniform(b->outputs, fathom_key_from_seed(1), -0.3, 0.3, n * STRIDE);
    for (int i = 0; i < ROWS; i++) {
        b->in[i / TILE][i % TILE] = bench->data.x[2 * order[i]];
        b->in[i / TILE][SLAB_STRIDE + i % TILE] = bench->data.x[2 * order[i] + 1];
        b->dlog_det[i % TILE] = -1.0 / ROWS;
    }
}

struct table *bench_mixture(const struct bench *bench)
{
    struct table         *table = bench_table(bench, "mixture", "part microseconds fraction");
    struct mixture_bench *b = calloc(1, sizeof *b);
    uint32_t              order[ROWS];
    if (!b)
        return table;
    b->config = fathom_config_default();
    b->config.coupling = "mixture";
    b->volume = volume_in(&b->volume_memory);
    b->config.width = 64;
    b->coupling = fathom_isa_layer(bench->isa, "coupling");
    b->transformer = fathom_isa_transformer(bench->isa, "mixture");
    const size_t n_params = layer_n_params(b->coupling, &b->config), n_outputs = b->transformer->n_outputs(&b->config);
    const size_t n_saved = b->transformer->n_saved(&b->config);
    b->params = zeros((2 * padded(n_params) + (2 * n_outputs + n_saved) * STRIDE) * sizeof(double));
    b->state = layer_create(b->coupling, &b->config);
    if (b->params && b->state && fathom_morton_order(order, bench->data.x, ROWS, 2) == FATHOM_OK) {
        b->gradient = b->params + padded(n_params);
        b->outputs = b->gradient + padded(n_params);
        b->saved = b->outputs + n_outputs * STRIDE;
        place(b, bench, order);
        const double k = (double)b->config.components, spend = 0.15;
        const double there = ROWS * (k * (4 * 19 + 47 + 1 + 24) + 2 * 47 + 4 * 26 + 60), back = ROWS * (k * 26 + 10);
        row(table, "mixture_forward", measure_best(forward, b, spend, 50), there, bench->peak);
        row(table, "mixture_backward", measure_best(backward, b, spend, 50), back, bench->peak);
        row(table, "coupling", measure_best(coupling, b, spend, 50), there + back + 7.0 * ROWS * (double)n_outputs,
            bench->peak);
    }
    if (b->state)
        layer_destroy(b->coupling, b->state);
    free(b->params);
    free(b);
    return table;
}
