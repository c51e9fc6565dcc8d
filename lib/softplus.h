/* softplus.h - the inverse of softplus(u) = log(1 + e^u), for parameters that are set rather than trained. */
#ifndef FATHOM_SOFTPLUS_H
#define FATHOM_SOFTPLUS_H

#include "elementary.h"

/* u with softplus(u) = y, y > 0: y + log(1 - e^-y) */
static inline double softplus_inverse(double y) { return y + same_log(-same_expm1(-y)); }

#endif
