/* test_store_faults.c - the store of runs while things go wrong: killed programs, full disks, failing system calls.
 * Each time the same is true: a run that was put is there, a failure is told in one line, and the store goes on.
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
    small = (struct rlimit){ 200000, before.rlim_max };
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

enum { ON_DISK = 24 };

/* In a child, for it gets a view of the disks of its own: a disk of 1 MiB, then a read-only one. */
static int on_small_disk(void)
{
    char         name[256];
    fathom_error moved, error;
    snprintf(name, sizeof name, "%s", world_path(""));
    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("none", name, "tmpfs", 0, "size=1m") != 0)
        return 77;
    struct store *store = world_open("r?n%s#.db");
    for (unsigned i = 0; i < ON_DISK; i++)
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
    const char         *from[] = { world_path("r?n%s#.db") };
    assert_int_equal(close(mkstemp(into_path)), 0);
    struct store *into = store_open(into_path, &world_schema, world_code, &moved, &error);
    if (!into || store_merge(into, from, 1, &counts, &error) != STORE_OK)
        fail_msg("%s", error.text);
    assert_int_equal(counts.added, ON_DISK);
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

static int     my_open(const char *path, int flags, int mode) { return fails() ? -1 : open(path, flags, mode); }
static ssize_t my_write(int file, const void *bytes, size_t size) { return fails() ? -1 : write(file, bytes, size); }
static ssize_t my_pwrite(int file, const void *bytes, size_t size, off_t at)
{
    return fails() ? -1 : pwrite(file, bytes, size, at);
}
static int my_ftruncate(int file, off_t size) { return fails() ? -1 : ftruncate(file, size); }
static int my_unlink(const char *path) { return fails() ? -1 : unlink(path); }
static int my_fallocate(int file, off_t at, off_t size) { return fails() ? errno : posix_fallocate(file, at, size); }

/* These two cannot be set so; SQLite calls this program's own before those of the C library.  Nothing here cuts the
 * power, so a sync that waits for the disk would show nothing more. */
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
        const char         *name;
        sqlite3_syscall_ptr call;
    } calls[] = { { "open", (sqlite3_syscall_ptr)my_open },           { "write", (sqlite3_syscall_ptr)my_write },
                  { "pwrite", (sqlite3_syscall_ptr)my_pwrite },       { "pwrite64", (sqlite3_syscall_ptr)my_pwrite },
                  { "ftruncate", (sqlite3_syscall_ptr)my_ftruncate }, { "unlink", (sqlite3_syscall_ptr)my_unlink },
                  { "fallocate", (sqlite3_syscall_ptr)my_fallocate } };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        vfs->xSetSystemCall(vfs, calls[i].name, mine ? calls[i].call : NULL);
}

/* Opens, puts a few, closes; which were put.  Every failure comes with one line. */
static unsigned put_with_failure(void)
{
    fathom_error moved, error;
    unsigned     put = 0;
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
    static const int numbers[] = { EIO, ENOSPC };
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

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        in_folder(test_killed),
        in_folder(test_file_size_limit),
        in_folder(test_small_disk),
        in_folder(test_failing_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
