/* test_store_faults.c - the store of runs while things go wrong: flipped bits, killed programs, full disks, failing
 * system calls.  Each time the same is true: a run that was put is there or counts as absent, never another one, and
 * the store goes on.
 *
 * `test_store_faults N` flips N bits of a store with a log, and N of one without (300; tests/store.sh: more).
 */
#include "store_world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { RUNS = 24 };

static unsigned flips = 300;

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
    const char *const names[] = {"copy.db", "copy.db-wal", "copy.db-shm", "copy.db.damaged", "copy.db.damaged-wal"};
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
    struct outcome outcome = {0};
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
    struct outcome outcome = {0};
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
    static const char *const columns[] = {"text = text || 'x'", "outcome = 'fine'", "n_params = 4",
        "heldout_logp = -2.0", "kl = NULL", "grad_norm = '1'", "trace_hash = zeroblob(32)", "params_hash = NULL",
        "host = 'other'",
        "made = '2026-01-01T00:00:00Z'", "seconds = 1", "row_hash = zeroblob(32)", "loss_trace = grad_norm_trace",
        "loss_trace = NULL", "final_params = NULL, params_hash = NULL", "final_params = zeroblob(length(final_params))",
        "(loss_trace, grad_norm_trace) = (grad_norm_trace, loss_trace)", "outcome = outcome || char(0)",
        "key = zeroblob(32)"};
    fathom_error     error;
    struct store_run run = world_run(3), found;
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
            const char         *from[] = {world_path("runs.db")};
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
    uint8_t zeros[8192] = {0};
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

/* --------------------------------------------------------------------------------------------------- killed ---- */

/* A program that puts runs and tells each that was put, killed at some moment: those are there. */
static void test_killed(void **state)
{
    (void)state;
    unsigned first = 0;
    for (unsigned round = 0; round < 25; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            fathom_error  moved, error;
            struct store *store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
            for (unsigned i = first; store && !*moved.text; i++) {
                struct store_run run = world_run(i);
                if (store_put(store, &run, &error) != STORE_OK || write(ends[1], &i, sizeof i) != sizeof i)
                    break;
                store_run_free(&run);
            }
            fprintf(stderr, "%s%s\n", moved.text, error.text);
            _exit(1);
        }
        close(ends[1]);
        usleep(300 * round);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        unsigned put, n = first;
        while (read(ends[0], &put, sizeof put) == sizeof put)
            n = put + 1;
        close(ends[0]);

        size_t        rows;
        fathom_error  error;
        struct store *store = world_open("runs.db");
        for (unsigned i = 0; i < n; i++)
            world_check(store, i);
        assert_int_equal(store_count(&rows, store, &error), STORE_OK);
        assert_in_range(rows, n, n + 1); /* one may have been put and not told */
        store_close(store);
        first = (unsigned)rows;
    }
    print_message("%u runs put by 25 programs, each killed\n", first);
    assert_true(first > 25);
}

/* ----------------------------------------------------------------------------------------------- full disks ---- */

/* Puts until it fails; how many were put.  At most 100000. */
static unsigned put_until_full(struct store *store, fathom_error *error)
{
    for (unsigned i = 0; i < 100000; i++) {
        struct store_run        run = world_run(i);
        const enum store_status status = store_put(store, &run, error);
        store_run_free(&run);
        if (status != STORE_OK) {
            assert_int_equal(status, STORE_FAILED);
            assert_true(*error->text && !strchr(error->text, '\n'));
            return i;
        }
    }
    fail_msg("the disk did not fill");
    return 0;
}

static void test_file_size_limit(void **state)
{
    (void)state;
    fathom_error  error;
    struct rlimit before, small;
    struct store *store = world_open("runs.db");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){200000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const unsigned n = put_until_full(store, &error);
    assert_true(n > 5);
    assert_non_null(strstr(error.text, "runs.db"));
    for (unsigned i = 0; i < n; i++)
        world_check(store, i);
    setrlimit(RLIMIT_FSIZE, &before);
    world_put(store, n); /* there is room again */
    store_close(store);
    store = world_open("runs.db");
    for (unsigned i = 0; i <= n; i++)
        world_check(store, i);
    store_close(store);
}

