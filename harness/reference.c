/* reference.c - the project's own tables of numbers from elsewhere (reference.h). */
#include "reference.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "exit.h"
#include "plot.h"

struct table *reference_read(const char *name)
{
    char         home[PATH_MAX], path[PATH_MAX + 64];
    fathom_error error;
    if (plot_home(home, sizeof home, &error) != PLOT_OK)
        exit_failed("%s", error.text);
    snprintf(path, sizeof path, "%s/reference/%s.tsv", home, name);
    struct table *table = table_read(path, &error);
    if (!table)
        exit_failed("%s", error.text);
    return table;
}

double reference_number(const struct table *table, size_t row, const char *name)
{
    size_t       column;
    const double value = table_find(&column, table, name) ? table_cell_number(table, row, column) : NAN;
    if (!isfinite(value))
        exit_failed("reference/%s.tsv: row %zu, column %s: not a number", table_name(table), row + 1, name);
    return value;
}

const char *reference_word(const struct table *table, size_t row, const char *name)
{
    size_t column;
    if (!table_find(&column, table, name))
        exit_failed("reference/%s.tsv: there is no column %s", table_name(table), name);
    return table_cell(table, row, column);
}
