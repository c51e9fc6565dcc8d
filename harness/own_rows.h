/* own_rows.h - reads the file of rows that the command line names. */
#ifndef OWN_ROWS_H
#define OWN_ROWS_H

#include "options.h"

/* Opens options->data (or standard input, if it is "-"), reads its rows and prints on stderr what was read: a warning
 * where the rows may not be what was meant, and unless options->quiet one line of information.  Whatever is wrong ends
 * the program with one line.  The separator, the header and the columns that were found are put into *options, so that
 * tables name them; options->columns points into the report, which the caller frees. */
void own_rows_read(fathom_dataset *train, fathom_dataset *heldout, fathom_dataset *validation,
                   fathom_read_report *report, struct options *options);

/* What messages call the rows: a data set's or the file's name, or "standard input". */
const char *own_rows_name(const struct options *options);

/* "column 3" or "column 3 (mass)", as it stands in the file.  column: of the dataset, from 0.  Without a file, of which
 * rows is empty, "column 1" is the first. */
struct column_text {
    char text[80];
};
struct column_text own_rows_column(const fathom_read_report *rows, size_t column);

#endif
