/* runner.h - makes a list of runs in parallel.
 *
 * An experiment lists its runs; their results have the same order.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "run.h"

/* results: [n].  A failure that is no numerical outcome (no memory, say) ends the program with one line.  If a run has
 * ActNorm from data and a column does not vary over the first batch, the program ends before the first run.  A run that
 * is in the session's store is not made again (with --merge none is made: those that are missing are named, and end the
 * program); one that is made is put there as it ends.  The session's timings get a row per run that was made. */
void runner_run_all(struct run_result *results, const struct run *runs, const struct session *session, size_t n);
void runner_free(struct run_result *results, size_t n); /* what the results point to, and the array */

/* What a run costs, in a unit of its own: about proportional to its time.  At least 1. */
uint64_t runner_cost(const struct run *run, const struct session *session);

struct run_result *runner_results(size_t n); /* [n], all zero */

/* The mean of x and its standard error, in the library's order of additions: the same bits everywhere. */
double runner_mean(const double *x, size_t n);
double runner_std_error(const double *x, size_t n);

#endif
