/* stabiliser_zclip.c - a clip whose threshold follows the norms (Kumar, Owen, Roy Chowdhury & Güra 2025, "ZClip: Adaptive
 * Spike Mitigation for LLM Pre-Training", algorithm 1; its code, bluorion-com/ZClip, zclip.py: mode "zscore",
 * clip_option "adaptive_scaling").
 *
 *   the first 25 steps:  clip at 1;  then mean and variance of their norms before the clip
 *   after them:          z = (norm - mean) / (sd + 1e-6)
 *                        cut = mean + 2.5^2 sd / z  if z > 2.5,  otherwise cut = norm;  the gradient gets this norm
 *                        mean <- 0.97 mean + 0.03 cut,  then variance <- 0.97 variance + 0.03 (cut - mean)^2
 *
 * Two things differ from the code.  After the warm-up it also clips at 1 by default (max_grad_norm); here nothing but z
 * limits the norm.  And its scale is cut / (norm + 1e-6); here it is cut / norm, as in `clip`.  A step that is not finite
 * ends the run. */
#include "stabiliser.h"

#include <stdlib.h>

enum { WARM_UP = 25 };
static const double ALPHA = 0.97, Z_THRESHOLD = 2.5, Z_EPSILON = 1e-6, WARM_UP_CLIP = 1.0;

struct norms {
    size_t seen; /* steps of the warm-up so far */
    double first[WARM_UP];
    double mean, variance;
};

static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)flow, (void)options;
    return calloc(1, sizeof(struct norms));
}

/* Mean and variance (divisor n) of the warm-up's norms. */
static void begin(struct norms *s)
{
    s->mean = fathom_sum(s->first, WARM_UP) / WARM_UP;
    double square[WARM_UP];
    for (size_t i = 0; i < WARM_UP; i++)
        square[i] = (s->first[i] - s->mean) * (s->first[i] - s->mean);
    s->variance = fathom_sum(square, WARM_UP) / WARM_UP;
}

static enum decision decide(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient, (void)adam;
    struct norms *s = state;
    if (!step_is_finite(step))
        return STEP_ENDS;
    if (s->seen < WARM_UP) {
        step->scale = clip_scale(step->norm, WARM_UP_CLIP);
        step->acted = step->norm > WARM_UP_CLIP;
        s->first[s->seen++] = step->norm;
        if (s->seen == WARM_UP)
            begin(s);
        return STEP_UPDATES;
    }
    const double sd = sqrt(s->variance), z = (step->norm - s->mean) / (sd + Z_EPSILON);
    double       cut = step->norm;
    if (z > Z_THRESHOLD) {
        cut = s->mean + Z_THRESHOLD * sd / (z / Z_THRESHOLD);
        step->scale = cut / step->norm;
        step->acted = true;
    }
    s->mean = ALPHA * s->mean + (1.0 - ALPHA) * cut;
    s->variance = ALPHA * s->variance + (1.0 - ALPHA) * ((cut - s->mean) * (cut - s->mean));
    return STEP_UPDATES;
}

const struct stabiliser stabiliser_zclip = { .name = "zclip", .create = create, .decide = decide };
