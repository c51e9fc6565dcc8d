/* stabiliser_adam.c - two changes of Adam itself.  They act on every update; a step that is not finite ends the run.
 *
 * amsgrad  The update divides by the square root of the greatest second moment so far (Reddi, Kale & Kumar 2018, "On the
 *          convergence of Adam and beyond", algorithm 2).  The paper has no bias correction.  Here it is the greatest of
 *          the bias-corrected moments, and m is corrected as Adam's is: optax.amsgrad (torch.optim.Adam takes the
 *          greatest v and corrects it afterwards).
 * beta2    The second moment forgets sooner: beta2 = 0.95 instead of 0.999 (e.g. Zhai, Kolesnikov, Houlsby & Beyer 2022,
 *          "Scaling vision transformers", sec. 3.4; Wortsman et al. 2023, "Stable and low-precision training for
 *          large-scale vision-language models", sec. 3: loss spikes follow a second moment that is out of date). */
#include "stabiliser.h"

#include <stdlib.h>

static enum decision decide(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient, (void)adam, (void)state;
    step->acted = step_is_finite(step);
    return step->acted ? STEP_UPDATES : STEP_ENDS;
}

/* The greatest bias-corrected second moments so far: [padded(n_params)]. */
static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)options;
    return zeros(padded(fathom_flow_n_params(flow)) * sizeof(double));
}

static void update(struct adam *adam, const double *gradient, double scale, double step_size, double v_scale,
                   const fathom_isa *isa, void *state)
{
    isa->amsgrad(adam->params, adam->m, adam->v, state, gradient, scale, step_size, adam->beta2, v_scale, adam->n);
}

const struct stabiliser stabiliser_amsgrad = {
    .name = "amsgrad", .create = create, .decide = decide, .update = update
};
const struct stabiliser stabiliser_beta2 = { .name = "beta2", .beta2 = 0.95, .decide = decide };
