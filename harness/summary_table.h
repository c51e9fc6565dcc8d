/* summary_table.h - what a figure or the report says of many runs, computed once: a row per group of a run table.
 *
 * Columns: those of `by`, then
 *   of        the column that is summarised
 *   runs      rows of the group
 *   finished  those of them whose status is "ok" (all, if the table has no status)
 *   n         those of them whose value is finite; of these:
 *   min q1 median q3 max    quartiles by linear interpolation (statistics.h)
 *   mean sd                 sd with divisor n - 1
 */
#ifndef SUMMARY_TABLE_H
#define SUMMARY_TABLE_H

#include "session.h"

/* by, of: names of columns of `rows`, separated by blanks.  Groups stand in the order of their first rows; for each, a
 * row for each column of `of`.  A name that is no column ends the program: it is a fault of the experiment's file. */
struct table *summary_table(const struct session *session, const char *name, const struct table *rows, const char *by,
                            const char *of);

#endif
