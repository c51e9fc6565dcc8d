/* flow_integrals.c - the integrals of many flows' densities over the plane (flow_integrals.h). */
#include "flow_integrals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"
#include "exit.h"
#include "initial_params.h"
#include "kept_numbers.h"
#include "parallel.h"
#include "run_store.h"
#include "runner.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the integrals of densities");
    return memory;
}

static const struct session *rows_of(const struct run *run, const struct session *session)
{
    return run->rows ? run->rows : session;
}

/* ---------------------------------------------------------------------------------------------- in the store ---- */

enum { NUMBERS = 6 };

static void pack(double *x, const struct flow_integral *one)
{
    const struct plane_integral *i = &one->integral;
    memcpy(x, (double[NUMBERS]){ one->train_logp, one->determinant, i->value, i->error, i->outside, i->reach },
           NUMBERS * sizeof *x);
}

/* Fills the numbers of one if the store has them. */
static void look(struct flow_integral *one, const struct flow_integrals *all, const struct session *session)
{
    double            x[NUMBERS];
    struct canonical *text = kept_numbers_text("plane-integral");
    kept_numbers_of_run(text, one->run, session);
    canonical_count(text, "step", one->step);
    canonical_number(text, "tolerance", all->tolerance);
    canonical_count(text, "points", all->points);
    one->text = kept_numbers_finish(text);
    one->known = kept_numbers_find(x, session->store, one->text, NUMBERS);
    if (one->known) {
        one->train_logp = x[0];
        one->determinant = x[1];
        one->integral = (struct plane_integral){ .value = x[2], .error = x[3], .outside = x[4], .reach = x[5] };
    }
}

/* ---------------------------------------------------------------------------------------------------- the list ---- */

static void give_params(struct flow_integral *one, const double *params)
{
    const size_t n_params = fathom_n_params(&one->run->flow, NULL);
    one->params = need(malloc(n_params * sizeof *one->params));
    memcpy(one->params, params, n_params * sizeof *params);
}

static struct flow_integral *add(struct flow_integrals *all, const struct run *run, const struct session *session,
                                 size_t step)
{
    if (all->n == all->room) {
        all->room = 2 * all->room + 16;
        all->list = need(realloc(all->list, all->room * sizeof *all->list));
    }
    struct flow_integral *added = &all->list[all->n++];
    *added = (struct flow_integral){ .run = run, .step = step, .train_logp = NAN, .determinant = NAN };
    if (session->store)
        look(added, all, session);
    return added;
}

void flow_integrals_add(struct flow_integrals *all, const struct run *run, const struct session *session,
                        const double *params, size_t step)
{
    give_params(add(all, run, session, step), params);
}

/* The run's initial parameters, which the caller frees; NULL: there are none. */
static double *start_of(const struct run *run, const struct session *session, const fathom_flow *flow)
{
    fathom_workspace *workspace = need(fathom_workspace_new(flow, session->options->isa));
    double           *params = need(malloc(fathom_flow_n_params(flow) * sizeof *params)), distance;
    if (initial_params(params, &distance, run, rows_of(run, session), flow, workspace) != FATHOM_OK) {
        free(params);
        params = NULL;
    }
    fathom_workspace_free(workspace);
    return params;
}

void flow_integrals_add_start(struct flow_integrals *all, const struct run *run, const struct session *session)
{
    fathom_flow *flow = need(fathom_flow_new(&run->flow, NULL, NULL));
    double      *params = start_of(run, session, flow);
    if (params)
        flow_integrals_add(all, run, session, params, 0);
    free(params);
    fathom_flow_free(flow);
}

static void drop_from(struct flow_integrals *all, size_t first)
{
    for (size_t i = first; i < all->n; i++) {
        free(all->list[i].params);
        free(all->list[i].text);
    }
    all->n = first;
}

/* Gives the flows from `first` on, one run at rising steps, their parameters; drops those that it does not reach. */
static void replay(struct flow_integrals *all, size_t first, const struct session *session)
{
    const struct run     *run = all->list[first].run;
    const struct session *rows = rows_of(run, session);
    const size_t          steps = run->training.steps;
    fathom_flow          *flow = need(fathom_flow_new(&run->flow, NULL, NULL));
    double               *params = start_of(run, session, flow), loss, grad_norm;
    fathom_trainer *trainer = params ? need(fathom_trainer_new(flow, session->options->isa, params, &run->training,
                                                               rows->train.x, rows->order, rows->train.n))
                                     : NULL;
    fathom_status   status = FATHOM_OK;
    size_t          next = first;
    for (size_t step = 0; params && (status == FATHOM_OK || status == FATHOM_SKIPPED); step++) {
        if (next < all->n && step == all->list[next].step)
            give_params(&all->list[next++], fathom_trainer_params(trainer));
        if (step == steps)
            break;
        status = fathom_trainer_step(trainer, &loss, &grad_norm, rows->batches + step * run->training.batch);
    }
    if (status == FATHOM_NO_MEMORY)
        need(NULL);
    drop_from(all, next);
    if (trainer)
        fathom_trainer_free(trainer);
    free(params);
    fathom_flow_free(flow);
}

