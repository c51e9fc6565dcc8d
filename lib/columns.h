/* columns.h - the columns of a text of rows: the header's names, and which columns are read. */
#ifndef FATHOM_COLUMNS_H
#define FATHOM_COLUMNS_H

#include "fields.h"
#include "text_lines.h"

/* The columns of the file: names, and the chosen ones. */
struct columns {
    size_t  width; /* in the file: fields per row that count                          */
    char  **name;  /* [n_names], or NULL without a header                             */
    size_t  n_names;
    size_t *place; /* [n], from 0: the chosen ones                                    */
    size_t  n;
};

/* Keeps the header's fields as names.  False if memory is short. */
bool fathom_columns_name(struct columns *columns, const struct field_list *fields);

/* Sets place and n for rows of `width` fields: all of them, or those that options->columns chooses.  line: of the first
 * row, for the error.  FATHOM_BAD_DATA, FATHOM_BAD_ARGUMENT or FATHOM_NO_MEMORY. */
fathom_status fathom_columns_choose(struct columns *columns, const struct read_place *place, size_t width, size_t line,
                                    const fathom_read_options *options);

/* Returns the text that, as options->columns, chooses the same columns again: names where they are unique, else
 * numbers.  NULL if memory is short.  The caller frees it. */
char *fathom_columns_text(const struct columns *columns);

/* "column 3", or "column 3 (mass)": place from 0. */
struct column_name {
    char text[80];
};
struct column_name fathom_column_name(const struct columns *columns, size_t place);

/* Writes the chosen columns into the report, in memory that then belongs to it.  False if memory is short. */
bool fathom_columns_report(fathom_read_report *report, const struct columns *columns);

void fathom_columns_free(struct columns *columns);

#endif
