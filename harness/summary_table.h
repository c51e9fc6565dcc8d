/* summary_table.h - what a figure or the report shows of many runs, computed once: a row per group of a run table.
 *
 * Columns: those of `by`, then
 *   of        the column that is summarised
 *   runs      rows of the group
 *   ok        those of them whose status is "ok" (all, if the table has no status)
 *   n         rows of the group whose value is finite and counts (summary_table_counts): a run that is not ok has no
 *             trained score, but it has a gradient before training; of these values:
 *   min q1 median q3 max    quartiles by linear interpolation (statistics.h)
 *   mean sd                 sd with divisor n - 1
 * What n values do not give is nan.
 */
#ifndef SUMMARY_TABLE_H
#define SUMMARY_TABLE_H

#include "table.h"

enum { SUMMARY_TABLE_COLUMNS_SIZE = 256 };

/* The columns of a summary by these columns; 180 bytes of `by` at most. */
void summary_table_columns(char columns[SUMMARY_TABLE_COLUMNS_SIZE], const char *by);

/* table: of those columns.  by, of: names of columns of `rows`, separated by blanks, eight at most.  Groups stand in the
 * order of their first rows; for each, a row for each column of `of`.  A name that is no column ends the program: it is
 * a fault of the experiment's file. */
void summary_table_fill(struct table *table, const struct table *rows, const char *by, const char *of);

/* False for a score of the trained flow in a row whose status is "ruined": the number shows no more than that.  And for
 * update_rms in one whose status is "diverged": it is not that of a whole training, but of its start.  Summaries and the
 * report leave both out, as they do the missing score of a run that diverged. */
bool summary_table_counts(const struct table *rows, size_t row, size_t column);

#endif
