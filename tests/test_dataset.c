/* test_dataset.c - rows from text: what is read, what is refused and where, and what is left behind.
 *
 * The expected values are plain from the texts.  Every allocation of the reader is made to fail in turn.
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

/* ----------------------------------------------------------------------------- allocations that fail at will ---- */

#if defined(__SANITIZE_ADDRESS__)
#define CAN_FAIL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CAN_FAIL 0
#endif
#endif
#if !defined(CAN_FAIL) && defined(__GLIBC__)
#define CAN_FAIL 1
#endif

static long allocations_left = -1; /* how many succeed before one fails; -1: all do */

#if CAN_FAIL
static int allocation_fails(void)
{
    if (allocations_left > 0)
        allocations_left--;
    else if (allocations_left == 0)
        return 1;
    return 0;
}

/* glibc's own allocator, under the names that it keeps for programs which put theirs in front. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);

void *malloc(size_t size) { return allocation_fails() ? NULL : __libc_malloc(size); }

void *calloc(size_t n, size_t size) { return allocation_fails() ? NULL : __libc_calloc(n, size); }

void *realloc(void *old, size_t size) { return allocation_fails() ? NULL : __libc_realloc(old, size); }
#endif

/* ------------------------------------------------------------------------------------------- rows from text ---- */

static fathom_status read_bytes(fathom_dataset *train, fathom_dataset *kept, const char *bytes, size_t size,
                                double heldout, uint64_t seed, fathom_error *error)
{
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)bytes, size, "r") : fopen("/dev/null", "r");
    assert_non_null(in);
    strcpy(error->text, "");
    fathom_read_options how = fathom_read_options_default();
    how.heldout = heldout;
    how.seed = seed;
    const fathom_status status = fathom_dataset_read(train, kept, NULL, in, "rows.txt", &how, error);
    fclose(in);
    return status;
}

static void test_one_table_in_many_texts(void **state)
{
    (void)state;
    const char *const text[] = {
        "1 2\n3 4\n5 9\n",
        "1,2\n3,4\n5,9",
        "1\t2\r\n3\t4\r\n5\t9\r\n",
        "x,y\n1,2\n3,4\n5,9\n",
        "# a comment, 7, 8\n\n  # another\nfirst column,\"y\"\n\n1,2\n3,4 # 5\n \t \n5,9\n# end",
        "  1   2  \n3  4\n+5.0e0 \t 0.9E+1\n",
        "1 , 2\n3 ,  4\n+5.0e0,\t0.9E+1 \n",
        "\xEF\xBB\xBF+1 2\n3 4\n5 9\n",
        "\xEF\xBB\xBFx y\r\n1 2\r\n3 4\r\n5 9",
        "1. 2\n3 .4e1\n005 900e-2",
        ",y\n1, 2\n3, 4\n5, 9\n",
        "1 , 2\n3,4 #\n5,9\r",
    };
    for (size_t k = 0; k < sizeof text / sizeof *text; k++) {
        fathom_dataset data;
        fathom_error   error;
        if (read_bytes(&data, NULL, text[k], strlen(text[k]), 0, 0, &error) != FATHOM_OK)
            fail_msg("text %zu: %s", k, error.text);
        assert_int_equal(data.n, 3);
        assert_int_equal(data.dim, 2);
        assert_true(data.mean[0] == 3 && data.mean[1] == 5);
        assert_true(fabs(data.sd[0] - sqrt(8.0 / 3)) < 1e-15 && fabs(data.sd[1] - sqrt(26.0 / 3)) < 1e-15);
        for (size_t i = 0; i < 3; i++)
            assert_true(data.x[2 * i] == ((double[]){ 1, 3, 5 }[i] - 3) / data.sd[0]);
        fathom_dataset_free(&data);
    }
}

#define TEXT(s) s, sizeof(s) - 1

