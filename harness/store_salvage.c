/* store_salvage.c - what can still be read of a damaged store (store_parts.h). */
#include "store_parts.h"

/* In this order of rows, up to the first that cannot be reached. */
static size_t save_in_order(struct store *into, struct store *damaged, const char *order, fathom_error *error)
{
    size_t        saved = 0;
    sqlite3_stmt *s = store_row_select(damaged, order, error);
    if (!s)
        return 0;
    store_row_bind_parts(s, STORE_TRACE | STORE_PARAMS);
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct row row;
        bool       added;
        if (store_row_read(&row, s, damaged, STORE_TRACE | STORE_PARAMS, error) != STORE_OK)
            continue;
        saved += store_join(&added, into, &row, damaged->path, error) == STORE_OK && added;
        store_row_free(&row);
    }
    sqlite3_finalize(s);
    return saved;
}

/* From both ends: a page in the middle may be lost. */
size_t store_save(struct store *into, struct store *damaged)
{
    fathom_error error;
    size_t       saved = 0;
    pthread_mutex_lock(&into->mutex);
    if (store_begin(into, &error) == STORE_OK) {
        saved = save_in_order(into, damaged, "NOT INDEXED", &error);
        saved += save_in_order(into, damaged, "NOT INDEXED ORDER BY rowid DESC", &error);
        if (store_end(into, STORE_OK, &error) != STORE_OK)
            saved = 0;
    }
    pthread_mutex_unlock(&into->mutex);
    return saved;
}
