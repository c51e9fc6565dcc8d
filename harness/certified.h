/* certified.h - a trained residual flow is certified before it is scored. */
#ifndef CERTIFIED_H
#define CERTIFIED_H

#include "fathom.h"

/* params: [n_params], in place, become those of a flow whose residual blocks have the Lipschitz constant that its
 * configuration names, for certain (fathom_flow_certify).  A flow of couplings stays as it is.  Ends the program if memory
 * is short. */
void certified_make(double *params, const fathom_flow *flow);

#endif
