/* store.h - finished runs, kept in one file, so that none is made twice.
 *
 * A run is a pure function of its canonical text (canonical.h) and of the code that computes (fingerprint.h).  Its
 * row is found by the SHA-256 of that text.  The file is an SQLite database with a write-ahead log: a row that was
 * put survives any signal, a full disk and a failing write; a power cut may cost the last rows.  Several threads, and
 * several programs on one machine, may use one store at a time.  A write-ahead log does not work on network disks:
 * each machine writes a store of its own, and store_merge joins them.
 *
 * Invariant: what the store gives back is what was put, to the bit.  Each row carries the SHA-256 of all its columns
 * and is checked on every read; a row that fails is damaged, counts as absent, and is replaced when its run is put
 * again.  A store of other code or of another schema is refused.  A damaged file is moved aside whole, never written
 * over.
 */
#ifndef STORE_H
#define STORE_H

#include "fathom.h"
#include "sha256.h"

enum store_status {
    STORE_OK = 0,
    STORE_ABSENT,   /* there is no such run, or what is wanted of it was not kept          */
    STORE_DAMAGED,  /* the run's row fails its check: to be made again; one line in *error */
    STORE_CONFLICT, /* the same run with two results; one line in *error names it          */
    STORE_FAILED    /* disk, memory, another program; one line in *error; nothing changed  */
};

/* What a row holds beside the fixed columns: numbers of these names, doubles.  The same for all programs that share a
 * store.  A name is of a-z 0-9 _, starts with a letter, and is at most 30 long.  Whoever changes the meaning
 * of a column raises the version. */
struct store_schema {
    unsigned           version;
    const char *const *numbers; /* [n_numbers], n_numbers <= STORE_MAX_NUMBERS */
    size_t             n_numbers;
};
enum { STORE_MAX_NUMBERS = 64 };

/* Parts of a run that are kept only where an experiment needs them; their hashes are always kept. */
enum { STORE_TRACE = 1, STORE_PARAMS = 2 };

/* A run.  To put one, fill all but the last group; where a part is not to be kept, its hash may be given instead of the
 * part.  store_find fills everything, in memory that store_run_free frees. */
struct store_run {
    char    *text;      /* canonical                                                                 */
    char    *outcome;   /* "ok", "diverged", ...                                                     */
    double  *numbers;   /* [n_numbers] in the order of the schema; NaN: no number                    */
    double  *loss;      /* [steps] of the trace; NULL: not trained, or found and not kept or wanted  */
    double  *grad_norm; /* [steps]                                                                   */
    size_t   steps;
    double  *params; /* [n_params], final; NULL as loss                                           */
    size_t   n_params;
    unsigned keep;    /* STORE_TRACE | STORE_PARAMS: to put: what to keep; found: what is kept     */
    double   seconds; /* that the run took; informative, as host and made                          */

    bool          has_trace, has_params; /* whether there is a hash                                   */
    struct sha256 trace_hash;            /* of loss, then grad_norm                                   */
    struct sha256 params_hash;           /* as sha256_doubles of params                               */
    char         *host;                  /* that made the run                                         */
    char         *made;                  /* when it was put, UTC, as 2026-01-31T23:59:59Z             */
};
void store_run_free(struct store_run *run); /* what it points to */

/* Opens the store of this schema and fingerprint (64 hexadecimal digits), checks the whole file, makes it if there is
 * none.  NULL with one line in *error: no folder, no right to write, not a database, not a store of runs, other code,
 * another schema.  A damaged store is renamed to PATH.damaged (or PATH.damaged-2, ...) and a new one is begun with
 * the runs of it that pass their check: then *moved is one line for a person, else it is empty.  Schema and
 * fingerprint must outlive the store. */
struct store *store_open(const char *path, const struct store_schema *schema, const char *fingerprint,
                         fathom_error *moved, fathom_error *error);
void          store_close(struct store *store); /* may be NULL */

/* How long to wait for other programs that write to the same store; 60 s unless this is called. */
void store_patience(struct store *store, unsigned milliseconds);

/* The run of this canonical text, with these parts (STORE_TRACE | STORE_PARAMS): STORE_OK, STORE_ABSENT, STORE_DAMAGED or STORE_FAILED.
 * Only STORE_OK fills *run.  Any thread. */
enum store_status store_find(struct store_run *run, struct store *store, const char *text, unsigned parts,
                             fathom_error *error);

/* Keeps a finished run, in a transaction of its own.  The same run with the same result is no second row; parts that
 * the row lacks are added.  The same run with another result is STORE_CONFLICT and leaves the row.  Result: outcome,
 * numbers, the hashes of trace and parameters.  STORE_OK, STORE_CONFLICT or STORE_FAILED.  Any thread. */
enum store_status store_put(struct store *store, const struct store_run *run, fathom_error *error);

/* Calls see for every sound run, in the order of the keys, until it returns false.  *damaged: rows left out.  see must
 * not use the store. */
typedef bool      store_see(void *context, const struct store_run *run);
enum store_status store_each(struct store *store, unsigned parts, store_see *see, void *context, size_t *damaged,
                             fathom_error *error);

/* Rows, sound or not. */
enum store_status store_count(size_t *rows, struct store *store, fathom_error *error);

/* Takes the runs of n other stores: all of them or, unless STORE_OK, none.  The outcome does not depend on their order.
 * Of a run that two hold, the row keeps every part that one of them kept, and the earlier host and time. */
struct store_counts {
    size_t rows;    /* read                                                  */
    size_t added;   /* that `into` did not have                              */
    size_t same;    /* that it had                                           */
    size_t damaged; /* left out, since their check failed                    */
};
enum store_status store_merge(struct store *into, const char *const *from, size_t n, struct store_counts *counts,
                              fathom_error *error);

#endif
