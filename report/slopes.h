/* slopes.h - growth with depth: each seed's own power of the depth, and their mean. */
#ifndef SLOPES_H
#define SLOPES_H

#include "judge.h"

/* What is followed over depths: a column of a table, in the rows that meet `where`. */
struct course {
    const struct table *table;
    const char         *column, *where;
    struct sample       depths;
};

/* The slopes of the least-squares lines of log(column) against log(depth), one per seed that has a number above 0 at
 * every depth.  None of fewer than two depths. */
struct sample slopes_of(const struct inputs *in, const struct course *course);
/* Their mean, with its interval; nothing is registered as a test. */
struct effect slopes_mean(const struct inputs *in, const struct course *course);

#endif