/* In a child, for it gets a view of the disks of its own: a disk of 1 MiB, then a read-only one. */
static int on_small_disk(void)
{
    char          name[256];
    fathom_error  moved, error;
    snprintf(name, sizeof name, "%s", world_path(""));
    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("none", name, "tmpfs", 0, "size=1m") != 0)
        return 77;
    struct store *store = world_open("r?n%s#.db");
    for (unsigned i = 0; i < RUNS; i++)
        world_put(store, i);
    store_close(store);
    store = world_open("runs.db");
    const unsigned n = put_until_full(store, &error);
    assert_non_null(strstr(error.text, "full"));
    for (unsigned i = 0; i < n; i++)
        world_check(store, i);
    store_close(store);
    store = world_open("runs.db"); /* as full as before */
    for (unsigned i = 0; i < n; i++)
        world_check(store, i);
    store_close(store);
    assert_null(store_open(world_path("no-room.db"), &world_schema, world_code, &moved, &error));
    assert_true(strstr(error.text, "cannot be begun") && strstr(error.text, "full"));

    if (mount("none", name, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return 77;
    assert_null(store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error));
    assert_true(strstr(error.text, "cannot be") && !strchr(error.text, '\n'));
    assert_null(store_open(world_path("new.db"), &world_schema, world_code, &moved, &error));
    assert_true(strstr(error.text, "cannot be") && !strchr(error.text, '\n'));

    /* From there it can still be merged. */
    char                into_path[] = "/dev/shm/fathom-test-XXXXXX";
    struct store_counts counts;
    const char         *from[] = {world_path("r?n%s#.db")};
    assert_int_equal(close(mkstemp(into_path)), 0);
    struct store *into = store_open(into_path, &world_schema, world_code, &moved, &error);
    if (!into || store_merge(into, from, 1, &counts, &error) != STORE_OK)
        fail_msg("%s", error.text);
    assert_int_equal(counts.added, RUNS);
    store_close(into);
    unlink(into_path);
    print_message("%u runs on a disk of 1 MiB\n", n);
    return n > 50 ? 0 : 1;
}

