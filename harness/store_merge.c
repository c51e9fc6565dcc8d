/* store_merge.c - all runs of a store, and several stores into one (store.h). */
#include "store_parts.h"

static enum store_status each_row(struct store *store, unsigned parts, store_see *see, void *context, size_t *damaged,
                                  fathom_error *error)
{
    sqlite3_stmt     *s = store_row_select(store, "ORDER BY \"key\"", error);
    enum store_status status = s ? STORE_OK : STORE_FAILED;
    bool              more = s != NULL;
    *damaged = 0;
    if (s)
        store_row_bind_parts(s, parts);
    while (more) {
        struct row       row;
        struct store_run run;
        const int        code = sqlite3_step(s);
        more = code == SQLITE_ROW;
        if (!more && code != SQLITE_DONE)
            status = store_failed(error, store, "cannot be read");
        if (!more)
            break;
        if (store_row_read(&row, s, store, parts, error) != STORE_OK) {
            ++*damaged;
            continue;
        }
        status = store_run_of_row(&run, &row, store, error);
        more = status == STORE_OK && see(context, &run);
        if (status == STORE_OK)
            store_run_free(&run);
    }
    sqlite3_finalize(s);
    return status;
}

enum store_status store_each(struct store *store, unsigned parts, store_see *see, void *context, size_t *damaged,
                             fathom_error *error)
{
    pthread_mutex_lock(&store->mutex);
    const enum store_status status = each_row(store, parts, see, context, damaged, error);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

enum store_status store_count(size_t *rows, struct store *store, fathom_error *error)
{
    sqlite3_stmt     *s = NULL;
    enum store_status status = STORE_FAILED;
    *rows = 0;
    pthread_mutex_lock(&store->mutex);
    if (sqlite3_prepare_v2(store->db, "SELECT count(*) FROM runs", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        *rows = (size_t)sqlite3_column_int64(s, 0);
        status = STORE_OK;
    } else {
        store_failed(error, store, "cannot be read");
    }
    sqlite3_finalize(s);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

/* ---------------------------------------------------------------------------------------------------- merge ---- */

static enum store_status take_rows(struct store *into, struct store *source, struct store_counts *counts,
                                   fathom_error *error)
{
    sqlite3_stmt     *s = store_row_select(source, "ORDER BY \"key\"", error);
    enum store_status status = s ? STORE_OK : STORE_FAILED;
    int               code = SQLITE_DONE;
    if (s)
        store_row_bind_parts(s, STORE_TRACE | STORE_PARAMS);
    while (status == STORE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct row row;
        bool       added;
        counts->rows++;
        if (store_row_read(&row, s, source, STORE_TRACE | STORE_PARAMS, error) != STORE_OK) {
            counts->damaged++;
            continue;
        }
        status = store_join(&added, into, &row, source->path, error);
        if (status == STORE_OK)
            *(added ? &counts->added : &counts->same) += 1;
        store_row_free(&row);
    }
    if (status == STORE_OK && code != SQLITE_DONE)
        status = store_failed(error, source, "cannot be read");
    sqlite3_finalize(s);
    return status;
}

enum store_status store_merge(struct store *into, const char *const *from, size_t n, struct store_counts *counts,
                              fathom_error *error)
{
    *counts = (struct store_counts){ 0 };
    pthread_mutex_lock(&into->mutex);
    enum store_status status = store_begin(into, error);
    const bool        begun = status == STORE_OK;
    for (size_t i = 0; i < n && status == STORE_OK; i++) {
        struct store *source = store_open_source(from[i], into->schema, into->fingerprint, error);
        status = source ? take_rows(into, source, counts, error) : STORE_FAILED;
        store_close(source);
    }
    if (begun)
        status = store_end(into, status, error);
    pthread_mutex_unlock(&into->mutex);
    return status;
}
