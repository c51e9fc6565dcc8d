/* test_streams.c - every random number against the reference stack, bit by bit where it is an integer or a uniform.
 *
 * tests/reference/streams.txt holds what JAX 0.9.2 and NumPy 2.4 printed; each of its lines is checked, by the table
 * below, and a line that the table does not know is a failure.  The Threefry vectors are the published ones of
 * Random123 (Salmon et al. 2011, file kat_vectors); the wide integer ranges, mixed draws and far normals, beyond the
 * file, were printed by the same stack.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fathom.h"

enum { MOST = 1024 }; /* values on a line */

static const double tail_start = 3.6541528853610088; /* of the ziggurat */

/* -------------------------------------------------------------------------------------- the reference file ---- */

/* What a line holds, as integers or as reals.  Each get_ below fills it in and gives back how many values there are. */
typedef struct values {
    uint64_t integer[MOST];
    double   real[MOST];
} values;

typedef enum kind { INTEGERS, REALS, NORMALS, COUNT_AND_SUM } kind;

static size_t get_key(values *v, uint64_t seed, size_t n)
{
    const fathom_key key = fathom_key_from_seed(seed);
    (void)n;
    v->integer[0] = key.word[0];
    v->integer[1] = key.word[1];
    return 2;
}

static size_t get_split(values *v, uint64_t seed, size_t n)
{
    fathom_key keys[MOST / 2];
    fathom_key_split(keys, fathom_key_from_seed(seed), n);
    for (size_t i = 0; i < 2 * n; i++)
        v->integer[i] = keys[i / 2].word[i % 2];
    return 2 * n;
}

static size_t get_bits32(values *v, uint64_t seed, size_t n)
{
    uint32_t word[MOST];
    fathom_bits32(word, fathom_key_from_seed(seed), n);
    for (size_t i = 0; i < n; i++)
        v->integer[i] = word[i];
    return n;
}

static size_t get_bits64(values *v, uint64_t seed, size_t n)
{
    fathom_bits64(v->integer, fathom_key_from_seed(seed), n);
    return n;
}

static size_t get_uniform(values *v, uint64_t seed, size_t n)
{
    fathom_uniform(v->real, fathom_key_from_seed(seed), 0, 1, n);
    return n;
}

static size_t get_uniform_quarter(values *v, uint64_t seed, size_t n)
{
    fathom_uniform(v->real, fathom_key_from_seed(seed), -0.25, 0.25, n);
    return n;
}

static size_t get_normal(values *v, uint64_t seed, size_t n)
{
    fathom_normal(v->real, fathom_key_from_seed(seed), n);
    return n;
}

static size_t randint_below(values *v, uint64_t seed, int64_t below, size_t n)
{
    int64_t draw[MOST];
    fathom_randint(draw, fathom_key_from_seed(seed), 0, below, n);
    for (size_t i = 0; i < n; i++)
        v->integer[i] = (uint64_t)draw[i];
    return n;
}

static size_t get_randint_3000(values *v, uint64_t seed, size_t n) { return randint_below(v, seed, 3000, n); }

static size_t get_randint_1000003(values *v, uint64_t seed, size_t n) { return randint_below(v, seed, 1000003, n); }

static size_t get_batch(values *v, uint64_t seed, size_t step)
{
    uint32_t rows[3 * 512];
    fathom_batches(rows, seed, 0, 3, 512, 3000);
    for (size_t i = 0; i < 512; i++)
        v->integer[i] = rows[512 * step + i];
    return 512;
}

static size_t get_pcg_raw(values *v, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        v->integer[i] = fathom_pcg64_next(&rng);
    return n;
}

static size_t get_pcg_uniform(values *v, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        v->real[i] = 0.5 + 3 * fathom_pcg64_uniform(&rng);
    return n;
}

static size_t pcg_integers(values *v, uint64_t seed, int64_t below, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        v->integer[i] = (uint64_t)fathom_pcg64_integer(&rng, 0, below);
    return n;
}

