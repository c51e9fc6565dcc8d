/* test_table.c - tables on disk: their bytes, that they read back as they were written, and that a failure leaves
 * what was there.
 */
#include "table.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "files.h"

static char folder[] = "/tmp/fathom-test-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static char *content_of(const char *name)
{
    static char text[65536];
    FILE       *in = fopen(path_of(name), "rb");
    if (!in)
        return NULL;
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void put_content(const char *name, const char *text)
{
    FILE *out = fopen(path_of(name), "wb");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* Entries of the folder but . and .. */
static size_t count_files(void)
{
    size_t         n = 0;
    DIR           *stream = opendir(folder);
    struct dirent *entry;
    assert_non_null(stream);
    while ((entry = readdir(stream)))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return n;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void test_bytes(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = table_new("sweep", "coupling depth lr loss");
    table_config(t, "program", "depth_sweep");
    table_config(t, "data", "two\nlines\tand a tab"); /* must not become lines or columns */
    table_text(t, "spline");
    table_count(t, 18446744073709551615u);
    table_setting(t, 0.1);
    table_number(t, 0.1);
    table_text(t, "affine");
    table_count(t, 0);
    table_setting(t, INFINITY);
    table_number(t, -NAN);
    if (!tables_write(folder, &t, 1, &error))
        fail_msg("%s", error.text);
    assert_string_equal(content_of("sweep.tsv"), "# program: depth_sweep\n"
                                                 "# data: two?lines?and a tab\n"
                                                 "coupling\tdepth\tlr\tloss\n"
                                                 "spline\t18446744073709551615\t0.1\t0.10000000000000001\n"
                                                 "affine\t0\tinf\tnan\n");
    assert_int_equal(count_files(), 1);
    table_free(t);
}

static void test_reads_back(void **state)
{
    (void)state;
    static const double values[] = { 0, -0.0, 1, -1.5, 0.1, 1e-300, 5e-324, 1.7976931348623157e308, 1 / 3.0, 0x1p-52 };
    enum { N = sizeof values / sizeof *values };
    fathom_error  error;
    size_t        column;
    struct table *t = table_new("numbers", "index value setting");
    table_config(t, "clip", "none");
    for (size_t i = 0; i < N; i++) {
        table_count(t, i);
        table_number(t, values[i]);
        table_setting(t, values[i]);
    }
    assert_true(tables_write(folder, &t, 1, &error));
    table_free(t);

    t = table_read(path_of("numbers.tsv"), &error);
    assert_non_null(t);
    assert_string_equal(table_name(t), "numbers");
    assert_string_equal(table_value(t, "clip"), "none");
    assert_null(table_value(t, "lr"));
    assert_int_equal(table_rows(t), N);
    assert_int_equal(table_columns(t), 3);
    assert_false(table_find(&column, t, "depth"));
    assert_true(table_find(&column, t, "value"));
    assert_int_equal(column, 1);
    assert_string_equal(table_column_name(t, 2), "setting");
    for (size_t i = 0; i < N; i++)
        for (size_t c = 1; c <= 2; c++) {
            const double read = table_cell_number(t, i, c);
            if (memcmp(&read, &values[i], sizeof read) != 0)
                fail_msg("row %zu column %zu: '%s' should be %.17g to the bit", i, c, table_cell(t, i, c), values[i]);
        }

    /* Writing what was read gives the same bytes. */
    char *before = strdup(content_of("numbers.tsv"));
    assert_non_null(before);
    assert_true(tables_write(folder, &t, 1, &error));
    assert_string_equal(content_of("numbers.tsv"), before);
    free(before);
    table_free(t);
}

static void test_shortest(void **state)
{
    (void)state;
    static const struct {
        double      value;
        const char *text;
    } cases[] = { { 0.1, "0.1" },
                  { 0.003, "0.003" },
                  { 1, "1" },
                  { 1e-3, "0.001" },
                  { 1e-15, "1e-15" },
                  { 123456, "123456" },
                  { 0.30000000000000004, "0.30000000000000004" },
                  { 1 / 3.0, "0.3333333333333333" },
                  { INFINITY, "inf" },
                  { NAN, "nan" },
                  { -0.5, "-0.5" },
                  { 1e300, "1e+300" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TABLE_SETTING_SIZE];
        table_shortest(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_not_numbers(void **state)
{
    (void)state;
    fathom_error error;
    put_content("words.tsv", "a\tb\tc\tstatus\nnan\t\t1x\tok\n");
    struct table *t = table_read(path_of("words.tsv"), &error);
    assert_non_null(t);
    for (size_t c = 0; c < 4; c++)
        assert_true(isnan(table_cell_number(t, 0, c)));
    assert_string_equal(table_cell(t, 0, 3), "ok");
    table_free(t);
}

static void test_bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *content, *says;
    } cases[] = {
        { "a\tb\n1\t2\n3\n", "line 3 has 1 columns, the head 2" },
        { "# x: 1\na\tb\n1\t2\t3\n", "line 3 has 3 columns, the head 2" },
        { "a\tb\n1\t2\n3\t4", "line 3 is cut short" },
        { "# x: 1\na\tb\r\n1\t2\r\n", "line 2 ends in CR LF" },
        { "", "no line of column names" },
        { "# only: config\n", "no line of column names" },
    };
    fathom_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_content("bad.tsv", cases[i].content);
        if (table_read(path_of("bad.tsv"), &error) || !strstr(error.text, cases[i].says) ||
            !strstr(error.text, "bad.tsv"))
            fail_msg("'%s' should say '%s'", error.text, cases[i].says);
    }
    assert_null(table_read(path_of("missing.tsv"), &error));
    assert_non_null(strstr(error.text, "No such file"));
    assert_null(table_read(folder, &error));
    assert_non_null(strstr(error.text, "directory"));
}

/* An unfinished row is a bug of the program that wrote it: it must not reach the disk. */
static void test_unfinished_row(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = table_new("ragged", "a b");
    table_count(t, 1);
    table_count(t, 2);
    table_count(t, 3);
    assert_false(tables_write(folder, &t, 1, &error));
    assert_non_null(strstr(error.text, "row 2"));
    assert_int_equal(count_files(), 0);
    table_free(t);
}

/* Tables of one program appear together: if the second cannot be written, the first stays as it was, and no temporary
 * is left.  A limit on the file size stands for the full disk. */
static void test_all_or_none(void **state)
{
    (void)state;
    fathom_error  error;
    struct rlimit before, small;
    struct table *tables[] = { table_new("first", "a"), table_new("second", "a") };
    put_content("first.tsv", "a\nearlier\n");
    table_count(tables[0], 1);
    for (size_t i = 0; i < 5000; i++)
        table_count(tables[1], i);

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &small);
    const bool written = tables_write(folder, tables, 2, &error);
    setrlimit(RLIMIT_FSIZE, &before);

    assert_false(written);
    assert_non_null(strstr(error.text, "second.tsv"));
    assert_string_equal(content_of("first.tsv"), "a\nearlier\n");
    assert_int_equal(count_files(), 1);

    assert_true(tables_write(folder, tables, 2, &error));
    assert_string_equal(content_of("first.tsv"), "a\n1\n");
    assert_int_equal(count_files(), 2);
    table_free(tables[0]);
    table_free(tables[1]);
}

static void test_folders(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = table_new("x", "a");
    char          inner[300], deep[300];
    snprintf(inner, sizeof inner, "%s/new", folder);
    snprintf(deep, sizeof deep, "%s/none/new", folder);
    assert_true(files_folder(inner, &error));
    assert_true(files_folder(inner, &error)); /* it is there now */
    assert_false(files_folder(deep, &error));
    assert_non_null(strstr(error.text, "No such file"));
    put_content("file", "");
    assert_false(files_folder(path_of("file"), &error));
    assert_non_null(strstr(error.text, "ot a directory"));
    assert_false(files_folder("/proc", &error)); /* not even root can make a file there */
    assert_false(tables_write(deep, &t, 1, &error));
    table_free(t);

    /* What cannot be renamed into place is removed again. */
    t = table_new("taken", "a");
    assert_int_equal(mkdir(path_of("taken.tsv"), 0700), 0);
    assert_false(tables_write(folder, &t, 1, &error));
    assert_int_equal(count_files(), 3); /* new, file, taken.tsv */
    table_free(t);
}

/* "_raw" behind its own column fills itself; any other name, place or table does not. */
static void test_raw_columns(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = table_new("raw", "logp_raw logp logp_raw kl kl_rawer");
    table_raw_columns(t, 0.5);
    for (size_t i = 0; i < 2; i++) {
        table_number(t, 7);
        table_number(t, i == 0 ? 1.25 : NAN);
        table_number(t, 8);
        table_number(t, 9);
    }
    table_raw_columns(NULL, 1); /* a table that ran out of memory */
    if (!tables_write(folder, &t, 1, &error))
        fail_msg("%s", error.text);
    assert_string_equal(content_of("raw.tsv"), "logp_raw\tlogp\tlogp_raw\tkl\tkl_rawer\n"
                                               "7\t1.25\t0.75\t8\t9\n7\tnan\tnan\t8\t9\n");
    table_free(t);
    t = table_new("raw", "logp logp_raw"); /* not asked for: every cell is the caller's */
    table_number(t, 1);
    table_number(t, 2);
    assert_true(tables_write(folder, &t, 1, &error));
    assert_string_equal(content_of("raw.tsv"), "logp\tlogp_raw\n1\t2\n");
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_raw_columns, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_reads_back, make_folder, remove_folder),
        cmocka_unit_test(test_shortest),
        cmocka_unit_test_setup_teardown(test_not_numbers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_bad_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_unfinished_row, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_all_or_none, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_folders, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