void flow_integrals_add_course(struct flow_integrals *all, const struct run *run, const struct session *session,
                               size_t parts)
{
    const size_t first = all->n, steps = run->training.steps;
    bool         known = true;
    for (size_t part = 0; part <= parts; part++)
        if (part == 0 || part * steps / parts > (part - 1) * steps / parts)
            known = add(all, run, session, part * steps / parts)->known && known;
    if (!known)
        replay(all, first, session);
}

/* ------------------------------------------------------------------------------------------------- numbers ---- */

struct job {
    struct flow_integrals *all;
    const struct session  *session;
    size_t                *which; /* the flow of each job */
};

/* Of the plane's matrices, which stand behind ActNorm at the head of each block (fathom_flow, layout). */
static double determinant_of(const fathom_config *config, const double *params, size_t n_params)
{
    const size_t block = (n_params - 4) / config->depth, head = config->actnorm == FATHOM_ACTNORM_NONE ? 0 : 4;
    double       product = 1;
    if (config->rotation == FATHOM_ROTATION_HOUSEHOLDER || config->mixing == FATHOM_MIXING_NO_ROTATIONS ||
        config->mixing == FATHOM_MIXING_NONE)
        return NAN;
    for (size_t b = 0; b < config->depth; b++) {
        const double *m = params + 4 + b * block + head;
        product /= fabs(m[0] * m[3] - m[1] * m[2]);
    }
    return product;
}

static double mean_log_prob(fathom_workspace *workspace, const double *params, const fathom_dataset *data)
{
    double *logp = need(malloc(data->n * sizeof *logp));
    if (fathom_flow_log_prob(logp, workspace, params, data->x, data->n) != FATHOM_OK)
        need(NULL);
    const double mean = runner_mean(logp, data->n);
    free(logp);
    return isfinite(mean) ? mean : NAN;
}

/* The furthest coordinate of the rows of two columns, or `least` if that is more. */
static double furthest(const fathom_dataset *data, double least)
{
    for (size_t i = 0; i < 2 * data->n; i++)
        least = fabs(data->x[i]) > least ? fabs(data->x[i]) : least;
    return least;
}

static const double half_reach = 4; /* beyond twice as much the base has 1e-15 of its mass */

static void compute(void *context, size_t index, struct progress *progress)
{
    const struct job     *job = context;
    struct flow_integral *one = &job->all->list[job->which[index]];
    const double          started = parallel_seconds();
    double                x[NUMBERS];
    const fathom_isa     *isa = job->session->options->isa;
    fathom_flow          *flow = need(fathom_flow_new(&one->run->flow, NULL, NULL));
    fathom_workspace     *workspace = need(fathom_workspace_new(flow, isa));
    const fathom_dataset *train = &rows_of(one->run, job->session)->train;
    one->train_logp = mean_log_prob(workspace, one->params, train);
    fathom_workspace_free(workspace);
    one->determinant = determinant_of(&one->run->flow, one->params, fathom_flow_n_params(flow));
    if (plane_integral_of(&one->integral, flow, isa, one->params, 2 * furthest(train, half_reach), job->all->tolerance,
                          job->all->points) != FATHOM_OK)
        need(NULL);
    fathom_flow_free(flow);
    pack(x, one);
    if (one->text)
        kept_numbers_put(job->session->store, one->text, x, NUMBERS, parallel_seconds() - started);
    parallel_add(progress, one->run->flow.depth);
}

void flow_integrals_compute(struct flow_integrals *all, const struct session *session)
{
    struct job job = { all, session, need(calloc(all->n + 1, sizeof *job.which)) };
    uint64_t  *cost = need(calloc(all->n + 1, sizeof *cost));
    size_t     n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (!all->list[i].known) {
            cost[n] = all->list[i].run->flow.depth;
            job.which[n++] = i;
        }
    const struct parallel how = { .what = "integrals",
                                  .threads = session->options->threads,
                                  .quiet = session->options->quiet,
                                  .found = all->n - n,
                                  .where = run_store_path() };
    parallel_do(&how, compute, &job, cost, n);
    free(job.which);
    free(cost);
}

void flow_integrals_line(double *density, double *x, const struct flow_integral *one, const struct session *session,
                         size_t line, size_t side)
{
    const double      half = ceil(furthest(&rows_of(one->run, session)->train, 3)), step = 2 * half / (double)side;
    fathom_flow      *flow = need(fathom_flow_new(&one->run->flow, NULL, NULL));
    fathom_workspace *workspace = need(fathom_workspace_new(flow, session->options->isa));
    for (size_t i = 0; i < side; i++) {
        x[2 * i] = ((double)i + 0.5) * step - half;
        x[2 * i + 1] = ((double)line + 0.5) * step - half;
    }
    if (fathom_flow_log_prob(density, workspace, one->params, x, side) != FATHOM_OK)
        need(NULL);
    for (size_t i = 0; i < side; i++)
        density[i] = same_exp(density[i]);
    fathom_workspace_free(workspace);
    fathom_flow_free(flow);
}

void flow_integrals_free(struct flow_integrals *all)
{
    drop_from(all, 0);
    free(all->list);
    *all = (struct flow_integrals){ 0 };
}
