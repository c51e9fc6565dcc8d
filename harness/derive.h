/* derive.h - what a function needs that makes a table from an earlier table (experiment.h).
 *
 * A name that is no column, and memory that is short, end the program: the first is a fault of the experiment's file.
 */
#ifndef DERIVE_H
#define DERIVE_H

#include "table.h"

/* A column as numbers, [table_rows(source)]; NaN where the cell is none, or does not count
 * (summary_table_counts).  The caller frees. */
double *derive_numbers(const struct table *source, const char *column);

/* The first row behind `row` whose word in this column is another, or table_rows(source): the end of a group of rows
 * that follow each other. */
size_t derive_group_end(const struct table *source, const char *column, size_t row);

/* The cells of `table`'s next row but its last column's: those of this row of the source, by the names of the columns,
 * which the source has. */
void derive_copy_run(struct table *table, const struct table *source, size_t row);

#endif
