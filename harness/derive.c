/* derive.c - what a function needs that makes a table from an earlier table (derive.h). */
#include "derive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "summary_table.h"

static size_t find(const struct table *source, const char *name)
{
    size_t column;
    if (!table_find(&column, source, name))
        exit_failed("the table %s has no column '%s' to derive from", table_name(source), name);
    return column;
}

double *derive_numbers(const struct table *source, const char *name)
{
    const size_t column = find(source, name), n = table_rows(source);
    double      *x = malloc((n + 1) * sizeof *x);
    if (!x)
        exit_failed("not enough memory for what is derived from the table %s", table_name(source));
    for (size_t row = 0; row < n; row++)
        x[row] = summary_table_counts(source, row, column) ? table_cell_number(source, row, column) : NAN;
    return x;
}

size_t derive_group_end(const struct table *source, const char *name, size_t row)
{
    const size_t column = find(source, name);
    size_t       end = row + 1;
    while (end < table_rows(source) && strcmp(table_cell(source, end, column), table_cell(source, row, column)) == 0)
        end++;
    return end;
}

void derive_copy_run(struct table *table, const struct table *source, size_t row)
{
    for (size_t c = 0; c + 1 < table_columns(table); c++)
        table_text(table, table_cell(source, row, find(source, table_column_name(table, c))));
}
