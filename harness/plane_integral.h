/* plane_integral.h - the certificate of a two-dimensional density: its integral over the plane.
 *
 * A bijection T with the right log-det has a density whose integral is 1, whatever its parameters are.  So the integral
 * checks base, log-det and every layer at once.  It is taken over a square, by quadrature of the density; what lies outside
 * of the square is known from the latent image of its border, in which no log-det is (latent_border.h).  Their ratio is the
 * integral over the plane, however far out the density reaches, and also where it is not 1.
 */
#ifndef PLANE_INTEGRAL_H
#define PLANE_INTEGRAL_H

#include <stdbool.h>

#include "fathom.h"

#define PLANE_INTEGRAL_TOLERANCE 1e-6 /* of the certificate */

struct plane_integral {
    double value;   /* over [-reach, reach]^2; NaN if the density is not finite somewhere               */
    double error;   /* estimate, of the integral over the plane: e is that of the square, twice the root of the sum over
                       the cells of (rule - rule on the cell's quarters)^2, as the cells' errors have signs that do not
                       depend on each other; u is that of `outside`.  To first order it is
                       (e + u value / (1 - outside)) / (1 - outside).  NaN if that integral is not finite, as where the
                       square's image has no mass                                                      */
    double outside; /* the base's mass outside the square's image                                       */
    double reach;
};

/* The integral of the flow's density, which has D = 2.  Cells are halved where the rule differs most from that on a cell's
 * quarters (Doerfler 1996, "A convergent adaptive algorithm for Poisson's equation", the marking), until the error is at
 * most tolerance times the integral, both over the plane, or `points` points are spent.  The rule is Gauss and Legendre's of 4 x 4 nodes.  The
 * same bits everywhere.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status plane_integral_of(struct plane_integral *out, const fathom_flow *flow, const fathom_isa *isa,
                                const double *params, double reach, double tolerance, size_t points);

/* The integral over the plane: that over the square divided by the base's mass of its image, 1 - outside. */
double plane_integral_whole(const struct plane_integral *integral);
/* The error is at most the tolerance. */
bool plane_integral_resolved(const struct plane_integral *integral);

#endif
