/* train.c - a run of gradient descent: schedule, stabiliser, Adam, and what "diverged" means.
 *
 * A batch is drawn with replacement: of 512 draws from 3000 rows some 470 are distinct.  A row that is drawn twice
 * counts twice, but passes through the flow once.  The rows pass in the order of a curve on which neighbours are close
 * together (morton.c), so the rows of one tile lie in few segments of a conditioner.
 *
 * Step t, from 0: the flow's buffers advance (advance.c).  Then loss and gradient g of the batch at the current
 * parameters.  The stabiliser decides what becomes of them (stabiliser.h); by default it clips g, and ends the run if the
 * loss or |g| is not finite.  Then Adam updates the parameters with the schedule's rate.  Parameters that are finite at
 * the start remain finite: the range of peak_lr ends where an update could overflow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "elementary.h"
#include "first_not_finite.h"
#include "flow.h"
#include "stabiliser.h"

struct fathom_trainer {
    const fathom_flow       *flow;
    const fathom_isa        *isa;
    fathom_train_options     options;
    const struct stabiliser *stabiliser;
    void                    *state;  /* the stabiliser's; NULL: it has none    */
    fathom_train_result      result; /* of the steps so far; update_rms: the sum over the updates of the mean square */
    struct adam              adam;   /* its arrays on cache lines              */
    double                  *memory; /* of these, and of the next              */
    double                  *gradient; /* [padded(n_params)]                     */
    double                  *before;   /* [padded(n_params)], the parameters before the update; NULL
                                                       unless options.measure_steps           */
    double                  *lr;       /* [steps]                                */
    const double            *x;        /* [n][D], the caller's                   */
    size_t                   n;
    const uint32_t          *order;             /* [n]: the rows along the curve                         */
    uint32_t                *own_order;         /* [n], if the caller has none                           */
    uint32_t                *place;             /* [n]: each row's place in it                           */
    uint32_t                *times;             /* [n]: how often each place was drawn; 0 between steps  */
    uint64_t                *drawn;             /* [words_of(n)]: a bit per place, set if it was drawn;
                                                       0 between steps                                       */
    uint32_t                *distinct, *counts; /* [batch]: the batch's distinct rows, their numbers     */
    fathom_workspace        *workspace;
};

fathom_train_options fathom_train_options_default(void)
{
    return (fathom_train_options){ .steps = 1200, .batch = 512, .peak_lr = 3e-3, .clip = 1.0, .stabiliser = "clip" };
}

/* cos of a in [0, pi] in single precision, with the reference's bits: the C library's cosf, which is a polynomial in
 * double about the nearest multiple of pi/2 (Arm Optimized Routines, math/cosf.c), good to 0.56 ulp of a float. */
static float cosine_single(float a)
{
    const double half_pi = 0x1.921fb54442d18p0;
    const int    quarter = a < 0.25f * 3.14159265f ? 0 : a < 0.75f * 3.14159265f ? 1 : 2;
    const double x = (double)a - quarter * half_pi, x2 = x * x;
    const double cosine = (1.0 + x2 * -0x1.ffffffd0c621cp-2) + x2 * x2 * 0x1.55553e1068f19p-5 +
                          x2 * x2 * x2 * (-0x1.6c087e89a359dp-10 + x2 * 0x1.99343027bf8c3p-16);
    const double sine = (x + x * x2 * -0x1.555545995a603p-3) +
                        x * x2 * x2 * (0x1.1107605230bc4p-7 + x2 * -0x1.994eb3774cf24p-13);
    return (float)(quarter == 0 ? cosine : quarter == 1 ? -sine : -cosine);
}

/* 1 + cos(pi i/n), from 2 down to 0.  In single precision i is multiplied by the rounded reciprocal of n, because XLA
 * compiles a division by a constant to that. */
static double arc(size_t i, size_t n, bool single)
{
    if (!single)
        return same_cos(3.14159265358979323846 * ((double)i / (double)n)) + 1.0;
    return cosine_single(3.14159265358979323846f * ((float)i * (1.0f / (float)n))) + 1.0f;
}

