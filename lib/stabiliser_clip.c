/* stabiliser_clip.c - the two simplest: a clip by global norm, and a guard.
 *
 * clip  A gradient whose norm is above the threshold is scaled down to it (Pascanu, Mikolov & Bengio 2013, "On the
 *       difficulty of training recurrent neural networks", algorithm 1).  A threshold of infinity is no stabiliser at
 *       all.
 * skip  A step whose loss or norm is not finite is left out (optax's apply_if_finite, without a limit on how many
 *       follow each other). */
#include "stabiliser.h"

#include <stdlib.h>

static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)flow;
    double *threshold = malloc(sizeof *threshold);
    if (threshold)
        *threshold = options->clip;
    return threshold;
}

static enum decision clip(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient, (void)adam;
    const double threshold = *(const double *)state;
    if (!step_is_finite(step))
        return STEP_ENDS;
    step->scale = clip_scale(step->norm, threshold);
    step->acted = step->norm > threshold;
    return STEP_UPDATES;
}

static enum decision skip(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient, (void)adam, (void)state;
    step->acted = !step_is_finite(step);
    return step->acted ? STEP_LEFT_OUT : STEP_UPDATES;
}

const struct stabiliser stabiliser_clip = { .name = "clip", .create = create, .decide = clip };
const struct stabiliser stabiliser_skip = { .name = "skip", .decide = skip };
