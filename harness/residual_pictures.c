/* residual_pictures.c - densities, grids and certificates of flows of the plane (residual_pictures.h). */
#include "residual_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "certified.h"
#include "elementary.h"
#include "exit.h"

enum { SIDE = 64, CELLS = SIDE * SIDE, DENSITIES = 3 };
enum { LINES = 13, POINTS = 61, LOOKS_EVERY = 25 };
static const double grid_half = 3;

struct residual_pictures {
    const struct session *session; /* the rows of the drawn runs                    */
    double                cell[2 * CELLS], density[DENSITIES][CELLS]; /* [n_densities] of the second               */
    const char           *kind[DENSITIES];                            /* of each                                 */
    size_t                n_densities;
    size_t                depth;          /* of the residual flow; 0: there is none        */
    double               *grid, *log_det; /* [depth + 1][2 LINES POINTS][2]; without [2]   */
    struct certified     *look;           /* [n_looks]                                     */
    size_t               *look_step, n_looks;
};

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the pictures of residual flows");
    return memory;
}

static void check(fathom_status status)
{
    if (status != FATHOM_OK)
        exit_failed("pictures of residual flows: %s", fathom_status_name(status));
}

/* ------------------------------------------------------------------------------------------------- densities ---- */

/* The cells' centres over the least square of whole-numbered half side about the origin that holds the rows. */
static void fill_cells(struct residual_pictures *p)
{
    const fathom_dataset *train = &p->session->train;
    double                reach = 1;
    for (size_t i = 0; i < 2 * train->n; i++)
        reach = fabs(train->x[i]) > reach ? fabs(train->x[i]) : reach;
    reach = ceil(reach);
    for (size_t cell = 0; cell < CELLS; cell++) {
        p->cell[2 * cell] = reach * ((2 * (double)(cell % SIDE) + 1) / SIDE - 1);
        p->cell[2 * cell + 1] = reach * ((2 * (double)(cell / SIDE) + 1) / SIDE - 1);
    }
}

static void to_density(double *logp)
{
    for (size_t cell = 0; cell < CELLS; cell++)
        logp[cell] = same_exp(logp[cell]);
}

static void draw_truth(struct residual_pictures *p)
{
    const fathom_data_set *set = p->session->set;
    if (p->n_densities == 0 || !set || !fathom_data_set_has_density(set))
        return;
    p->kind[p->n_densities] = "truth";
    check(fathom_data_set_log_density(p->density[p->n_densities], set, p->cell, &p->session->train, CELLS));
    to_density(p->density[p->n_densities++]);
}

void residual_pictures_density(struct table *table, const struct residual_pictures *p)
{
    for (size_t i = 0; i < p->n_densities; i++)
        for (size_t cell = 0; cell < CELLS; cell++) {
            table_text(table, p->kind[i]);
            table_digits(table, p->cell[2 * cell]);
            table_digits(table, p->cell[2 * cell + 1]);
            table_digits(table, p->density[i][cell]);
        }
}

/* ------------------------------------------------------------------------------------------------------ grid ---- */

/* A flow's parameters are the base's, then block by block; so the first blocks' are a prefix, and a shallower flow reads
 * it. */
static void pass_grid(struct residual_pictures *p, const struct run *run, const double *params)
{
    const size_t n = 2 * LINES * POINTS;
    p->depth = run->flow.depth;
    p->grid = need(calloc((p->depth + 1) * n * 2, sizeof *p->grid));
    p->log_det = need(calloc((p->depth + 1) * n, sizeof *p->log_det));
    for (size_t line = 0; line < 2 * LINES; line++)
        for (size_t k = 0; k < POINTS; k++) {
            const double across = grid_half * (2 * (double)(line % LINES) / (LINES - 1) - 1);
            const double along = grid_half * (2 * (double)k / (POINTS - 1) - 1);
            double      *point = p->grid + 2 * (line * POINTS + k);
            point[0] = line < LINES ? across : along;
            point[1] = line < LINES ? along : across;
        }
    for (size_t block = 1; block <= p->depth; block++) {
        fathom_config config = run->flow;
        config.depth = block;
        fathom_flow      *flow = need(fathom_flow_new(&config, NULL, NULL));
        fathom_workspace *ws = need(fathom_workspace_new(flow, p->session->options->isa));
        check(fathom_flow_forward(p->grid + 2 * block * n, p->log_det + block * n, ws, params, p->grid, n));
        fathom_workspace_free(ws);
        fathom_flow_free(flow);
    }
}

