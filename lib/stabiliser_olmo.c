/* stabiliser_olmo.c - a step whose loss or gradient norm is far above those before it is left out (OLMo-core,
 * src/olmo_core/optim/skip_step_optimizer.py, class SkipStepOptimizer: rolling_interval_length 128, sigma_factor 6).
 *
 *   left out if  loss > mean + 6 sd  or  norm > mean + 6 sd,
 *
 * mean and standard deviation (divisor n - 1) over the up to 128 steps before, from step 64 on (from 0; 64 steps stand
 * before it).  Values of steps that were left out enter the window too.  So after a value that is not finite the bound is
 * NaN, and as in OLMo-core all steps are left out until that value has passed through the window.  A step that
 * is not finite before step 64 ends the run; OLMo-core would take it.
 *
 * Unlike here, OLMo-core leaves out a step that lies as far below the mean, and begins one step earlier. */
#include "stabiliser.h"

#include <stdlib.h>

enum { WINDOW = 128, FIRST = 64 };
static const double SIGMAS = 6.0;

struct window {
    size_t seen; /* values so far; number i stands at i mod WINDOW */
    double loss[WINDOW], norm[WINDOW];
};

static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)flow, (void)options;
    return calloc(1, sizeof(struct window));
}

/* mean + 6 sd of x: [n] */
static double bound(const double *x, size_t n)
{
    const double mean = fathom_sum(x, n) / (double)n;
    double       off[WINDOW];
    for (size_t i = 0; i < n; i++)
        off[i] = x[i] - mean;
    return mean + SIGMAS * (fathom_norm(off, n) / sqrt((double)(n - 1)));
}

static enum decision decide(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient, (void)adam;
    struct window *w = state;
    const size_t   n = w->seen < WINDOW ? w->seen : WINDOW, at = w->seen % WINDOW;
    const bool     begun = w->seen >= FIRST;
    const bool     finite = step_is_finite(step);
    step->acted = begun && !(finite && step->loss <= bound(w->loss, n) && step->norm <= bound(w->norm, n));
    w->loss[at] = step->loss;
    w->norm[at] = step->norm;
    w->seen++;
    return step->acted ? STEP_LEFT_OUT : finite ? STEP_UPDATES : STEP_ENDS;
}

const struct stabiliser stabiliser_olmo = { .name = "olmo", .create = create, .decide = decide };
