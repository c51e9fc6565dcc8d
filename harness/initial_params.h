/* initial_params.h - the parameters that a run starts from.
 *
 * They are the seed's draws; then the start from the training rows, if the run has one; then ActNorm from data; then the
 * replica's perturbation.  They are a function of the run and its rows alone.
 */
#ifndef INITIAL_PARAMS_H
#define INITIAL_PARAMS_H

#include "run.h"

/* How many rows a probe takes. */
size_t initial_params_probe_rows(const struct session *session);

/* The rows that ActNorm from data is set by, [*n] indices: the first batch, or without training those of the probe, which
 * are the first ones: NULL. */
const uint32_t *initial_params_first_rows(size_t *n, const struct run *run, const struct session *session);

/* params: [fathom_flow_n_params].  session: the run's rows.  *distance: fathom_flow_warm_start's if the run has a warm
 * start, otherwise NaN.  FATHOM_OK, or FATHOM_DEGENERATE: there are none, since rows do not vary, or the fit failed at
 * some block.  All else ends the program. */
fathom_status initial_params(double *params, double *distance, const struct run *run, const struct session *session,
                             const fathom_flow *flow, fathom_workspace *workspace);

#endif
