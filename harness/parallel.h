/* parallel.h - independent jobs on all cores, and their progress line.
 *
 * Whole runs are the parallel unit: no team works inside one.  Jobs start longest first (Graham 1969, LPT), so that no
 * long job runs alone at the end.  Each writes to its own index, so the order of results is the order of the table,
 * never of completion.
 */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

/* Does job `index`.  Jobs run concurrently: each may write only what belongs to its index.  It reports its cost by
 * parallel_add while it runs, in any number of portions. */
typedef void parallel_job(void *context, size_t index, struct progress *progress);

struct parallel {
    const char *what;    /* what the jobs are, for the progress line: "runs" */
    size_t      threads; /* at most this many jobs at a time, >= 1           */
    bool        quiet;   /* no progress                                      */
    size_t      found;   /* jobs that need not be done, which the line names */
    const char *where;   /* where they were found; not NULL if any were      */
};

/* The number of threads for n equal parts of a short task: at most `threads` and n, and no more than there are
 * processors or OpenMP starts (OMP_THREAD_LIMIT).  At least 1. */
size_t parallel_threads(size_t threads, size_t n);

/* Calls job(context, i) for every i < n.  cost: [n], estimates of any one unit.  Returns the number of threads that
 * worked: OpenMP may start fewer than requested. */
size_t parallel_do(const struct parallel *how, parallel_job *job, void *context, const uint64_t *cost, size_t n);

/* Adds to the cost that is done.  Cheap enough for every training step. */
void parallel_add(struct progress *progress, uint64_t cost);

/* Seconds of a clock that only goes forward: for stderr and timings, never for a result. */
double parallel_seconds(void);

#endif
