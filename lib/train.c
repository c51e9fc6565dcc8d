/* train.c - a run of gradient descent: schedule, clip, Adam, and what "diverged" means.
 *
 * A batch is drawn with replacement: of 512 draws from 3000 rows some 470 are distinct.  A row that is drawn twice
 * counts twice, but goes through the flow once.
 *
 * Step t, from 0:  loss and gradient g of the batch at the parameters as they are; if either the loss or |g| is not
 * finite the step moves nothing; otherwise g is clipped (Pascanu, Mikolov & Bengio 2013, algorithm 1) and Adam moves
 * the parameters by the schedule's rate.  So the parameters are finite at any time. */
#include "isa/bijection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"

struct fathom_trainer {
    const fathom_flow   *flow;
    const fathom_isa    *isa;
    fathom_train_options options;
    size_t               step;                      /* steps seen, skipped ones included      */
    size_t               moved;                     /* updates made, Adam's t                 */
    double               beta1_power, beta2_power;  /* beta^moved                             */
    double              *params, *gradient, *m, *v; /* [n_params] each                        */
    double              *lr;                        /* [steps]                                */
    uint32_t            *distinct, *counts;         /* [batch]: the batch's distinct rows             */
    uint32_t            *place;                     /* [n_places], a power of two: where they are     */
    size_t               n_places;
    fathom_workspace    *workspace;
};

fathom_train_options fathom_train_options_default(void)
{
    return (fathom_train_options){ .steps = 1200, .batch = 512, .peak_lr = 3e-3, .clip = 1.0, .skip = false };
}

/* cos of a in [0, pi] in single precision, to the bits that the reference sees: the C library's cosf, a polynomial in
 * double about the nearest multiple of pi/2 (Arm Optimized Routines, math/cosf.c), good to 0.56 ulp of a float. */
static float cosine_single(float a)
{
    const double half_pi = 0x1.921fb54442d18p0;
    const int quarter = a < 0.25f * 3.14159265f ? 0 : a < 0.75f * 3.14159265f ? 1 : 2;
    const double x = (double)a - quarter * half_pi, x2 = x * x;
    const double cosine = (1.0 + x2 * -0x1.ffffffd0c621cp-2) + x2 * x2 * 0x1.55553e1068f19p-5
                        + x2 * x2 * x2 * (-0x1.6c087e89a359dp-10 + x2 * 0x1.99343027bf8c3p-16);
    const double sine = (x + x * x2 * -0x1.555545995a603p-3)
                      + x * x2 * x2 * (0x1.1107605230bc4p-7 + x2 * -0x1.994eb3774cf24p-13);
    return (float)(quarter == 0 ? cosine : quarter == 1 ? -sine : -cosine);
}

/* 1 + cos(pi i/n), from 2 down to 0.  In single precision the division is by the rounded reciprocal: so XLA compiles a
 * division by a constant. */
static double arc(size_t i, size_t n, bool single)
{
    if (!single)
        return same_cos(3.14159265358979323846 * ((double)i / (double)n)) + 1.0;
    return cosine_single(3.14159265358979323846f * ((float)i * (1.0f / (float)n))) + 1.0f;
}

void fathom_schedule(double *lr, size_t steps, double peak, bool single)
{
    const double first = peak / 25.0, last = peak / 2.5e5;
    const size_t turn = (size_t)(0.3 * (double)steps);
    for (size_t t = 0; t < steps; t++)
        lr[t] = t < turn ? peak + (first - peak) / 2.0 * arc(t, turn, single)
                         : last + (peak - last) / 2.0 * arc(t - turn, steps - turn, single);
}

