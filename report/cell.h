/* cell.h - one row of a table of cells (harness/run_cells.h). */
#ifndef CELL_H
#define CELL_H

#include "judge.h"

struct cell {
    size_t runs, ok, ruined, diverged; /* runs 0: there is no such cell                                    */
    double heldout_q1, heldout, heldout_q3, validation, inverse_error, condition_number, dead_units,
        acted; /* NaN: none */
};

/* The first row of a table of RUN_CELLS_COLUMNS that meets the condition (query.h). */
struct cell cell_measure(const struct table *table, const char *where);

/* "3 of 24 (1 ruined)": runs that are not ok; "not run". */
const char *cell_lost(struct pool *pool, const struct cell *cell);
/* "-1.51 [-1.55, -1.49]": median and quartiles of held-out log p over the ok runs. */
const char *cell_heldout(struct pool *pool, const struct cell *cell);
/* "23 %" of a share; "-": there is none. */
const char *cell_share(struct pool *pool, double share);

/* The columns that every table of cells has: head, and a row's cells from "ruined or diverged" on, with the line's end. */
#define CELL_HEAD                                                                                                    \
    " ruined or diverged | held-out log p, median [quartiles] | inverse error, median | condition number, median | " \
    "dead units, median |"
#define CELL_RULE "---|---|---|---|---|"
void cell_print(struct bytes *table, struct pool *pool, const struct cell *cell);

#endif
