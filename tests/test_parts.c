/* test_parts.c - rows of one text in two or three parts: training, held out, validation.
 *
 * The parts are compared with the rows that the text has; the seed alone decides who goes where.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fathom.h"

static fathom_status read_bytes(fathom_dataset *train, fathom_dataset *kept, const char *bytes, size_t size,
                                double heldout, uint64_t seed, fathom_error *error)
{
    FILE *in = fmemopen((void *)(uintptr_t)bytes, size, "r");
    assert_non_null(in);
    strcpy(error->text, "");
    fathom_read_options how = fathom_read_options_default();
    how.heldout = heldout;
    how.seed = seed;
    const fathom_status status = fathom_dataset_read(train, kept, NULL, in, "rows.txt", &how, error);
    fclose(in);
    return status;
}

enum { SQUARES = 101 };

/* text: a line per row i, "i i^2".  Its length. */
static size_t write_squares(char text[SQUARES * 16])
{
    size_t size = 0;
    for (int i = 0; i < SQUARES; i++)
        size += (size_t)sprintf(text + size, "%d %d\n", i, i * i);
    return size;
}

static void test_held_out_rows(void **state)
{
    (void)state;
    char           text[SQUARES * 16];
    const size_t   size = write_squares(text);
    fathom_dataset train, kept, again, kept_again;
    fathom_error   error;
    assert_int_equal(read_bytes(&train, &kept, text, size, 0.25, 4, &error), FATHOM_OK);
    assert_int_equal(kept.n, 25); /* 25.25 */
    assert_int_equal(train.n, 76);
    assert_memory_equal(kept.mean, train.mean, 2 * sizeof(double));
    assert_memory_equal(kept.sd, train.sd, 2 * sizeof(double));

    /* Each row in exactly one part, in the order of the text; the training rows have mean 0 and deviation 1. */
    int    found[SQUARES] = { 0 };
    double sum = 0, square = 0;
    for (size_t part = 0; part < 2; part++) {
        const fathom_dataset *d = part == 0 ? &train : &kept;
        long                  last = -1;
        for (size_t i = 0; i < d->n; i++) {
            const long row = lround(d->x[2 * i] * d->sd[0] + d->mean[0]);
            assert_true(row > last && row < SQUARES);
            assert_true(fabs(d->x[2 * i + 1] * d->sd[1] + d->mean[1] - (double)(row * row)) < 1e-9);
            found[last = row]++;
            sum += part == 0 ? d->x[2 * i] : 0;
            square += part == 0 ? d->x[2 * i] * d->x[2 * i] : 0;
        }
    }
    for (int i = 0; i < SQUARES; i++)
        assert_int_equal(found[i], 1);
    assert_true(fabs(sum) < 1e-12 && fabs(square / 76 - 1) < 1e-13);

    /* The seed alone decides. */
    assert_int_equal(read_bytes(&again, &kept_again, text, size, 0.25, 4, &error), FATHOM_OK);
    assert_memory_equal(again.x, train.x, train.n * 2 * sizeof(double));
    fathom_dataset_free(&again);
    fathom_dataset_free(&kept_again);
    assert_int_equal(read_bytes(&again, &kept_again, text, size, 0.25, 5, &error), FATHOM_OK);
    assert_memory_not_equal(again.x, train.x, train.n * 2 * sizeof(double));
    fathom_dataset_free(&again);
    fathom_dataset_free(&kept_again);
    fathom_dataset_free(&train);
    fathom_dataset_free(&kept);
}

/* The parts of the squares with these fractions. */
static fathom_status read_parts(fathom_dataset part[3], fathom_read_report *report, double heldout, double validation,
                                fathom_error *error)
{
    char                text[SQUARES * 16];
    const size_t        size = write_squares(text);
    fathom_read_options how = fathom_read_options_default();
    FILE               *in = fmemopen(text, size, "r");
    assert_non_null(in);
    how.heldout = heldout;
    how.validation = validation;
    how.seed = 4;
    const fathom_status status = fathom_dataset_read_parts(&part[0], &part[1], &part[2], report, in, "rows.txt", &how,
                                                           error);
    fclose(in);
    return status;
}