fathom_trainer *fathom_trainer_new(const fathom_flow *flow, const fathom_isa *isa, const double *params,
                                   const fathom_train_options *options)
{
    const size_t n = fathom_flow_n_params(flow);
    fathom_trainer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->flow = flow;
    t->isa = isa;
    t->options = *options;
    t->beta1_power = t->beta2_power = 1.0;
    t->params = calloc(4 * n + options->steps, sizeof(double));
    for (t->n_places = 1; t->n_places < 8 * options->batch;)
        t->n_places *= 2;
    t->distinct = calloc(2 * options->batch + t->n_places, sizeof *t->distinct);
    t->workspace = fathom_workspace_new(flow, isa);
    if (!t->params || !t->distinct || !t->workspace) {
        fathom_trainer_free(t);
        return NULL;
    }
    t->gradient = t->params + n;
    t->m = t->gradient + n;
    t->v = t->m + n;
    t->lr = t->v + n;
    t->counts = t->distinct + options->batch;
    t->place = t->counts + options->batch;
    memcpy(t->params, params, n * sizeof *params);
    fathom_schedule(t->lr, options->steps, options->peak_lr, true);
    return t;
}

void fathom_trainer_free(fathom_trainer *t)
{
    if (!t)
        return;
    fathom_workspace_free(t->workspace);
    free(t->distinct);
    free(t->params);
    free(t);
}

const double     *fathom_trainer_params(const fathom_trainer *t) { return t->params; }
fathom_workspace *fathom_trainer_workspace(fathom_trainer *t) { return t->workspace; }

/* The batch's rows, each once, in the order of their first appearance, into t->distinct, and how often each is there
 * into t->counts: their number.  A row's place, or the first free one after it, holds 1 + its index among them; 0 is
 * free. */
static size_t distinct_rows(fathom_trainer *t, const uint32_t *rows)
{
    size_t n = 0;
    memset(t->place, 0, t->n_places * sizeof *t->place);
    for (size_t i = 0; i < t->options.batch; i++) {
        size_t at = rows[i] & (t->n_places - 1);
        while (t->place[at] && t->distinct[t->place[at] - 1] != rows[i])
            at = (at + 1) & (t->n_places - 1);
        if (t->place[at] == 0) {
            t->distinct[n] = rows[i];
            t->counts[n++] = 0;
            t->place[at] = (uint32_t)n;
        }
        t->counts[t->place[at] - 1]++;
    }
    return n;
}

fathom_status fathom_trainer_step(fathom_trainer *t, double *loss, double *grad_norm, const double *x,
                                  const uint32_t *rows)
{
    const double beta1 = 0.9, beta2 = 0.999; /* as adam.c */
    const size_t n = fathom_flow_n_params(t->flow);
    if (t->step >= t->options.steps)
        return FATHOM_BAD_ARGUMENT;
    const size_t distinct = distinct_rows(t, rows);
    fathom_status status = fathom_flow_nll(loss, t->gradient, t->workspace, t->params, x, t->distinct, t->counts,
                                           distinct);
    if (status != FATHOM_OK)
        return status;
    double norm = *grad_norm = sqrt(t->isa->sum_squares(t->gradient, n)), lr = t->lr[t->step++];
    if (!isfinite(*loss) || !isfinite(norm))
        return FATHOM_DIVERGED;

    double scale = norm < t->options.clip ? 1.0 : t->options.clip / norm;
    t->moved++;
    t->beta1_power *= beta1;
    t->beta2_power *= beta2;
    t->isa->adam(t->params, t->m, t->v, t->gradient, scale, lr / (1.0 - t->beta1_power), 1.0 / (1.0 - t->beta2_power),
                 n);
    return FATHOM_OK;
}

fathom_train_result fathom_train(fathom_trainer *t, double *loss, double *grad_norm, const double *x,
                                 const uint32_t *batches)
{
    const size_t steps = t->options.steps;
    fathom_train_result result = { .status = FATHOM_OK, .diverged_at = steps };
    bool running = true;
    for (size_t s = 0; s < steps; s++) {
        double step_loss = NAN, norm = NAN;
        if (running) {
            fathom_status status = fathom_trainer_step(t, &step_loss, &norm, x, batches + s * t->options.batch);
            if (status == FATHOM_DIVERGED && result.diverged_at == steps)
                result.diverged_at = s;
            if (status == FATHOM_OK)
                result.steps_taken++;
            else if (status == FATHOM_DIVERGED && t->options.skip)
                result.skipped++;
            else {
                result.status = status;
                running = false;
            }
        }
        if (loss)
            loss[s] = step_loss;
        if (grad_norm)
            grad_norm[s] = norm;
    }
    return result;
}
