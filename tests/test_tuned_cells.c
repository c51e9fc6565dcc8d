/* test_tuned_cells.c - medians per configuration and rate, and the tuned rate, by hand; cells that do not lie together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "tuned_cells.h"

static const char columns[] = "data arm depth width steps n_params flops lr status validation_logp test_logp kl "
                              "inverse_error";

static void put(struct table *runs, const char *arm, double lr, const char *status, double score)
{
    table_text(runs, "spiral");
    table_text(runs, arm);
    table_count(runs, 4);
    table_count(runs, 24);
    table_count(runs, 1200);
    table_count(runs, 100);
    table_number(runs, 6e5);
    table_setting(runs, lr);
    table_text(runs, status);
    table_number(runs, score);
    table_number(runs, score + 1);
    table_number(runs, -score);
    table_number(runs, 1e-15);
}

static double at(const struct table *cells, size_t row, const char *name)
{
    size_t column;
    assert_true(table_find(&column, cells, name));
    return table_cell_number(cells, row, column);
}

static void test_cells(void **state)
{
    (void)state;
    struct table *runs = table_new("runs", columns), *cells = table_new("cells", TUNED_CELLS_COLUMNS);
    put(runs, "a", 0.1, "ok", -1); /* two of three are lost: the median is minus infinity */
    put(runs, "a", 0.1, "ruined", 5);
    put(runs, "b", 0.1, "diverged", NAN); /* of b every run is lost: the lowest rate */
    put(runs, "a", 0.01, "ok", -4);
    put(runs, "a", 0.01, "ok", -2);
    put(runs, "a", 0.01, "ok", -3);
    put(runs, "a", 0.1, "diverged", NAN);
    put(runs, "b", 0.01, "diverged", NAN);
    tuned_cells_fill(cells, runs);
    assert_true(table_whole(cells));
    assert_int_equal(table_rows(cells), 4);
    static const struct {
        double lr, tuned, runs, ok, validation, test;
    } expected[] = {
        { 0.1, 0, 3, 1, NAN, 0 }, { 0.1, 0, 1, 0, NAN, NAN }, { 0.01, 1, 3, 3, -3, -2 }, { 0.01, 1, 1, 0, NAN, NAN }
    };
    for (size_t row = 0; row < 4; row++) {
        assert_true(at(cells, row, "lr") == expected[row].lr);
        assert_true(at(cells, row, "tuned") == expected[row].tuned);
        assert_true(at(cells, row, "runs") == expected[row].runs);
        assert_true(at(cells, row, "ok") == expected[row].ok);
        const double validation = at(cells, row, "validation"), test = at(cells, row, "test");
        assert_true(validation == expected[row].validation || (isnan(validation) && isnan(expected[row].validation)));
        assert_true(test == expected[row].test || (isnan(test) && isnan(expected[row].test)));
    }
    assert_true(at(cells, 2, "test_q1") == -2.5 && at(cells, 2, "test_q3") == -1.5 && at(cells, 2, "kl") == 3);
    table_free(runs);
    table_free(cells);
}

static void test_no_run(void **state)
{
    (void)state;
    struct table *runs = table_new("runs", columns), *cells = table_new("cells", TUNED_CELLS_COLUMNS);
    tuned_cells_fill(cells, runs);
    assert_int_equal(table_rows(cells), 0);
    table_free(runs);
    table_free(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cells), cmocka_unit_test(test_no_run) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