static void test_refused_texts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t      size;
        const char *where; /* what the error must say */
    } refused[] = {
        { TEXT(""), "after 0 rows" },
        { TEXT("\n\n# nothing\n"), "line 3: the text ends after 0 rows" },
        { TEXT("x y\n"), "after 0 rows" },
        { TEXT("1 2\n"), "after 1 row of" },
        { TEXT("1\n2\n3\n"), "line 1: one column" },
        { TEXT("x\n1\n2\n"), "line 2: one column" },
        { TEXT("1 2\n3 4\n5 6 7\n"), "line 3: 3 columns, but line 1 has 2" },
        { TEXT("x\n\n1 2\n3\n"), "line 1: 1 name, but line 3 has 2 columns" },
        { TEXT("x y\n\n1 2\n3\n"), "line 4: 1 column, but line 3 has 2" },
        { TEXT("1 2\n3 abc\n"), "line 2, column 2: \"abc\" is not a number" },
        { TEXT("x y\nz w\n1 2\n3 4\n"), "line 2, column 1 (x): \"z\"" },
        { TEXT("1 2\n3 4\n5 1e999\n"), "line 3, column 2: \"1e999\" is beyond" },
        { TEXT("1 2\n-1e309 4\n"), "line 2, column 1: \"-1e309\" is beyond" },
        { TEXT("1e999 2\n3 4\n5 6\n"), "line 1, column 1: \"1e999\"" },
        { TEXT("1 2\n3 nan\n"), "line 2, column 2: \"nan\" is not a finite" },
        { TEXT("1 nan\n3 4\n5 6\n"), "line 1, column 2: \"nan\"" },
        { TEXT("1 2\n-Infinity 4\n"), "line 2, column 1: \"-Infinity\"" },
        { TEXT("inf 2\n3 4\n5 6\n"), "line 1, column 1: \"inf\"" },
        { TEXT("1 2\n0x1p3 4\n"), "line 2, column 1: \"0x1p3\"" },
        { TEXT("1 2\n3 4e\n"), "line 2, column 2: \"4e\"" },
        { TEXT("1 2\n3 4e+\n"), "line 2, column 2: \"4e+\"" },
        { TEXT("1 2\n3 .\n"), "line 2, column 2: \".\"" },
        { TEXT("1 2\n3 +-4\n"), "line 2, column 2: \"+-4\"" },
        { TEXT("1 2\n3 1_000\n"), "line 2, column 2: \"1_000\"" },
        { TEXT("1 2\n3 4;5\n"), "line 2, column 2: \"4;5\"" },
        { TEXT("1,2\n3,,4\n"), "line 2, column 2: empty field" },
        { TEXT("1,2\n,4\n"), "line 2, column 1: empty field" },
        { TEXT("1,2\n3,4,\n"), "line 2, column 3: empty field" },
        { TEXT("1\t2\n3\t\t4\n"), "line 2, column 2: empty field" },
        { TEXT("1 2\n3 4\0\n5 6\n"), "line 2: a NUL byte" },
        { TEXT("\0\0\0\0"), "line 1: a NUL byte" },
        { TEXT("1 2\n1 3\n1 4\n"), "lines 1 to 3, column 1: constant" },
        { TEXT("x y\n0.1 0.1\n0.3 0.1\n0.7 0.1\n"), "lines 2 to 4, column 2 (y): constant" },
        { TEXT("1 0\n2 1e-310\n"), "lines 1 to 2, column 2: deviates by less than the smallest normal number" },
        { TEXT("1 2\r3 4\r5 6\r"), "line 1: a carriage return inside" },
        { TEXT("1,2\n3,\t\n"), "line 2, column 2: empty field" },
        { TEXT(",\n1 2\n3 4\n"), "line 1, column 1: empty field" },
        { TEXT("1 2\n3 \x80\xFF\x01\n"), "line 2, column 2: \"<0x80><0xFF><0x01>\"" },
        { TEXT("1 2\n3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"), "aaaa...\" is not a" },
    };
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        fathom_dataset      data = { .n = 77 };
        fathom_error        error;
        const fathom_status status = read_bytes(&data, NULL, refused[k].text, refused[k].size, 0, 0, &error);
        if (status != FATHOM_BAD_DATA || strstr(error.text, refused[k].where) == NULL)
            fail_msg("\"%s\" gave %s, \"%s\", expected \"%s\"", refused[k].text, fathom_status_name(status), error.text,
                     refused[k].where);
        assert_true(strncmp(error.text, "rows.txt: ", 10) == 0);
        assert_null(strchr(error.text, '\n'));
        assert_true(data.n == 77 && data.x == NULL); /* as it was */
    }
}