static size_t get_pcg_bits(values *v, uint64_t seed, size_t n) { return pcg_integers(v, seed, 2, n); }

static size_t get_pcg_thousand(values *v, uint64_t seed, size_t n) { return pcg_integers(v, seed, 1000, n); }

static size_t get_pcg_normal(values *v, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        v->real[i] = fathom_pcg64_normal(&rng);
    return n;
}

static size_t get_pcg_normal_end(values *v, uint64_t seed, size_t first)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < 200000; i++) {
        const double z = fathom_pcg64_normal(&rng);
        if (i >= first)
            v->real[i - first] = z;
    }
    return 200000 - first;
}

static size_t get_pcg_normal_tail(values *v, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    v->real[0] = v->real[1] = 0;
    for (size_t i = 0; i < n; i++) {
        const double z = fathom_pcg64_normal(&rng);
        if (fabs(z) > tail_start) {
            v->real[0]++;
            v->real[1] += z;
        }
    }
    return 2;
}

/* How a line begins (%llu: the seed), the draws that it shows, and how they compare. */
static const struct {
    const char *form;
    size_t (*get)(values *v, uint64_t seed, size_t n);
    size_t n;
    kind   how;
} known[] = {
    { "key(%llu):%n", get_key, 0, INTEGERS },
    { "split(key(%llu),2):%n", get_split, 2, INTEGERS },
    { "split(key(%llu),3):%n", get_split, 3, INTEGERS },
    { "bits32(key(%llu),5):%n", get_bits32, 5, INTEGERS },
    { "bits64(key(%llu),5):%n", get_bits64, 5, INTEGERS },
    { "uniform(key(%llu),5,[0,1)):%n", get_uniform, 5, REALS },
    { "uniform(key(%llu),5,[-0.25,0.25)):%n", get_uniform_quarter, 5, REALS },
    { "normal(key(%llu),2x2):%n", get_normal, 4, NORMALS },
    { "randint(key(%llu),8,[0,3000)):%n", get_randint_3000, 8, INTEGERS },
    { "randint(key(%llu),8,[0,1000003)):%n", get_randint_1000003, 8, INTEGERS },
    { "batch(seed %llu,step 0):%n", get_batch, 0, INTEGERS },
    { "batch(seed %llu,step 1):%n", get_batch, 1, INTEGERS },
    { "batch(seed %llu,step 2):%n", get_batch, 2, INTEGERS },
    { "numpy.pcg64.raw(%llu,6):%n", get_pcg_raw, 6, INTEGERS },
    { "numpy.uniform(0.5,3.5,%llu,6):%n", get_pcg_uniform, 6, REALS },
    { "numpy.integers(0,2,%llu,24):%n", get_pcg_bits, 24, INTEGERS },
    { "numpy.integers(0,1000,%llu,12):%n", get_pcg_thousand, 12, INTEGERS },
    { "numpy.standard_normal(%llu,6):%n", get_pcg_normal, 6, NORMALS },
    { "numpy.standard_normal(%llu)[199994:200000]:%n", get_pcg_normal_end, 199994, NORMALS },
    { "numpy.standard_normal(%llu,200000) tail |z|>3.6541528853610088 count, sum:%n", get_pcg_normal_tail, 200000,
      COUNT_AND_SUM },
};
enum { KNOWN = sizeof known / sizeof *known };

static void check_values(const char *line, const char *text, kind how, const values *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *end;
        bool  same;
        if (how == INTEGERS) {
            same = strtoull(text, &end, 10) == v->integer[i];
        } else {
            const double expected = strtod(text, &end);
            const double tolerance = how == REALS ? 0 : how == NORMALS ? 1e-14 * fabs(expected) : i > 0 ? 1e-12 : 0;
            same = fabs(v->real[i] - expected) <= tolerance;
        }
        if (end == text || !same)
            fail_msg("value %zu of \"%.60s...\" is %llu or %.17g", i, line, (unsigned long long)v->integer[i],
                     v->real[i]);
        text = end;
    }
    assert_true(text[strspn(text, " \n")] == '\0'); /* no value left over */
}

