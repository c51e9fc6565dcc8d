/* health.h - measures of a trained flow beside its scores: is it invertible in doubles, well conditioned,
 * alive?
 *
 * How far a flow is invertible in floating point, and how its Jacobian's condition number shows it: Behrmann, Vicol,
 * Wang, Grosse & Jacobsen 2021, "Understanding and mitigating exploding inverses in invertible neural networks".
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "fathom.h"

enum { HEALTH_ROWS = 1000 }; /* of the condition number: the first of the test rows, or all if there are fewer */

struct health {
    double inverse_error; /* max |x - T^-1(T(x))| over the coordinates of the test rows; infinite or NaN if some row's
                                is, and NaN if the flow has no inverse, or an iteration for it did not converge                       */
    double condition_number; /* median of sigma_max / sigma_min of dz/dx; infinite where the Jacobian is not finite  */
    double dead_units;       /* share of the hidden units that are <= 0 before their ReLU on all training rows; NaN if
                                there is no hidden layer, or the blocks are residual                                                          */
    double dead_units_last;  /* the same of the last hidden layer                                                    */
};

/* FATHOM_OK or FATHOM_NO_MEMORY.  ws: of the flow whose parameters these are; test: at least one row. */
fathom_status health_measure(struct health *health, fathom_workspace *ws, const fathom_flow *flow, const double *params,
                             const fathom_dataset *train, const fathom_dataset *test);

#endif
