/* test_store_damage.c - the store of runs after its file was damaged: flipped bits, missing ends, exchanged columns.
 * Each time the same is true: a run that was put is there or counts as absent, never another one, the damaged file is
 * kept whole, and the store goes on.
 *
 * `test_store_damage N` flips N bits of a store with a log, and N of one without (300; tests/store.sh: more).
 */
#include "store_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { RUNS = 24 };

static unsigned flips = 300;

/* SQLite calls this program's own function before that of the C library.  Nothing here cuts the power, so a sync that
 * waits for the disk would show nothing more. */
int fdatasync(int file);
int fdatasync(int file)
{
    (void)file;
    return 0;
}

/* --------------------------------------------------------------------------------------------- flipped bits ---- */

struct outcome {
    unsigned refused, moved, absent, whole; /* stores; absent: with a run or more that counts as such */
    unsigned saved;                         /* runs of those that were moved aside                    */
};

static bool is_known(void *context, const struct store_run *run)
{
    bool known = false;
    for (unsigned i = 0; i < RUNS && !known; i++)
        known = world_is(run, i);
    if (!known)
        fail_msg("%s: a run that was never put: %s", (const char *)context, run->text);
    return true;
}

/* Everything that can be read is right, and what is absent can be put again. */
static unsigned read_all(struct store *store, const char *where)
{
    fathom_error error;
    size_t       damaged;
    unsigned     absent = 0;
    store_each(store, STORE_TRACE | STORE_PARAMS, is_known, (void *)where, &damaged, &error);
    for (unsigned i = 0; i < RUNS; i++) {
        struct store_run        run = world_run(i), found;
        const enum store_status status = store_find(&found, store, run.text, run.keep, &error);
        if (status == STORE_OK) {
            if (!world_is(&found, i))
                fail_msg("%s: run %u came back different", where, i);
            store_run_free(&found);
        } else {
            if (status == STORE_FAILED)
                fail_msg("%s: run %u: %s", where, i, error.text);
            absent++;
        }
        store_run_free(&run);
    }
    for (unsigned i = 0; i < RUNS && absent; i++)
        world_put(store, i);
    for (unsigned i = 0; i < RUNS && absent; i++)
        world_check(store, i);
    return absent;
}

