/* test_store.c - the store of runs while nothing goes wrong: what is put comes back to the bit, a run has one result,
 * and a store that is not this program's is refused by name.
 */
#include "store_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "canonical.h"
#include "fingerprint.h"

enum { RUNS = 60 };

/* ----------------------------------------------------------------------------------------- texts and hashes ---- */

static void test_canonical_text(void **state)
{
    (void)state;
    fathom_error      error;
    struct canonical *text = canonical_new();
    struct sha256     hash;
    sha256_bytes(&hash, "abc", 3);
    canonical_number(text, "lr", 0.003);
    canonical_word(text, "arm", "two\nlines = \\n");
    canonical_count(text, "seed", UINT64_MAX);
    canonical_number(text, "clip", INFINITY);
    canonical_number(text, "a.2", -0.0);
    canonical_number(text, "a", -NAN);
    canonical_number(text, "tiny", 4.9406564584124654e-324);
    canonical_hash(text, "rows", &hash); /* FIPS 180-2, B.1 */
    char *all = canonical_finish(text, &error);
    assert_string_equal(all, "a=nan\n"
                             "a.2=-0x0p+0\n"
                             "arm=two\\nlines = \\\\n\n"
                             "clip=inf\n"
                             "lr=0x1.89374bc6a7efap-9\n"
                             "rows=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
                             "seed=18446744073709551615\n"
                             "tiny=0x0.0000000000001p-1022\n");
    free(all);

    text = canonical_new();
    canonical_count(text, "seed", 1);
    canonical_count(text, "seed", 1);
    assert_null(canonical_finish(text, &error));
    assert_string_equal(error.text, "text of a run: 'seed' is there twice");
    text = canonical_new();
    canonical_count(text, "Seed=", 1);
    assert_null(canonical_finish(text, &error));
    assert_non_null(strstr(error.text, "'Seed=' is no name"));
    all = canonical_finish(canonical_new(), &error);
    assert_string_equal(all, "");
    free(all);
}

/* The layout byte by byte, whatever this machine's order is. */
static void test_byte_order(void **state)
{
    (void)state;
    static const double  x[] = { 1, -2.5, NAN, -NAN, -0.0, 4.9406564584124654e-324 };
    static const uint8_t expected[] = { 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x04, 0xc0,
                                        0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f,
                                        0, 0, 0, 0, 0, 0, 0,    0x80, 1, 0, 0, 0, 0, 0, 0,    0 };
    enum { N = sizeof x / sizeof *x };
    uint8_t       bytes[8 * N];
    double        back[N];
    struct sha256 of_bytes, of_doubles;
    char          digits[17];
    sha256_bytes_of(bytes, x, N);
    assert_memory_equal(bytes, expected, sizeof expected);
    sha256_doubles_of(back, bytes, N);
    for (size_t i = 0; i < N; i++)
        assert_true(memcmp(&back[i], &x[i], 8) == 0 || (isnan(x[i]) && isnan(back[i])));
    sha256_bytes(&of_bytes, expected, sizeof expected);
    sha256_doubles(&of_doubles, x, N);
    assert_memory_equal(&of_bytes, &of_doubles, sizeof of_bytes);
    sha256_hex(digits, &of_bytes, 16);
    assert_int_equal(strlen(digits), 16);

    double  *many = calloc(5000, 8); /* longer than a buffer of the streaming hash */
    uint8_t *flat = malloc(8 * 5000);
    assert_true(many && flat);
    for (size_t i = 0; i < 5000; i++)
        many[i] = (double)i / 7;
    sha256_bytes_of(flat, many, 5000);
    sha256_bytes(&of_bytes, flat, 8 * 5000);
    sha256_doubles(&of_doubles, many, 5000);
    assert_memory_equal(&of_bytes, &of_doubles, sizeof of_bytes);
    free(many);
    free(flat);
}

/* ------------------------------------------------------------------------------------------------ there and back -- */

