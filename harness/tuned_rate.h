/* tuned_rate.h - the peak rate of each configuration, chosen on the validation rows: --lr tuned.
 *
 * A configuration is all that a run is but its rate, its seed and its replica.  Every run is made at every rate.  The rate
 * with the highest median validation log p over the configuration's seeds and replicas is the tuned one; a run that is
 * not ok, or has no finite such score, counts as minus infinity, and of equal rates the lowest is taken (PROTOCOL.md,
 * Depth).
 *
 * Invariant: the validation rows choose; the test rows choose nothing.
 */
#ifndef TUNED_RATE_H
#define TUNED_RATE_H

#include "design.h"
#include "table.h"

/* Median of the scores, [n], n >= 1, minus infinity among them; sorts them. */
double tuned_rate_median(double *score, size_t n);
/* Whether rate a, of median score a, is to be taken rather than rate b. */
bool tuned_rate_beats(double score_a, double rate_a, double score_b, double rate_b);

/* design_list at each rate of --lr tuned in turn, or once if there is none. */
void tuned_rate_list(struct run_list *runs, const struct design *designs, size_t n, struct session *session,
                     struct options *options, size_t default_seeds);

/* Leaves in both lists the runs at their configuration's tuned rate, in the order of one rate's runs, and adds to the
 * table, of these columns, a row per configuration and rate; `tuned` is 1 at the tuned one.  runs: as tuned_rate_list
 * made them. */
#define TUNED_RATE_COLUMNS \
    "data rows coupling depth actnorm width bins stabiliser clip steps arm lr tuned runs ok validation"
void tuned_rate_choose(struct table *table, struct run_list *runs, struct run_result *results,
                       const struct session *session);

#endif
