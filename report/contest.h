/* contest.h - two arms compared seed by seed.
 *
 * The comparison is PROTOCOL.md's: by outcome first, then by held-out log p, in the exact sign-flip test.  Its
 * differences are 1, 0 and -1, so that it is the exact sign test of the seeds that do not tie.
 */
#ifndef CONTEST_H
#define CONTEST_H

#include "judge.h"

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
