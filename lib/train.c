/* train.c - a run of gradient descent: schedule, clip, Adam, and what "diverged" means.
 *
 * A batch is drawn with replacement: of 512 draws from 3000 rows some 470 are distinct.  A row that is drawn twice
 * counts twice, but passes through the flow once.  The rows pass in the order of a curve on which neighbours are close
 * together (morton.c), so the rows of one tile lie in few segments of a conditioner.
 *
 * Step t, from 0:  loss and gradient g of the batch at the current parameters.  If the loss or |g| is not finite, the
 * step changes nothing.  Otherwise g is clipped (Pascanu, Mikolov & Bengio 2013, algorithm 1) and Adam updates the
 * parameters with the schedule's rate.  Parameters that are finite at the start remain
 * finite: the range of peak_lr ends where an update could overflow. */
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "elementary.h"

struct fathom_trainer {
    const fathom_flow   *flow;
    const fathom_isa    *isa;
    fathom_train_options options;
    size_t               step;                      /* steps so far, with the skipped ones    */
    size_t               moved;                     /* updates made, Adam's t                 */
    double               beta1_power, beta2_power;  /* beta^moved                             */
    double              *params, *gradient, *m, *v; /* [padded(n_params)] each, on cache lines               */
    double              *lr;                        /* [steps]                                */
    const double        *x;                         /* [n][D], the caller's                   */
    size_t               n;
    const uint32_t      *order;             /* [n]: the rows along the curve                         */
    uint32_t            *own_order;         /* [n], if the caller has none                           */
    uint32_t            *place;             /* [n]: each row's place in it                           */
    uint32_t            *times;             /* [n]: how often each place was drawn; 0 between steps  */
    uint64_t            *drawn;             /* [words_of(n)]: a bit per place, set if it was drawn;
                                                       0 between steps                                       */
    uint32_t            *distinct, *counts; /* [batch]: the batch's distinct rows, their numbers     */
    double              *before;            /* [n_params]: those before an update; NULL: nothing is measured      */
    double               effective;         /* the sum over updates of rms(change) / rate                         */
    fathom_workspace    *workspace;
};

fathom_train_options fathom_train_options_default(void)
{
    return (fathom_train_options){ .steps = 1200, .batch = 512, .peak_lr = 3e-3, .clip = 1.0, .skip = false };
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

/* An update of Adam is at most 0.1 / sqrt(0.001) / sqrt(1 - 0.81 / 0.999) = 7.3 step sizes, by the Cauchy-Schwarz
 * inequality for the sums m and v.  A step size is at most 10 peak_lr.  The product of step size and m is at most 1e4
 * sqrt(DBL_MAX).  So up to FATHOM_LR_MAX nothing overflows, and no number of steps takes a finite parameter out of range. */

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
    return FATHOM_OK;
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
    t->beta1_power = t->beta2_power = 1.0;
    t->x = x;
    t->n = n;
    t->params = zeros(4 * padded(n_params) * sizeof(double));
    t->lr = calloc(options->steps, sizeof *t->lr);
    t->place = calloc(2 * n + 2 * batch, sizeof *t->place);
    t->own_order = order ? NULL : calloc(n, sizeof *t->own_order);
    t->order = order ? order : t->own_order;
    t->drawn = calloc(words_of(n), sizeof *t->drawn);
    t->before = options->measure_steps ? calloc(n_params, sizeof *t->before) : NULL;
    t->workspace = fathom_workspace_new(flow, isa);
    if (!t->params || !t->lr || !t->place || !t->order || !t->drawn || !t->workspace ||
        (options->measure_steps && !t->before) ||
        (!order && fathom_morton_order(t->own_order, x, n, fathom_flow_config(flow)->dim) != FATHOM_OK)) {
        fathom_trainer_free(t);
        return NULL;
    }
    t->gradient = t->params + padded(n_params);
    t->m = t->gradient + padded(n_params);
    t->v = t->m + padded(n_params);
    t->times = t->place + n;
    t->distinct = t->times + n;
    t->counts = t->distinct + batch;
    for (size_t i = 0; i < n; i++)
        t->place[t->order[i]] = (uint32_t)i;
    memcpy(t->params, params, n_params * sizeof *params);
    fathom_schedule(t->lr, options->steps, options->peak_lr, true);
    return t;
}

