/* test_data_check.c - which rows deserve a warning, and which must not get one.
 *
 * Each fault is put into otherwise honest rows; and honest rows of many kinds (the spiral, a Gaussian, skewed and heavy
 * tails, correlated columns, few rows) are to give no notice at all.
 */
#include "data_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataset.h"
#include "standardise.h"

enum { N = 1000 };
static const fathom_dataset none; /* no held-out rows */

/* n rows of dim standard normals, raw; the caller standardises and frees. */
static fathom_dataset normals(uint64_t seed, size_t n, size_t dim)
{
    fathom_dataset data;
    assert_true(fathom_dataset_alloc(&data, n, dim));
    fathom_normal(data.x, fathom_key_from_seed(seed), n * dim);
    return data;
}

static struct notices notices_of(fathom_dataset *raw, const fathom_dataset *heldout, const char *const *names)
{
    struct notices found;
    assert_int_equal(fathom_dataset_standardise(raw), raw->dim);
    assert_true(data_check(&found, raw, heldout, names, NULL));
    fathom_dataset_free(raw);
    return found;
}

static void expect_none(fathom_dataset raw, const char *what)
{
    const struct notices found = notices_of(&raw, &none, NULL);
    if (found.n)
        fail_msg("%s: '%s'", what, found.list[0].text);
}

/* One notice, of this kind and column, that has the texts in it. */
static void expect_one(fathom_dataset raw, enum notice_kind kind, size_t column, const char *seen, const char *follows)
{
    const struct notices found = notices_of(&raw, &none, NULL);
    if (found.n != 1 || found.list[0].kind != kind || found.list[0].column != column ||
        !strstr(found.list[0].text, seen) || !strstr(found.list[0].text, follows) || strchr(found.list[0].text, '\n'))
        fail_msg("'%s', column %zu: %zu notices, the first: '%s'", seen, column + 1, found.n,
                 found.n ? found.list[0].text : "");
}

static double map(double normal, const char *kind)
{
    if (strcmp(kind, "uniform") == 0)
        return erf(normal / sqrt(2));
    if (strcmp(kind, "exponential") == 0)
        return -log(0.5 * erfc(normal / sqrt(2)));
    if (strcmp(kind, "lognormal") == 0)
        return exp(normal);
    if (strcmp(kind, "two decimals") == 0) /* of which each occurs three times */
        return nearbyint(100 * normal) / 100;
    return normal;
}

static void test_honest_rows(void **state)
{
    (void)state;
    static const char *const kinds[] = { "normal", "uniform", "exponential", "lognormal", "two decimals" };
    static const size_t      sizes[] = { 4, 9, 10, 30, N, 20000 };
    struct notices           found;
    fathom_dataset           spiral;
    assert_int_equal(fathom_spiral(&spiral, 0, 3000, NULL), FATHOM_OK);
    assert_true(data_check(&found, &spiral, &none, NULL, NULL));
    assert_int_equal(found.n, 0);
    fathom_dataset_free(&spiral);

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            if (strcmp(kinds[k], "two decimals") == 0 && sizes[s] > N)
                continue; /* 600 values in 20 000 rows deserve it */
            fathom_dataset raw = normals(20 + s, sizes[s], 2);
            for (size_t i = 0; i < raw.n * raw.dim; i++)
                raw.x[i] = map(raw.x[i], kinds[k]) * 3 + 7;
            expect_none(raw, kinds[k]);
        }
    /* Student's t with three degrees of freedom: z / sqrt(chi^2 / 3). */
    fathom_dataset t = normals(11, N, 2), z = normals(12, N, 6);
    for (size_t i = 0; i < 2 * N; i++) {
        const double *three = z.x + 3 * i;
        t.x[i] /= sqrt((three[0] * three[0] + three[1] * three[1] + three[2] * three[2]) / 3);
    }
    fathom_dataset_free(&z);
    expect_none(t, "t with 3 degrees of freedom");
    /* Strong correlation (0.9999) is no dependence. */
    fathom_dataset close = normals(13, N, 2);
    for (size_t i = 0; i < N; i++)
        close.x[2 * i + 1] = close.x[2 * i] + 0.01 * close.x[2 * i + 1];
    expect_none(close, "correlated");
    /* Whole numbers, but of a wide range: 1000 rows of 0 to 10^6. */
    fathom_dataset whole = normals(14, N, 2);
    for (size_t i = 0; i < 2 * N; i++)
        whole.x[i] = floor(5e5 * (1 + erf(whole.x[i])));
    expect_none(whole, "whole numbers of a wide range");
}

