/* session.h - what every run of a program shares: options, rows, held-out rows, minibatches.
 *
 * Made once, before the first run, and constant while runs are made: any number of threads may read it.
 */
#ifndef SESSION_H
#define SESSION_H

#include <pthread.h>

#include "options.h"
#include "table.h"

struct true_density; /* true_density.h */

enum { HELDOUT_ROWS = 20000, VALIDATION_ROWS = 20000 }; /* of a data set with a name */

struct session {
    const struct options  *options;
    const struct program  *program;
    const fathom_data_set *set;    /* that --data names; NULL: the rows are a file's, or there are none */
    const char            *called; /* these rows in a table's cell: the name of the set, or "file"      */
    fathom_dataset         train;
    fathom_dataset         heldout;    /* in train's coordinates, of the next data seed; n is 0 if there is none */
    fathom_dataset         validation; /* the same of the data seed after it; n is 0 unless session_draw_validation, or
                                          of a file unless --validation                                        */
    fathom_read_report     rows;       /* what was read of a file of rows; empty for a data set with a name */
    uint32_t              *batches;    /* [steps][batch]; NULL if the program does not train */
    size_t                 steps;      /* for which there are batches                        */
    uint32_t              *order;      /* [training rows], along Morton's curve; NULL if the program does not train */
    double                 log_sd;     /* sum over the columns of log sd: log p of the raw rows is log p - this     */
    double                 gaussian_logp; /* mean over session_test_rows of the log density of the Gaussian with the
                                            training rows' mean and covariance; -INFINITY if it has no density       */
    double                 started;       /* of parallel_seconds                                 */
    struct store          *store;         /* of finished runs (run_store.h); NULL: none          */
    bool                   closing;       /* the store, in a thread of its own: run_store_close  */
    pthread_t              closer;
    struct table          *timings;   /* a row per run, which runner_run_all adds at its end       */
    const struct true_density *truth; /* of these rows, if these are other rows; NULL: not needed */
    struct session **others; /* [n_others]: other rows, on which runs of the same program are made; of these members
                                they have only the rows and what belongs to them                                    */
    size_t           n_others;
};

/* Checks that the folder and gnuplot are there, reads or draws the rows, draws the batches.  Any error ends the
 * program with one line, before the first run.  options->flow.dim is set to the data's. */
void session_open(struct session *session, struct options *options, const struct program *program);
void session_close(struct session *session);

/* Opens `size` rows of the named data set beside the session's own, once, unless they are its own; batches are drawn if
 * the program trains.  A name that the library lacks ends the program. */
void session_open_rows(struct session *session, const char *name, size_t size);
/* These rows; NULL: they are the session's own.  They must have been opened. */
const struct session *session_rows(const struct session *session, const char *name, size_t size);
/* Draws batches for at least so many steps; the first ones are the same for any number. */
void session_need_steps(struct session *session, size_t steps);

/* Draws the validation rows of a data set with a name; those of a file are read with it.  They choose, so that the
 * held-out rows need choose nothing.  Those of the other rows as well. */
void session_draw_validation(struct session *session);

/* The rows by which a trained flow is judged: the held-out rows, or the training rows if there are none. */
const fathom_dataset *session_test_rows(const struct session *session);

/* A table with the complete configuration at its head.  If the rows are the user's own, each column of scores, <name>,
 * is followed by <name>_raw, the same score of the rows in their own units, which table_number fills by itself.
 * Ends the program if memory is short. */
struct table *session_table(const struct session *session, const char *name, const char *columns);

/* Draws the figures unless --no-plot, puts tables, figures and manifest in place (outputs.h), and frees the tables;
 * writes the times of the program and its runs into timings/, beside the tables.  Returns the exit status of the
 * program; a figure that cannot be drawn makes it 1, after all the rest is written.  notebook_but: options (TAKES_...)
 * that may differ from `defaults` in a figure that shows the notebook's own numbers beside these. */
int session_finish(const struct session *session, struct table **tables, size_t n_tables, const char *const *figures,
                   const struct options *defaults, uint64_t notebook_but);

#endif
