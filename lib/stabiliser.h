/* stabiliser.h - a stabiliser: what keeps a run of gradient descent from divergence, as a table of functions.
 *
 * The trainer (train.c) computes a batch's loss and gradient and their norm; the stabiliser then decides what becomes of
 * the step.  It may scale the gradient, leave the step out, turn the run back, or end the run.  Each has its own state.
 * One trainer uses one stabiliser.
 *
 * A new stabiliser is a table like those of stabiliser_clip.c, and one line in stabiliser.c.  Slots that it does not need
 * stay NULL or 0. */
#ifndef FATHOM_STABILISER_H
#define FATHOM_STABILISER_H

#include <math.h>

#include "kernels/kernels.h"

/* The parameters and Adam's moments, which a stabiliser may change. */
struct adam {
    size_t  n;
    double  beta2;
    double  beta1_power, beta2_power; /* beta^t, t updates of these moments                 */
    double *params, *m, *v;           /* [padded(n)] each, with 0 from n on                 */
};

/* A step whose loss and gradient are known. */
struct step {
    double loss, norm; /* of the batch; the global norm of its gradient            */
    double scale;      /* in: 1; out: the factor of the gradient in the update     */
    bool   acted;      /* in: false; out: the stabiliser acted on this step        */
};

enum decision {
    STEP_UPDATES,  /* the parameters are updated by scale times the gradient                  */
    STEP_LEFT_OUT, /* the step makes no update; the run goes on                               */
    STEP_ENDS      /* the run has diverged                                                    */
};

struct stabiliser {
    const char *name;
    double      beta2;          /* of Adam's second moment; 0: ADAM_BETA2                                   */
    bool        counts_updates; /* the schedule is read by the updates made so far, not by the steps        */

    /* Returns the state, or NULL if memory is short.  NULL: no state. */
    void *(*create)(const fathom_flow *flow, const fathom_train_options *options);
    /* state may be NULL.  NULL: free(). */
    void (*destroy)(void *state);

    /* True: the next batch is not used.  Called once before each step.  NULL: every batch is used. */
    bool (*passes)(void *state);

    /* Decides about the step.  gradient: [n], may be changed.  loss or norm may be infinite or NaN; such a step must not
     * be STEP_UPDATES. */
    enum decision (*decide)(struct step *step, double *gradient, struct adam *adam, void *state);

    /* Updates the parameters and moments (kernels/adam.c).  NULL: Adam. */
    void (*update)(struct adam *adam, const double *gradient, double scale, double step_size, double v_scale,
                   const fathom_isa *isa, void *state);
};

/* The stabiliser of that name, NULL: "clip".  NULL if there is none. */
const struct stabiliser *stabiliser_find(const char *name);

static inline bool step_is_finite(const struct step *step) { return isfinite(step->loss) && isfinite(step->norm); }

/* The factor that brings a norm down to `most`; 1 if it is below. */
static inline double clip_scale(double norm, double most) { return norm < most ? 1.0 : most / norm; }

#endif
