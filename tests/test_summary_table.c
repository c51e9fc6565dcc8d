/* test_summary_table.c - groups, counts and quartiles of run tables (summary_table.h), each number worked out by hand.
 */
#include "summary_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A table from its rows: cells separated by blanks, rows by '\n'. */
static struct table *table_of(const char *columns, const char *rows)
{
    struct table *table = table_new("runs", columns);
    char          cell[32];
    for (int used; sscanf(rows, " %31s%n", cell, &used) == 1; rows += used)
        table_text(table, cell);
    assert_true(table_whole(table));
    return table;
}

static struct table *summarise(struct table *rows, const char *by, const char *of)
{
    char columns[SUMMARY_TABLE_COLUMNS_SIZE];
    summary_table_columns(columns, by);
    struct table *table = table_new("summary", columns);
    summary_table_fill(table, rows, by, of);
    table_free(rows);
    return table;
}

/* The cells of a row, separated by blanks, are these. */
static void row_is(const struct table *table, size_t row, const char *expected)
{
    char text[512] = "";
    for (size_t c = 0; c < table_columns(table); c++) {
        strcat(text, c ? " " : "");
        strcat(text, table_cell(table, row, c));
    }
    assert_string_equal(text, expected);
}

static void test_quartiles(void **state)
{
    (void)state;
    /* Sorted: 1 2 4 8 16.  The quartiles of five values are its second, third and fourth; the mean is 31/5; the squares
     * of the distances add up to 148.8, and a fourth of that is 37.2. */
    struct table *t = summarise(table_of("depth score", "8 4\n8 16\n8 1\n8 8\n8 2"), "depth", "score");
    assert_int_equal(table_rows(t), 1);
    assert_string_equal(table_column_name(t, 4), "n");
    char expected[128];
    snprintf(expected, sizeof expected, "8 score 5 5 5 1 2 4 8 16 %.17g", 31 / 5.0);
    for (size_t c = 0, at = 0; c < 11; c++) {
        const char *cell = table_cell(t, 0, c);
        assert_int_equal(strncmp(expected + at, cell, strlen(cell)), 0);
        at += strlen(cell) + 1;
    }
    size_t sd;
    assert_true(table_find(&sd, t, "sd"));
    assert_true(fabs(table_cell_number(t, 0, sd) - sqrt(37.2)) < 1e-15 * 8);
    table_free(t);

    /* Sorted: 10 20 30 50.  At (4 - 1) / 4 = 0.75 lies 17.5, at 1.5 lies 25, at 2.25 lies 35. */
    t = summarise(table_of("depth score", "1 50\n1 10\n1 30\n1 20"), "depth", "score");
    assert_string_equal(table_cell(t, 0, 6), "17.5");
    assert_string_equal(table_cell(t, 0, 7), "25");
    assert_string_equal(table_cell(t, 0, 8), "35");
    table_free(t);
}

/* Groups stand in the order of their first rows, whatever follows; of each, the columns in the order of `of`. */
static void test_groups(void **state)
{
    (void)state;
    struct table *t = summarise(table_of("depth arm a b", "8 x 1 5\n2 y 2 6\n8 x 3 7\n2 x 4 8\n8 y 0 9\n2 y 2 6"),
                                "depth arm", "b a");
    assert_int_equal(table_rows(t), 8);
    static const char *const firsts[] = { "8 x b", "8 x a", "2 y b", "2 y a", "2 x b", "2 x a", "8 y b", "8 y a" };
    static const char *const runs[] = { "2", "2", "2", "2", "1", "1", "1", "1" };
    static const char *const medians[] = { "6", "2", "6", "2", "8", "4", "9", "0" };
    for (size_t row = 0; row < 8; row++) {
        char first[32];
        snprintf(first, sizeof first, "%s %s %s", table_cell(t, row, 0), table_cell(t, row, 1), table_cell(t, row, 2));
        assert_string_equal(first, firsts[row]);
        assert_string_equal(table_cell(t, row, 3), runs[row]);
        assert_string_equal(table_cell(t, row, 8), medians[row]);
    }
    table_free(t);
}

static void test_counts(void **state)
{
    (void)state;
    /* Of depth 1: one run diverged, one is ok with a score that is not finite.  Of depth 2: all diverged; what they
     * had before training counts. */
    struct table *t = summarise(table_of("depth status score norm", "1 ok 3 1\n1 diverged nan 2\n1 ok nan 3\n1 ok 5 4\n"
                                                                    "2 diverged nan 7\n2 diverged nan 9"),
                                "depth", "score norm");
    assert_int_equal(table_rows(t), 4);
    row_is(t, 0, "1 score 4 3 2 3 3.5 4 4.5 5 4 1.4142135623730951");
    assert_string_equal(table_cell(t, 1, 4), "4"); /* n of the norm */
    row_is(t, 2, "2 score 2 0 0 nan nan nan nan nan nan nan");
    row_is(t, 3, "2 norm 2 0 2 7 7.5 8 8.5 9 8 1.4142135623730951");
    table_free(t);

    /* A ruined run has a gradient before training, but no score of its own or in raw units. */
    t = summarise(table_of("depth status heldout_logp heldout_logp_raw grad_norm", "1 ok 3 4 1\n1 ruined -9 -8 2"),
                  "depth", "heldout_logp heldout_logp_raw grad_norm");
    row_is(t, 0, "1 heldout_logp 2 1 1 3 3 3 3 3 3 nan");
    row_is(t, 1, "1 heldout_logp_raw 2 1 1 4 4 4 4 4 4 nan");
    row_is(t, 2, "1 grad_norm 2 1 2 1 1.25 1.5 1.75 2 1.5 0.70710678118654757");
    table_free(t);

    /* A diverged run has no effective step of a whole training; a ruined one has. */
    t = summarise(table_of("depth status update_rms", "1 ok 3\n1 ruined 1\n1 diverged 9"), "depth", "update_rms");
    row_is(t, 0, "1 update_rms 3 1 2 1 1.5 2 2.5 3 2 1.4142135623730951");
    table_free(t);

    /* Without a status all rows are ok; one value has no deviation. */
    t = summarise(table_of("depth score", "4 0.5\n4 nan\n4 inf"), "depth", "score");
    row_is(t, 0, "4 score 3 3 1 0.5 0.5 0.5 0.5 0.5 0.5 nan");
    table_free(t);

    t = summarise(table_of("depth score", ""), "depth", "score");
    assert_int_equal(table_rows(t), 0);
    table_free(t);
}

static void test_unknown_column(void **state)
{
    (void)state;
    int  pipes[2], status;
    char said[256] = "";
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        summarise(table_of("depth score", "1 2"), "depth", "scores");
        _exit(0);
    }
    close(pipes[1]);
    assert_true(read(pipes[0], said, sizeof said - 1) > 0);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(said, "runs has no column 'scores'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quartiles),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_unknown_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
