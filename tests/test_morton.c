/* test_morton.c - rows along Morton's curve: keys by hand, all rows once, near one another, and NaN. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"

enum { N = 3000, MOST_DIM = 64 };

/* The picture in morton.c, row by row from below. */
static void test_by_hand(void **state)
{
    (void)state;
    static const uint32_t along[16] = { 0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15 };
    double                x[32];
    uint32_t              order[16];
    for (size_t i = 0; i < 16; i++) {
        x[2 * i] = (double)(i % 4);
        x[2 * i + 1] = (double)(i / 4);
    }
    assert_int_equal(fathom_morton_order(order, x, 16, 2), FATHOM_OK);
    assert_memory_equal(order, along, sizeof along);
}

static void each_once(const uint32_t *order, size_t n)
{
    unsigned char seen[N] = { 0 };
    for (size_t i = 0; i < n; i++) {
        assert_in_range(order[i], 0, n - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = 1;
    }
}

/* Mean square distance from a row to the next: along the curve far below that of rows as they come. */
static void test_neighbours(void **state)
{
    (void)state;
    double   *x = need(N * MOST_DIM * sizeof *x);
    uint32_t *order = need(N * sizeof *order);
    fathom_normal(x, fathom_key_from_seed(3), N * MOST_DIM);
    for (size_t dim = 2; dim <= MOST_DIM; dim = dim < 4 ? dim + 1 : dim * 2) {
        double as_they_come = 0.0, along = 0.0;
        assert_int_equal(fathom_morton_order(order, x, N, dim), FATHOM_OK);
        each_once(order, N);
        for (size_t i = 0; i + 1 < N; i++)
            for (size_t d = 0; d < dim; d++) {
                as_they_come += pow(x[(i + 1) * dim + d] - x[i * dim + d], 2);
                along += pow(x[order[i + 1] * dim + d] - x[order[i] * dim + d], 2);
            }
        if (!(along < as_they_come && (dim > 2 || along < 0.02 * as_they_come)))
            fail_msg("%zu coordinates: %g along the curve, %g as they come", dim, along, as_they_come);
    }
    free(x);
    free(order);
}

/* Equal rows stay as they were; a coordinate that is the same everywhere, or is no number, decides nothing. */
static void test_edges(void **state)
{
    (void)state;
    double   x[20];
    uint32_t order[10];
    for (size_t i = 0; i < 20; i++)
        x[i] = 0.25;
    assert_int_equal(fathom_morton_order(order, x, 10, 2), FATHOM_OK);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(order[i], i);
    for (size_t i = 0; i < 10; i++)
        x[2 * i + 1] = -(double)i;
    assert_int_equal(fathom_morton_order(order, x, 10, 2), FATHOM_OK);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(order[i], 9 - i);
    for (size_t i = 0; i < 10; i++)
        x[2 * i] = NAN;
    assert_int_equal(fathom_morton_order(order, x, 10, 2), FATHOM_OK);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(order[i], 9 - i);
    static const double odd[] = { NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX };
    for (size_t first = 0; first < 5; first++) {
        for (size_t i = 0; i < 20; i++)
            x[i] = odd[(first + i) % 5];
        assert_int_equal(fathom_morton_order(order, x, 10, 2), FATHOM_OK);
        each_once(order, 10);
    }
    assert_int_equal(fathom_morton_order(order, x, 1, 20), FATHOM_OK);
    assert_int_equal(order[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_by_hand), cmocka_unit_test(test_neighbours),
                                        cmocka_unit_test(test_edges) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
