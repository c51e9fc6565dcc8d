/* plane_density.c - from raw units to a frame's coordinates (plane_density.h). */
#include "plane_density.h"

#include "elementary.h"

void fathom_plane_log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n,
                              double (*log_raw)(void *context, const double raw[2]), void *context)
{
    const double log_volume = same_log(frame->sd[0]) + same_log(frame->sd[1]);
    for (size_t i = 0; i < n; i++) {
        const double raw[2] = { frame->mean[0] + frame->sd[0] * x[2 * i],
                                frame->mean[1] + frame->sd[1] * x[2 * i + 1] };
        logp[i] = raw[0] != raw[0] || raw[1] != raw[1] ? NAN : log_volume + log_raw(context, raw);
    }
}
