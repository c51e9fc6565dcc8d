/* growth_phase.h - how fast the difference between two runs grows from round-off.
 *
 * The growth phase begins after the last step at which the median difference is still round-off.  It ends at the first
 * step at which that difference is a tenth of the largest that it ever gets.  In it, log difference is a straight line
 * in the step.
 */
#ifndef GROWTH_PHASE_H
#define GROWTH_PHASE_H

#include <stddef.h>

#define GROWTH_ROUNDING 1e-13 /* nats: batch losses of order 1 that differ by less differ by round-off alone */

struct growth_phase {
    double start, saturated;          /* steps                                                                   */
    double rate, intercept;           /* log median = intercept + rate step, by least squares; the rate per step */
    double least_rate, greatest_rate; /* the lesser and the greater of the rates of `least` and `greatest`      */
    double largest;                   /* nats: the largest median; 0 without any                                 */
};

/* step, least, median, greatest: [n], differences at each step [nats], finite, not negative.  Without a growth phase
 * all but `largest` are NaN; a rate is NaN if fewer than three differences are above 0, or if memory is short. */
struct growth_phase growth_phase_find(const double *step, const double *least, const double *median,
                                      const double *greatest, size_t n);

#endif
