/* measure.h - how this folder times: the least of many repetitions, on a machine that others use too.
 *
 * Noise only ever adds time, so the least of enough repetitions is the work itself; figures are then given as ratios
 * of two such times from one process.  The clock is the thread's processor time. */
#ifndef MEASURE_H
#define MEASURE_H

#include <math.h>

#include "kernels/kernels.h"
#include "table.h"

double measure_now(void); /* seconds, monotonic */

/* Seconds of one call of work(context): the least of at least `least` calls, and of as many as `seconds` allow. */
double measure_best(void (*work)(void *context), void *context, double seconds, size_t least);

/* The same on average, over as many calls as fill `seconds`, at least one.  Nothing is called before. */
double measure_mean(void (*work)(void *context), void *context, double seconds);

/* Multiply-adds that this core does at most, in flop/s (2 per lane), with the vectors of isa: the best of many bursts. */
double measure_peak(const fathom_isa *isa);
/* The same on average over `seconds`.  Long vectors lower the core's frequency, so a burst may be a fifth faster: work
 * that lasts is to be set against a peak that lasts as long, beside it. */
double measure_sustained_peak(const fathom_isa *isa, double seconds);

/* Bytes a second of reading and writing arrays of this many doubles in all, from whichever cache holds them. */
double measure_bandwidth(size_t doubles);

const char *measure_machine(void); /* the processor's own name */

/* The parts of the picture; each returns its tables, filled. */
struct bench {
    const fathom_isa *isa;
    double            peak; /* flop/s */
    fathom_dataset    data; /* the spiral of 3000 rows */
    const char       *machine;
};
struct table *bench_table(const struct bench *bench, const char *name, const char *columns);

struct table *bench_split(const struct bench *bench);                             /* split.c    */
struct table *bench_steps(const struct bench *bench);                             /* steps.c    */
struct table *bench_scaling(const struct bench *bench, struct table **exponents); /* scaling.c  */
struct table *bench_threads(const struct bench *bench);                           /* threads.c  */
struct table *bench_memory(const struct bench *bench);                            /* memory.c   */
struct table *bench_mixture(const struct bench *bench);                           /* mixture.c  */
struct table *bench_residual(const struct bench *bench);                          /* residual.c */

/* Seconds of one training step of that shape (steps.c).  NaN if memory is short or the shape is not legal. */
double bench_step(const struct bench *bench, size_t dim, size_t width, size_t batch);

#endif