static void test_few_values(void **state)
{
    (void)state;
    fathom_dataset raw = normals(1, N, 2);
    for (size_t i = 0; i < N; i++)
        raw.x[2 * i + 1] = raw.x[2 * i + 1] > 0;
    expect_one(raw, NOTICE_FEW_VALUES, 1, "column 2: 2 different whole numbers in 1000 rows", "no bound");
    raw = normals(1, N, 3);
    for (size_t i = 0; i < N; i++)
        raw.x[3 * i] = nearbyint(5 * raw.x[3 * i]) + 0.25;
    expect_one(raw, NOTICE_FEW_VALUES, 0, "different values in 1000 rows", "without limit");
    raw = normals(1, N, 2); /* ages: 100 whole numbers, each ten times or less */
    for (size_t i = 0; i < N; i++)
        raw.x[2 * i] = nearbyint(40 + 25 * raw.x[2 * i]);
    expect_one(raw, NOTICE_FEW_VALUES, 0, "different whole numbers", "no bound");
    raw = normals(1, N, 2); /* many zeros: a rain gauge */
    for (size_t i = 0; i < N; i++)
        raw.x[2 * i + 1] = fmax(0, raw.x[2 * i + 1]);
    expect_one(raw, NOTICE_FEW_VALUES, 1, "the value 0 in ", "without limit");
    raw = normals(1, 3 * N, 2); /* a rare flag is no far value */
    for (size_t i = 0; i < 3 * N; i++)
        raw.x[2 * i + 1] = i == 5 || i == 1000;
    expect_one(raw, NOTICE_FEW_VALUES, 1, "2 different whole numbers in 3000 rows", "no bound");
    raw = normals(1, 10, 2);
    for (size_t i = 0; i < 10; i++)
        raw.x[2 * i + 1] = i % 2;
    expect_one(raw, NOTICE_FEW_VALUES, 1, "2 different whole numbers in 10 rows", "no bound");
}

static void test_dependence(void **state)
{
    (void)state;
    fathom_dataset raw = normals(2, N, 4);
    for (size_t i = 0; i < N; i++)
        raw.x[4 * i + 3] = 3 * raw.x[4 * i] - raw.x[4 * i + 2] + 5;
    expect_one(raw, NOTICE_DEPENDENCE, 0, "columns 1, 3 and 4 determine each other", "3 of 4 dimensions");
    raw = normals(2, N, 2); /* Celsius and Fahrenheit, in six digits */
    for (size_t i = 0; i < N; i++)
        raw.x[2 * i + 1] = nearbyint(1e6 * (1.8 * raw.x[2 * i] + 32)) / 1e6;
    expect_one(raw, NOTICE_DEPENDENCE, 0, "columns 1 and 2 determine each other", "1 of 2 dimensions");
    raw = normals(2, 5, 6);
    expect_one(raw, NOTICE_DEPENDENCE, 0, "the 5 rows vary in 4 of 6 dimensions", "no bound");
}