static void test_reference_file(void **state)
{
    (void)state;
    FILE  *in = fopen("tests/reference/streams.txt", "r");
    char   line[16384];
    size_t lines = 0, times[KNOWN] = { 0 };
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        static values      v;
        unsigned long long seed;
        size_t             k;
        if (line[0] == '#')
            continue;
        for (k = 0; k < KNOWN; k++) {
            int length = 0;
            v = (values){ .integer = { 0 } };
            if (sscanf(line, known[k].form, &seed, &length) == 1 && length > 0) {
                check_values(line, line + length, known[k].how, &v, known[k].get(&v, seed, known[k].n));
                times[k]++;
                break;
            }
        }
        if (k == KNOWN)
            fail_msg("no check knows \"%.60s\"", line);
        lines++;
    }
    fclose(in);
    assert_int_equal(lines, 64);
    for (size_t k = 0; k < KNOWN; k++)
        if (times[k] == 0)
            fail_msg("no line is \"%s\"", known[k].form);
}

/* ----------------------------------------------------------------------------------------- beyond the file ---- */

static void test_random123_vectors(void **state)
{
    (void)state;
    const struct {
        uint32_t counter[2], key[2], out[2];
    } vector[] = {
        { { 0, 0 }, { 0, 0 }, { 0x6b200159, 0x99ba4efe } },
        { { 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff }, { 0x1cb996fc, 0xbb002be7 } },
        { { 0x243f6a88, 0x85a308d3 }, { 0x13198a2e, 0x03707344 }, { 0xc4923a9c, 0x483df7a0 } },
    };
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        uint32_t out[2];
        fathom_threefry(out, (fathom_key){ { vector[i].key[0], vector[i].key[1] } }, vector[i].counter);
        if (out[0] != vector[i].out[0] || out[1] != vector[i].out[1])
            fail_msg("vector %zu is %08x %08x, expected %08x %08x", i, out[0], out[1], vector[i].out[0],
                     vector[i].out[1]);
    }
}

static void test_wide_ranges(void **state)
{
    (void)state;
    const struct {
        uint64_t seed;
        int64_t  lo, hi, draw[6];
        size_t   n;
    } numpy[] = {
        { 7, -5, 3221225472, { 3043751911, 2013573436, 2890127948, 1862810375, 2685377904 }, 5 },
        { 7, 0, 4294967296, { 4058335883, 2684764585, 2938530453, 3853503932, 2483747170 }, 5 },
        { 7, -10, 4294967287, { 2684764576, 3853503923, 3331544662, 967257506 }, 4 },
        { 7,
          0,
          6917529027641081856,
          { 6206502512207226871, 5365828278596935044, 1557877273993399992, 2076408988992585337, 6042831315724521139,
            5680871422486561426 },
          6 },
        { 7,
          INT64_MIN,
          INT64_MAX,
          { 2307604057237572234, 7327301329031162516, 5085503372737050977, -5069032639539042495 },
          4 },
        { 7, 4, 5, { 4, 4, 4 }, 3 },
        { 9223372036854775813u, 0, 1000000000000, { 480233105323, 904173377013, 641730633873, 62379774775 }, 4 },
    };
    for (size_t k = 0; k < sizeof numpy / sizeof *numpy; k++) {
        fathom_pcg64 rng;
        fathom_pcg64_seed(&rng, numpy[k].seed);
        for (size_t i = 0; i < numpy[k].n; i++)
            assert_int_equal(fathom_pcg64_integer(&rng, numpy[k].lo, numpy[k].hi), numpy[k].draw[i]);
    }
    const struct {
        int64_t lo, hi, draw[4];
    } jax[] = {
        /* key(9) */
        { -3, 4, { -1, 0, -2, -2 } },
        { 0, 4294967296, { 922688553, 4216032615, 949251831, 2216359599 } },
        { 0, 1099511627783, { 172712184969, 854531043210, 340177769418, 904081819395 } },
        { INT64_MIN,
          INT64_MAX,
          { -7779018205514752983, 4679798319852784999, 2384140671990918903, 2976867063711856303 } },
        { 5, 5, { 5, 5, 5, 5 } },
    };
    for (size_t k = 0; k < sizeof jax / sizeof *jax; k++) {
        int64_t draw[4];
        fathom_randint(draw, fathom_key_from_seed(9), jax[k].lo, jax[k].hi, 4);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(draw[i], jax[k].draw[i]);
    }
}