static void remove_copies(void)
{
    const char *const names[] = { "copy.db", "copy.db-wal", "copy.db-shm", "copy.db.damaged", "copy.db.damaged-wal" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(world_path(names[i]));
}

static void expect_bytes(const char *name, const uint8_t *bytes, size_t size, const char *where)
{
    size_t   found_size = 0;
    uint8_t *found = world_read(world_path(name), &found_size);
    if (!found || found_size != size || memcmp(found, bytes, size) != 0)
        fail_msg("%s: %s is not what was moved aside", where, name);
    free(found);
}

/* bytes, size: the database and its log. */
static void open_copy(struct outcome *outcome, uint8_t *const bytes[2], const size_t size[2], const char *where)
{
    fathom_error moved, error;
    remove_copies();
    world_write(world_path("copy.db"), bytes[0], size[0]);
    if (size[1] > 0)
        world_write(world_path("copy.db-wal"), bytes[1], size[1]);
    struct store *store = store_open(world_path("copy.db"), &world_schema, world_code, &moved, &error);
    if (!store) {
        outcome->refused++;
        if (!*error.text || strchr(error.text, '\n') || world_exists(world_path("copy.db.damaged")))
            fail_msg("%s: refused, but not by one line: '%s'", where, error.text);
        return;
    }
    if (*moved.text) {
        outcome->moved++;
        expect_bytes("copy.db.damaged", bytes[0], size[0], where);
        if (size[1] > 0)
            expect_bytes("copy.db.damaged-wal", bytes[1], size[1], where);
        outcome->saved += RUNS - read_all(store, where);
    } else if (read_all(store, where) > 0) {
        outcome->absent++;
    } else {
        outcome->whole++;
    }
    store_close(store);
}

/* Half of the runs in the database, half in its log. */
static void make_files(uint8_t *bytes[2], size_t size[2])
{
    struct store *store = world_open("runs.db");
    for (unsigned i = 0; i < RUNS / 2; i++)
        world_put(store, i);
    store_close(store);
    bytes[1] = world_read(world_path("runs.db"), &size[1]);
    free(bytes[1]);
    store = world_open("runs.db");
    for (unsigned i = RUNS / 2; i < RUNS; i++)
        world_put(store, i);
    bytes[0] = world_read(world_path("runs.db"), &size[0]);
    bytes[1] = world_read(world_path("runs.db-wal"), &size[1]);
    assert_true(bytes[0] && bytes[1] && size[0] > 8192 && size[1] > 8192);
    store_close(store);
}

static void flip_bits(struct outcome *outcome, uint8_t *const bytes[2], const size_t size[2], unsigned n, uint64_t seed)
{
    uint64_t draw = seed;
    for (unsigned k = 0; k < n; k++) {
        draw = draw * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        const size_t bit = (size_t)((draw >> 20) % (8 * (size[0] + size[1])));
        const int    file = bit / 8 >= size[0];
        const size_t at = bit / 8 - (file ? size[0] : 0);
        char         where[64];
        snprintf(where, sizeof where, "bit %zu of byte %zu of the %s", bit % 8, at, file ? "log" : "database");
        bytes[file][at] ^= (uint8_t)(1u << bit % 8);
        open_copy(outcome, bytes, size, where);
        bytes[file][at] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_flipped_bits(void **state)
{
    (void)state;
    uint8_t       *bytes[2];
    size_t         size[2];
    struct outcome outcome = { 0 };
    make_files(bytes, size);
    open_copy(&outcome, bytes, size, "no bit");
    assert_int_equal(outcome.whole, 1);
    flip_bits(&outcome, bytes, size, flips, 1);

    /* All in the database, which then has no checksums but the rows' own; and its head, bit by bit. */
    free(bytes[0]);
    bytes[0] = world_read(world_path("runs.db"), &size[0]);
    size[1] = 0;
    flip_bits(&outcome, bytes, size, flips, 2);
    for (size_t bit = 0; bit < 8 * 100; bit += flips < 1000 ? 5 : 1) {
        bytes[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
        open_copy(&outcome, bytes, size, "a bit of the head");
        bytes[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    print_message("%u refused, %u moved aside (%u runs of %u saved), %u with absent runs, %u whole\n", outcome.refused,
                  outcome.moved, outcome.saved, RUNS * outcome.moved, outcome.absent, outcome.whole);
    assert_true(outcome.refused > 0 && outcome.moved > 0 && outcome.absent > flips / 4);
    assert_true(outcome.saved > RUNS * outcome.moved / 4);
    free(bytes[0]);
    free(bytes[1]);
}

/* A file cut short, of any length. */
static void test_cut_short(void **state)
{
    (void)state;
    uint8_t       *bytes[2];
    size_t         size[2], whole[2];
    struct outcome outcome = { 0 };
    make_files(bytes, whole);
    for (unsigned k = 0; k < 40; k++) {
        size[0] = whole[0];
        size[1] = whole[1];
        size[k % 2] = whole[k % 2] * (k / 2) / 20;
        open_copy(&outcome, bytes, size, "cut short");
    }
    assert_true(outcome.moved > 0 && outcome.absent > 0);
    free(bytes[0]);
    free(bytes[1]);
}

/* A column that was exchanged by a whole and legal one is seen as well. */
static void test_exchanged_columns(void **state)
{
    (void)state;
    static const char *const columns[] = { "text = text || 'x'",
                                           "outcome = 'fine'",
                                           "n_params = 4",
                                           "heldout_logp = -2.0",
                                           "kl = NULL",
                                           "grad_norm = '1'",
                                           "trace_hash = zeroblob(32)",
                                           "params_hash = NULL",
                                           "host = 'other'",
                                           "made = '2026-01-01T00:00:00Z'",
                                           "seconds = 1",
                                           "row_hash = zeroblob(32)",
                                           "loss_trace = grad_norm_trace",
                                           "loss_trace = NULL",
                                           "final_params = NULL, params_hash = NULL",
                                           "final_params = zeroblob(length(final_params))",
                                           "(loss_trace, grad_norm_trace) = (grad_norm_trace, loss_trace)",
                                           "outcome = outcome || char(0)",
                                           "key = zeroblob(32)" };
    fathom_error             error;
    struct store_run         run = world_run(3), found;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sqlite3      *db;
        char          sql[160];
        struct store *store = world_open("runs.db");
        world_put(store, 2);
        world_put(store, 3);
        assert_int_equal(sqlite3_open(world_path("runs.db"), &db), SQLITE_OK);
        snprintf(sql, sizeof sql, "UPDATE runs SET %s WHERE text LIKE '%%seed=3%%'", columns[i]);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_changes(db), 1);
        sqlite3_close(db);
        const enum store_status status = store_find(&found, store, run.text, run.keep, &error);
        if (status != (i == sizeof columns / sizeof *columns - 1 ? STORE_ABSENT : STORE_DAMAGED))
            fail_msg("after %s: status %d", columns[i], (int)status);
        size_t damaged;
        char   where[] = "exchanged";
        store_each(store, STORE_TRACE | STORE_PARAMS, is_known, where, &damaged, &error);
        assert_int_equal(damaged, 1);
        assert_non_null(strstr(error.text, "fails its check"));
        world_put(store, 3);
        world_check(store, 3);
        world_check(store, 2);
        store_close(store);
        unlink(world_path("runs.db"));
    }
    store_run_free(&run);
}

/* The next damaged store gets another name, and a merge takes nothing of one. */
static void test_moved_aside_twice(void **state)
{
    (void)state;
    fathom_error moved, error;
    for (int k = 0; k < 2; k++) {
        size_t        size;
        struct store *store = world_open("runs.db");
        for (unsigned i = 0; i < RUNS; i++)
            world_put(store, i);
        store_close(store);
        uint8_t *bytes = world_read(world_path("runs.db"), &size);
        memset(bytes + size / 4096 / 2 * 4096, 0xff, 64); /* the head of a page in the middle */
        world_write(world_path("runs.db"), bytes, size);
        if (k == 0) {
            struct store_counts counts;
            const char         *from[] = { world_path("runs.db") };
            store = world_open("into.db");
            assert_int_equal(store_merge(store, from, 1, &counts, &error), STORE_FAILED);
            store_close(store);
            expect_bytes("runs.db", bytes, size, "merged");
        }
        store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
        assert_non_null(store);
        char expected[64];
        snprintf(expected, sizeof expected, "runs.db.damaged%s now", k ? "-2" : "");
        if (!strstr(moved.text, expected) || strchr(moved.text, '\n'))
            fail_msg("'%s' should be one line with '%s'", moved.text, expected);
        expect_bytes(k ? "runs.db.damaged-2" : "runs.db.damaged", bytes, size, "moved");
        free(bytes);
        size_t rows;
        assert_int_equal(store_count(&rows, store, &error), STORE_OK);
        snprintf(expected, sizeof expected, "begun with %zu runs of it", rows);
        if (rows == 0 || !strstr(moved.text, expected))
            fail_msg("'%s' should say '%s'", moved.text, expected);
        store_close(store);
        unlink(world_path("runs.db"));
    }
    /* A store that a power cut left empty of everything but zeros. */
    uint8_t zeros[8192] = { 0 };
    world_write(world_path("zeros.db"), zeros, sizeof zeros);
    store_close(store_open(world_path("zeros.db"), &world_schema, world_code, &moved, &error));
    assert_non_null(strstr(moved.text, "zeros.db.damaged now"));
    expect_bytes("zeros.db.damaged", zeros, sizeof zeros, "zeros");
}

/* Programs that find the same damaged store at once: one moves it aside, and all go on with the new one. */
static void test_moved_aside_once(void **state)
{
    (void)state;
    enum { PROGRAMS = 4 };
    size_t   size[2];
    uint8_t *bytes[2];
    make_files(bytes, size);
    for (size_t at = 4096; at < size[0]; at += 4096) /* the heads of all pages but the first; the log has some anew */
        memset(bytes[0] + at, 0xff, 8);
    for (unsigned round = 0; round < 10; round++) {
        pid_t children[PROGRAMS];
        int   moves = 0, status;
        remove_copies();
        world_write(world_path("copy.db"), bytes[0], size[0]);
        world_write(world_path("copy.db-wal"), bytes[1], size[1]);
        for (unsigned p = 0; p < PROGRAMS; p++) {
            children[p] = fork();
            assert_true(children[p] >= 0);
            if (children[p] == 0) {
                fathom_error     moved, error;
                struct store    *store = store_open(world_path("copy.db"), &world_schema, world_code, &moved, &error);
                struct store_run run = world_run(p);
                if (!store || store_put(store, &run, &error) != STORE_OK) {
                    fprintf(stderr, "%s\n", error.text);
                    _exit(2);
                }
                store_close(store);
                _exit(*moved.text != '\0');
            }
        }
        for (unsigned p = 0; p < PROGRAMS; p++) {
            assert_int_equal(waitpid(children[p], &status, 0), children[p]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
            moves += WEXITSTATUS(status);
        }
        assert_int_equal(moves, 1);
        expect_bytes("copy.db.damaged", bytes[0], size[0], "moved once");
        expect_bytes("copy.db.damaged-wal", bytes[1], size[1], "moved once");
        assert_false(world_exists(world_path("copy.db.damaged-2")));
        struct store *store = world_open("copy.db");
        for (unsigned p = 0; p < PROGRAMS; p++)
            world_check(store, p);
        store_close(store);
    }
    free(bytes[0]);
    free(bytes[1]);
}

/* A log whose database was removed. */
static void test_orphaned_log(void **state)
{
    (void)state;
    fathom_error  moved, error;
    size_t        size;
    struct store *store = world_open("runs.db");
    world_put(store, 1);
    uint8_t *log = world_read(world_path("runs.db-wal"), &size);
    store_close(store);
    unlink(world_path("runs.db"));
    world_write(world_path("runs.db-wal"), log, size);
    store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
    assert_non_null(store);
    assert_non_null(strstr(moved.text, "the log is there, the database is not"));
    expect_bytes("runs.db.damaged-wal", log, size, "orphaned");
    world_put(store, 1);
    store_close(store);
    free(log);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        flips = (unsigned)atoi(argv[1]);
#define in_folder(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        in_folder(test_flipped_bits),      in_folder(test_cut_short),        in_folder(test_exchanged_columns),
        in_folder(test_moved_aside_twice), in_folder(test_moved_aside_once), in_folder(test_orphaned_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
