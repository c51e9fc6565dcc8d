/* depth_law.h - how something grows with depth: as a power of the depth, or exponentially.
 *
 * Both laws are lines through the logarithms of the medians, one for each depth: single seeds may be off by orders of
 * magnitude, or not finite.
 */
#ifndef DEPTH_LAW_H
#define DEPTH_LAW_H

#include "statistics.h"

struct depth_law {
    struct line power;                            /* log median = intercept + slope log depth    */
    struct line exponential;                      /* log median = intercept + slope depth        */
    double      power_misfit, exponential_misfit; /* root mean square of the log residuals       */
};

/* depth, median: [n], above 0.  All NaN if n < 3, if a median is NaN or 0, or if memory is short. */
struct depth_law depth_law_fit(const double *depth, const double *median, size_t n);

#endif
