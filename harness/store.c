/* store.c - finding and putting runs (store.h).
 *
 * One connection, one mutex.  Hashes and copies are made outside of it, so that a thread waits for the others' few
 * writes only.
 */
#include "store_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --------------------------------------------------------------------------------------------- transactions ---- */

static int run_sql(struct store *store, const char *sql) { return sqlite3_exec(store->db, sql, NULL, NULL, NULL); }

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* SQLite waits for store->patience by itself, but not where it finds no way out: then this tries again. */
static int begin(struct store *store)
{
    const double end = milliseconds() + store->patience;
    int          code = run_sql(store, "BEGIN IMMEDIATE");
    while ((code & 0xff) == SQLITE_BUSY && milliseconds() < end) {
        sqlite3_sleep(5);
        code = run_sql(store, "BEGIN IMMEDIATE");
    }
    return code;
}

static bool log_is_empty(const struct store *store)
{
    struct stat log;
    return !store_file(store->path, "-wal", &log) || log.st_size == 0;
}

/* The first write to a log would sync its head and its folder, which takes as long as a short run.  Where the log is
 * new there is nothing yet that a stale head could be taken for (that is what the sync is for where an old log is
 * begun anew), and the rows themselves are not synced before the next checkpoint either. */
enum store_status store_begin(struct store *store, fathom_error *error)
{
    int moved = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved) {
        store_error(error, "store %s: was removed or renamed while it was in use", store->path);
        return STORE_FAILED;
    }
    if (!store->begun && log_is_empty(store))
        store->unsynced = run_sql(store, "PRAGMA synchronous = OFF") == SQLITE_OK;
    store->begun = true;
    int code = begin(store);
    if (code == SQLITE_OK && store->unsynced && !log_is_empty(store)) { /* another program was first */
        run_sql(store, "ROLLBACK");
        store->unsynced = run_sql(store, "PRAGMA synchronous = NORMAL") != SQLITE_OK;
        code = begin(store);
    }
    return code == SQLITE_OK ? STORE_OK : store_failed(error, store, "cannot be written");
}

enum store_status store_end(struct store *store, enum store_status status, fathom_error *error)
{
    if (status == STORE_OK && run_sql(store, "COMMIT") != SQLITE_OK)
        status = store_failed(error, store, "cannot be written");
    if (!sqlite3_get_autocommit(store->db))
        run_sql(store, "ROLLBACK");
    if (store->unsynced)
        store->unsynced = run_sql(store, "PRAGMA synchronous = NORMAL") != SQLITE_OK;
    return status;
}

/* ----------------------------------------------------------------------------------------------------- find ---- */

enum store_status store_find(struct store_run *run, struct store *store, const char *text, unsigned parts,
                             fathom_error *error)
{
    struct sha256 key;
    struct row    row;
    sha256_bytes(&key, text, strlen(text));
    pthread_mutex_lock(&store->mutex);
    enum store_status status = store_row_find(&row, store, &key, parts, error);
    pthread_mutex_unlock(&store->mutex);
    if (status != STORE_OK)
        return status;
    if ((parts & STORE_TRACE && row.has_trace && !row.trace) ||
        (parts & STORE_PARAMS && row.has_params && !row.params)) {
        store_row_free(&row);
        return STORE_ABSENT;
    }
    return store_run_of_row(run, &row, store, error);
}

/* ------------------------------------------------------------------------------------------------------ put ---- */

static bool same_double(double a, double b)
{
    uint8_t first[8], second[8];
    sha256_bytes_of(first, &a, 1);
    sha256_bytes_of(second, &b, 1);
    return memcmp(first, second, sizeof first) == 0;
}

static bool same_hash(bool there, const struct sha256 *hash, bool also, const struct sha256 *other)
{
    return there == also && (!there || memcmp(hash, other, sizeof *hash) == 0);
}

/* The first part of the result that differs; NULL: none. */
static const char *difference(double *here, double *there, const struct row *a, const struct row *b,
                              const struct store_schema *schema)
{
    *here = *there = 0;
    if (strcmp(a->outcome, b->outcome) != 0)
        return "outcome";
    for (size_t i = 0; i < schema->n_numbers; i++)
        if (!same_double(a->numbers[i], b->numbers[i])) {
            *here = a->numbers[i];
            *there = b->numbers[i];
            return schema->numbers[i];
        }
    if (!same_hash(a->has_trace, &a->trace_hash, b->has_trace, &b->trace_hash))
        return "trace";
    return same_hash(a->has_params, &a->params_hash, b->has_params, &b->params_hash) ? NULL : "parameters";
}

static void describe_conflict(fathom_error *error, const struct store *store, const struct row *here,
                              const struct row *there, const char *from, const char *what, double x, double y)
{
    char key[17], text[160];
    sha256_hex(key, &here->key, 16);
    snprintf(text, sizeof text, "%s", here->text);
    for (char *c = text; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    store_error(error, "store %s: run %s has two results: %s differs (%.17g of %.32s, %s; %.17g of %.32s, %s%s%s): %s",
                store->path, key, what, x, here->host, here->made, y, there->host, there->made, from ? ", in " : "",
                from ? from : "", text);
}

/* Exchanges the two rows' parts so that `row` has whatever one of them has; true: it has more than before. */
static bool complete(struct row *row, struct row *other)
{
    bool more = false;
    if (!row->trace && other->trace) {
        row->trace = other->trace;
        row->trace_size = other->trace_size;
        other->trace = NULL;
        more = true;
    }
    if (!row->params && other->params) {
        row->params = other->params;
        row->params_size = other->params_size;
        other->params = NULL;
        more = true;
    }
    return more;
}

/* Host and time are those of the earlier run, whichever of the two was put first: a store does not depend on the order. */
static bool is_earlier(const struct row *a, const struct row *b)
{
    const int made = strcmp(a->made, b->made), host = strcmp(a->host, b->host);
    return made != 0 ? made < 0 : host != 0 ? host < 0 : a->seconds < b->seconds;
}

static enum store_status join_two(struct store *store, struct row *old, const struct row *row, const char *from,
                                  fathom_error *error)
{
    double      here, there;
    const char *what = difference(&here, &there, old, row, store->schema);
    if (what) {
        describe_conflict(error, store, old, row, from, what, here, there);
        return STORE_CONFLICT;
    }
    const bool earlier = is_earlier(row, old);
    struct row joined = earlier ? *row : *old, other = earlier ? *old : *row; /* shallow: both are still owned */
    if (!complete(&joined, &other) && !earlier)
        return STORE_OK;
    return store_row_put(store, &joined, error);
}

enum store_status store_join(bool *added, struct store *store, const struct row *row, const char *from,
                             fathom_error *error)
{
    struct row        old;
    enum store_status status = store_row_find(&old, store, &row->key, STORE_TRACE | STORE_PARAMS, error);
    *added = status != STORE_OK;
    if (status == STORE_FAILED)
        return status;
    if (status != STORE_OK) /* none, or one that fails its check */
        return store_row_put(store, row, error);
    status = join_two(store, &old, row, from, error);
    store_row_free(&old);
    return status;
}

enum store_status store_put(struct store *store, const struct store_run *run, fathom_error *error)
{
    struct row        row;
    bool              added;
    enum store_status status = store_row_of_run(&row, store, run, error);
    if (status != STORE_OK)
        return status;
    pthread_mutex_lock(&store->mutex);
    status = store_begin(store, error);
    if (status == STORE_OK)
        status = store_end(store, store_join(&added, store, &row, NULL, error), error);
    pthread_mutex_unlock(&store->mutex);
    store_row_free(&row);
    return status;
}
