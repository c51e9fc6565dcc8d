/* steps.c - a whole training step against the dense matrix work, over dimension, width and batch: depth 4, splines.
 *
 * The limit is 6 batch P / peak, with P the parameters of the couplings' networks: a dense network's three matrix
 * products (forward, input gradient, weight gradient; 2 flop per row and parameter each) if nothing else took time.  The
 * peak of the instruction set is measured before and after each step's time, for as long in all, because the core's
 * frequency falls under long vectors and changes with the neighbours'.
 *
 * Then the parts by themselves, on the rows of one batch in a step's order, which passes a row once if it was drawn
 * twice: `matrix` is the conditioners of all couplings (prepare, forward, backward, finish), `spline` their splines, and
 * `rest` what remains of the step.  In two and three dimensions the conditioner is a table of lines, so the matrix
 * work that the ratios count is a dense network's in its place. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "point.h"
#include "statistics.h"

static const size_t dims[] = { 2, 3, 4, 6, 8, 16, 32 }, widths[] = { 24, 64, 128, 256 }, batches[] = { 512, 4096 };
enum { DEPTH = 4, COUPLINGS = 2 * DEPTH, ROUNDS = 5 };
static const double SLICE = 0.03; /* seconds at least of each time */

/* The parts of a step: the point's workspace, and memory that the splines need. */
struct parts {
    struct point              point;
    fathom_workspace         *ws;
    const struct transformer *spline;
    fathom_config             config;
    struct conditioner_use    network[COUPLINGS];
    size_t                    offset[COUPLINGS]; /* of the network's parameters         */
    uint32_t                 *rows;              /* [n], the batch's, in a step's order */
    size_t                    n, n_transformed, n_outputs, n_saved;
    double                    dlog_det[SLAB];
    double                   *outputs, *doutputs; /* a slab's (conditioner.h)                    */
    double                   *saved;              /* [COUPLINGS][tiles][n_transformed][n_saved STRIDE] */
    double                   *gradient;           /* as the flow's parameters                    */
};

/* The slab from row number `first` of the batch on; returns its rows. */
static size_t load_slab(struct parts *p, size_t first)
{
    return padded(fathom_flow_load_slab(p->ws->x, p->point.x, p->rows, first, p->n, &p->config));
}

static void networks(void *c)
{
    struct parts *p = c;
    const double *params = fathom_trainer_params(p->point.trainer);
    for (size_t l = 0; l < COUPLINGS; l++)
        p->network[l].conditioner->prepare(p->network[l].state, params + p->offset[l]);
    for (size_t at = 0; at < p->n; at += slab_rows(&p->config)) {
        const size_t rows = load_slab(p, at);
        for (size_t l = 0; l < COUPLINGS; l++)
            p->network[l].conditioner->forward(p->outputs, p->ws->x, p->network[l].state, rows);
        for (size_t l = COUPLINGS; l-- > 0;)
            p->network[l].conditioner->backward(p->ws->z, p->outputs, p->network[l].state, rows);
    }
    for (size_t l = 0; l < COUPLINGS; l++)
        p->network[l].conditioner->finish(p->gradient + p->offset[l], p->network[l].state);
}

/* Both ways through the splines of coupling l, of the slab of that many rows. */
static void splines_of(struct parts *p, size_t l, bool back, size_t rows)
{
    for (size_t first = 0; first < rows; first += TILE)
        for (size_t j = 0; j < p->n_transformed; j++) {
            const size_t here = rows_of_tile(rows, first);
            const size_t at = conditioner_out(p->n_transformed * p->n_outputs, first) + j * p->n_outputs * STRIDE;
            double      *x = COORDINATE(p->ws->x, p->config.dim - p->n_transformed + j) + first;
            double *saved = ROW(p->saved, ((l * (SLAB / TILE) + first / TILE) * p->n_transformed + j) * p->n_saved);
            struct volume volume = volume_of_tile(&p->ws->volume, first);
            if (back)
                p->spline->backward(x, p->doutputs + at, saved, p->dlog_det + first, &p->config, here);
            else
                p->spline->forward(x, &volume, p->outputs + at, saved, &p->config, here);
        }
}

static void splines(void *c)
{
    struct parts *p = c;
    for (size_t at = 0; at < p->n; at += slab_rows(&p->config)) {
        const size_t rows = load_slab(p, at);
        volume_start(&p->ws->volume, rows);
        for (size_t l = 0; l < COUPLINGS; l++)
            splines_of(p, l, false, rows);
        for (size_t l = COUPLINGS; l-- > 0;)
            splines_of(p, l, true, rows);
    }
}

static void close_parts(struct parts *p)
{
    free(p->rows);
    free(p->outputs);
    free(p->doutputs);
    free(p->saved);
    free(p->gradient);
    point_close(&p->point);
}

/* rows = the different rows of the first batch, along the curve.  false: not enough memory. */
static bool choose_rows(struct parts *p)
{
    const size_t n = p->point.n;
    uint32_t    *order = malloc(n * sizeof *order);
    bool        *drawn = calloc(n, sizeof *drawn);
    const bool   done = order && drawn && fathom_morton_order(order, p->point.x, n, p->config.dim) == FATHOM_OK;
    for (size_t i = 0; done && i < p->point.batch; i++)
        drawn[p->point.rows[i]] = true;
    for (size_t i = 0; done && i < n; i++)
        if (drawn[order[i]])
            p->rows[p->n++] = order[i];
    free(order);
    free(drawn);
    return done;
}

