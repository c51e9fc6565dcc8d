/* residual_pictures.h - what is drawn of trained flows of the plane, residual and coupling: their densities beside the truth,
 * the plane's grid as it passes through the residual blocks, and the residual flow's Lipschitz numbers over its training.
 *
 * Of the runs whose parameters are kept the first residual one and the first coupling one are drawn.  What is not there, a
 * run that diverged or rows outside the plane, is left out of the tables.
 */
#ifndef RESIDUAL_PICTURES_H
#define RESIDUAL_PICTURES_H

#include "experiment.h"

struct residual_pictures;

/* Ends the program if memory is short. */
struct residual_pictures *residual_pictures_new(const struct outcome *outcome);
void                      residual_pictures_free(struct residual_pictures *pictures);

/* Columns kind x y density: every second cell both ways of plane.h's picture, each of "coupling", "residual" and, where
 * it is known, "truth". */
void residual_pictures_density(struct table *table, const struct residual_pictures *pictures);
/* Columns block line x y log_det: after `block` blocks, 0 for the grid itself, the points of one line after the other;
 * log_det: log |det J| of these blocks together [nats]. */
void residual_pictures_grid(struct table *table, const struct residual_pictures *pictures);
/* Columns step certified by_power before: of the flow after so many steps (certified.h). */
void residual_pictures_certificate(struct table *table, const struct residual_pictures *pictures);

#endif