/* Each row in exactly one of three parts, all in the training rows' frame; the held-out rows are those of two parts. */
static void test_validation_rows(void **state)
{
    (void)state;
    fathom_dataset     part[3], alone[3];
    fathom_read_report report;
    fathom_error       error;
    int                found[SQUARES] = { 0 };
    assert_int_equal(read_parts(part, &report, 0.25, 0.1, &error), FATHOM_OK);
    assert_int_equal(read_parts(alone, NULL, 0.25, 0, &error), FATHOM_OK);
    assert_true(part[0].n == 66 && part[1].n == 25 && part[2].n == 10);
    assert_true(report.rows == SQUARES && report.heldout == 25 && report.validation == 10);
    assert_true(alone[1].n == 25 && alone[2].n == 0 && alone[2].x == NULL);
    for (size_t p = 0; p < 3; p++) {
        assert_memory_equal(part[p].mean, part[0].mean, 2 * sizeof(double));
        assert_memory_equal(part[p].sd, part[0].sd, 2 * sizeof(double));
        for (size_t i = 0; i < part[p].n; i++)
            found[lround(part[p].x[2 * i] * part[p].sd[0] + part[p].mean[0])]++;
    }
    for (int i = 0; i < SQUARES; i++)
        assert_int_equal(found[i], 1);
    for (size_t i = 0; i < 25; i++)
        assert_int_equal(lround(part[1].x[2 * i] * part[1].sd[0] + part[1].mean[0]),
                         lround(alone[1].x[2 * i] * alone[1].sd[0] + alone[1].mean[0]));
    for (size_t p = 0; p < 3; p++) {
        fathom_dataset_free(&part[p]);
        fathom_dataset_free(&alone[p]);
    }
    fathom_read_report_free(&report);
}

static void test_validation_fraction(void **state)
{
    (void)state;
    fathom_dataset part[3];
    fathom_error   error;
    const double   out_of_range[] = { -0.1, 1, NAN };
    for (size_t i = 0; i < sizeof out_of_range / sizeof *out_of_range; i++) {
        assert_int_equal(read_parts(part, NULL, 0, out_of_range[i], &error), FATHOM_BAD_ARGUMENT);
        assert_non_null(strstr(error.text, "validation fraction"));
    }
    assert_int_equal(read_parts(part, NULL, 0.5, 0.5, &error), FATHOM_BAD_ARGUMENT);
    assert_non_null(strstr(error.text, "together below 1"));
    assert_int_equal(read_parts(part, NULL, 0.5, 0.49, &error), FATHOM_BAD_DATA);
    assert_non_null(strstr(error.text, "fewer than two"));
    assert_int_equal(read_parts(part, NULL, 0.5, 1e-9, &error), FATHOM_BAD_DATA);
}

/* Nothing held out, and the fraction's range. */
static void test_held_out_fraction(void **state)
{
    (void)state;
    char           text[SQUARES * 16];
    const size_t   size = write_squares(text);
    fathom_dataset train, kept = { .n = 5 };
    fathom_error   error;
    assert_int_equal(read_bytes(&train, &kept, text, size, 0, 4, &error), FATHOM_OK);
    assert_true(train.n == SQUARES && kept.n == 0 && kept.x == NULL);
    fathom_dataset_free(&train);
    const double out_of_range[] = { -0.1, 1, 2, NAN, INFINITY };
    for (size_t i = 0; i < sizeof out_of_range / sizeof *out_of_range; i++)
        assert_int_equal(read_bytes(&train, &kept, text, size, out_of_range[i], 0, &error), FATHOM_BAD_ARGUMENT);
    assert_int_equal(read_bytes(&train, NULL, text, size, 0.1, 0, &error), FATHOM_BAD_ARGUMENT);
    assert_int_equal(read_bytes(&train, &kept, text, size, 0.99, 0, &error), FATHOM_BAD_DATA);
    assert_int_equal(read_bytes(&train, &kept, text, size, 1e-9, 0, &error), FATHOM_BAD_DATA);

    /* A column that only one row varies is constant wherever that row is the one kept back: a chance of 1/4. */
    int refused = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const fathom_status status = read_bytes(&train, &kept, "1 2\n1 3\n1 5\n2 4\n", 16, 0.25, seed, &error);
        if (status == FATHOM_OK) {
            fathom_dataset_free(&train);
            fathom_dataset_free(&kept);
        } else {
            assert_int_equal(status, FATHOM_BAD_DATA);
            assert_non_null(strstr(error.text, "column 1: constant over the 3 training rows"));
            refused++;
        }
    }
    assert_true(refused > 5 && refused < 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_out_rows),
        cmocka_unit_test(test_held_out_fraction),
        cmocka_unit_test(test_validation_rows),
        cmocka_unit_test(test_validation_fraction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