/* The half word that an integer keeps waits while other draws pass it by; printed by NumPy. */
static void test_mixed_draws(void **state)
{
    (void)state;
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, 3);
    assert_int_equal(fathom_pcg64_integer(&rng, 0, 100), 81);
    assert_true(fathom_pcg64_uniform(&rng) == 0x1.e4fce8296f7e8p-3);
    assert_int_equal(fathom_pcg64_integer(&rng, 0, 100), 8);
    assert_true(fathom_pcg64_normal(&rng) == 0x1.ac221aa4baeafp-2);
    assert_int_equal(fathom_pcg64_integer(&rng, 0, 100), 86);
    assert_int_equal(fathom_pcg64_integer(&rng, 0, 100), 58);
}

/* Draw i does not depend on how many are drawn. */
static void test_prefixes(void **state)
{
    (void)state;
    enum { N = 83 };
    const fathom_key key = { { 12345, 678910 } };
    fathom_key       keys[N], some_keys[N];
    uint32_t         word[N], some_words[N];
    uint64_t         wide[N], some_wide[N];
    int64_t          integer[N], some_integers[N];
    double           normal[N], some_normals[N];

    fathom_key_split(keys, key, N);
    fathom_bits32(word, key, N);
    fathom_bits64(wide, key, N);
    fathom_randint(integer, key, -7, 1000, N);
    fathom_normal(normal, key, N);
    for (size_t n = 0; n < N; n++) {
        fathom_key_split(some_keys, key, n);
        fathom_bits32(some_words, key, n);
        fathom_bits64(some_wide, key, n);
        fathom_randint(some_integers, key, -7, 1000, n);
        fathom_normal(some_normals, key, n);
        if (n == 0)
            continue;
        assert_memory_equal(keys, some_keys, n * sizeof *keys);
        assert_memory_equal(word, some_words, n * sizeof *word);
        assert_memory_equal(wide, some_wide, n * sizeof *wide);
        assert_memory_equal(integer, some_integers, n * sizeof *integer);
        assert_memory_equal(normal, some_normals, n * sizeof *normal);
    }
    uint32_t out[2];
    for (uint32_t i = 0; i < N; i++) {
        fathom_threefry(out, key, (uint32_t[]){ 0, i });
        assert_true(out[0] == keys[i].word[0] && out[1] == keys[i].word[1]);
        assert_true((out[0] ^ out[1]) == word[i] && ((uint64_t)out[0] << 32 | out[1]) == wide[i]);
    }
}

/* Batches of any size, and their first rows are those of a larger batch; from any step on. */
static void test_batches(void **state)
{
    (void)state;
    uint32_t small[5 * 7], large[5 * 100], one[1];
    fathom_batches(small, 9, 0, 5, 7, 4294967295u);
    fathom_batches(large, 9, 0, 5, 100, 4294967295u);
    for (size_t step = 0; step < 5; step++)
        assert_memory_equal(small + 7 * step, large + 100 * step, 7 * sizeof *small);
    fathom_batches(one, 9, 0, 1, 1, 1);
    fathom_batches(small, 9, 3, 2, 7, 4294967295u); /* the last two steps by themselves */
    assert_memory_equal(small, large + 100 * 3, 7 * sizeof *small);
    assert_memory_equal(small + 7, large + 100 * 4, 7 * sizeof *small);
    assert_int_equal(one[0], 0);
}