static void test_small_disk(void **state)
{
    (void)state;
    int         status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(on_small_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("a small disk: skipped: this user may mount none\n");
        return;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ------------------------------------------------------------------------------------- failing system calls ---- */

/* SQLite's own calls of the system, one of which fails (or, if `for_good`, that and all later ones). */
static struct {
    unsigned calls, failing; /* failing: from 1; 0: none */
    int      number;         /* errno */
    bool     for_good;
} plan;

static bool fails(void)
{
    plan.calls++;
    if (plan.failing == 0 || (plan.for_good ? plan.calls < plan.failing : plan.calls != plan.failing))
        return false;
    errno = plan.number;
    return true;
}

static int my_open(const char *path, int flags, int mode) { return fails() ? -1 : open(path, flags, mode); }
static ssize_t my_write(int file, const void *bytes, size_t size) { return fails() ? -1 : write(file, bytes, size); }
static ssize_t my_pwrite(int file, const void *bytes, size_t size, off_t at)
{
    return fails() ? -1 : pwrite(file, bytes, size, at);
}
static int my_ftruncate(int file, off_t size) { return fails() ? -1 : ftruncate(file, size); }
static int my_unlink(const char *path) { return fails() ? -1 : unlink(path); }
static int my_fallocate(int file, off_t at, off_t size) { return fails() ? errno : posix_fallocate(file, at, size); }

/* SQLite has no such door for these two; a program's own functions go before those of the C library.  Nothing here cuts
 * the power, so a sync that waits for the disk would show nothing more. */
int fsync(int file);
int fdatasync(int file);
int fsync(int file)
{
    (void)file;
    return fails() ? -1 : 0;
}
int fdatasync(int file) { return fsync(file); }

static void set_calls(bool mine)
{
    static const struct {
        const char        *name;
        sqlite3_syscall_ptr call;
    } calls[] = {{"open", (sqlite3_syscall_ptr)my_open},           {"write", (sqlite3_syscall_ptr)my_write},
                 {"pwrite", (sqlite3_syscall_ptr)my_pwrite},       {"pwrite64", (sqlite3_syscall_ptr)my_pwrite},
                 {"ftruncate", (sqlite3_syscall_ptr)my_ftruncate}, {"unlink", (sqlite3_syscall_ptr)my_unlink},
                 {"fallocate", (sqlite3_syscall_ptr)my_fallocate}};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        vfs->xSetSystemCall(vfs, calls[i].name, mine ? calls[i].call : NULL);
}

/* Opens, puts a few, closes; which were put.  Every failure comes with one line. */
static unsigned put_with_failure(void)
{
    fathom_error  moved, error;
    unsigned      put = 0;
    plan.calls = 0;
    struct store *store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
    assert_true(store || (*error.text && !strchr(error.text, '\n')));
    assert_true(!*moved.text);
    for (unsigned i = 0; store && i < 6; i++) {
        struct store_run run = world_run_of(i, 300, 900); /* several pages */
        run.keep = STORE_TRACE | STORE_PARAMS;
        if (store_put(store, &run, &error) == STORE_OK)
            put |= 1u << i;
        else
            assert_true(*error.text && !strchr(error.text, '\n'));
        store_run_free(&run);
    }
    store_close(store);
    return put;
}

static void check_after_failure(unsigned put)
{
    plan.failing = 0;
    struct store *store = world_open("runs.db");
    fathom_error  error;
    for (unsigned i = 0; i < 6; i++) {
        struct store_run        run = world_run_of(i, 300, 900), found;
        const enum store_status status = store_find(&found, store, run.text, STORE_TRACE | STORE_PARAMS, &error);
        if (status != STORE_OK && (status != STORE_ABSENT || put & 1u << i))
            fail_msg("call %u: run %u: status %d", plan.failing, i, (int)status);
        if (status == STORE_OK) {
            assert_true(found.loss && found.params && memcmp(found.params, run.params, 1) == 0);
            store_run_free(&found);
        }
        run.keep = STORE_TRACE | STORE_PARAMS;
        assert_int_equal(store_put(store, &run, &error), STORE_OK);
        store_run_free(&run);
    }
    store_close(store);
}

static void test_failing_calls(void **state)
{
    (void)state;
    static const int numbers[] = {EIO, ENOSPC};
    unsigned         all = 0, lost = 0;
    const bool       synced = plan.calls > 0; /* by the tests before: so fdatasync is ours */
    set_calls(true);
    for (unsigned mode = 0; mode < 4; mode++)
        for (unsigned failing = 1;; failing++) {
            plan.number = numbers[mode % 2];
            plan.for_good = mode >= 2;
            plan.failing = failing;
            const unsigned put = put_with_failure(), calls = plan.calls;
            check_after_failure(put);
            lost += put != 63;
            all++;
            unlink(world_path("runs.db"));
            if (calls < failing)
                break;
        }
    set_calls(false);
    print_message("%u failures, %u of which cost a run\n", all, lost);
    assert_true(all > 100 && lost > 20 && synced);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        flips = (unsigned)atoi(argv[1]);
#define in_folder(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        in_folder(test_flipped_bits),    in_folder(test_cut_short),  in_folder(test_exchanged_columns),
        in_folder(test_moved_aside_twice), in_folder(test_moved_aside_once),
        in_folder(test_orphaned_log), in_folder(test_killed),
        in_folder(test_file_size_limit), in_folder(test_small_disk), in_folder(test_failing_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
