/* test_rows_text.c - comments, quotes and encodings of files of rows, and the options at the ends of their ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "dataset.h"
#include "standardise.h"

#include "rows_cases.h"

/* ----------------------------------------------------------------------------------------- comments, quotes ---- */

static void test_comments(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("id,x,y\n#1,2,3\n4,5,6\n7,8,9\n"), .error = "line 2: a comment that would be a row of 3 numbers ... '##'" },
        { T("#1,2,3\n4,5,6\n7,8,9\n"), .error = "line 1: a comment that would be a row of 3 numbers" },
        { T("4,5,6\n7,8,9\n  # 1,2,3\n"), .error = "line 3: a comment that would be a row of 3 numbers" },
        { T("#1,0.3\n#2,0.4\n3,0.5\n4,0.7\n"), .error = "line 1: a comment that would be a row of 2 numbers" },
        { T("id x\n#1 0.3\n2 0.4\n3 0.5\n"), .error = "line 2: a comment that would be a row of 2 numbers" },
        { T("1\t2\n#3\t4\n5\t7\n"), .error = "line 2: a comment that would be a row" },
        { T("1;2\n#0,5;4\n5;7\n"), .error = "line 2: a comment that would be a row", COMMA },
        { T("1,2\n#3,4 # out\n5,7\n"), .error = "line 2: a comment that would be a row" },
        { T("1,2,\n#3,4,\n5,7,\n"), .error = "line 2: a comment that would be a row of 2" },
        { T("1,2\n\"#3\",4\n5,7\n"), .error = "line 2, column 1: \"#3\" is not a number" },
        { T("1,2\n3,#4\n5,7\n"), .error = "line 2, column 2: \"#4\" is not a number" },
        { T("1,2\n3#,4\n5,7\n"), .error = "line 2, column 1: \"3#\" is not a number" },
        { T("1,2\n3,4#5\n5,7\n"), .error = "line 2, column 2: \"4#5\" is not a number" },
        { T("# x y\n1 2\n3 4\n"), .numbers = "1 2/3 4" },
        { T("# 2 columns\n1 2\n3 4\n"), .numbers = "1 2/3 4" },
        { T("# 1\n# 1 2 3\n1 2\n3 4\n"), .numbers = "1 2/3 4" },
        { T("##1,2\n1,2\n3,4\n"), .numbers = "1 2/3 4" },
        { T("1,2 # 3,4\n3,4\t#\n"), .numbers = "1 2/3 4" },
        { T("1\t2\t# note\n3\t4\n"), .numbers = "1 2/3 4" },
        { T("A,#\n1,2\n3,4\n"), .numbers = "1 2/3 4", .columns = "A,#" },
        { T("\"# no comment\",y\n1,2\n3,4\n"), .numbers = "1 2/3 4", .columns = "# no comment,y" },
    };
    CHECK(cases);
}

static void test_quotes(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("\"x\",\"y\"\n\"1.5\",\"2.5\"\n\"1.1\",\"0.2\"\n\"0.3\",\"0.7\"\n"), .numbers = "1.5 2.5/1.1 0.2/0.3 0.7",
          .columns = "x,y" },
        { T("\"1.5\",\"2.5\"\n1.1,0.2\n0.3,0.7\n"), .numbers = "1.5 2.5/1.1 0.2/0.3 0.7" },
        { T("\"1.5\";\"2.5\"\n1.1;0.2\n"), .numbers = "1.5 2.5/1.1 0.2" },
        { T("\"1.5\"\t\"2.5\"\n1.1\t0.2\n"), .numbers = "1.5 2.5/1.1 0.2" },
        { T("\"1.5\" \"2.5\"\n1.1 0.2\n"), .numbers = "1.5 2.5/1.1 0.2" },
        { T(" \"1.5\" , \"2.5\" \n1.1,0.2\n"), .numbers = "1.5 2.5/1.1 0.2" },
        { T("\"x, m\",\"a \"\"y\"\"\"\n1.5,2.5\n1.1,0.2\n"), .numbers = "1.5 2.5/1.1 0.2", .columns = "1,a \"y\"" },
        { T("\"x y\" z\n1.5 2.5\n1.1 0.2\n"), .numbers = "1.5 2.5/1.1 0.2", .columns = "x y,z" },
        { T("1.5,2.5\n\"1.1,0.2\n"), .error = "line 2, column 1: a quoted field without its second quote" },
        { T("1.5,2.5\n\"1.1\"x,0.2\n"), .error = "line 2, column 1: text behind a quoted field; commas" },
        { T("1.5,2.5\n1.1,\"0.2\"\"\"\n"), .error = "line 2, column 2: \"0.2\"\" is not a number" },
        { T("1.5,2.5\n1\"1,0.2\n"), .error = "line 2, column 1: \"1\"1\" is not a number" },
        { T("1.5,2.5\n\"\",0.2\n"), .error = "line 2, column 1: empty field" },
        { T("1.5,2.5\n\" 1\",0.2\n"), .error = "line 2, column 1: \" 1\" is not a number" },
        { T("1.5 2.5\n\"1\"\"2\"\n"), .error = "line 2" },
    };
    CHECK(cases);
}