void fathom_trainer_free(fathom_trainer *t)
{
    if (!t)
        return;
    fathom_workspace_free(t->workspace);
    free(t->before);
    free(t->drawn);
    free(t->own_order);
    free(t->place);
    free(t->lr);
    free(t->params);
    free(t);
}

const double     *fathom_trainer_params(const fathom_trainer *t) { return t->params; }
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

fathom_status fathom_trainer_step(fathom_trainer *t, double *loss, double *grad_norm, const uint32_t *rows)
{
    const size_t n = fathom_flow_n_params(t->flow);
    if (t->step >= t->options.steps)
        return FATHOM_BAD_ARGUMENT;
    const size_t  distinct = distinct_rows(t, rows);
    fathom_status status = fathom_flow_nll(loss, t->gradient, t->workspace, t->params, t->x, t->distinct, t->counts,
                                           distinct);
    if (status != FATHOM_OK)
        return status;
    double norm = *grad_norm = sqrt(t->isa->sum_squares(t->gradient, n)), lr = t->lr[t->step++];
    if (!isfinite(*loss) || !isfinite(norm))
        return FATHOM_DIVERGED;

    if (t->before)
        memcpy(t->before, t->params, n * sizeof *t->before);
    double scale = norm < t->options.clip ? 1.0 : t->options.clip / norm;
    t->moved++;
    t->beta1_power *= ADAM_BETA1;
    t->beta2_power *= ADAM_BETA2;
    t->isa->adam(t->params, t->m, t->v, t->gradient, scale, lr / (1.0 - t->beta1_power), 1.0 / (1.0 - t->beta2_power),
                 n);
    for (size_t i = 0; t->before && i < n; i++)
        t->before[i] = t->params[i] - t->before[i];
    if (t->before)
        t->effective += sqrt(t->isa->sum_squares(t->before, n) / (double)n) / lr;
    return FATHOM_OK;
}

/* How a step ends the run: FATHOM_OK if it does not. */
static fathom_status count_step(fathom_train_result *result, fathom_status step_status, size_t step, bool skip)
{
    if (step_status == FATHOM_DIVERGED && result->skipped == 0) /* the first of its kind */
        result->diverged_at = step;
    if (step_status == FATHOM_OK)
        result->steps_taken++;
    else if (step_status == FATHOM_DIVERGED && skip)
        result->skipped++;
    else
        return step_status;
    return FATHOM_OK;
}

fathom_train_result fathom_train(fathom_trainer *t, double *loss, double *grad_norm, const uint32_t *batches,
                                 fathom_train_progress *progress, void *context)
{
    const size_t        steps = t->options.steps;
    fathom_train_result result = { .status = FATHOM_OK, .diverged_at = steps };
    for (size_t s = 0; s < steps; s++) {
        double step_loss = NAN, norm = NAN;
        if (result.status == FATHOM_OK) {
            fathom_status status = fathom_trainer_step(t, &step_loss, &norm, batches + s * t->options.batch);
            result.status = count_step(&result, status, s, t->options.skip);
            const bool computed = status == FATHOM_OK || status == FATHOM_DIVERGED;
            if (computed && progress && progress(context, s, step_loss, norm) != 0 && result.status == FATHOM_OK)
                result.status = FATHOM_STOPPED;
        }
        if (loss)
            loss[s] = step_loss;
        if (grad_norm)
            grad_norm[s] = norm;
    }
    result.update_rms = t->before && t->moved > 0 ? t->effective / (double)t->moved : NAN;
    return result;
}
