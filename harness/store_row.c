/* store_row.c - one row of the store: its columns, its hash, into the database and out of it.
 *
 * Row hash: SHA-256 over all columns in one order, each as a tag, its length (8 bytes, the least significant first)
 * and its bytes; numbers as in sha256.h.  Trace and parameters enter by their size and by their own hashes, which are
 * columns: a read without them need not load them, and a read with them checks them against those hashes.
 *
 * Columns of numbers have no declared type: SQLite then keeps a double as its eight bytes.  (A REAL column turns -0.0
 * into 0.)  NaN is NULL.
 */
#include "store_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a SELECT made here; the numbers follow. */
enum column {
    KEY,
    TEXT,
    OUTCOME,
    TRACE_HASH,
    PARAMS_HASH,
    HOST,
    MADE,
    SECONDS,
    ROW_HASH,
    LOSS_SIZE,
    GRAD_NORM_SIZE,
    PARAMS_SIZE,
    LOSS,
    GRAD_NORM,
    PARAMS,
    NUMBERS
};

/* ----------------------------------------------------------------------------------------------- statements ---- */

/* "BEFORE, "a", "b"AFTER" for the schema's numbers a, b.  The caller frees; NULL: no memory. */
static char *with_numbers(const char *before, const char *after, const struct store_schema *schema)
{
    char  *text = NULL;
    size_t size;
    FILE  *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs(before, out);
    for (size_t i = 0; i < schema->n_numbers; i++)
        fprintf(out, ", \"%s\"", schema->numbers[i]);
    fputs(after, out);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* Large columns last: what stands before them is read without them. */
char *store_row_table(const struct store_schema *schema)
{
    return with_numbers("CREATE TABLE runs (\"key\" BLOB NOT NULL PRIMARY KEY, \"text\" TEXT NOT NULL, "
                        "\"outcome\" TEXT NOT NULL",
                        ", \"trace_hash\" BLOB, \"params_hash\" BLOB, \"host\" TEXT NOT NULL, \"made\" TEXT NOT NULL, "
                        "\"seconds\", \"row_hash\" BLOB NOT NULL, "
                        "\"loss_trace\" BLOB, \"grad_norm_trace\" BLOB, \"final_params\" BLOB)",
                        schema);
}

static sqlite3_stmt *prepare(struct store *store, char *sql, fathom_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (!sql)
        store_error(error, "store %s: not enough memory", store->path);
    else if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        store_failed(error, store, "cannot be used");
    free(sql);
    return statement;
}

sqlite3_stmt *store_row_select(struct store *store, const char *where, fathom_error *error)
{
    char tail[128];
    snprintf(tail, sizeof tail, " FROM runs %s", where);
    return prepare(store,
                   with_numbers("SELECT \"key\", \"text\", \"outcome\", \"trace_hash\", \"params_hash\", "
                                "\"host\", \"made\", \"seconds\", \"row_hash\", length(\"loss_trace\"), "
                                "length(\"grad_norm_trace\"), length(\"final_params\"), "
                                "CASE WHEN ?1 & 1 THEN \"loss_trace\" END, "
                                "CASE WHEN ?1 & 1 THEN \"grad_norm_trace\" END, "
                                "CASE WHEN ?1 & 2 THEN \"final_params\" END",
                                tail, store->schema),
                   error);
}

void store_row_bind_parts(sqlite3_stmt *statement, unsigned parts) { sqlite3_bind_int(statement, 1, (int)parts); }

enum store_status store_row_prepare(struct store *store, fathom_error *error)
{
    char values[96 + 3 * STORE_MAX_NUMBERS] = ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12";
    for (size_t i = 0; i < store->schema->n_numbers; i++)
        strcat(values, ", ?");
    strcat(values, ")");
    store->find = store_row_select(store, "WHERE \"key\" = ?2", error);
    store->put =
        !store->find
            ? NULL
            : prepare(store,
                      with_numbers("INSERT OR REPLACE INTO runs (\"key\", \"text\", \"outcome\", \"trace_hash\", "
                                   "\"params_hash\", \"host\", \"made\", \"seconds\", \"row_hash\", \"loss_trace\", "
                                   "\"grad_norm_trace\", \"final_params\"",
                                   values, store->schema),
                      error);
    return store->put ? STORE_OK : STORE_FAILED;
}

/* ------------------------------------------------------------------------------------------------- the hash ---- */

enum { FIELD = 1 + 8 }; /* a tag and a length */

static uint8_t *field(uint8_t *to, char tag, const void *bytes, size_t size)
{
    *to++ = (uint8_t)tag;
    for (int b = 0; b < 8; b++)
        *to++ = (uint8_t)((uint64_t)size >> 8 * b);
    if (bytes && size > 0)
        memcpy(to, bytes, size);
    return bytes ? to + size : to;
}

static uint8_t *field_of_numbers(uint8_t *to, const double *x, size_t n)
{
    to = field(to, 'd', NULL, 8 * n);
    sha256_bytes_of(to, x, n);
    return to + 8 * n;
}

static bool hash_row(struct sha256 *hash, const struct row *row, const struct store *store)
{
    const size_t size = 16 * (FIELD + sizeof(struct sha256)) + strlen(row->text) + strlen(row->outcome) +
                        strlen(row->host) + strlen(row->made) + 8 * store->schema->n_numbers;
    uint8_t *bytes = malloc(size), *to = bytes;
    if (!bytes)
        return false;
    to = field(to, 'b', &row->key, sizeof row->key);
    to = field(to, 't', row->text, strlen(row->text));
    to = field(to, 't', row->outcome, strlen(row->outcome));
    to = field_of_numbers(to, row->numbers, store->schema->n_numbers);
    to = field(to, row->has_trace ? 'b' : '0', &row->trace_hash, row->has_trace ? sizeof row->trace_hash : 0);
    to = field(to, row->has_params ? 'b' : '0', &row->params_hash, row->has_params ? sizeof row->params_hash : 0);
    to = field(to, 't', row->host, strlen(row->host));
    to = field(to, 't', row->made, strlen(row->made));
    to = field_of_numbers(to, &row->seconds, 1);
    to = field(to, 's', NULL, (size_t)row->trace_size);
    to = field(to, 's', NULL, (size_t)row->params_size);
    sha256_bytes(hash, bytes, (size_t)(to - bytes));
    free(bytes);
    return true;
}

/* -------------------------------------------------------------------------------------------------- reading ---- */

static bool same_hash(const struct sha256 *a, const struct sha256 *b) { return memcmp(a, b, sizeof *a) == 0; }

static bool read_text(char **text, sqlite3_stmt *s, int column)
{
    if (sqlite3_column_type(s, column) != SQLITE_TEXT)
        return false;
    const char *read = (const char *)sqlite3_column_text(s, column);
    *text = read ? strdup(read) : NULL;
    return *text && strlen(*text) == (size_t)sqlite3_column_bytes(s, column);
}

static bool read_hash(struct sha256 *hash, bool *there, sqlite3_stmt *s, int column)
{
    *there = sqlite3_column_type(s, column) == SQLITE_BLOB;
    if (!*there)
        return sqlite3_column_type(s, column) == SQLITE_NULL;
    if (sqlite3_column_bytes(s, column) != sizeof *hash)
        return false;
    memcpy(hash, sqlite3_column_blob(s, column), sizeof *hash);
    return true;
}

static bool read_number(double *x, sqlite3_stmt *s, int column)
{
    const int type = sqlite3_column_type(s, column);
    *x = type == SQLITE_FLOAT ? sqlite3_column_double(s, column) : NAN;
    return type == SQLITE_FLOAT || type == SQLITE_NULL;
}

static bool read_size(int64_t *size, sqlite3_stmt *s, int column)
{
    const bool there = sqlite3_column_type(s, column) != SQLITE_NULL;
    *size = there ? sqlite3_column_int64(s, column) : -1;
    return !there || (*size > 0 && *size % 8 == 0);
}

/* bytes: a copy of the column, or of two one after the other (second >= 0), whose hash must be this. */
static bool read_part(uint8_t **bytes, sqlite3_stmt *s, int first, int second, int64_t size, const struct sha256 *hash)
{
    const int     columns[2] = { first, second }, n = second >= 0 ? 2 : 1;
    struct sha256 found;
    *bytes = malloc((size_t)n * (size_t)size);
    if (!*bytes)
        return false;
    for (int i = 0; i < n; i++) {
        if (sqlite3_column_type(s, columns[i]) != SQLITE_BLOB || sqlite3_column_bytes(s, columns[i]) != size)
            return false;
        memcpy(*bytes + i * size, sqlite3_column_blob(s, columns[i]), (size_t)size);
    }
    sha256_bytes(&found, *bytes, (size_t)n * (size_t)size);
    return same_hash(&found, hash);
}

static bool read_columns(struct row *row, sqlite3_stmt *s, const struct store *store, unsigned parts)
{
    int64_t       second_size = -1;
    bool          has_key, has_hash;
    struct sha256 hash, expected;
    bool          good = read_hash(&row->key, &has_key, s, KEY) && has_key && read_text(&row->text, s, TEXT) &&
                read_text(&row->outcome, s, OUTCOME) && read_hash(&row->trace_hash, &row->has_trace, s, TRACE_HASH) &&
                read_hash(&row->params_hash, &row->has_params, s, PARAMS_HASH) && read_text(&row->host, s, HOST) &&
                read_text(&row->made, s, MADE) && read_number(&row->seconds, s, SECONDS) &&
                read_hash(&expected, &has_hash, s, ROW_HASH) && has_hash && read_size(&row->trace_size, s, LOSS_SIZE) &&
                read_size(&second_size, s, GRAD_NORM_SIZE) && read_size(&row->params_size, s, PARAMS_SIZE) &&
                row->trace_size == second_size;
    for (size_t i = 0; good && i < store->schema->n_numbers; i++)
        good = read_number(&row->numbers[i], s, NUMBERS + (int)i);
    if (!good || !hash_row(&hash, row, store) || !same_hash(&hash, &expected))
        return false;
    sha256_bytes(&hash, row->text, strlen(row->text));
    return same_hash(&hash, &row->key) &&
           (!(parts & STORE_TRACE) || row->trace_size < 0 ||
            read_part(&row->trace, s, LOSS, GRAD_NORM, row->trace_size, &row->trace_hash)) &&
           (!(parts & STORE_PARAMS) || row->params_size < 0 ||
            read_part(&row->params, s, PARAMS, -1, row->params_size, &row->params_hash));
}

enum store_status store_row_read(struct row *row, sqlite3_stmt *statement, const struct store *store, unsigned parts,
                                 fathom_error *error)
{
    *row = (struct row){ .trace_size = -1, .params_size = -1 };
    if (read_columns(row, statement, store, parts))
        return STORE_OK;
    char          digits[17] = "without a key";
    struct sha256 key;
    bool          there;
    if (read_hash(&key, &there, statement, KEY) && there)
        sha256_hex(digits, &key, 16);
    store_row_free(row);
    store_error(error, "store %s: run %s fails its check and counts as absent", store->path, digits);
    return STORE_DAMAGED;
}

enum store_status store_row_find(struct row *row, struct store *store, const struct sha256 *key, unsigned parts,
                                 fathom_error *error)
{
    enum store_status status = STORE_ABSENT;
    sqlite3_bind_blob(store->find, 2, key, sizeof *key, SQLITE_STATIC);
    store_row_bind_parts(store->find, parts);
    const int code = sqlite3_step(store->find);
    if (code == SQLITE_ROW) {
        status = store_row_read(row, store->find, store, parts, error);
        if (status == STORE_OK && !same_hash(&row->key, key)) {
            store_row_free(row);
            status = STORE_DAMAGED;
            store_error(error, "store %s: its index leads to another run, which counts as absent", store->path);
        }
    } else if (code != SQLITE_DONE) {
        store_failed(error, store, "cannot be read");
        status = (code & 0xff) == SQLITE_CORRUPT ? STORE_DAMAGED : STORE_FAILED;
    }
    sqlite3_reset(store->find);
    return status;
}

/* -------------------------------------------------------------------------------------------------- writing ---- */

static void bind_hash(sqlite3_stmt *s, int at, const struct sha256 *hash, bool there)
{
    if (there)
        sqlite3_bind_blob(s, at, hash, sizeof *hash, SQLITE_STATIC);
}

enum store_status store_row_put(struct store *store, const struct row *row, fathom_error *error)
{
    sqlite3_stmt *s = store->put;
    struct sha256 hash;
    if (!hash_row(&hash, row, store)) {
        store_error(error, "store %s: not enough memory", store->path);
        return STORE_FAILED;
    }
    sqlite3_clear_bindings(s); /* what is not bound is NULL, and a NaN is bound as NULL */
    bind_hash(s, 1, &row->key, true);
    sqlite3_bind_text(s, 2, row->text, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, row->outcome, -1, SQLITE_STATIC);
    bind_hash(s, 4, &row->trace_hash, row->has_trace);
    bind_hash(s, 5, &row->params_hash, row->has_params);
    sqlite3_bind_text(s, 6, row->host, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 7, row->made, -1, SQLITE_STATIC);
    sqlite3_bind_double(s, 8, row->seconds);
    bind_hash(s, 9, &hash, true);
    if (row->trace) {
        sqlite3_bind_blob64(s, 10, row->trace, (sqlite3_uint64)row->trace_size, SQLITE_STATIC);
        sqlite3_bind_blob64(s, 11, row->trace + row->trace_size, (sqlite3_uint64)row->trace_size, SQLITE_STATIC);
    }
    if (row->params)
        sqlite3_bind_blob64(s, 12, row->params, (sqlite3_uint64)row->params_size, SQLITE_STATIC);
    for (size_t i = 0; i < store->schema->n_numbers; i++)
        sqlite3_bind_double(s, 13 + (int)i, row->numbers[i]);
    const int               code = sqlite3_step(s);
    const enum store_status status = code == SQLITE_DONE ? STORE_OK
                                                         : store_failed(error, store, "the run could not be kept");
    sqlite3_reset(s);
    return status;
}
