/* stabiliser_agc.c - adaptive gradient clipping (Brock, De, Smith & Simonyan 2021, "High-performance large-scale image
 * recognition without normalization", eq. 3; optax.adaptive_grad_clip).
 *
 *   unit by unit:  most = 0.01 max(|w|, 1e-3);  if |g| >= most,  g <- g most / max(|g|, 1e-6)
 *
 * w are a unit's parameters and g is their gradient.  A unit is a row of a matrix W of a conditioner; a vector (biases,
 * loc and scale, a rotation's vector) is one unit.  The layers say which units they have (layer.h).  A step that is not
 * finite ends the run. */
#include "stabiliser.h"

#include <stdlib.h>

#include "flow.h"

static const double RATIO = 0.01, LEAST_PARAMETER_NORM = 1e-3, LEAST_GRADIENT_NORM = 1e-6;

struct units {
    size_t n, length[];
};

static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)options;
    const size_t  n = fathom_flow_units(NULL, flow);
    struct units *units = malloc(sizeof *units + n * sizeof *units->length);
    if (units)
        units->n = fathom_flow_units(units->length, flow);
    return units;
}

static enum decision decide(struct step *step, double *gradient, struct adam *adam, void *state)
{
    const struct units *units = state;
    const double       *params = adam->params;
    if (!step_is_finite(step))
        return STEP_ENDS;
    for (size_t u = 0; u < units->n; params += units->length[u], gradient += units->length[u], u++) {
        const double size = fathom_norm(params, units->length[u]), norm = fathom_norm(gradient, units->length[u]);
        const double most = RATIO * (size > LEAST_PARAMETER_NORM ? size : LEAST_PARAMETER_NORM);
        if (norm < most)
            continue;
        const double scale = most / (norm > LEAST_GRADIENT_NORM ? norm : LEAST_GRADIENT_NORM);
        step->acted = step->acted || norm > most;
        for (size_t i = 0; i < units->length[u]; i++)
            gradient[i] *= scale;
    }
    return STEP_UPDATES;
}

const struct stabiliser stabiliser_agc = { .name = "agc", .create = create, .decide = decide };
