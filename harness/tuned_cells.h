/* tuned_cells.h - the cells of a table of runs of several arms: a configuration at one rate, and which rate is its tuned
 * one (PROTOCOL.md, Depth).
 *
 * A configuration is the rows that are alike in data, arm and depth.  Cells need not lie together; they stand in the order
 * of their first rows.  Invariant: the validation rows choose; the test rows choose nothing.
 */
#ifndef TUNED_CELLS_H
#define TUNED_CELLS_H

#include "table.h"

/* runs: has the columns data arm depth width steps n_params flops lr status validation_logp test_logp kl, and
 * inverse_error if the table is to have it.  `validation` is the median over all runs, one that is not ok counting as minus
 * infinity (written nan); the quartiles of test log p and the medians of KL and inverse error are of the ok runs that have
 * the number [nats]: an inverse that did not converge has no error, and is not in the median.  tuned: 1 at the rate with
 * the highest `validation` of the configuration, of equal rates the lowest. */
#define TUNED_CELLS_COLUMNS_NO_INVERSE \
    "data arm depth width steps n_params flops lr tuned runs ok validation test_q1 test test_q3 kl"
#define TUNED_CELLS_COLUMNS TUNED_CELLS_COLUMNS_NO_INVERSE " inverse_error"
void tuned_cells_fill(struct table *table, const struct table *runs);

/* The same where all arms share the runs of one configuration per data set, that of `arm` at `depth`, which `runs` has
 * once.  Its cells stand in each other arm as well, before the first greater depth or at the arm's end. */
void tuned_cells_fill_shared(struct table *table, const struct table *runs, const char *arm, double depth);

#endif
