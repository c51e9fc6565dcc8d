/* run_cells.h - the cells of a table of runs: all runs of one coupling, depth, rate and arm, and what they came to.
 *
 * A run is ok, ruined or diverged, and a run that is not ok has no score worth a number.  So a median is of the ok runs,
 * beside the number of the others; but where cells are ranked, a run that is not ok counts as minus infinity.
 */
#ifndef RUN_CELLS_H
#define RUN_CELLS_H

#include "table.h"

struct run_cell {
    const char *coupling, *depth, *lr, *arm; /* words of the table                                                    */
    size_t      runs, ok, ruined, diverged;
    double validation; /* median of validation log p over all runs, one that is not ok counting as -INFINITY [nats] */
    double heldout_q1, heldout, heldout_q3;  /* quartiles of held-out log p over the ok runs [nats]               */
    double inverse_error, inverse_error_max; /* median and greatest of max |x - T^-1(T(x))| over the ok runs    */
    double condition_number, dead_units;     /* medians over the ok runs                                         */
    double acted;                            /* median over all runs of the share of steps                       */
    /* How many diverged runs had first a scale, a latent or a gradient that was not finite; and the median over the
     * diverged runs of the rows that it concerned. */
    size_t scale_underflow, latent_overflow, gradient_overflow;
    double first_rows;
};

struct run_cells {
    struct run_cell *cell; /* [n], to be freed; their words are the table's */
    size_t           n;
};

/* runs: coupling depth lr arm status validation_logp heldout_logp inverse_error condition_number dead_units acted
 * first_kind first_rows.  Cells stand in the order of their first rows.  Of each at most the first `at_most` runs count.
 * NaN: no run has the number; an ok run without a finite inverse error or condition number counts as infinite. */
struct run_cells run_cells_of(const struct table *runs, size_t at_most);

/* A table of them: derives it as an experiment's table (experiment.h). */
#define RUN_CELLS_COLUMNS                                                                                   \
    "coupling depth lr arm runs ok ruined diverged validation heldout_q1 heldout heldout_q3 inverse_error " \
    "inverse_error_max condition_number dead_units acted scale_underflow latent_overflow gradient_overflow first_rows"
void run_cells_fill(struct table *table, const struct table *runs);

#endif
