/* density.h - a trained flow's density on the plane: a picture of it, and its integral.
 *
 * A density that is right integrates to one: log_det, base and every layer's forward map are in that number.  It is
 * taken by the midpoint rule, fine where the rows are and coarser in a wide frame around them, and once more with
 * twice the step: where both agree, the rule has converged.
 */
#ifndef DENSITY_H
#define DENSITY_H

#include "runner.h"

struct density {
    double *x;                         /* [side]: coordinates of the picture's cell centres, on both axes */
    double *value;                     /* [side][side]: p(x[column], x[row])                              */
    double  integral, coarse_integral; /* the second with twice the step                                    */
};

enum { DENSITY_SIDE = 128 }; /* the side of those arrays */

/* densities: [n], of results[which[i]], whose parameters were kept; the data is two-dimensional.  The picture's square is
 * the smallest of whole-numbered half side that holds all training rows. */
void density_do(struct density *densities, const struct run *runs, const struct run_result *results,
                const size_t *which, const struct setup *setup, size_t n);
void density_free(struct density *densities, size_t n); /* what they point to, not the array */

#endif
