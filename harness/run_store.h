/* run_store.h - a run as the store of finished runs has it: its canonical text, and its result as a row.
 *
 * The text names everything that decides the result: the flow, its training, seed and replica, whether it is probed and
 * trained, the rows by their hash, and the batches by what the stream of them is drawn from.  What decides no bit is not
 * in it: the arm's name, threads, kernels, and what is kept.  The code that computes is the store's fingerprint.
 */
#ifndef RUN_STORE_H
#define RUN_STORE_H

#include <stdio.h>

#include "run.h"
#include "store.h"

/* Opens the store that --store names, or the default one.  NULL: --store none.  The default is runs.db in the build
 * folder, beside the program, so that `make clean` forgets it.  A program that is not in a build folder, or in one that
 * this user cannot write, keeps its runs in the user's cache ($XDG_CACHE_HOME or ~/.cache, fathom/runs-CODE.db): the
 * name has the code's fingerprint in it, because nothing moves the runs of an older version away there.  Without such a
 * folder there is no store.  A damaged store is reported; any other failure ends the program with one line. */
struct store *run_store_open(const struct options *options);

/* The same, of the file `path`; NULL with one line in *error. */
struct store *run_store_open_file(const char *path, fathom_error *error);

const char *run_store_path(void); /* of the store that was opened last; empty: none */

/* No run will be looked for or put any more.  The disk takes its time to bring the log into the file: a thread of its
 * own waits for it while tables and figures are made, and session_close for the thread. */
void run_store_close(struct session *session);

/* The text of what the run is: flow, training, seed, replica, the name of its rows; without their numbers, and without
 * what is measured of it.  Two runs of a session with the same text have the same result.  To be freed; without memory it
 * ends the program. */
char *run_store_cause(const struct run *run);

/* The canonical text of each run: [n], to be freed, each and all.  Without memory it ends the program. */
char **run_store_texts(const struct run *runs, const struct session *session, size_t n);
void   run_store_free_texts(char **texts, size_t n);

/* The settings of a text in one line: "name=value name=value". */
void run_store_print(FILE *out, const char *text);

/* Names the runs that no store has, n of them, by the texts[which[k]], and ends the program.  of: how many there are. */
_Noreturn void run_store_missing(char *const *texts, const size_t *which, size_t n, size_t of);

/* Fills *result if the store has the run with all that the run keeps.  A damaged row is reported, and counts as absent; a
 * failing disk ends the program. */
bool run_store_find(struct run_result *result, struct store *store, const struct run *run, const char *text);

/* Whether two rows of stores that were opened here have the same numbers, to the bit. */
bool run_store_same_numbers(const struct store_run *a, const struct store_run *b);

/* Puts a finished run.  A failing disk, or another result of the same run, ends the program with one line. */
void run_store_put(struct store *store, const struct run *run, const struct run_result *result, const char *text);

#endif
