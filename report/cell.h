/* cell.h - one row of a table of cells (harness/run_cells.h), and two cells compared seed by seed.
 *
 * The comparison is PROTOCOL.md's: by outcome first, then by held-out log p, in the exact sign-flip test.  Its
 * differences are 1, 0 and -1, so that it is the exact sign test of the seeds that do not tie.
 */
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

enum { CONTEST_SEEDS = 12 }; /* a cell of fewer carries no verdict */

/* Arms a and b on the seeds that both have. */
struct contest {
    struct effect effect; /* positive: a is better */
    size_t        seeds, better, worse, a_ok, b_ok;
    double        a_heldout, b_heldout; /* medians over the ok runs of these seeds; NaN: none */
};

/* column: "heldout_logp", or "status" to compare by outcome alone.  The effect is not registered. */
struct contest contest_measure(const struct inputs *in, const struct table *runs, const char *column, const char *a,
                               const char *b);
/* The same where the lower number is the better one; a_heldout and b_heldout are its medians over the ok runs that have a
 * number. */
struct contest contest_measure_least(const struct inputs *in, const struct table *runs, const char *column,
                                     const char *a, const char *b);

/* "better in 20 of the 23 seeds that do not tie (p = 0.001 alone, p = 0.01 corrected)" */
const char *contest_text(struct pool *pool, const struct contest *contest);
/* "clip 1 better in 87 % [66, 97] of the seeds": of those that do not tie.  arm: "clip 1". */
const char *contest_estimate(struct pool *pool, const struct contest *contest, const char *arm);
/* Why it carries no verdict, in words; NULL: it does.  what: "runs of affine with clip 1 and without". */
const char *contest_untested(struct pool *pool, const struct contest *contest, const char *what);

#endif