/* p->config is set.  false: not enough memory; close_parts is due all the same. */
static bool open_parts(struct parts *p, const struct bench *bench, size_t batch)
{
    size_t l = 0;
    point_open(&p->point, bench->isa, &p->config, batch);
    p->spline = fathom_isa_transformer(bench->isa, "spline");
    p->n_transformed = p->config.dim - p->config.dim / 2;
    p->n_outputs = p->spline->n_outputs(&p->config);
    p->n_saved = p->spline->n_saved(&p->config);
    p->rows = malloc(batch * sizeof *p->rows);
    p->outputs = zeros(conditioner_out(p->n_transformed * p->n_outputs, SLAB) * sizeof(double));
    p->doutputs = zeros(conditioner_out(p->n_transformed * p->n_outputs, SLAB) * sizeof(double));
    p->saved = zeros(COUPLINGS * (SLAB / TILE) * p->n_transformed * p->n_saved * STRIDE * sizeof(double));
    p->gradient = p->point.flow ? zeros(fathom_flow_n_params(p->point.flow) * sizeof(double)) : NULL;
    if (!p->point.trainer || !p->rows || !p->outputs || !p->doutputs || !p->saved || !p->gradient || !choose_rows(p))
        return false;
    p->ws = fathom_trainer_workspace(p->point.trainer);
    for (size_t i = 0; i < p->point.flow->n_layers; i++)
        if (p->ws->layers[i].layer->conditioner) {
            p->network[l] = p->ws->layers[i].layer->conditioner(p->ws->layers[i].state);
            p->offset[l++] = p->point.flow->layers[i].offset;
        }
    for (size_t i = 0; i < SLAB; i++)
        p->dlog_det[i] = -1.0 / (double)batch;
    point_step(&p->point); /* grows tables */
    networks(p);           /* and makes outputs that the splines take */
    return true;
}

/* One round's times, seconds, and peaks, flop/s: around the step, and after the parts. */
struct round {
    double step, matrix, spline, peak, matrix_peak;
};

static struct round time_round(struct parts *p, const struct bench *bench, double slice)
{
    struct round r;
    const double before = measure_sustained_peak(bench->isa, slice / 2.0);
    r.step = measure_mean(point_step, &p->point, slice);
    const double after = measure_sustained_peak(bench->isa, slice / 2.0);
    r.matrix = measure_mean(networks, p, slice);
    r.matrix_peak = (after + measure_sustained_peak(bench->isa, slice / 2.0)) / 2.0;
    r.spline = measure_mean(splines, p, slice / 3.0);
    r.peak = (before + after) / 2.0;
    return r;
}

static void row(struct table *table, const struct bench *bench, const fathom_config *config, size_t batch)
{
    struct parts parts = { .config = *config };
    double       step[ROUNDS], peak[ROUNDS], ratio[ROUNDS], products[ROUNDS], matrix[ROUNDS], spline[ROUNDS];
    const bool   open = open_parts(&parts, bench, batch);
    const double n_params = COUPLINGS * (double)layer_n_params(fathom_isa_layer(bench->isa, "coupling"), config);
    const double slice = open ? fmax(SLICE, measure_mean(point_step, &parts.point, 0.0)) : 0.0;
    for (int i = 0; i < ROUNDS; i++) {
        const struct round r = open ? time_round(&parts, bench, slice) : (struct round){ NAN, NAN, NAN, NAN, NAN };
        step[i] = r.step;
        peak[i] = r.peak;
        ratio[i] = r.step * r.peak / (6.0 * (double)batch * n_params);
        products[i] = 6.0 * (double)parts.n * n_params / (r.matrix * r.matrix_peak);
        matrix[i] = r.matrix / r.step;
        spline[i] = r.spline / r.step;
    }
    close_parts(&parts);
    const struct summary of_limit = statistics_summary(ratio, ROUNDS);
    const double         of_matrix = statistics_summary(matrix, ROUNDS).median;
    const double         of_spline = statistics_summary(spline, ROUNDS).median;
    table_count(table, config->dim);
    table_count(table, config->width);
    table_count(table, batch);
    table_number(table, statistics_summary(step, ROUNDS).median * 1e6);
    table_number(table, statistics_summary(peak, ROUNDS).median * 1e-9);
    table_number(table, 1.0 / of_limit.median);
    table_number(table, of_limit.median);
    table_number(table, of_limit.min);
    table_number(table, of_limit.max);
    table_number(table, statistics_summary(products, ROUNDS).median);
    table_number(table, of_matrix);
    table_number(table, of_spline);
    table_number(table, 1.0 - of_matrix - of_spline);
}

static fathom_config shape(size_t dim, size_t width)
{
    fathom_config config = fathom_config_default();
    config.depth = DEPTH;
    config.dim = dim;
    config.width = width;
    return config;
}

struct table *bench_steps(const struct bench *bench)
{
    struct table *table = bench_table(bench, "steps",
                                      "dim width batch microseconds gflops peak_share limit_ratio ratio_min ratio_max "
                                      "matrix_peak_share matrix spline rest");
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
                const fathom_config config = shape(dims[d], widths[w]);
                row(table, bench, &config, batches[b]);
            }
    return table;
}

double bench_step(const struct bench *bench, size_t dim, size_t width, size_t batch)
{
    struct point        point;
    const fathom_config config = shape(dim, width);
    point_open(&point, bench->isa, &config, batch);
    if (point.trainer)
        point_step(&point); /* grows tables */
    const double seconds = point.trainer ? measure_mean(point_step, &point, 0.3) : NAN;
    point_close(&point);
    return seconds;
}