static void test_round_trip(void **state)
{
    (void)state;
    size_t           rows;
    fathom_error     error;
    struct store    *store = world_open("runs.db");
    struct store_run run = world_run(3), found;
    assert_int_equal(store_find(&found, store, run.text, 0, &error), STORE_ABSENT);
    for (unsigned i = 0; i < RUNS; i++)
        world_put(store, i);
    for (int again = 0; again < 2; again++) {
        for (unsigned i = 0; i < RUNS; i++)
            world_check(store, i);
        assert_int_equal(store_count(&rows, store, &error), STORE_OK);
        assert_int_equal(rows, RUNS);
        store_close(store);
        store = world_open("runs.db"); /* from the file, without the log */
    }
    assert_false(world_exists(world_path("runs.db-wal")) && world_exists(world_path("runs.db.damaged")));

    /* Host and time are of this machine, and only those parts are read that are wanted. */
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    assert_int_equal(store_find(&found, store, run.text, 0, &error), STORE_OK);
    assert_string_equal(found.host, host);
    assert_int_equal(strlen(found.made), strlen("2026-01-31T23:59:59Z"));
    assert_int_equal(found.keep, STORE_TRACE | STORE_PARAMS);
    assert_true(found.has_trace && found.has_params && !found.loss && !found.params);
    store_run_free(&found);
    store_run_free(&run);
    store_close(store);
}

/* Every line of the text decides. */
static void test_key(void **state)
{
    (void)state;
    fathom_error     error;
    struct store    *store = world_open("runs.db");
    struct store_run run = world_run(7), found;
    world_put(store, 7);
    const size_t length = strlen(run.text);
    for (size_t i = 0; i < length; i++) {
        run.text[i] ^= 1;
        assert_int_equal(store_find(&found, store, run.text, 0, &error), STORE_ABSENT);
        run.text[i] ^= 1;
    }
    run.text[length - 1] = '\0';
    assert_int_equal(store_find(&found, store, run.text, 0, &error), STORE_ABSENT);
    store_run_free(&run);
    store_close(store);
}

static void test_one_result(void **state)
{
    (void)state;
    fathom_error     error;
    size_t           rows;
    struct store    *store = world_open("runs.db");
    struct store_run run = world_run(3), found;
    run.keep = 0;
    assert_int_equal(store_put(store, &run, &error), STORE_OK);
    assert_int_equal(store_put(store, &run, &error), STORE_OK);

    /* What was not kept is absent for whoever wants it; put again with it, it is there beside what was. */
    assert_int_equal(store_find(&found, store, run.text, STORE_TRACE, &error), STORE_ABSENT);
    for (unsigned keep = 1; keep <= 2; keep++) {
        run.keep = keep;
        assert_int_equal(store_put(store, &run, &error), STORE_OK);
        assert_int_equal(store_find(&found, store, run.text, keep, &error), STORE_OK);
        store_run_free(&found);
    }
    world_check(store, 3);
    assert_int_equal(store_count(&rows, store, &error), STORE_OK);
    assert_int_equal(rows, 1);

    /* One bit anywhere in the result is another result. */
    double *const     places[] = { &run.numbers[0], &run.numbers[WORLD_NUMBERS - 1], &run.loss[2], &run.grad_norm[1],
                                   &run.params[run.n_params - 1] };
    const char *const names[] = { "n_params", "grad_norm", "trace", "trace", "parameters" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const double before = *places[i];
        *places[i] = isfinite(before) ? nextafter(before, 10) : 1;
        run.keep = 0;
        assert_int_equal(store_put(store, &run, &error), STORE_CONFLICT);
        char expected[64];
        snprintf(expected, sizeof expected, "has two results: %s differs", names[i]);
        if (!strstr(error.text, expected) || !strstr(error.text, "seed=3"))
            fail_msg("'%s' should say '%s' and the run", error.text, expected);
        *places[i] = before;
    }
    run.outcome[0] = 'x';
    assert_int_equal(store_put(store, &run, &error), STORE_CONFLICT);
    assert_non_null(strstr(error.text, "outcome"));
    world_check(store, 3);
    store_run_free(&run);
    store_close(store);
}

