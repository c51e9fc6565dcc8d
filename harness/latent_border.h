/* latent_border.h - how much of a flow's mass lies outside a square of the plane, by the image of the square's border alone.
 *
 * A flow maps the plane onto the latent plane, one to one and continuously.  So the image of a square is what the image of
 * its border encloses, and the mass inside is the base's mass there.  By Green's theorem, with Phi and phi the distribution
 * function and density of the standard normal,
 *
 *   int int phi(t_1) phi(t_2) dt_1 dt_2 = closed int Phi(t_1) phi(t_2) dt_2 = closed int Phi(t_1) dPhi(t_2):
 *
 * the area that the border encloses in the coordinates u = Phi(t).  No log-det is in it.
 */
#ifndef LATENT_BORDER_H
#define LATENT_BORDER_H

#include "fathom.h"

/* *outside = the mass outside [-reach, reach]^2 of the flow whose D is 2, params: [n_params]; NaN if a latent is not finite.
 * *error: its estimate.  ws: the flow's.  FATHOM_OK or FATHOM_NO_MEMORY.  The same bits everywhere. */
fathom_status latent_border(double *outside, double *error, fathom_workspace *ws, const double *params, double reach);

#endif
