/* test_store_merge.c - several stores into one: the same content in whatever order they come, and nothing of any of them
 * if one cannot be taken.
 */
#include "store_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct digest {
    struct sha256 all; /* of every logical byte, in the order of the keys */
    size_t        rows;
};

static bool add_to_digest(void *context, const struct store_run *run)
{
    struct digest *digest = context;
    char           line[8192];
    int n = snprintf(line, sizeof line, "%s%s %s %s %a %u", run->text, run->outcome, run->host, run->made, run->seconds,
                     run->keep);
    memcpy(line + n, &digest->all, sizeof digest->all);
    n += (int)sizeof digest->all;
    sha256_bytes_of((uint8_t *)line + n, run->numbers, WORLD_NUMBERS);
    n += 8 * WORLD_NUMBERS;
    const double *const parts[] = { run->loss, run->grad_norm, run->params };
    const size_t        sizes[] = { run->steps, run->steps, run->n_params };
    for (size_t i = 0; i < 3; i++)
        if (parts[i]) {
            sha256_bytes_of((uint8_t *)line + n, parts[i], sizes[i]);
            n += (int)(8 * sizes[i]);
        }
    sha256_bytes(&digest->all, line, (size_t)n);
    return ++digest->rows < 1000;
}

static struct digest digest_of(struct store *store)
{
    struct digest digest = { 0 };
    size_t        damaged;
    fathom_error  error;
    assert_int_equal(store_each(store, STORE_TRACE | STORE_PARAMS, add_to_digest, &digest, &damaged, &error), STORE_OK);
    assert_int_equal(damaged, 0);
    return digest;
}

static void fill(const char *name, unsigned from, unsigned to, unsigned keep)
{
    fathom_error  error;
    struct store *store = world_open(name);
    for (unsigned i = from; i < to; i++) {
        struct store_run run = world_run(i);
        run.keep &= keep;
        if (store_put(store, &run, &error) != STORE_OK)
            fail_msg("%s", error.text);
        store_run_free(&run);
    }
    store_close(store);
}

static void test_merge_in_any_order(void **state)
{
    (void)state;
    static const unsigned orders[6][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 }
    };
    struct digest first = { 0 };
    fathom_error  error;
    fill("a.db", 0, 30, STORE_TRACE);
    fill("b.db", 0, 50, STORE_PARAMS);
    sleep(1); /* another time: the earlier one stays */
    fill("c.db", 25, 60, STORE_TRACE | STORE_PARAMS);
    for (unsigned o = 0; o < 6; o++) {
        struct store_counts counts;
        const char         *from[3];
        char                name[16];
        for (unsigned i = 0; i < 3; i++)
            from[i] = world_path((const char *[]){ "a.db", "b.db", "c.db" }[orders[o][i]]);
        snprintf(name, sizeof name, "into%u.db", o);
        struct store *into = world_open(name);
        if (store_merge(into, from, 3, &counts, &error) != STORE_OK)
            fail_msg("%s", error.text);
        assert_int_equal(counts.rows, 30 + 50 + 35);
        assert_int_equal(counts.added, 60);
        assert_int_equal(counts.same, 55);
        assert_int_equal(counts.damaged, 0);
        for (unsigned i = 0; i < 60; i++)
            world_check(into, i);
        const struct digest digest = digest_of(into);
        assert_int_equal(digest.rows, 60);
        if (o == 0)
            first = digest;
        assert_memory_equal(&digest.all, &first.all, sizeof first.all);
        assert_int_equal(store_merge(into, from, 3, &counts, &error), STORE_OK);
        assert_int_equal(counts.added, 0);
        store_close(into);
    }
}

/* Whatever is wrong with one of them, nothing is taken of any. */
static void merge_fails(const char *bad, enum store_status expected, const char *says)
{
    struct store_counts counts;
    size_t              rows;
    fathom_error        error;
    const char         *from[] = { world_path("good.db"), world_path(bad) };
    struct store       *into = world_open("into.db");
    assert_int_equal(store_merge(into, from, 2, &counts, &error), expected);
    if (!strstr(error.text, says) || !strstr(error.text, bad) || strchr(error.text, '\n'))
        fail_msg("'%s' should be one line with '%s' and '%s'", error.text, says, bad);
    assert_int_equal(store_count(&rows, into, &error), STORE_OK);
    assert_int_equal(rows, 0);
    store_close(into);
}

static void test_merge_refuses(void **state)
{
    (void)state;
    char             other[65];
    fathom_error     moved, error;
    struct store_run run = world_run(5);
    fill("good.db", 0, 10, 0);

    strcpy(other, world_code);
    other[0] = 'f';
    store_close(store_open(world_path("code.db"), &world_schema, other, &moved, &error));
    merge_fails("code.db", STORE_FAILED, "other code");
    store_close(store_open(world_path("schema.db"), &(struct store_schema){ 9, world_schema.numbers, WORLD_NUMBERS },
                           world_code, &moved, &error));
    merge_fails("schema.db", STORE_FAILED, "another schema");
    merge_fails("missing.db", STORE_FAILED, "unable to open");
    assert_false(world_exists(world_path("missing.db")));
    world_write(world_path("text.db"), (const uint8_t *)"hello", 5);
    merge_fails("text.db", STORE_FAILED, "not a database");

    struct store *store = world_open("other.db");
    run.params[0] = nextafter(run.params[0], 10);
    assert_int_equal(store_put(store, &run, &error), STORE_OK);
    store_close(store);
    merge_fails("other.db", STORE_CONFLICT, "parameters differs");
    store_run_free(&run);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        in_folder(test_merge_in_any_order),
        in_folder(test_merge_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
