/* rows.h - reads the numbers of a text of rows. */
#ifndef FATHOM_ROWS_H
#define FATHOM_ROWS_H

#include "columns.h"

struct rows {
    struct columns columns;
    double        *value; /* [n][columns.n], not standardised */
    size_t         n;
    size_t         first_line, last_line, header_line;
    char           separator;
    unsigned       notices;
};

/* Reads to the stream's end.  On error nothing is allocated. */
fathom_status fathom_rows_read(struct rows *rows, FILE *in, const struct read_place *place,
                               const fathom_read_options *options);
void          fathom_rows_free(struct rows *rows);

#endif
