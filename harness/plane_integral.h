/* plane_integral.h - the certificate of a two-dimensional density: its integral over the plane, with what may be missing.
 *
 * A bijection T with the right log-det has a density whose integral is 1, whatever its parameters are.  So the integral
 * checks base, log-det and every layer at once.  It is taken over a square.  If T is continuous and one to one, the image
 * of the square contains the disc about the latent origin that the image of the square's border does not meet.  Outside of
 * a disc of radius r the base, a standard normal on the plane, has the mass exp(-r^2 / 2): so much lies outside the square
 * at most.
 */
#ifndef PLANE_INTEGRAL_H
#define PLANE_INTEGRAL_H

#include <stdbool.h>

#include "fathom.h"

#define PLANE_INTEGRAL_TOLERANCE 1e-6 /* of the certificate                                       */
#define PLANE_INTEGRAL_OUTSIDE 1e-7   /* so much may lie outside the square                       */
#define PLANE_INTEGRAL_REACH 0x1p20   /* half side of the largest square; the first has 8         */

struct plane_integral {
    double value;   /* over [-reach, reach]^2; NaN if the density is not finite somewhere              */
    double error;   /* estimate: twice the root of the sum over the cells of (rule - rule on the cell's
                       quarters)^2, as the cells' errors have signs that do not depend on each other   */
    double outside; /* bound of the base's mass outside the square; of an unnormalised density, of the
                       share of its integral                                                          */
    double reach;
};

/* The integral of the flow's density, which has D = 2.  Cells are halved where the rule differs most from that on a cell's
 * quarters (Doerfler 1996, "A convergent adaptive algorithm for Poisson's equation", the marking), until the error is at
 * most tolerance times the integral, or `points` points are spent.  The rule is Gauss and Legendre's of 4 x 4 nodes.  The
 * square is the smallest with at most PLANE_INTEGRAL_OUTSIDE outside, or the largest.  The same bits everywhere.  FATHOM_OK
 * or FATHOM_NO_MEMORY. */
fathom_status plane_integral_of(struct plane_integral *out, const fathom_flow *flow, const fathom_isa *isa,
                                const double *params, double tolerance, size_t points);

/* The error is at most the tolerance, and no more than PLANE_INTEGRAL_OUTSIDE lies outside. */
bool plane_integral_resolved(const struct plane_integral *integral);

#endif