static void test_far_value(void **state)
{
    (void)state;
    static const size_t sizes[] = { 12, 100, N, 20000 };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        fathom_dataset raw = normals(3, sizes[s], 2);
        raw.x[2 * 7 + 1] = -999;
        expect_one(raw, NOTICE_FAR_VALUE, 1, "column 2: the value -999 (1 row) is ", "leave it out");
    }
    fathom_dataset raw = normals(3, N, 3); /* three of them hide behind each other */
    for (size_t i = 0; i < N; i += 400)
        raw.x[3 * i + 1] = 99;
    expect_one(raw, NOTICE_FAR_VALUE, 1, "the value 99 (3 rows)", "deviations of the other rows");
    raw = normals(3, 20 * N, 2); /* Cauchy */
    fathom_dataset z = normals(4, 20 * N, 2);
    for (size_t i = 0; i < 20 * N; i++)
        raw.x[2 * i] /= z.x[2 * i];
    fathom_dataset_free(&z);
    const struct notices cauchy = notices_of(&raw, &none, NULL);
    assert_true(cauchy.n >= 1 && cauchy.list[0].kind == NOTICE_FAR_VALUE && cauchy.list[0].column == 0);
    raw = normals(3, N, 2); /* beside it all others are one point: both are told */
    raw.x[7] = 1e200;
    const struct notices huge = notices_of(&raw, &none, NULL);
    assert_int_equal(huge.n, 2);
    assert_int_equal(huge.list[0].kind, NOTICE_FEW_VALUES);
    assert_int_equal(huge.list[1].kind, NOTICE_FAR_VALUE);
    assert_non_null(strstr(huge.list[1].text, "the value 1e+200 (1 row)"));
}

static void test_heldout(void **state)
{
    (void)state;
    static const struct {
        double      value;
        const char *seen, *follows;
    } cases[] = { { 30, "the held-out value 30 is", "it alone decides" },
                  { 1e100, "1e+100", "it alone decides" },
                  { 1e200, "1e+200", "log p is nan" },
                  { -1e200, "-1e+200", "log p is nan" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fathom_dataset train = normals(5, N, 2), kept = normals(6, 100, 2);
        struct notices found;
        kept.x[2 * 50 + 1] = cases[i].value;
        assert_int_equal(fathom_dataset_standardise(&train), 2);
        fathom_dataset_into_frame(&kept, &train);
        assert_true(data_check(&found, &train, &kept, NULL, NULL));
        assert_int_equal(found.n, 1);
        assert_int_equal(found.list[0].kind, NOTICE_FAR_HELDOUT);
        assert_int_equal(found.list[0].column, 1);
        if (!strstr(found.list[0].text, cases[i].seen) || !strstr(found.list[0].text, cases[i].follows))
            fail_msg("'%s' does not say '%s', '%s'", found.list[0].text, cases[i].seen, cases[i].follows);
        kept.x[2 * 50 + 1] = 4.5; /* further than any training row, but no surprise */
        assert_true(data_check(&found, &train, &kept, NULL, NULL));
        assert_int_equal(found.n, 0);
        fathom_dataset_free(&train);
        fathom_dataset_free(&kept);
    }
}

/* Names beside numbers, and what is not printable by its code, no more than four lines of a kind. */
static void test_texts(void **state)
{
    (void)state;
    static const char *const names[] = { "a", "sex\nand", NULL, "", "e", "f", "g" };
    fathom_dataset           raw = normals(7, N, 7);
    for (size_t i = 0; i < 7 * N; i++)
        if (i % 7 > 0)
            raw.x[i] = raw.x[i] > 0;
    const struct notices found = notices_of(&raw, &none, names);
    assert_int_equal(found.n, 4);
    assert_non_null(strstr(found.list[0].text, "column 2 (sex<0x0A>and): 2 different"));
    assert_non_null(strstr(found.list[1].text, "column 3: 2 different"));
    assert_non_null(strstr(found.list[2].text, "column 4: 2 different"));
    assert_non_null(strstr(found.list[3].text, "column 5 (e): 2 different"));
    assert_non_null(strstr(found.list[3].text, " (and 2 more columns likewise)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest_rows), cmocka_unit_test(test_few_values), cmocka_unit_test(test_dependence),
        cmocka_unit_test(test_far_value),   cmocka_unit_test(test_heldout),    cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
