/* report_change.c - a world's tables changed by hand, and what the report then says (report_change.h). */
#include "report_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_world.h"

enum { FIELDS_MAX = 24 };

static size_t split(char *field[FIELDS_MAX], char *line)
{
    size_t n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *rest = line, *one; n < FIELDS_MAX && (one = strsep(&rest, "\t"));)
        field[n++] = one;
    return n;
}

static size_t column_of(char *const names[FIELDS_MAX], size_t n, const char *name, size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

void change(const char *table, const char *where, const char *column, const char *value)
{
    char   path[128], other[128], line[512], names_line[512] = "", *names[FIELDS_MAX], *field[FIELDS_MAX];
    size_t n = 0, met = 0;
    snprintf(path, sizeof path, "%s/%s.tsv", world_folder, table);
    snprintf(other, sizeof other, "%s/changed", world_folder);
    FILE *in = fopen(path, "r"), *out = fopen(other, "w");
    assert_true(in && out);
    while (fgets(line, sizeof line, in)) {
        if (line[0] == '#' || n == 0) {
            fputs(line, out);
            if (line[0] != '#')
                n = split(names, strcpy(names_line, line));
            continue;
        }
        assert_int_equal(split(field, line), n);
        bool so = true;
        for (const char *at = where; *at; at += strcspn(at, " "), at += *at == ' ') {
            const size_t length = strcspn(at, "="), size = strcspn(at + length + 1, " ");
            const char  *cell = field[column_of(names, n, at, length)];
            so = so && strlen(cell) == size && strncmp(cell, at + length + 1, size) == 0;
        }
        met += so;
        if (so && !column)
            continue;
        if (so)
            field[column_of(names, n, column, strlen(column))] = (char *)value;
        for (size_t i = 0; i < n; i++)
            fprintf(out, "%s%c", field[i], i + 1 < n ? '\t' : '\n');
    }
    assert_int_equal(fclose(in) | fclose(out) | rename(other, path), 0);
    if (met == 0)
        fail_msg("%s has no row with %s", table, where);
}

void drop(const char *table, const char *where) { change(table, where, NULL, NULL); }

void claim_in(const char *text, const char *title, const char *verdict, const char *says)
{
    char row[160], expected[64];
    snprintf(row, sizeof row, "\n| [%s", title);
    snprintf(expected, sizeof expected, "| **%s**", verdict);
    cell_is(text, row, expected);
    snprintf(row, sizeof row, "\n**Claim: %s", title);
    const char *section = strcasestr(text, row), *end = section ? strstr(section, "*Verdict:*") : NULL;
    const char *found = section ? strcasestr(section, says) : NULL;
    if (!end || !found || found > strchr(end, '\n'))
        fail_msg("expected %s in the section of the claim %s", says, title);
}

void claim_is(const char *title, const char *verdict, const char *says)
{
    char *text = report();
    claim_in(text, title, verdict, says);
    for (const char *at = text; (at = strstr(at, "nan")); at += 3)
        if (!isalpha((unsigned char)at[-1]) && !isalpha((unsigned char)at[3]))
            fail_msg("a nan in the report: ...%.60s...", at - 30);
    free(text);
}

void not_tested(const char *title, const char *says) { claim_is(title, "not tested", says); }

void number_is(const char *title, const char *says)
{
    char row[160], *text = report();
    snprintf(row, sizeof row, "\n| %s", title);
    cell_is(text, row, says);
    free(text);
}
