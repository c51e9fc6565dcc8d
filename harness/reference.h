/* reference.h - the project's own tables of numbers from elsewhere, reference/<name>.tsv.
 *
 * They are found as the figures' scripts are (plot.h).  What is missing or no number ends the program with one line.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "table.h"

/* The caller frees it with table_free. */
struct table *reference_read(const char *name);
/* The cell as a finite number. */
double      reference_number(const struct table *table, size_t row, const char *column);
const char *reference_word(const struct table *table, size_t row, const char *column);

#endif