static void test_long_lines(void **state)
{
    (void)state;
    const size_t   size = (size_t)5 << 20;
    char          *text = malloc(size);
    fathom_dataset data;
    fathom_error   error;

    memset(text, '7', size);
    assert_int_equal(read_bytes(&data, NULL, text, size, 0, 0, &error), FATHOM_BAD_DATA);
    assert_non_null(strstr(error.text, "line 1: longer than 1048576 bytes"));

    memset(text, 'c', size); /* a comment may be as long as it likes */
    text[0] = '#';
    memcpy(text + size - 9, "\n1 2\n3 4\n", 9);
    assert_int_equal(read_bytes(&data, NULL, text, size, 0, 0, &error), FATHOM_OK);
    assert_int_equal(data.n, 2);
    fathom_dataset_free(&data);

    memset(text, '0', size); /* a number of many digits */
    memcpy(text, "1 0.", 4);
    memcpy(text + 100000, "1\n2 5\n", 6);
    assert_int_equal(read_bytes(&data, NULL, text, 100006, 0, 0, &error), FATHOM_OK);
    assert_true(data.mean[1] == 2.5);
    fathom_dataset_free(&data);

    for (size_t i = 0; i + 1 < 1000000; i += 2) /* half a million columns */
        memcpy(text + i, "1 ", 2);
    text[999999] = '\n';
    memcpy(text + 1000000, text, 1000000);
    text[1000000] = '2';
    assert_int_equal(read_bytes(&data, NULL, text, 2000000, 0, 0, &error), FATHOM_BAD_DATA);
    assert_non_null(strstr(error.text, "line 1: 500000 columns; legal: 2 to 64; --columns picks fewer"));
    fathom_read_options how = fathom_read_options_default();
    how.most = SIZE_MAX;
    FILE *in = fmemopen(text, 2000000, "r");
    assert_int_equal(fathom_dataset_read(&data, NULL, NULL, in, "rows.txt", &how, &error), FATHOM_BAD_DATA);
    assert_non_null(strstr(error.text, "column 2: constant"));
    fclose(in);
    free(text);
}

static void test_numbers_are_rounded_correctly(void **state)
{
    (void)state;
    /* Halfway cases and extremes.  With its negative in the second row a value is the deviation, exactly. */
    const struct {
        const char *text;
        double      value;
    } number[] = {
        { "0.1", 0x1.999999999999ap-4 },
        { "9007199254740993", 0x1p53 },
        { "9007199254740995", 0x1.0000000000002p53 },
        { "9007199254740993.00000000000000000000000000000000001", 0x1.0000000000001p53 },
        { "1.7976931348623157e308", 0x1.fffffffffffffp1023 },
        { "2.2250738585072011e-308", 0x0.fffffffffffffp-1022 },
        { "123456789012345678901234567890", 0x1.8ee90ff6c373ep96 },
    };
    for (size_t k = 0; k < sizeof number / sizeof *number; k++) {
        char           text[256];
        fathom_dataset data;
        fathom_error   error;
        snprintf(text, sizeof text, "%s %s\n-%s 0\n", number[k].text, number[k].text, number[k].text);
        const fathom_status status = read_bytes(&data, NULL, text, strlen(text), 0, 0, &error);
        if (number[k].value < 1e-300) { /* no deviation to divide by */
            assert_int_equal(status, FATHOM_BAD_DATA);
            continue;
        }
        assert_int_equal(status, FATHOM_OK);
        if (data.sd[0] != number[k].value || data.mean[0] != 0 || data.mean[1] != number[k].value / 2)
            fail_msg("%s was read as %a (mean %g)", number[k].text, data.sd[0], data.mean[0]);
        assert_true(data.x[0] == 1 && data.x[2] == -1);
        fathom_dataset_free(&data);
    }
}

static void test_huge_and_tiny_numbers(void **state)
{
    (void)state;
    const char *const text[] = {
        "1.7e308 1e-300\n-1.7e308 3e-300\n1.7e308 2e-300\n",
        "1e200 1e-200\n-1e200 3e-200\n1e200 2e-200\n",
        "1000000000000001 1e15\n1000000000000003 1.000000000000001e15\n1000000000000002 1.000000000000002e15\n",
    };
    for (size_t k = 0; k < sizeof text / sizeof *text; k++) {
        fathom_dataset data;
        fathom_error   error;
        assert_int_equal(read_bytes(&data, NULL, text[k], strlen(text[k]), 0, 0, &error), FATHOM_OK);
        for (size_t c = 0; c < 2; c++) {
            double sum = 0, square = 0;
            for (size_t i = 0; i < 3; i++) {
                sum += data.x[2 * i + c];
                square += data.x[2 * i + c] * data.x[2 * i + c];
            }
            assert_true(isfinite(data.mean[c]) && isfinite(data.sd[c]) && data.sd[c] > 0);
            assert_true(fabs(sum) < 1e-14 && fabs(square / 3 - 1) < 1e-14);
        }
        fathom_dataset_free(&data);
    }
}