/* One draw each from seeds whose first uniform lies within 5.7e-8 of +-1, where the last polynomial serves; JAX's. */
static void test_far_normals(void **state)
{
    (void)state;
    const struct {
        uint64_t seed;
        double   normal;
    } far[] = {
        { 37022968, -5.5993628980796375 },  { 58041651, 5.4338522593109788 },  { 103823871, 5.9134400524624766 },
        { 147171763, -5.8322864434745476 }, { 164032848, 5.9818613536206175 }, { 265173888, 5.5253595127260127 },
    };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        double z;
        fathom_normal(&z, fathom_key_from_seed(far[i].seed), 1);
        if (!(fabs(z - far[i].normal) <= 1e-14 * fabs(far[i].normal)))
            fail_msg("the normal of seed %llu is %.17g, expected %.17g", (unsigned long long)far[i].seed, z,
                     far[i].normal);
    }
}

/* sqrt 2 erfinv(u) against the C library's erfc: 1 - |u| = erfc(|z| / sqrt 2), whose relative change is z^2 or so times
 * that of z, and the rounding of 1 - u^2 once more: 2^-53 / (1 - u^2). */
static void test_normals_have_their_quantiles(void **state)
{
    (void)state;
    enum { N = 200000 };
    double          *z = malloc(N * sizeof *z), *u = malloc(N * sizeof *u), largest = 0;
    const fathom_key key = fathom_key_from_seed(77);
    fathom_normal(z, key, N);
    fathom_uniform(u, key, -1 + 0x1p-53, 1, N);
    for (size_t i = 0; i < N; i++) {
        const double rest = erfc(fabs(z[i]) / sqrt(2)), expected = 1 - fabs(u[i]);
        const double allowed = 4e-15 * (1 + z[i] * z[i]) + 0x1p-52 / expected;
        if (!(fabs(rest - expected) <= allowed * expected))
            fail_msg("u = %.17g gave %.17g, off by %g", u[i], z[i], (rest - expected) / expected);
        assert_true((z[i] > 0) == (u[i] > 0));
        largest = fabs(z[i]) > largest ? fabs(z[i]) : largest;
    }
    free(z);
    free(u);
    assert_true(largest > 4); /* so both the first and the middle polynomial were used */
}

/* On an interval of a few doubles rounding leads to the upper end, which does not belong to it. */
static void test_uniform_stays_below(void **state)
{
    (void)state;
    enum { N = 1000 };
    static const double ends[][2] = {
        { 1, 1 + 0x1p-52 },
        { 1, 1 + 0x1p-51 },
        { -1 - 0x1p-52, -1 },
        { 0, 0x1p-1074 },
        { -0x1p-1074, 0 },
        { -0x1p-1074, 0x1p-1074 },
        { 0x1p1023, 0x1.0000000000001p1023 },
        { 1e16, 1e16 + 2 },
        { -3, -3 + 0x1p-51 },
    };
    double u[N];
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        fathom_uniform(u, fathom_key_from_seed(9), ends[e][0], ends[e][1], N);
        for (size_t i = 0; i < N; i++)
            if (!(u[i] >= ends[e][0] && u[i] < ends[e][1]))
                fail_msg("%a is not on [%a, %a)", u[i], ends[e][0], ends[e][1]);
    }
    fathom_uniform(u, fathom_key_from_seed(9), 3, 3, 1); /* an empty one: as JAX, lo */
    assert_true(u[0] == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_file),
        cmocka_unit_test(test_random123_vectors),
        cmocka_unit_test(test_wide_ranges),
        cmocka_unit_test(test_mixed_draws),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_far_normals),
        cmocka_unit_test(test_normals_have_their_quantiles),
        cmocka_unit_test(test_uniform_stays_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
