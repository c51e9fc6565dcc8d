/* residual_config.h - the members of fathom_config that residual blocks read. */
#ifndef FATHOM_RESIDUAL_CONFIG_H
#define FATHOM_RESIDUAL_CONFIG_H

#include "fathom.h"

/* FATHOM_OK, or FATHOM_BAD_ARGUMENT and in *error (may be NULL) which member, its value and its legal range. */
fathom_status fathom_residual_check(const fathom_config *config, fathom_error *error);

/* c = L^(1/n), what each of a block's n = hidden + 1 matrices has as norm at most.  It is less by one part in 2^40, so that
 * c^n, whatever its rounding, is not above L. */
double fathom_residual_norm_limit(const fathom_config *config);

#endif
