/* replay.h - runs made once more, step by step, to see what happens on the way to where they diverged.
 *
 * A replay has the run's own bits: the same initial parameters, batches and steps.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "experiment.h"

/* A row per step of the run, up to its end: the loss and the gradient norm of the step's batch, and the least and the
 * greatest log s of all affine couplings over the rows of that batch, all of the parameters before the step.  A number
 * that is not finite is nan.  The run has neither replica nor ActNorm from data. */
#define REPLAY_COLUMNS "coupling depth lr arm seed step loss grad_norm least_log_scale greatest_log_scale"
void replay_add(struct table *table, const struct run *run, const struct session *session);

#endif