/* ------------------------------------------------------------------------------------- streams and memory ---- */

static ssize_t broken_read(void *cookie, char *buffer, size_t size)
{
    int *calls = cookie;
    if ((*calls)++ > 0)
        return -1;
    memcpy(buffer, "1 2\n3 4\n", 8);
    return size >= 8 ? 8 : -1;
}

static void test_read_errors(void **state)
{
    (void)state;
    fathom_dataset data;
    fathom_error   error;
    int            calls = 0;
    FILE          *in = fopencookie(&calls, "r", (cookie_io_functions_t){ .read = broken_read });
    assert_non_null(in);
    assert_int_equal(fathom_dataset_read(&data, NULL, NULL, in, "a stream", NULL, &error), FATHOM_READ_ERROR);
    assert_true(strncmp(error.text, "a stream: line 3: cannot be read", 32) == 0);
    fclose(in);

    in = fopen("tests", "r"); /* a directory opens, but does not read */
    assert_non_null(in);
    char name[1000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(fathom_dataset_read(&data, NULL, NULL, in, name, NULL, &error), FATHOM_READ_ERROR);
    assert_true(strncmp(error.text, "...nnn", 6) == 0 && strstr(error.text, "nn: line 1: cannot be read") != NULL);
    rewind(in);
    assert_int_equal(fathom_dataset_read(&data, NULL, NULL, in, name, NULL, NULL), FATHOM_READ_ERROR);
    fclose(in);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    (void)state;
    if (!CAN_FAIL)
        skip();
    char   text[8000];
    size_t size = 0;
    for (int i = 0; i < 500; i++)
        size += (size_t)sprintf(text + size, "%d %d\n", i, i * i);

    for (long k = 0;; k++) {
        fathom_dataset train = { .n = 1 }, kept = { .n = 2 };
        fathom_error   error;
        FILE          *in = fmemopen(text, size, "r");
        char           buffer[4096];
        setvbuf(in, buffer, _IOFBF, sizeof buffer); /* so that the stream itself allocates nothing */
        allocations_left = k;
        fathom_read_options how = fathom_read_options_default();
        how.heldout = 0.1;
        const fathom_status status = fathom_dataset_read(&train, &kept, NULL, in, "rows.txt", &how, &error);
        const bool          reached = allocations_left == 0;
        allocations_left = -1;
        fclose(in);
        if (status == FATHOM_OK && !reached) {
            assert_true(k > 10);
            fathom_dataset_free(&train);
            fathom_dataset_free(&kept);
            return;
        }
        if (status == FATHOM_OK) { /* exactly as many as it needs */
            fathom_dataset_free(&train);
            fathom_dataset_free(&kept);
            continue;
        }
        assert_int_equal(status, FATHOM_NO_MEMORY);
        assert_non_null(strstr(error.text, "not enough memory"));
        assert_true(train.n == 1 && train.x == NULL && kept.n == 2 && kept.x == NULL);
    }
}

static void test_status_names(void **state)
{
    (void)state;
    for (int i = FATHOM_OK; i <= FATHOM_RUINED; i++) {
        const char *name = fathom_status_name((fathom_status)i);
        assert_true(strlen(name) > 0 && strpbrk(name, " \t\n") == NULL);
        for (int j = FATHOM_OK; j < i; j++)
            assert_string_not_equal(name, fathom_status_name((fathom_status)j));
    }
    assert_string_equal(fathom_status_name(FATHOM_OK), "ok");
    assert_string_equal(fathom_status_name(FATHOM_DIVERGED), "diverged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_table_in_many_texts),
        cmocka_unit_test(test_refused_texts),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_numbers_are_rounded_correctly),
        cmocka_unit_test(test_huge_and_tiny_numbers),
        cmocka_unit_test(test_read_errors),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
