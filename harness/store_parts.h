/* store_parts.h - what the files of the store share, and no one else. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store.h"

struct store {
    sqlite3                   *db;
    pthread_mutex_t            mutex; /* of all that follows, and of the connection */
    char                      *path;
    const struct store_schema *schema;
    const char                *fingerprint; /* the caller's                         */
    char                       host[256];
    unsigned                   patience;        /* milliseconds                         */
    bool                       begun, unsynced; /* store_begin                      */
    sqlite3_stmt              *find, *put;      /* store_row.c                          */
};

/* One row as it is in the file: numbers as bytes.  size < 0: NULL in the file. */
struct row {
    struct sha256 key, trace_hash, params_hash;
    bool          has_trace, has_params;
    char         *text, *outcome, *host, *made;
    double        numbers[STORE_MAX_NUMBERS];
    double        seconds;
    uint8_t      *trace, *params;          /* loss then grad_norm; NULL: not kept, or not read */
    int64_t       trace_size, params_size; /* bytes of the column, half of trace's; -1: not kept */
};

/* ---- store_error.c ---- */
/* "store PATH: what: why" and STORE_FAILED. */
enum store_status store_failed(fathom_error *error, const struct store *store, const char *what);
void              store_error(fathom_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- store_open.c ---- */
/* A store to read from: never made, never moved; damaged is STORE_FAILED with one line. */
struct store *store_open_source(const char *path, const struct store_schema *schema, const char *fingerprint,
                                fathom_error *error);

/* ---- store_path.c ---- */
enum { PATH_ROOM = 4096 };
bool store_file(const char *path, const char *end, struct stat *file); /* PATH with this end: whether it is there */
void store_folder(char *folder, const char *path);                     /* folder: [PATH_ROOM], where the path lies  */
/* Whether the path leads to a file, or to none yet, in a folder that is there; else one line. */
bool store_usable_path(const char *path, fathom_error *error);
/* In a folder where SQLite cannot put the files that it needs to share a store, no program writes to it: it may be
 * read as it is, under a name that marks it so.  name: [3 PATH_ROOM]. */
bool store_is_read_only(const char *path);
void store_immutable_name(char *name, const char *path);
/* Rows in a log whose database is gone: SQLite would delete the log.  *file: the result of stat on the database, or
 * zeros. */
bool store_is_orphaned_log(const char *path, struct stat *file);

/* ---- store_aside.c ---- */
/* Renames the file that was examined, unless another program has done so already: *file identifies it.  *error
 * describes what is wrong with it, and becomes a part of *moved.  name: its new name, unchanged if it was not renamed
 * here. */
bool store_move_aside(char *name, size_t size, const char *path, const struct stat *file, int lock, fathom_error *moved,
                      fathom_error *error);
/* While a program looks at a store, none moves it: shared by those who look, alone for the one who moves.  close()
 * ends it; negative: this disk has no such lock. */
int store_lock_folder(const char *path);

/* ---- store_row.c ---- */
char *store_row_table(const struct store_schema *schema); /* CREATE TABLE; the caller frees; NULL: no memory */
enum store_status store_row_prepare(struct store *store, fathom_error *error);
/* A statement that reads rows as store_row_read takes them; `where` follows FROM runs. */
sqlite3_stmt *store_row_select(struct store *store, const char *where, fathom_error *error);
void          store_row_bind_parts(sqlite3_stmt *statement, unsigned parts);

enum store_status store_row_read(struct row *row, sqlite3_stmt *statement, const struct store *store, unsigned parts,
                                 fathom_error *error);
/* The row of this key: STORE_OK, ABSENT, DAMAGED, FAILED. */
enum store_status store_row_find(struct row *row, struct store *store, const struct sha256 *key, unsigned parts,
                                 fathom_error *error);
enum store_status store_row_put(struct store *store, const struct row *row, fathom_error *error);

/* ---- store_run.c ---- */
enum store_status store_row_of_run(struct row *row, const struct store *store, const struct store_run *run,
                                   fathom_error *error);
enum store_status store_run_of_row(struct store_run *run, struct row *row, const struct store *store,
                                   fathom_error *error);
void              store_row_free(struct row *row);

/* ---- store.c ---- */
enum store_status store_begin(struct store *store, fathom_error *error);
/* Commits if status is STORE_OK, else rolls back. */
enum store_status store_end(struct store *store, enum store_status status, fathom_error *error);
/* Inside a transaction: adds the row, or joins it to the one that is there.  *added: there was none. */
enum store_status store_join(bool *added, struct store *store, const struct row *row, const char *from,
                             fathom_error *error);

/* ---- store_salvage.c ---- */
/* Takes the rows of a damaged store that can be read and pass their check; how many. */
size_t store_save(struct store *into, struct store *damaged);

#endif
