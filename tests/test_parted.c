/* test_parted.c - compare names the run that parted, and the first step at which it did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parted.h"
#include "run_store.h"

enum { STEPS = 6 };
static char folder[] = "/tmp/fathom-parted-XXXXXX", first[64], second[64];

/* A run of this text in the store `path`, whose gradient norm is `off` off at step 3. */
static void put(const char *path, const char *text, double off, unsigned keep)
{
    double        x[STORE_MAX_NUMBERS] = { 2 }, loss[STEPS] = { 5, 4, 3, 2, 1, 0 }, norm[STEPS] = { 1, 1, 1, 1, 1, 1 };
    double        params[2] = { 0.5 + off, 1 };
    fathom_error  error;
    struct store *store = run_store_open_file(path, &error);
    struct store_run run = { .text = (char *)text,
                             .outcome = "ok",
                             .numbers = x,
                             .loss = loss,
                             .grad_norm = norm,
                             .steps = STEPS,
                             .params = params,
                             .n_params = 2,
                             .keep = keep };
    assert_non_null(store);
    norm[3] += off;
    assert_int_equal(store_put(store, &run, &error), STORE_OK);
    store_close(store);
}

/* What parted_print prints. */
static char *told(bool *same)
{
    static char text[4096];
    char        path[128];
    snprintf(path, sizeof path, "%s/out", folder);
    fflush(stdout);
    const int out = dup(STDOUT_FILENO);
    assert_non_null(freopen(path, "w", stdout));
    *same = parted_print(first, second);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    FILE        *file = fopen(path, "r");
    const size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(first, sizeof first, "%s/a.db", folder);
    snprintf(second, sizeof second, "%s/b.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(first);
    unlink(second);
    return rmdir(folder);
}

static void says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void test_names_run_and_step(void **state)
{
    bool  same;
    char *text;
    (void)state;
    assert_false(parted_is_store(first)); /* not there */
    put(first, "depth=1\nseed=7\n", 0, STORE_TRACE);
    put(second, "depth=1\nseed=7\n", 0, 0); /* what is kept is no difference */
    put(second, "depth=9\nseed=7\n", 0, 0);
    assert_true(parted_is_store(first));
    text = told(&same);
    assert_true(same);
    assert_int_equal(strncmp(text, "1 runs the same, 0 different, 0 only in", 39), 0);
    says(text, "1 only in");

    put(first, "depth=2\nseed=7\n", 0, STORE_TRACE);
    put(second, "depth=2\nseed=7\n", 0x1p-52, STORE_TRACE);
    text = told(&same);
    assert_false(same);
    says(text, "parted: depth=2 seed=7: ok, params_sha256 ");
    says(text, "the traces part at step 3: gradient norm 1 and 1.0000000000000002\n");
    says(text, "\n1 runs the same, 1 different, 0 only in");

    put(first, "depth=3\nseed=7\n", 0, STORE_TRACE);
    put(second, "depth=3\nseed=7\n", 1, STORE_PARAMS);
    text = told(&same);
    assert_false(same);
    says(text, "not both stores keep its trace");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names_run_and_step) };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