/* turn: the step of the peak.  Each half is a cosine arc between its two ends. */
void fathom_schedule(double *lr, size_t steps, double peak, bool single)
{
    const double first = peak / 25.0, last = peak / 2.5e5;
    const size_t turn = (size_t)(0.3 * (double)steps);
    for (size_t t = 0; t < steps; t++)
        lr[t] = t < turn ? peak + (first - peak) / 2.0 * arc(t, turn, single)
                         : last + (peak - last) / 2.0 * arc(t - turn, steps - turn, single);
}

/* The 64-bit words for n bits. */
static size_t words_of(size_t n) { return (n + 63) / 64; }

static fathom_status refuse(fathom_error *error, const char *format, double value, double limit)
{
    if (error)
        snprintf(error->text, sizeof error->text, format, value, limit);
    return FATHOM_BAD_ARGUMENT;
}

static fathom_status refuse_stabiliser(fathom_error *error, const char *name)
{
    if (!error)
        return FATHOM_BAD_ARGUMENT;
    int at = snprintf(error->text, sizeof error->text, "no stabiliser is called '%.40s'; legal is", name);
    for (size_t i = 0; i < fathom_n_stabilisers(); i++)
        at += snprintf(error->text + at, sizeof error->text - (size_t)at, "%s %s", i > 0 ? "," : "",
                       fathom_stabiliser_name(i));
    return FATHOM_BAD_ARGUMENT;
}

/* An update of Adam is at most 0.1 / sqrt(0.001) / sqrt(1 - 0.81 / 0.999) = 7.3 step sizes, by the Cauchy-Schwarz
 * inequality for the sums m and v.  A step size is at most 10 peak_lr.  The product of step size and m is at most 1e4
 * sqrt(DBL_MAX).  So up to FATHOM_LR_MAX nothing overflows, and no number of steps takes a finite parameter out of range.
 * A smaller beta2 and a greater v make an update smaller. */

fathom_status fathom_train_options_check(const fathom_train_options *options, fathom_error *error)
{
    if (options->steps < FATHOM_STEPS_MIN)
        return refuse(error, "%.0f steps; legal is %.0f or more", (double)options->steps, FATHOM_STEPS_MIN);
    if (options->batch < FATHOM_BATCH_MIN)
        return refuse(error, "a batch of %.0f rows; legal is %.0f or more", (double)options->batch, FATHOM_BATCH_MIN);
    if (!(options->peak_lr > 0.0 && options->peak_lr <= FATHOM_LR_MAX))
        return refuse(error, "peak_lr %.17g; legal is above 0, up to %.0f", options->peak_lr, FATHOM_LR_MAX);
    if (!(options->clip > 0.0))
        return refuse(error, "clip %.17g; legal is above %.0f, or infinity", options->clip, 0.0);
    return stabiliser_find(options->stabiliser) ? FATHOM_OK : refuse_stabiliser(error, options->stabiliser);
}

double fathom_train_flops(const fathom_config *config, const fathom_train_options *options)
{
    const double passes = config->block == FATHOM_BLOCK_RESIDUAL ? 1.0 + (double)config->dim : 1.0;
    return 6.0 * passes * (double)fathom_n_trained(config, NULL) * (double)options->batch * (double)options->steps;
}

/* The parameters, the gradient, the moments, and perhaps the parameters before, in one block. */
static void share_memory(fathom_trainer *t, size_t n_params)
{
    const double beta2 = t->stabiliser->beta2;
    double      *memory = t->memory;
    t->adam = (struct adam){ .n = n_params,
                             .beta2 = beta2 > 0.0 ? beta2 : ADAM_BETA2,
                             .beta1_power = 1.0,
                             .beta2_power = 1.0,
                             .params = memory };
    t->gradient = memory += padded(n_params);
    t->adam.m = memory += padded(n_params);
    t->adam.v = memory += padded(n_params);
    t->before = t->options.measure_steps ? memory + padded(n_params) : NULL;
}

