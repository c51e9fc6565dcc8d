/* plane.h - the density of a two-dimensional flow on the plane: a picture of it, and its integral.
 *
 * The integral is taken by the midpoint rule, fine where the rows are and coarser in a wide frame around them, and once
 * more with twice the step: where both agree, the rule has converged.
 */
#ifndef PLANE_H
#define PLANE_H

#include "runner.h"

/* Cells on a side of the picture. */
enum { PLANE_SIDE = 128 };

struct plane_density {
    const struct run *run;                       /* given: the flow                                       */
    const double     *params;                    /* given: its parameters                                 */
    double            train_logp;                /* given: its score, for the caller's own use            */
    double           *x;                         /* [PLANE_SIDE]: the cells' centres, on both axes        */
    double           *value;                     /* [PLANE_SIDE][PLANE_SIDE]: p(x[column], x[row])        */
    double            integral, coarse_integral; /* over the plane; the second with twice the step        */
};

/* densities: [n].  Pictures over the smallest square of whole-numbered half side that holds the training rows, or nearly
 * all.  Returns the half side of the square of the integrals.  Ends the program if memory is short. */
double plane_compute(struct plane_density *densities, const struct session *session, size_t n);
void   plane_free(struct plane_density *density); /* its picture */

#endif
