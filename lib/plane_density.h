/* plane_density.h - the log density of a data set in the plane, from its log density at one raw point. */
#ifndef FATHOM_PLANE_DENSITY_H
#define FATHOM_PLANE_DENSITY_H

#include "data_set.h"

/* logp: [n], nats, in frame's coordinates = log_raw(context, point), nats, in raw units, plus the log volume of the
 * frame; x: [n][2].  NaN for a row with NaN, without a call of log_raw. */
void fathom_plane_log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n,
                              double (*log_raw)(void *context, const double raw[2]), void *context);

#endif
