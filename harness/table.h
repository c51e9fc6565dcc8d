/* table.h - a table of results: in memory, on its way to a file, and read back.
 *
 * On disk: `# key: value` lines with the complete configuration, one line of column names, then rows; separated by
 * TABs, lines end in LF.  The cells are kept as the text that the file holds, so that reading a written table gives
 * the same table, and writing a read one the same bytes.  Nothing that varies from run to run is put in one, but for
 * timings, which have their own folder.
 *
 * Building never fails at the single cell: a table that ran out of memory, or a row with too few or many cells, is
 * remembered, and reported once by tables_write.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fathom.h"

struct table;

/* ------------------------------------------------------------------------------------------------ building ---- */

/* A table that will be DIR/<name>.tsv.  columns: names separated by one blank, "depth seed train_logp".  NULL if memory
 * is short, which the other functions take and tables_write reports. */
struct table *table_new(const char *name, const char *columns);
void          table_free(struct table *table); /* NULL is allowed */

/* "# key: value"; a key that is there already gets this value instead. */
void table_config(struct table *table, const char *key, const char *value);

/* The next cell of the row that is being built; the row ends with its last column. */
void table_text(struct table *table, const char *value); /* a word: control characters become '?' */
void table_count(struct table *table, uint64_t value);
void table_number(struct table *table, double value);  /* %.17g; what is not finite is "nan"    */
void table_digits(struct table *table, double value);  /* %.6g: where the last bits belong to a machine */
void table_setting(struct table *table, double value); /* the shortest text that reads back the same */

/* From here on a column <name>_raw right behind the column <name> fills itself: table_number into <name> adds the
 * number to the row, and number - shift after it. */
void table_raw_columns(struct table *table, double shift);

enum { TABLE_SETTING_SIZE = 32 };
void table_shortest(char text[TABLE_SETTING_SIZE], double value); /* table_setting's text: 0.003, 1, inf, nan */

/* Adds the tables to a set of files (files.h).  False with one line in *error. */
struct files;
bool tables_stage(struct files *set, struct table *const *tables, size_t n, fathom_error *error);

/* Writes all the tables into the folder, or none (files_write).  False with one line in *error. */
bool tables_write(const char *folder, struct table *const *tables, size_t n, fathom_error *error);

/* ------------------------------------------------------------------------------------------------- reading ---- */

/* NULL with one line in *error: no such file, ragged (with the line), no column names, a last line cut short, lines that
 * end in CR LF, not enough memory. */
struct table *table_read(const char *path, fathom_error *error);

/* The error for such a line, with its number: a checkout that changes line ends also changes checksums. */
#define TABLE_CRLF                                                                                    \
    "line %zu ends in CR LF, a table's lines in LF alone; cure: git config core.autocrlf false, and " \
    "check the file out again"

bool table_whole(const struct table *table); /* false: it ran out of memory while it was built */

const char *table_name(const struct table *table);
size_t      table_rows(const struct table *table);
size_t      table_columns(const struct table *table);
const char *table_column_name(const struct table *table, size_t column);
bool        table_find(size_t *column, const struct table *table, const char *name); /* false: no such column */
const char *table_value(const struct table *table, const char *key); /* of a config line; NULL: no such key */
const char *table_cell(const struct table *table, size_t row, size_t column);
/* The cell as a number: NaN if it is "nan" or no number at all. */
double table_cell_number(const struct table *table, size_t row, size_t column);

#endif
