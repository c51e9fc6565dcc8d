/* best_rate.h - which scale of the affine coupling, how deep: each scale's best rate at each depth, and the scale that
 * these recommend (PROTOCOL.md, Stability).
 *
 * Invariant: the validation rows choose; the held-out rows choose nothing.
 */
#ifndef BEST_RATE_H
#define BEST_RATE_H

#include "table.h"

/* runs: as run_cells_of takes them.  A row per affine coupling, depth and rate of the arm "clip"; `best` is 1 at the
 * rate with the highest median validation log p, a run that is not ok counting as minus infinity; of equal rates at the
 * lowest.  Where there are no validation rows nothing chooses, and `best` is 0 everywhere.  Of each cell so many first
 * runs count as the smallest cell has.  `validation` is that median, nan for minus infinity; the other medians are of
 * the ok runs. */
#define BEST_RATE_COLUMNS                                                                                    \
    "coupling depth lr best runs ok ruined diverged validation heldout_q1 heldout heldout_q3 inverse_error " \
    "condition_number"
void best_rate_fill(struct table *table, const struct table *runs);

/* One scale over all depths, at its best rates. */
struct scale_record {
    const char *coupling; /* the table's word                                             */
    size_t      depths, runs, ok;
    double      deepest;    /* depth                                                      */
    double      validation; /* mean over the depths of the median; -INFINITY: one has none */
};

enum { SCALES_MAX = 16 };
struct recommendation {
    struct scale_record scale[SCALES_MAX]; /* [n], in the table's order                                       */
    size_t              n, holding;        /* holding: scales of which all runs at the best rates are ok      */
    size_t              chosen;            /* the recommended one; n: no rate is best                         */
};

/* table: of BEST_RATE_COLUMNS.  Among the scales of which all runs at the best rates of all depths are ok, the one with
 * the highest mean over the depths of the median validation log p; if there is none, the one with the most ok runs at
 * its best rates.  The first of equals. */
struct recommendation best_rate_recommend(const struct table *table);

/* The recommendation as a figure's title: a row per line of the figure. */
#define BEST_RATE_TITLE_COLUMNS "figure line words"
void best_rate_title(struct table *title, const struct table *table);

#endif
