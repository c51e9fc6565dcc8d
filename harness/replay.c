/* replay.c - a run step by step (replay.h). */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "flow_view.h"
#include "initial_params.h"
#include "run_table.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory to replay a run");
    return memory;
}

/* The run in the middle of its training. */
struct replay {
    const struct run     *run;
    const struct session *session;
    fathom_flow          *flow;
    fathom_trainer       *trainer;
    double               *rows; /* [batch][D], of the step */
};

static struct replay open_replay(const struct run *run, const struct session *session)
{
    const fathom_dataset *train = &session->train;
    struct replay         r = { .run = run, .session = session, .flow = need(fathom_flow_new(&run->flow, NULL, NULL)) };
    double               *params = need(malloc(fathom_flow_n_params(r.flow) * sizeof *params));
    fathom_workspace     *workspace = need(fathom_workspace_new(r.flow, session->options->isa));
    double                distance;
    if (initial_params(params, &distance, run, session, r.flow, workspace) != FATHOM_OK)
        exit_failed("a replay: a run that was not begun");
    fathom_workspace_free(workspace);
    r.trainer = need(
        fathom_trainer_new(r.flow, session->options->isa, params, &run->training, train->x, session->order, train->n));
    r.rows = need(malloc(run->training.batch * train->dim * sizeof *r.rows));
    free(params);
    return r;
}

static void close_replay(struct replay *r)
{
    fathom_trainer_free(r->trainer);
    fathom_flow_free(r->flow);
    free(r->rows);
}

/* Over the rows of the next step's batch. */
static void log_scales(double *least, double *greatest, const struct replay *r, const uint32_t *batch)
{
    const fathom_dataset *train = &r->session->train;
    const size_t          n = r->run->training.batch;
    for (size_t i = 0; i < n; i++)
        memcpy(r->rows + i * train->dim, train->x + batch[i] * train->dim, train->dim * sizeof *r->rows);
    const fathom_status status = fathom_flow_view_log_scale(least, greatest, fathom_trainer_workspace(r->trainer),
                                                            fathom_trainer_params(r->trainer), r->rows, n);
    if (status != FATHOM_OK)
        exit_failed("log scales: %s", fathom_status_name(status));
}

static void put_step(struct table *table, const struct run *run, size_t step, const double number[4])
{
    run_table_put(table, "coupling depth lr arm seed", run, NULL, NULL);
    table_count(table, step);
    for (size_t i = 0; i < 4; i++)
        table_number(table, number[i]);
}

void replay_add(struct table *table, const struct run *run, const struct session *session)
{
    struct replay r = open_replay(run, session);
    fathom_status status = FATHOM_OK;
    for (size_t step = 0; step < run->training.steps && status == FATHOM_OK; step++) {
        const uint32_t *batch = session->batches + step * run->training.batch;
        double          number[4]; /* loss, gradient norm, least and greatest log scale */
        log_scales(&number[2], &number[3], &r, batch);
        status = fathom_trainer_step(r.trainer, &number[0], &number[1], batch);
        put_step(table, run, step, number);
    }
    if (status != FATHOM_OK && status != FATHOM_DIVERGED)
        exit_failed("a replay: %s", fathom_status_name(status));
    close_replay(&r);
}