void residual_pictures_grid(struct table *table, const struct residual_pictures *p)
{
    const size_t n = 2 * LINES * POINTS;
    for (size_t block = 0; p->depth > 0 && block <= p->depth; block++)
        for (size_t i = 0; i < n; i++) {
            table_count(table, block);
            table_count(table, i / POINTS);
            table_digits(table, p->grid[2 * (block * n + i)]);
            table_digits(table, p->grid[2 * (block * n + i) + 1]);
            table_digits(table, p->log_det[block * n + i]);
        }
}

/* ----------------------------------------------------------------------------------------------- certificate ---- */

static void look(struct residual_pictures *p, const fathom_trainer *trainer, const fathom_flow *flow, size_t step)
{
    const size_t n = fathom_flow_n_params(flow);
    double      *params = need(malloc(n * sizeof *params));
    memcpy(params, fathom_trainer_params(trainer), n * sizeof *params);
    check(certified_measure(&p->look[p->n_looks], params, flow));
    p->look_step[p->n_looks++] = step;
    free(params);
}

/* The run once more, up to its end or to a step that is not finite. */
static void train_again(struct residual_pictures *p, const struct run *run)
{
    const struct session *rows = p->session;
    const size_t          steps = run->training.steps;
    fathom_flow          *flow = need(fathom_flow_new(&run->flow, NULL, NULL));
    double               *params = need(malloc(fathom_flow_n_params(flow) * sizeof *params));
    double                loss, grad_norm;
    fathom_flow_init(params, flow, fathom_key_from_seed(run->seed));
    fathom_trainer *trainer = need(fathom_trainer_new(flow, rows->options->isa, params, &run->training, rows->train.x,
                                                      rows->order, rows->train.n));
    p->look = need(calloc(steps / LOOKS_EVERY + 3, sizeof *p->look));
    p->look_step = need(calloc(steps / LOOKS_EVERY + 3, sizeof *p->look_step));
    for (size_t step = 1; step <= steps; step++) {
        const fathom_status status = fathom_trainer_step(trainer, &loss, &grad_norm,
                                                         rows->batches + (step - 1) * run->training.batch);
        if (status != FATHOM_OK && status != FATHOM_SKIPPED)
            break;
        if (step == 1 || step % LOOKS_EVERY == 0 || step == steps)
            look(p, trainer, flow, step);
    }
    fathom_trainer_free(trainer);
    free(params);
    fathom_flow_free(flow);
}

void residual_pictures_certificate(struct table *table, const struct residual_pictures *p)
{
    for (size_t i = 0; i < p->n_looks; i++) {
        table_count(table, p->look_step[i]);
        table_number(table, p->look[i].lipschitz);
        table_number(table, p->look[i].by_power);
        table_number(table, p->look[i].before);
    }
}

/* ------------------------------------------------------------------------------------------------------- all ---- */

/* The first run of that kind whose parameters are kept; n: there is none. */
static size_t find(const struct outcome *outcome, fathom_block block)
{
    size_t i = 0;
    while (i < outcome->n &&
           !(outcome->results[i].params && outcome->runs[i].keep_params && outcome->runs[i].flow.block == block))
        i++;
    return i;
}

static void add_density(struct residual_pictures *p, const struct outcome *outcome, size_t i, const char *kind)
{
    if (i == outcome->n || outcome->runs[i].flow.dim != 2)
        return;
    fathom_flow      *flow = need(fathom_flow_new(&outcome->runs[i].flow, NULL, NULL));
    fathom_workspace *ws = need(fathom_workspace_new(flow, p->session->options->isa));
    p->kind[p->n_densities] = kind;
    check(fathom_flow_log_prob(p->density[p->n_densities], ws, outcome->results[i].params, p->cell, CELLS));
    to_density(p->density[p->n_densities++]);
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
}

struct residual_pictures *residual_pictures_new(const struct outcome *outcome)
{
    struct residual_pictures *p = need(calloc(1, sizeof *p));
    const size_t              residual = find(outcome, FATHOM_BLOCK_RESIDUAL);
    const size_t              coupling = find(outcome, FATHOM_BLOCK_COUPLING);
    const size_t              either = residual < outcome->n ? residual : coupling;
    if (either == outcome->n)
        return p;
    const struct run *run = &outcome->runs[either];
    p->session = run->rows ? run->rows : outcome->session;
    if (run->flow.dim == 2)
        fill_cells(p);
    add_density(p, outcome, coupling, "coupling");
    add_density(p, outcome, residual, "residual");
    draw_truth(p);
    if (residual < outcome->n && run->flow.dim == 2)
        pass_grid(p, run, outcome->results[residual].params);
    if (residual < outcome->n)
        train_again(p, run);
    return p;
}

void residual_pictures_free(struct residual_pictures *p)
{
    free(p->grid);
    free(p->log_det);
    free(p->look);
    free(p->look_step);
    free(p);
}