fathom_trainer *fathom_trainer_new(const fathom_flow *flow, const fathom_isa *isa, const double *params,
                                   const fathom_train_options *options, const double *x, const uint32_t *order,
                                   size_t n)
{
    const size_t    n_params = fathom_flow_n_params(flow), batch = options->batch;
    fathom_trainer *t = fathom_train_options_check(options, NULL) == FATHOM_OK ? calloc(1, sizeof *t) : NULL;
    if (!t)
        return NULL;
    t->flow = flow;
    t->isa = isa;
    t->options = *options;
    t->stabiliser = stabiliser_find(options->stabiliser);
    t->result = (fathom_train_result){ .diverged_at = options->steps };
    t->x = x;
    t->n = n;
    t->state = t->stabiliser->create ? t->stabiliser->create(flow, options) : NULL;
    t->memory = zeros((options->measure_steps ? 5 : 4) * padded(n_params) * sizeof(double));
    t->lr = calloc(options->steps, sizeof *t->lr);
    t->place = calloc(2 * n + 2 * batch, sizeof *t->place);
    t->own_order = order ? NULL : calloc(n, sizeof *t->own_order);
    t->order = order ? order : t->own_order;
    t->drawn = calloc(words_of(n), sizeof *t->drawn);
    t->workspace = fathom_workspace_new(flow, isa);
    if ((!t->state && t->stabiliser->create) || !t->memory || !t->lr || !t->place || !t->order || !t->drawn ||
        !t->workspace ||
        (!order && fathom_morton_order(t->own_order, x, n, fathom_flow_config(flow)->dim) != FATHOM_OK)) {
        fathom_trainer_free(t);
        return NULL;
    }
    share_memory(t, n_params);
    t->times = t->place + n;
    t->distinct = t->times + n;
    t->counts = t->distinct + batch;
    for (size_t i = 0; i < n; i++)
        t->place[t->order[i]] = (uint32_t)i;
    memcpy(t->adam.params, params, n_params * sizeof *params);
    fathom_schedule(t->lr, options->steps, options->peak_lr, true);
    return t;
}

void fathom_trainer_free(fathom_trainer *t)
{
    if (!t)
        return;
    if (t->stabiliser->destroy)
        t->stabiliser->destroy(t->state);
    else
        free(t->state);
    fathom_workspace_free(t->workspace);
    free(t->drawn);
    free(t->own_order);
    free(t->place);
    free(t->lr);
    free(t->memory);
    free(t);
}

const double     *fathom_trainer_params(const fathom_trainer *t) { return t->adam.params; }
fathom_workspace *fathom_trainer_workspace(fathom_trainer *t) { return t->workspace; }

/* t->distinct = the batch's distinct rows in the order of the curve; t->counts = how often each was drawn.  Returns how
 * many distinct rows there are. */
static size_t distinct_rows(fathom_trainer *t, const uint32_t *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < t->options.batch; i++) {
        const size_t at = t->place[rows[i]];
        t->drawn[at / 64] |= UINT64_C(1) << at % 64;
        t->times[at]++;
    }
    for (size_t w = 0; w < words_of(t->n); w++) {
        for (uint64_t left = t->drawn[w]; left; left &= left - 1) { /* clears the lowest bit */
            const size_t at = 64 * w + (size_t)__builtin_ctzll(left);
            t->distinct[n] = t->order[at];
            t->counts[n++] = t->times[at];
            t->times[at] = 0;
        }
        t->drawn[w] = 0;
    }
    return n;
}

static void update(fathom_trainer *t, double scale, double lr)
{
    struct adam *a = &t->adam;
    if (t->before)
        memcpy(t->before, a->params, a->n * sizeof *t->before);
    a->beta1_power *= ADAM_BETA1;
    a->beta2_power *= a->beta2;
    const double step_size = lr / (1.0 - a->beta1_power), v_scale = 1.0 / (1.0 - a->beta2_power);
    if (t->stabiliser->update)
        t->stabiliser->update(a, t->gradient, scale, step_size, v_scale, t->isa, t->state);
    else
        t->isa->adam(a->params, a->m, a->v, t->gradient, scale, step_size, a->beta2, v_scale, a->n);
    t->result.steps_taken++;
    for (size_t i = 0; t->before && i < a->n; i++)
        t->before[i] = a->params[i] - t->before[i];
    if (t->before)
        t->result.update_rms += t->isa->sum_squares(t->before, a->n) / (double)a->n / (lr * lr);
}

