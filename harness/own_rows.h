/* own_rows.h - reads the file of rows that the command line names. */
#ifndef OWN_ROWS_H
#define OWN_ROWS_H

#include "options.h"

/* Opens options->data (or standard input, if it is "-"), reads its rows and says on stderr what was read: a warning
 * where the rows may not be what was meant, and unless options->quiet one line of information.  Whatever is wrong ends
 * the program with one line.  The separator, the header and the columns that were found are put into *options, so that
 * tables name them; options->columns points into the report, which the caller frees. */
void own_rows_read(fathom_dataset *train, fathom_dataset *heldout, fathom_read_report *report,
                   struct options *options);

#endif
