/* summary_table.c - a row per group of a run table (summary_table.h). */
#include "summary_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "statistics.h"

enum { COLUMNS_MAX = 8, NAME_SIZE = 32 };

struct column_list {
    size_t n, at[COLUMNS_MAX];
};

static struct column_list find_columns(const struct table *rows, const char *names)
{
    struct column_list list = { 0 };
    char               name[NAME_SIZE];
    for (int used; list.n < COLUMNS_MAX && sscanf(names, " %31s%n", name, &used) == 1; names += used)
        if (!table_find(&list.at[list.n++], rows, name))
            exit_failed("the table %s has no column '%s' to summarise", table_name(rows), name);
    return list;
}

static bool same_group(const struct table *rows, size_t a, size_t b, const struct column_list *by)
{
    bool same = true;
    for (size_t i = 0; i < by->n && same; i++)
        same = strcmp(table_cell(rows, a, by->at[i]), table_cell(rows, b, by->at[i])) == 0;
    return same;
}

/* group[row] = the first row of its group. */
static void find_groups(size_t *group, const struct table *rows, const struct column_list *by)
{
    for (size_t row = 0; row < table_rows(rows); row++) {
        group[row] = row;
        for (size_t first = 0; first < row; first++)
            if (group[first] == first && same_group(rows, first, row, by)) {
                group[row] = first;
                break;
            }
    }
}

/* Without the ending "_raw" of the same score in the rows' own units. */
static bool is_trained_score(const char *column)
{
    static const char *const scores[] = { "train_logp",   "heldout_logp",  "validation_logp", "kl",
                                          "kl_std_error", "inverse_error", "condition_number" };
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        const size_t length = strlen(scores[i]);
        if (strncmp(column, scores[i], length) == 0 && (!column[length] || strcmp(column + length, "_raw") == 0))
            return true;
    }
    return false;
}

bool summary_table_counts(const struct table *rows, size_t row, size_t column)
{
    const char *name = table_column_name(rows, column);
    size_t      status;
    if (!table_find(&status, rows, "status"))
        return true;
    const char *outcome = table_cell(rows, row, status);
    return !(strcmp(outcome, "ruined") == 0 && is_trained_score(name)) &&
           !(strcmp(outcome, "diverged") == 0 && strcmp(name, "update_rms") == 0);
}

static void add_row(struct table *table, const struct table *rows, const size_t *group, size_t first,
                    const struct column_list *by, size_t column, double *value)
{
    size_t     n_rows = 0, ok = 0, n = 0, status;
    const bool has_status = table_find(&status, rows, "status");
    for (size_t row = first; row < table_rows(rows); row++) {
        if (group[row] != first)
            continue;
        const double x = table_cell_number(rows, row, column);
        n_rows++;
        ok += !has_status || strcmp(table_cell(rows, row, status), "ok") == 0;
        if (isfinite(x) && summary_table_counts(rows, row, column))
            value[n++] = x;
    }
    const struct summary s = statistics_summary(value, n);
    for (size_t i = 0; i < by->n; i++)
        table_text(table, table_cell(rows, first, by->at[i]));
    table_text(table, table_column_name(rows, column));
    table_count(table, n_rows);
    table_count(table, ok);
    table_count(table, n);
    const double numbers[] = { s.min, s.q1, s.median, s.q3, s.max, s.mean, s.sd };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        table_number(table, numbers[i]);
}

void summary_table_columns(char columns[SUMMARY_TABLE_COLUMNS_SIZE], const char *by)
{
    snprintf(columns, SUMMARY_TABLE_COLUMNS_SIZE, "%s of runs ok n min q1 median q3 max mean sd", by);
}

void summary_table_fill(struct table *table, const struct table *rows, const char *by_names, const char *of_names)
{
    const struct column_list by = find_columns(rows, by_names), of = find_columns(rows, of_names);
    const size_t             n = table_rows(rows);
    size_t                  *group = malloc((n + 1) * sizeof *group);
    double                  *value = malloc((n + 1) * sizeof *value);
    if (!group || !value)
        exit_failed("not enough memory to summarise the table %s", table_name(rows));
    find_groups(group, rows, &by);
    for (size_t row = 0; row < n; row++)
        for (size_t i = 0; group[row] == row && i < of.n; i++)
            add_row(table, rows, group, row, &by, of.at[i], value);
    free(group);
    free(value);
}