/* The first step whose loss or norm is not finite is looked at: its batch is in t->distinct. */
static fathom_status note_first(fathom_trainer *t, size_t step, size_t distinct)
{
    if (t->result.first.kind != FATHOM_FIRST_NONE)
        return FATHOM_OK;
    fathom_status status = fathom_flow_first_not_finite(&t->result.first, t->gradient, t->workspace, t->adam.params,
                                                        t->x, t->distinct, t->counts, distinct);
    t->result.first.step = t->result.diverged_at = step;
    return status;
}

/* What becomes of a step whose batch was computed. */
static fathom_status finish_step(fathom_trainer *t, struct step *step, double lr)
{
    const enum decision decision = t->stabiliser->decide(step, t->gradient, &t->adam, t->state);
    t->result.acted += step->acted;
    switch (decision) {
    case STEP_UPDATES:
        update(t, step->scale, lr);
        return FATHOM_OK;
    case STEP_LEFT_OUT:
        t->result.skipped++;
        return FATHOM_SKIPPED;
    case STEP_ENDS:
        break;
    }
    t->result.status = FATHOM_DIVERGED;
    return FATHOM_DIVERGED;
}

fathom_status fathom_trainer_step(fathom_trainer *t, double *loss, double *grad_norm, const uint32_t *rows)
{
    const size_t number = t->result.steps;
    if (number >= t->options.steps)
        return FATHOM_BAD_ARGUMENT;
    if (t->stabiliser->passes && t->stabiliser->passes(t->state)) {
        *loss = *grad_norm = NAN;
        t->result.steps++;
        t->result.skipped++;
        return FATHOM_SKIPPED;
    }
    const size_t distinct = distinct_rows(t, rows);
    fathom_flow_advance(t->adam.params, t->workspace, number);
    fathom_status status = fathom_flow_nll(loss, t->gradient, t->workspace, t->adam.params, t->x, t->distinct,
                                           t->counts, distinct);
    if (status != FATHOM_OK)
        return status;
    *grad_norm = sqrt(t->isa->sum_squares(t->gradient, t->adam.n));
    t->result.steps++;
    struct step step = { .loss = *loss, .norm = *grad_norm, .scale = 1.0 };
    if (!step_is_finite(&step))
        status = note_first(t, number, distinct);
    if (status != FATHOM_OK)
        return status;
    return finish_step(t, &step, t->lr[t->stabiliser->counts_updates ? t->result.steps_taken : number]);
}

fathom_train_result fathom_trainer_result(const fathom_trainer *t)
{
    fathom_train_result result = t->result;
    const bool          measured = t->before && result.steps_taken > 0;
    result.update_rms = measured ? sqrt(result.update_rms / (double)result.steps_taken) : NAN;
    return result;
}

fathom_train_result fathom_train(fathom_trainer *t, double *loss, double *grad_norm, const uint32_t *batches,
                                 fathom_train_progress *progress, void *context)
{
    fathom_status end = FATHOM_OK;
    for (size_t s = 0; s < t->options.steps; s++) {
        double step_loss = NAN, norm = NAN;
        if (end == FATHOM_OK) {
            const fathom_status status = fathom_trainer_step(t, &step_loss, &norm, batches + s * t->options.batch);
            const bool          goes_on = status == FATHOM_OK || status == FATHOM_SKIPPED;
            end = goes_on ? FATHOM_OK : status;
            if ((goes_on || status == FATHOM_DIVERGED) && progress && progress(context, s, step_loss, norm) != 0 &&
                goes_on)
                end = FATHOM_STOPPED;
        }
        if (loss)
            loss[s] = step_loss;
        if (grad_norm)
            grad_norm[s] = norm;
    }
    fathom_train_result result = fathom_trainer_result(t);
    result.status = end;
    return result;
}
