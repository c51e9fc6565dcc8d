/* store_open.c - opening a store: which file it is, whether it is whole, and what becomes of one that is not.
 *
 * A store is known by its application id and by the table `meta` (name, value), which no schema changes: schema,
 * columns, fingerprint.  These are compared before anything else is read, so that another program's file, other code
 * or another schema is refused by name and left as it is.  Only a file with this application id is ever moved aside.
 */
#include "store_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION = 0x4661746d /* "Fatm" */ };

/* What opening came to. */
enum verdict {
    SOUND,   /* the store is whole, and of this schema and code     */
    UNSOUND, /* it is damaged: to be moved aside                    */
    REFUSED, /* it is another's, or cannot be used: it stays as is  */
    AGAIN    /* another program changed it meanwhile: try again     */
};

static const char meta_table[] = "CREATE TABLE meta (\"name\" TEXT NOT NULL PRIMARY KEY, \"value\" TEXT NOT NULL)";

/* Whether SQLite has found that the file is not what it wrote. */
static bool is_damage(const struct store *store)
{
    const int code = sqlite3_errcode(store->db) & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static enum verdict unreadable(fathom_error *error, const struct store *store)
{
    store_failed(error, store, "cannot be used");
    return is_damage(store) ? UNSOUND : REFUSED;
}

/* ----------------------------------------------------------------------------------------------- statements ---- */

/* The first column of the first row, as text of at most size - 1 bytes; empty: no row, or NULL. */
static bool query(char *answer, size_t size, struct store *store, const char *sql)
{
    sqlite3_stmt *s = NULL;
    *answer = '\0';
    int code = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(s);
        if (code == SQLITE_ROW && sqlite3_column_text(s, 0))
            snprintf(answer, size, "%s", (const char *)sqlite3_column_text(s, 0));
    }
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool execute(struct store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The text of the schema's numbers, as it stands in meta. */
static char *columns_of(const struct store_schema *schema)
{
    size_t size = 1;
    for (size_t i = 0; i < schema->n_numbers; i++)
        size += strlen(schema->numbers[i]) + 1;
    char *text = calloc(size, 1);
    for (size_t i = 0; text && i < schema->n_numbers; i++) {
        strcat(text, i ? " " : "");
        strcat(text, schema->numbers[i]);
    }
    return text;
}

/* ------------------------------------------------------------------------------------------------ a new one ---- */

static bool add_meta(struct store *store, const char *name, const char *value)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(store->db, "INSERT INTO meta VALUES (?, ?)", -1, &s, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
    const bool done = sqlite3_step(s) == SQLITE_DONE;
    return sqlite3_finalize(s) == SQLITE_OK && done;
}

static bool fill_new(struct store *store)
{
    char  version[32], id[64];
    char *columns = columns_of(store->schema), *table = store_row_table(store->schema);
    snprintf(version, sizeof version, "%u", store->schema->version);
    snprintf(id, sizeof id, "PRAGMA application_id = %d", APPLICATION);
    const bool done = columns && table && execute(store, id) && execute(store, meta_table) && execute(store, table) &&
                      add_meta(store, "schema", version) && add_meta(store, "columns", columns) &&
                      add_meta(store, "fingerprint", store->fingerprint);
    free(columns);
    free(table);
    return done;
}

/* All of it in one transaction: a store is whole or not there.  Another program may have begun it meanwhile.  No
 * sync, which would take as long as a short experiment: there is nothing in it yet that a power cut could cost. */
static enum verdict begin_new(struct store *store, fathom_error *error)
{
    char tables[32];
    if (execute(store, "PRAGMA synchronous = OFF") && execute(store, "BEGIN IMMEDIATE") &&
        query(tables, sizeof tables, store, "SELECT count(*) FROM sqlite_master") &&
        (strcmp(tables, "0") != 0 || fill_new(store)) && execute(store, "COMMIT"))
        return AGAIN;
    store_failed(error, store, "cannot be begun");
    execute(store, "ROLLBACK");
    return REFUSED;
}

/* -------------------------------------------------------------------------------------------------- examine ---- */

/* What the file's first 100 bytes are, where SQLite does not take it: https://sqlite.org/fileformat.html, 1.3.  All
 * zero is what a power cut makes of a store that was just begun. */
static bool has_our_header(const struct store *store)
{
    sqlite3_file *file = NULL;
    uint8_t       head[100] = { 0 };
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file->pMethods)
        return false;
    file->pMethods->xRead(file, head, sizeof head, 0);
    const uint32_t       id = (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 | head[71];
    static const uint8_t none[sizeof head];
    return (memcmp(head, "SQLite format 3", 16) == 0 && id == APPLICATION) || memcmp(head, none, sizeof none) == 0;
}

static bool is_empty(const struct store *store)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = -1;
    return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file->pMethods &&
           file->pMethods->xFileSize(file, &size) == SQLITE_OK && size == 0;
}

static enum verdict examine_identity(struct store *store, bool may_begin, fathom_error *error)
{
    char objects[32], id[32];
    if (!query(objects, sizeof objects, store, "SELECT count(*) FROM sqlite_master") ||
        !query(id, sizeof id, store, "PRAGMA application_id")) {
        const bool damage = is_damage(store);
        store_failed(error, store, "cannot be used");
        return damage && has_our_header(store) ? UNSOUND : REFUSED;
    }
    if (strcmp(objects, "0") == 0 && is_empty(store) && may_begin)
        return begin_new(store, error);
    if (atol(id) != APPLICATION) {
        store_error(error, "store %s: is a database, but not a store of runs", store->path);
        return REFUSED;
    }
    return SOUND;
}

/* One line of meta: what the store has, what this program has. */
static enum verdict examine_meta(struct store *store, const char *name, const char *expected, const char *what,
                                 fathom_error *error)
{
    char sql[96], found[2048];
    snprintf(sql, sizeof sql, "SELECT \"value\" FROM meta WHERE \"name\" = '%s'", name);
    if (!query(found, sizeof found, store, sql)) {
        store_failed(error, store, "cannot be used");
        return is_damage(store) || (sqlite3_errcode(store->db) & 0xff) == SQLITE_ERROR ? UNSOUND : REFUSED;
    }
    if (!*found && *expected) {
        store_error(error, "store %s: meta has no %s", store->path, name);
        return UNSOUND;
    }
    if (strcmp(found, expected) == 0)
        return SOUND;
    store_error(error, "store %s: belongs to %s: %s %.64s there, %.64s here; name another store or move this one away",
                store->path, what, name, found, expected);
    return REFUSED;
}

/* The tables as they were made, and no trigger on them. */
static enum verdict examine_tables(struct store *store, fathom_error *error)
{
    static const char objects[] = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master WHERE type IN "
                                  "('table', 'trigger') AND tbl_name IN ('meta', 'runs') ORDER BY name)";
    char             *runs = store_row_table(store->schema);
    const size_t      size = sizeof meta_table + (runs ? strlen(runs) : 0) + 2;
    char             *expected = malloc(size), *found = malloc(size + 1);
    enum verdict      verdict = REFUSED;
    if (!runs || !expected || !found) {
        store_error(error, "store %s: not enough memory", store->path);
    } else if (!query(found, size + 1, store, objects)) {
        verdict = unreadable(error, store);
    } else {
        snprintf(expected, size, "%s;%s", meta_table, runs);
        verdict = strcmp(found, expected) == 0 ? SOUND : UNSOUND;
        if (verdict == UNSOUND)
            store_error(error, "store %s: its tables are not those that a store has", store->path);
    }
    free(runs);
    free(expected);
    free(found);
    return verdict;
}

static enum verdict examine_pages(struct store *store, fathom_error *error)
{
    char answer[160];
    if (!query(answer, sizeof answer, store, "PRAGMA integrity_check(1)"))
        return unreadable(error, store);
    if (strcmp(answer, "ok") == 0)
        return SOUND;
    char *line = strncmp(answer, "***", 3) == 0 && strchr(answer, '\n') ? strchr(answer, '\n') + 1 : answer;
    line[strcspn(line, "\n")] = '\0';
    store_error(error, "store %s: %s", store->path, line);
    return UNSOUND;
}

/* How far to look into it, and whether to begin a new one where there is none. */
enum how { TO_BEGIN, TO_READ, TO_SAVE };

static enum verdict examine(struct store *store, enum how how, fathom_error *error)
{
    char         version[32];
    char        *columns = columns_of(store->schema);
    enum verdict verdict = columns ? examine_identity(store, how == TO_BEGIN, error) : REFUSED;
    if (!columns)
        store_error(error, "store %s: not enough memory", store->path);
    snprintf(version, sizeof version, "%u", store->schema->version);
    if (verdict == SOUND)
        verdict = examine_meta(store, "schema", version, "another schema", error);
    if (verdict == SOUND)
        verdict = examine_meta(store, "columns", columns, "another schema", error);
    if (verdict == SOUND)
        verdict = examine_meta(store, "fingerprint", store->fingerprint, "other code", error);
    if (verdict == SOUND)
        verdict = examine_tables(store, error);
    if (verdict == SOUND && how != TO_SAVE)
        verdict = examine_pages(store, error);
    free(columns);
    return verdict;
}

/* -------------------------------------------------------------------------------------------------- connect ---- */

static bool usable_schema(const char *path, const struct store_schema *schema, const char *fingerprint,
                          fathom_error *error)
{
    bool good = schema->n_numbers <= STORE_MAX_NUMBERS && strlen(fingerprint) == 64 &&
                strspn(fingerprint, "0123456789abcdef") == 64;
    for (size_t i = 0; good && i < schema->n_numbers; i++) {
        const char *name = schema->numbers[i];
        good = strlen(name) <= 30 && *name >= 'a' && *name <= 'z' &&
               name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
    }
    if (!good)
        store_error(error, "store %s: this program's schema or fingerprint is not one (store.h)", path);
    return good;
}

/* The connection, without a look into the file.  SQLite takes some names as something else than a file's: "./"
 * guards. */
static struct store *connect(const char *path, const struct store_schema *schema, const char *fingerprint, int flags,
                             fathom_error *error)
{
    struct store *store = calloc(1, sizeof *store);
    char          name[3 * PATH_ROOM];
    if (!store || !(store->path = strdup(path))) {
        store_error(error, "store %s: not enough memory", path);
        free(store);
        return NULL;
    }
    if (flags & SQLITE_OPEN_READWRITE)
        snprintf(name, sizeof name, "%s%s", *path == '/' || *path == '.' ? "" : "./", path);
    else
        store_immutable_name(name, path);
    store->schema = schema;
    store->fingerprint = fingerprint;
    pthread_mutex_init(&store->mutex, NULL);
    if (gethostname(store->host, sizeof store->host - 1) != 0)
        strcpy(store->host, "unknown");
    if (sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
        if (store->db)
            store_failed(error, store, "cannot be opened");
        else
            store_error(error, "store %s: not enough memory", path);
        store_close(store);
        return NULL;
    }
    store_patience(store, 60000);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    execute(store, "PRAGMA trusted_schema = OFF");
    execute(store, "PRAGMA cell_size_check = ON");
    return store;
}

void store_patience(struct store *store, unsigned milliseconds)
{
    store->patience = milliseconds;
    sqlite3_busy_timeout(store->db, (int)milliseconds);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    sqlite3_finalize(store->find);
    sqlite3_finalize(store->put);
    sqlite3_close(store->db);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

/* A change of the journal mode needs the file alone for a moment, and SQLite does not wait for that by itself. */
static bool start_log(struct store *store, fathom_error *error)
{
    char mode[32];
    execute(store, "PRAGMA synchronous = OFF"); /* of the two bytes that record the mode, as in begin_new */
    for (unsigned waited = 0;; waited += 5) {
        if (query(mode, sizeof mode, store, "PRAGMA journal_mode = WAL"))
            break;
        if ((sqlite3_errcode(store->db) & 0xff) != SQLITE_BUSY || waited >= store->patience) {
            store_failed(error, store, "cannot be used");
            return false;
        }
        sqlite3_sleep(5);
    }
    if (strcmp(mode, "wal") != 0) {
        store_error(error, "store %s: no write-ahead log on this disk (a network disk?); name a store on a local one",
                    store->path);
        return false;
    }
    if (execute(store, "PRAGMA synchronous = NORMAL"))
        return true;
    store_failed(error, store, "cannot be used");
    return false;
}

/* ----------------------------------------------------------------------------------------------------- open ---- */

static enum verdict try_to_open(struct store **opened, const char *path, const struct store_schema *schema,
                                const char *fingerprint, struct stat *file, fathom_error *error)
{
    if (store_is_orphaned_log(path, file)) {
        store_error(error, "store %s: the log is there, the database is not", path);
        return UNSOUND;
    }
    struct store *store = connect(path, schema, fingerprint, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
    if (!store)
        return REFUSED;
    stat(path, file);
    enum verdict verdict = REFUSED;
    if (sqlite3_db_readonly(store->db, "main") == 1)
        store_error(error, "store %s: cannot be written", path);
    else
        verdict = examine(store, TO_BEGIN, error);
    if (verdict == SOUND && (!start_log(store, error) || store_row_prepare(store, error) != STORE_OK))
        verdict = REFUSED;
    if (verdict == SOUND)
        *opened = store;
    else {
        if (verdict == UNSOUND) /* it stays as it was found */
            sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        store_close(store);
    }
    return verdict;
}

/* A connection to read from, if examine finds no fault. */
static struct store *open_to(enum how how, const char *path, const struct store_schema *schema, const char *fingerprint,
                             fathom_error *error)
{
    const int     flags = store_is_read_only(path) ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
    struct store *store = connect(path, schema, fingerprint, flags, error);
    if (store && how == TO_SAVE) /* the file stays as it is */
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (store && examine(store, how, error) != SOUND) {
        store_close(store);
        store = NULL;
    }
    return store;
}

struct store *store_open_source(const char *path, const struct store_schema *schema, const char *fingerprint,
                                fathom_error *error)
{
    struct stat file;
    if (!store_usable_path(path, error))
        return NULL;
    if (store_is_orphaned_log(path, &file)) {
        store_error(error, "store %s: the log is there, the database is not", path);
        return NULL;
    }
    return open_to(TO_READ, path, schema, fingerprint, error);
}

/* What is still whole in the file that was moved aside: every row has its own check. */
static void save_rows(struct store *store, const char *damaged, fathom_error *moved)
{
    fathom_error  error;
    struct stat   file;
    size_t        rows = 0, length = strlen(moved->text);
    struct store *source = store_is_orphaned_log(damaged, &file)
                             ? NULL
                             : open_to(TO_SAVE, damaged, store->schema, store->fingerprint, &error);
    if (source)
        rows = store_save(store, source);
    store_close(source);
    if (rows > 0)
        snprintf(moved->text + length, sizeof moved->text - length, " with %zu runs of it that are whole", rows);
}

struct store *store_open(const char *path, const struct store_schema *schema, const char *fingerprint,
                         fathom_error *moved, fathom_error *error)
{
    struct store *store = NULL;
    struct stat   file;
    char          damaged[PATH_ROOM + 32] = "";
    *moved = *error = (fathom_error){ "" };
    if (!store_usable_path(path, error) || !usable_schema(path, schema, fingerprint, error))
        return NULL;
    for (int attempt = 0; attempt < 8 && !store; attempt++) {
        const int          lock = store_lock_folder(path);
        const enum verdict verdict = try_to_open(&store, path, schema, fingerprint, &file, error);
        const bool go_on = verdict != REFUSED && (verdict != UNSOUND || store_move_aside(damaged, sizeof damaged, path,
                                                                                         &file, lock, moved, error));
        if (lock >= 0)
            close(lock);
        if (!go_on)
            return NULL;
    }
    if (!store) /* damaged again and again: *error says how */
        return NULL;
    if (*damaged)
        save_rows(store, damaged, moved);
    *error = (fathom_error){ "" };
    return store;
}
