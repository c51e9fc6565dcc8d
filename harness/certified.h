/* certified.h - the certificate of a trained residual flow as a whole.
 *
 * Every residual flow is certified before it is scored, so what is scored has the Lipschitz number that the table names
 * (lib/fathom_certificate.h).
 */
#ifndef CERTIFIED_H
#define CERTIFIED_H

#include "fathom_certificate.h"

/* The greatest over the blocks; NaN: there is no residual block, or no certificate. */
struct certified {
    double lipschitz;    /* what is guaranteed of the flow that is scored            */
    double by_power;     /* the estimate of power iteration for the flow as trained  */
    double before;       /* what is true of it: the product of singular values       */
    double banach_steps; /* iterations that guarantee an inverse error of 1e-12      */
};

extern const struct certified certified_none; /* all NaN */

/* Certifies params, [n_params], in place; of a coupling flow nothing.  FATHOM_OK or FATHOM_NO_MEMORY; all is NaN and
 * params are as they were if a matrix is not finite. */
fathom_status certified_measure(struct certified *certified, double *params, const fathom_flow *flow);

#endif
