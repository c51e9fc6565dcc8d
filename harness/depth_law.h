/* depth_law.h - how something grows with depth: as a power of the depth, or exponentially.
 *
 * Both laws are least-squares lines through the logarithms of one mean for each depth.  If these are the geometric means
 * over the same seeds, the slope of each law is the mean of the seeds' own slopes.
 */
#ifndef DEPTH_LAW_H
#define DEPTH_LAW_H

#include "statistics.h"

struct depth_law {
    struct line power;                            /* log mean = intercept + slope log depth      */
    struct line exponential;                      /* log mean = intercept + slope depth          */
    double      power_misfit, exponential_misfit; /* root mean square of the log residuals       */
};

/* depth, mean: [n], above 0.  All NaN if n < 3, if a mean is NaN or 0, or if memory is short. */
struct depth_law depth_law_fit(const double *depth, const double *mean, size_t n);

#endif
