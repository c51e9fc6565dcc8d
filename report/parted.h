/* parted.h - where two stores of runs (store.h) differ: which run, and at which step. */
#ifndef PARTED_H
#define PARTED_H

#include <stdbool.h>

/* True: the file begins as a database does. */
bool parted_is_store(const char *path);

/* For each run that both stores have with different results, two lines on standard output at most: what differs of which
 * run, made where; and the first step at which its traces do, if both stores keep them.  One line at the end counts.
 * False: some differ.  A store that cannot be used, or that belongs to other code, ends the program. */
bool parted_print(const char *path_a, const char *path_b);

#endif
