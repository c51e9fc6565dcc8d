/* store_world.c - see store_world.h. */
#include "store_world.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "canonical.h"

static const char *const  numbers[WORLD_NUMBERS] = { "n_params", "heldout_logp", "kl", "grad_norm" };
const struct store_schema world_schema = { .version = 1, .numbers = numbers, .n_numbers = WORLD_NUMBERS };
const char                world_code[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static char folder[64];

int world_enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/fathom-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

int world_leave(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

const char *world_path(const char *name)
{
    static char     paths[8][256];
    static unsigned turn;
    char           *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

struct store *world_open(const char *name)
{
    fathom_error  moved, error;
    struct store *store = store_open(world_path(name), &world_schema, world_code, &moved, &error);
    if (!store)
        fail_msg("%s", error.text);
    if (*moved.text)
        fail_msg("%s", moved.text);
    return store;
}

/* ----------------------------------------------------------------------------------------------------- runs ---- */

static const double odd_numbers[] = { 0,
                                      -0.0,
                                      1,
                                      -1,
                                      NAN,
                                      INFINITY,
                                      -INFINITY,
                                      4.9406564584124654e-324,
                                      -DBL_MIN / 3,
                                      DBL_MAX,
                                      0.1,
                                      1 / 3.0,
                                      9007199254740993.0,
                                      -123456789.0,
                                      0x1.fffffffffffffp-1 };
enum { N_ODD = sizeof odd_numbers / sizeof *odd_numbers };

static double *series(unsigned seed, size_t n)
{
    double *x = malloc(8 * n);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = i % 7 == 3 ? odd_numbers[(seed + i) % N_ODD] : sin((double)i + seed) * pow(2, (double)(seed % 50) - 25);
    return x;
}

struct store_run world_run_of(unsigned i, size_t steps, size_t n_params)
{
    fathom_error      error;
    struct canonical *text = canonical_new();
    assert_non_null(text);
    canonical_word(text, "coupling", i % 2 ? "affine" : "spline");
    canonical_count(text, "seed", i);
    canonical_number(text, "lr", 0.003);
    struct store_run run = { .text = canonical_finish(text, &error),
                             .outcome = strdup(i % 5 ? "ok" : "diverged"),
                             .numbers = malloc(8 * WORLD_NUMBERS),
                             .seconds = 0.25 * i,
                             .keep = i % 4,
                             .steps = steps,
                             .n_params = n_params };
    assert_true(run.text && run.outcome && run.numbers);
    for (unsigned c = 0; c < WORLD_NUMBERS; c++)
        run.numbers[c] = odd_numbers[(i + 3 * c) % N_ODD];
    if (steps > 0) {
        run.loss = series(i, steps);
        run.grad_norm = series(i + 1000, steps);
    }
    if (n_params > 0)
        run.params = series(i + 2000, n_params);
    return run;
}

struct store_run world_run(unsigned i)
{
    return world_run_of(i, i % 9 == 8 ? 0 : 5 + i % 11, i % 10 == 9 ? 0 : 30 + i);
}

void world_put(struct store *store, unsigned i)
{
    fathom_error     error;
    struct store_run run = world_run(i);
    if (store_put(store, &run, &error) != STORE_OK)
        fail_msg("run %u: %s", i, error.text);
    store_run_free(&run);
}

static bool same(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(a + i, b + i, 8) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

bool world_is(const struct store_run *found, unsigned i)
{
    struct store_run run = world_run(i);
    struct sha256    params;
    sha256_doubles(&params, run.params, run.n_params);
    bool is = strcmp(found->text, run.text) == 0 && strcmp(found->outcome, run.outcome) == 0 &&
              same(found->numbers, run.numbers, WORLD_NUMBERS) && found->seconds == run.seconds &&
              found->has_trace == (run.steps > 0) && found->has_params == (run.n_params > 0) &&
              (!found->has_params || memcmp(&params, &found->params_hash, sizeof params) == 0);
    if (found->loss)
        is = is && found->steps == run.steps && same(found->loss, run.loss, run.steps) &&
             same(found->grad_norm, run.grad_norm, run.steps);
    if (found->params)
        is = is && found->n_params == run.n_params && same(found->params, run.params, run.n_params);
    store_run_free(&run);
    return is;
}

void world_check(struct store *store, unsigned i)
{
    fathom_error      error = { "" };
    struct store_run  run = world_run(i), found;
    enum store_status status = store_find(&found, store, run.text, run.keep, &error);
    if (status != STORE_OK)
        fail_msg("run %u is not found: status %d %s", i, (int)status, error.text);
    if (!world_is(&found, i) || (run.keep & STORE_TRACE && run.steps && !found.loss) ||
        (run.keep & STORE_PARAMS && run.n_params && !found.params))
        fail_msg("run %u came back different", i);
    store_run_free(&found);
    store_run_free(&run);
}

/* ---------------------------------------------------------------------------------------------------- files ---- */

uint8_t *world_read(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return NULL;
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    *size = (size_t)ftell(in);
    rewind(in);
    uint8_t *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, in), *size);
    fclose(in);
    return bytes;
}

void world_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

bool world_exists(const char *path) { return access(path, F_OK) == 0; }
