/* density.h - a trained flow's density on the plane: a picture of it, and its integral.
 *
 * A density that is right integrates to one: log_det, base and every layer's forward map are in that number.  It is
 * taken by the midpoint rule, fine where the rows are and coarser in a wide frame around them, and once more with
 * twice the step: where both agree, the rule has converged.
 */
#ifndef DENSITY_H
#define DENSITY_H

#include "runner.h"

enum { DENSITY_TABLES = 3 };

/* Of the runs whose parameters were kept, but for those that diverged, in their order; the data is two-dimensional.
 *   density.tsv            depth x y density: a picture of 128 x 128 cells of the smallest square of whole-numbered
 *                          half side that holds all training rows
 *   density_integral.tsv   depth integral coarse_integral mean_logp: the second integral with twice the step
 *   spiral.tsv             x0 x1: the training rows themselves, to be drawn on top
 * tables: [DENSITY_TABLES].  Gives how many densities there are. */
size_t density_tables(struct table **tables, const struct run *runs, const struct run_result *results,
                      const struct setup *setup, size_t n);

#endif