static void test_threads(void **state)
{
    (void)state;
    size_t        rows;
    fathom_error  error;
    struct store *store = world_open("runs.db");
    int           bad = 0;
#pragma omp parallel for num_threads(8) schedule(dynamic) reduction(+ : bad)
    for (unsigned i = 0; i < 4 * RUNS; i++) {
        fathom_error     mine;
        struct store_run run = world_run(i % RUNS), found;
        bad += store_put(store, &run, &mine) != STORE_OK;
        bad += store_find(&found, store, run.text, 0, &mine) != STORE_OK || !world_is(&found, i % RUNS);
        store_run_free(&found);
        store_run_free(&run);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(store_count(&rows, store, &error), STORE_OK);
    assert_int_equal(rows, RUNS);
    for (unsigned i = 0; i < RUNS; i++)
        world_check(store, i);
    store_close(store);
}

/* ----------------------------------------------------------------------------------- stores of someone else ---- */

static void refused(const char *path, const struct store_schema *schema, const char *code, const char *says)
{
    fathom_error  moved, error;
    struct store *store = store_open(path, schema, code, &moved, &error);
    if (store)
        fail_msg("%s was opened; it should be refused with '%s'", path, says);
    if (!strstr(error.text, says) || strchr(error.text, '\n') || *moved.text || !strstr(error.text, path))
        fail_msg("'%s' should be one line with '%s' and '%s'", error.text, path, says);
}

static void test_refused_by_name(void **state)
{
    (void)state;
    char              other[65];
    const char *const more[] = { "n_params", "heldout_logp", "kl", "grad_norm", "skipped" };
    const char *const turned[] = { "n_params", "kl", "heldout_logp", "grad_norm" };
    struct store     *store = world_open("runs.db");
    world_put(store, 1);
    store_close(store);
    strcpy(other, world_code);
    other[63] = '0';
    refused(world_path("runs.db"), &world_schema, other, "belongs to other code: fingerprint 00112233");
    refused(world_path("runs.db"), &(struct store_schema){ 2, world_schema.numbers, WORLD_NUMBERS }, world_code,
            "belongs to another schema: schema 1 there, 2 here");
    refused(world_path("runs.db"), &(struct store_schema){ 1, more, 5 }, world_code,
            "belongs to another schema: columns n_params heldout_logp kl grad_norm there");
    refused(world_path("runs.db"), &(struct store_schema){ 1, turned, 4 }, world_code,
            "belongs to another schema: columns");
    store = world_open("runs.db"); /* and it is as it was */
    world_check(store, 1);
    store_close(store);
}

static void test_not_a_store(void **state)
{
    (void)state;
    size_t      size;
    const char *path = world_path("table.tsv");
    sqlite3    *db;
    world_write(path, (const uint8_t *)"a\tb\n1\t2\n", 8);
    refused(path, &world_schema, world_code, "file is not a database");
    uint8_t *bytes = world_read(path, &size);
    assert_memory_equal(bytes, "a\tb\n1\t2\n", 8);
    free(bytes);

    path = world_path("other.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE runs (x); INSERT INTO runs VALUES (1)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    refused(path, &world_schema, world_code, "is a database, but not a store of runs");

    refused(world_path("no/such/runs.db"), &world_schema, world_code, "No such file or directory");
    assert_int_equal(mkdir(world_path("folder"), 0777), 0);
    refused(world_path("folder"), &world_schema, world_code, "is not a file");
    refused("/dev/null", &world_schema, world_code, "is not a file");
    refused("/proc/self/runs.db", &world_schema, world_code, "cannot be opened");
    refused("", &world_schema, world_code, "empty");
    refused(world_path("x.db"), &world_schema, "0123", "schema or fingerprint is not one");
    refused(world_path("x.db"), &(struct store_schema){ 1, (const char *const[]){ "a\"b" }, 1 }, world_code,
            "schema or fingerprint is not one");
    assert_false(world_exists(world_path("x.db")));
}

/* A trigger could change what is put; a view changes nothing. */
static void test_tables_are_as_made(void **state)
{
    (void)state;
    sqlite3      *db;
    fathom_error  moved, error;
    struct store *store = world_open("runs.db");
    world_put(store, 1);
    store_close(store);
    assert_int_equal(sqlite3_open(world_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE VIEW v AS SELECT outcome FROM runs", NULL, NULL, NULL), SQLITE_OK);
    store = world_open("runs.db");
    store_close(store);
    assert_int_equal(sqlite3_exec(db, "CREATE TRIGGER t AFTER INSERT ON runs BEGIN UPDATE runs SET kl = 0; END", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
    assert_non_null(store);
    assert_non_null(strstr(moved.text, "tables"));
    store_close(store);
}

/* The schema of the real programs may use any double, and SQLite itself shows it. */
static void test_columns(void **state)
{
    (void)state;
    sqlite3      *db;
    sqlite3_stmt *s;
    struct store *store = world_open("runs.db");
    world_put(store, 3);
    store_close(store);
    struct store_run run = world_run(3);
    uint8_t          expected[8 * 64];
    assert_int_equal(sqlite3_open(world_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT heldout_logp, typeof(kl), loss_trace, final_params, key FROM runs",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_true(sqlite3_column_double(s, 0) == run.numbers[1]);
    assert_string_equal(sqlite3_column_text(s, 1), isnan(run.numbers[2]) ? "null" : "real");
    sha256_bytes_of(expected, run.loss, run.steps);
    assert_int_equal(sqlite3_column_bytes(s, 2), 8 * run.steps);
    assert_memory_equal(sqlite3_column_blob(s, 2), expected, 8 * run.steps);
    sha256_bytes_of(expected, run.params, run.n_params);
    assert_int_equal(sqlite3_column_bytes(s, 3), 8 * run.n_params);
    assert_memory_equal(sqlite3_column_blob(s, 3), expected, 8 * run.n_params);
    struct sha256 key;
    sha256_bytes(&key, run.text, strlen(run.text));
    assert_memory_equal(sqlite3_column_blob(s, 4), &key, sizeof key);
    sqlite3_finalize(s);
    sqlite3_close(db);
    store_run_free(&run);
}

/* ------------------------------------------------------------------------------------------- other programs ---- */

static void test_waits_for_another(void **state)
{
    (void)state;
    sqlite3         *db;
    fathom_error     error;
    struct store    *store = world_open("runs.db");
    struct store_run run = world_run(1);
    assert_int_equal(sqlite3_open(world_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    store_patience(store, 30);
    assert_int_equal(store_put(store, &run, &error), STORE_FAILED);
    assert_non_null(strstr(error.text, "locked"));
    store_patience(store, 20000);
    int status = -1;
#pragma omp parallel sections num_threads(2)
    {
#pragma omp section
        status = (int)store_put(store, &run, &error);
#pragma omp section
        {
            usleep(100000);
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        }
    }
    assert_int_equal(status, STORE_OK);
    world_check(store, 1);
    sqlite3_close(db);
    store_run_free(&run);
    store_close(store);
}

static void test_two_programs(void **state)
{
    (void)state;
    enum { PROGRAMS = 3 };
    pid_t children[PROGRAMS];
    for (unsigned p = 0; p < PROGRAMS; p++) {
        children[p] = fork();
        assert_true(children[p] >= 0);
        if (children[p] == 0) {
            fathom_error  moved, error;
            struct store *store = store_open(world_path("runs.db"), &world_schema, world_code, &moved, &error);
            int           bad = !store || *moved.text;
            for (unsigned i = 0; !bad && i < 2 * RUNS; i++) {
                struct store_run run = world_run((i + p * RUNS / 2) % (2 * RUNS));
                bad = store_put(store, &run, &error) != STORE_OK;
                store_run_free(&run);
            }
            if (bad)
                fprintf(stderr, "%s%s\n", moved.text, error.text);
            store_close(store);
            _exit(bad);
        }
    }
    for (unsigned p = 0; p < PROGRAMS; p++) {
        int status;
        assert_int_equal(waitpid(children[p], &status, 0), children[p]);
        assert_int_equal(status, 0);
    }
    struct store *store = world_open("runs.db");
    for (unsigned i = 0; i < 2 * RUNS; i++)
        world_check(store, i);
    store_close(store);
}

static void test_removed_meanwhile(void **state)
{
    (void)state;
    fathom_error     error;
    struct store_run run = world_run(1);
    struct store    *store = world_open("runs.db");
    unlink(world_path("runs.db"));
    assert_int_equal(store_put(store, &run, &error), STORE_FAILED);
    assert_non_null(strstr(error.text, "removed or renamed"));
    store_close(store);
    store_run_free(&run);
}

static void test_fingerprint(void **state)
{
    (void)state;
    assert_int_equal(strlen(code_fingerprint), 64);
    assert_int_equal(strspn(code_fingerprint, "0123456789abcdef"), 64);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_text),
        cmocka_unit_test(test_byte_order),
        cmocka_unit_test(test_fingerprint),
        in_folder(test_round_trip),
        in_folder(test_key),
        in_folder(test_one_result),
        in_folder(test_threads),
        in_folder(test_refused_by_name),
        in_folder(test_not_a_store),
        in_folder(test_tables_are_as_made),
        in_folder(test_columns),
        in_folder(test_waits_for_another),
        in_folder(test_two_programs),
        in_folder(test_removed_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
