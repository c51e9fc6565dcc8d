/* reach.h - how a training goes, by the losses of its batches: its largest one, and how soon it has done what another run
 * did to its end (PROTOCOL.md, Warm start, W2 and W3).
 */
#ifndef REACH_H
#define REACH_H

#include "runner.h"
#include "table.h"

enum { REACH_WINDOW = 50 /* batches */ };

/* The median loss of the run's last REACH_WINDOW batches; NaN if it has fewer than twice as many, or one is not finite. */
double reach_final(const double *loss, size_t steps);

/* The least number of steps s, from REACH_WINDOW on, such that the median loss of the batches s - REACH_WINDOW + 1 to s,
 * counted from 1, is at or below the value; 0: there is none.  A loss that is not finite ends the search. */
size_t reach_steps(const double *loss, double value, size_t steps);

/* The largest of those losses that are numbers, infinite if one of them is; NaN: none is a number. */
double reach_largest(const double *loss, size_t steps);

/* A row for the run.  other: the result of the run whose final value is to be reached, may be the same; NULL: there is
 * none.  first_loss, largest_loss: of a batch; final_loss: other's.  reach: the steps, nan if there is no value to reach,
 * or if it is not reached, which `reached` shows: "yes", "no", or "-" without a value.  Traces must have been kept. */
#define REACH_COLUMNS "data coupling depth lr arm seed status first_loss largest_loss final_loss reached reach"
void reach_put(struct table *table, const struct run *run, const struct run_result *result,
               const struct run_result *other, const struct session *session);

#endif
