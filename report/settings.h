/* settings.h - what a table's settings are instead of the protocol's, in words.
 *
 * The report is about one protocol: the spiral, and each program's defaults.  What else may differ is of three kinds.
 * What a single run is (steps, rate, width, ...): then nothing measured on the table is judged.  Which runs there are
 * (depths, couplings): then no claim is judged on it, but a number that is there is.  And how many there are (seeds,
 * replicas): these are judged, and their number is stated.
 * Invariant, kept by a test: the tables of `make all` differ in nothing.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "pool.h"
#include "table.h"

/* Each a list of "key=value", separated by blanks; NULL: the program has no such setting, or nothing differs. */
struct protocol {
    const char *run;    /* what a single run is: steps, rate, width, ... */
    const char *choice; /* which runs there are: depths, couplings       */
    const char *count;  /* how many: seeds, replicas                     */
};

/* What protocols have in common: the rows, a flow, its training, the notebook's rate and clip. */
/* The last three stand at a table's head only where they are not the library's default. */
#define SETTINGS_ROWS "heldout=0 data-seed=0 data-size=3000 rotation=householder start=cold components=8 "
#define SETTINGS_FLOW SETTINGS_ROWS "bins=8 interval=4 width=24 hidden=2 seed=0 "
#define SETTINGS_TRAINED SETTINGS_FLOW "batch-seed=1 steps=1200 batch=512 "
#define SETTINGS_FITTED SETTINGS_TRAINED "lr=0.003 clip=1 "

/* The same of a claim whose flows have seeds from 100 on; without rate and clip. */
#define SETTINGS_CONFIRMED \
    SETTINGS_ROWS "bins=8 interval=4 width=24 hidden=2 seed=100 batch-seed=1 steps=1200 batch=512 "

/* The same of PROTOCOL.md's section Warm start; without coupling, ActNorm, rate and clip. */
#define SETTINGS_WARM SETTINGS_ROWS "bins=8 interval=4 hidden=2 width=24 seed=300 batch-seed=1 steps=1200 batch=512 "

/* The same of PROTOCOL.md's section Depth; without coupling, ActNorm, rate and clip. */
#define SETTINGS_DEPTH SETTINGS_ROWS "bins=8 interval=4 width=24 hidden=2 seed=200 batch-seed=1 steps=1200 batch=512 "

/* "steps 4 instead of 1200, lr 1000 instead of 0.003"; NULL if all are as the list `expected` has them. */
const char *settings_differ(struct pool *pool, const struct table *table, const char *expected);
/* " --replicas 32": the options with which a table's program makes as many runs again. */
const char *settings_count(struct pool *pool, const struct table *table, const char *expected);

#endif
