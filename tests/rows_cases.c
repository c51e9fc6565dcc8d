/* rows_cases.c - cases of texts of rows (rows_cases.h). */
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

fathom_status read_case(const struct text_case *c, fathom_dataset *data, fathom_read_report *report,
                        fathom_error *error)
{
    fathom_read_options how = c->how;
    FILE               *in = fmemopen((void *)(uintptr_t)c->text, c->size, "r");
    assert_non_null(in);
    how.decimal = how.decimal ? how.decimal : '.';
    how.most = 64;
    const fathom_status status = fathom_dataset_read(data, NULL, report, in, "rows.txt", &how, error);
    fclose(in);
    return status;
}

static void check_numbers(const struct text_case *c, const char *kind, size_t k)
{
    fathom_dataset     data, expected;
    fathom_read_report report;
    fathom_error       error;
    size_t             n = 1, count = 0;
    double             number[200];
    if (read_case(c, &data, &report, &error) != FATHOM_OK)
        fail_msg("%s %zu: %s", kind, k, error.text);
    for (char *at = (char *)(uintptr_t)c->numbers; *at != '\0'; at += *at != '\0') {
        number[count++] = strtod(at, &at);
        n += *at == '/';
    }
    if (data.n != n || data.dim * n != count || report.rows != n || report.n_columns != data.dim)
        fail_msg("%s %zu: %zu rows of %zu, expected %zu of %zu", kind, k, data.n, data.dim, n, count / n);
    assert_true(fathom_dataset_alloc(&expected, n, count / n));
    memcpy(expected.x, number, count * sizeof *number);
    assert_int_equal(fathom_dataset_standardise(&expected), count / n);
    if (memcmp(expected.x, data.x, count * sizeof(double)) != 0 ||
        memcmp(expected.mean, data.mean, data.dim * sizeof(double)) != 0 ||
        memcmp(expected.sd, data.sd, data.dim * sizeof(double)) != 0)
        fail_msg("%s %zu: other numbers than %s", kind, k, c->numbers);
    if (report.notices != c->notices)
        fail_msg("%s %zu: notices %u, expected %u", kind, k, report.notices, c->notices);
    if (c->columns != NULL)
        assert_string_equal(report.columns, c->columns);
    fathom_read_report_free(&report);
    fathom_dataset_free(&data);
    fathom_dataset_free(&expected);
}

static void check_error(const struct text_case *c, const char *kind, size_t k)
{
    fathom_dataset     data = { 0 };
    fathom_read_report report = { 0 };
    fathom_error       error = { 0 };
    if (read_case(c, &data, &report, &error) == FATHOM_OK)
        fail_msg("%s %zu: was read, %zu rows of %zu", kind, k, data.n, data.dim);
    char  parts[300];
    char *at = error.text;
    snprintf(parts, sizeof parts, "%s", c->error);
    for (char *part = parts, *next; part != NULL; part = next) {
        if ((next = strstr(part, " ... ")) != NULL) {
            *next = '\0';
            next += 5;
        }
        if ((at = strstr(at, part)) == NULL)
            fail_msg("%s %zu: '%s' does not say '%s'", kind, k, error.text, part);
    }
    assert_null(strpbrk(error.text, "\r\n\t"));
    assert_null(report.column);
    assert_null(data.x);
}

void check_cases(const char *kind, const struct text_case *cases, size_t n)
{
    assert_true(n >= 10);
    for (size_t k = 0; k < n; k++)
        if (cases[k].numbers != NULL)
            check_numbers(&cases[k], kind, k);
        else
            check_error(&cases[k], kind, k);
}
