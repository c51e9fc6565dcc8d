/* kept_numbers.h - what a program computes beside its runs or of them, kept in the store as the runs are.
 *
 * Such numbers are a row of the store (store.h).  Its text says what is computed, and of what: of a run, by its key, or
 * of all that decides them.  Its outcome is "measured", its parameters are the numbers.  The sources that compute them
 * belong to the code's fingerprint (COMPUTING in the Makefile).
 */
#ifndef KEPT_NUMBERS_H
#define KEPT_NUMBERS_H

#include "canonical.h"
#include "runner.h"

/* The text's beginning: what is computed.  Without memory it ends the program. */
struct canonical *kept_numbers_text(const char *what);
/* Adds the run that it is computed of. */
void kept_numbers_of_run(struct canonical *text, const struct run *run, const struct session *session);
/* The text, which the caller frees; frees the builder. */
char *kept_numbers_finish(struct canonical *text);

/* x: [n].  True: they are in the store.  A damaged row is told, and counts as absent; a failing disk ends the program. */
bool kept_numbers_find(double *x, struct store *store, const char *text, size_t n);

/* Keeps x, [n], which took so many seconds.  A failing disk, or other numbers of the same text, ends the program with one
 * line.  Any thread. */
void kept_numbers_put(struct store *store, const char *text, const double *x, size_t n, double seconds);

#endif