static void test_not_text(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("\x1F\x8B\x08\0\0\0\0\0"), .error = "looks like gzip ... zcat FILE | ... --data -" },
        { T("\xFF\xFE"
            "1\0,\0002\0\n\0"),
          .error = "looks like UTF-16 ... iconv -f UTF-16 -t UTF-8 FILE | ... --data -" },
        { T("\xFE\xFF\0001\0,\0002\0\n"), .error = "looks like UTF-16" },
        { T("1\0,\0002\0\n\0003\0,\0004\0\n\0"), .error = "looks like UTF-16 ... iconv -f UTF-16LE" },
        { T("\0001\0,\0002\0\n\0003\0,\0004\0\n"), .error = "looks like UTF-16 ... iconv -f UTF-16BE" },
        { T("\xFF\xFE\0\0001\0\0\0"), .error = "looks like UTF-32" },
        { T("BZh91AY&SY"), .error = "looks like bzip2" },
        { T("\xFD"
            "7zXZ\0\0\4"),
          .error = "looks like xz" },
        { T("\x28\xB5\x2F\xFD$"), .error = "looks like zstd" },
        { T("PK\3\4\x14\0"), .error = "looks like a zip archive ... .xlsx" },
        { T("\x93NUMPY\1\0v\0"), .error = "looks like a NumPy array" },
        { T("\x89HDF\r\n\x1A\n"), .error = "looks like HDF5" },
        { T("PAR1\x15\x04"), .error = "looks like Parquet" },
        { T("SQLite format 3\0\x10"), .error = "looks like an SQLite" },
        { T("1,2\n3,4\0\n"), .error = "line 2: a NUL byte" },
        { T("\xEF\xBB\xBF"
            "1,2\n3,4\n"),
          .numbers = "1 2/3 4" },
        { T("\xEF\xBB\xBFx,y\r\n1,2\r\n3,4\r\n"), .numbers = "1 2/3 4", .columns = "x,y" },
        { T("1,2\n\xEF\xBB\xBF"
            "3,4\n"),
          .error = "line 2, column 1: ... U+FEFF (byte-order mark)" },
    };
    CHECK(cases);
}

/* ----------------------------------------------------------------------------------------- options, endings ---- */

static void test_options_out_of_range(void **state)
{
    (void)state;
    static const struct {
        fathom_read_options how;
        const char         *error;
    } cases[] = {
        { { .decimal = '.', .most = 64, .separator = ':' }, "separator of code 58" },
        { { .decimal = ';', .most = 64 }, "decimal sign of code 59" },
        { { .decimal = ',', .most = 64, .separator = ',' }, "decimal sign of code 44" },
        { { .decimal = '.', .most = 64, .header = (fathom_header)3 }, "header 3" },
        { { .decimal = '.', .most = 1 }, "at most 1 columns" },
        { { .decimal = '.', .most = 64, .heldout = 1 }, "held-out fraction 1" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fathom_dataset data = { 0 }, kept = { 0 };
        fathom_error   error;
        FILE          *in = fopen("/dev/null", "r");
        assert_int_equal(fathom_dataset_read(&data, &kept, NULL, in, "x", &cases[k].how, &error), FATHOM_BAD_ARGUMENT);
        if (strstr(error.text, cases[k].error) == NULL)
            fail_msg("'%s' does not say '%s'", error.text, cases[k].error);
        fclose(in);
    }
}

/* Endless input: what is wrong with the first row is said when it was read. */
static ssize_t endless(void *cookie, char *buffer, size_t size)
{
    size_t *left = cookie;
    if (*left == 0)
        fail_msg("%s", "read on after the first row was refused");
    --*left;
    for (size_t i = 0; i < size; i++) /* a row of 65 columns takes 130 bytes */
        buffer[i] = i % 130 == 129 ? '\n' : i % 2 == 0 ? '1' : ' ';
    return (ssize_t)(size - size % 130);
}

static void test_too_many_columns_are_told_at_once(void **state)
{
    (void)state;
    fathom_dataset data;
    fathom_error   error;
    size_t         blocks = 8;
    FILE          *in = fopencookie(&blocks, "r", (cookie_io_functions_t){ .read = endless });
    assert_non_null(in);
    assert_int_equal(fathom_dataset_read(&data, NULL, NULL, in, "wide.txt", NULL, &error), FATHOM_BAD_DATA);
    assert_string_equal(error.text, "wide.txt: line 1: 65 columns; legal: 2 to 64; --columns picks fewer");
    fclose(in);
}

/* report.columns as options.columns reads the same columns again, whatever the names are. */
static void test_the_report_reads_back(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("x,y,z\n1,2,3\n4,5,7\n"), .how.columns = NULL },
        { T("2,1,z\n1,2,3\n4,5,7\n"), HEADER },
        { T("x,x,\n1,2,3\n4,5,7\n"), .how.columns = "3,2" },
        { T("\"a,b\", ,3\n1,2,3\n4,5,7\n"), HEADER, COLUMNS("3,1") },
        { T("1,2,3\n4,5,7\n"), COLUMNS("3,1") },
        { T("0;1;2\n1;2;3\n4;5;7\n"), HEADER },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fathom_dataset     first, again;
        fathom_read_report report, same;
        fathom_error       error = { "" };
        struct text_case   c = cases[k];
        if (read_case(&c, &first, &report, &error) != FATHOM_OK)
            fail_msg("%zu: %s", k, error.text);
        c.how.columns = report.columns;
        if (read_case(&c, &again, &same, &error) != FATHOM_OK)
            fail_msg("%zu, --columns %s: %s", k, report.columns, error.text);
        assert_string_equal(report.columns, same.columns);
        assert_int_equal(first.dim, again.dim);
        assert_memory_equal(first.x, again.x, first.n * first.dim * sizeof(double));
        fathom_read_report_free(&report);
        fathom_read_report_free(&same);
        fathom_dataset_free(&first);
        fathom_dataset_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_not_text),
        cmocka_unit_test(test_options_out_of_range),
        cmocka_unit_test(test_too_many_columns_are_told_at_once),
        cmocka_unit_test(test_the_report_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
