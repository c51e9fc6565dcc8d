/* text_lines.h - reads a stream as lines of plain text: encodings, line ends, lengths, read errors. */
#ifndef FATHOM_TEXT_LINES_H
#define FATHOM_TEXT_LINES_H

#include "fathom.h"

enum {
    TEXT_BLOCK = 1 << 14,
    TEXT_LONGEST = 1 << 20 /* bytes of a line, its comment and its end not counted */
};

/* Where an error is reported: fathom_read_fail writes "NAME: what" into *error (may be NULL) and returns the status.
 * Of a long name only the end is written. */
struct read_place {
    const char   *name;
    fathom_error *error;
};
fathom_status fathom_read_fail(const struct read_place *place, fathom_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct text_lines {
    FILE             *in;
    struct read_place place;

    char   block[TEXT_BLOCK]; /* the bytes read last; those from `at` to `end` are not used yet */
    size_t at, end;
    bool   opened;
    bool   broken; /* the stream reported an error, and this was errno */
    int    cause;

    char  *text; /* the line without its end: [length], then a NUL; the caller frees it */
    size_t length, capacity;
    size_t line; /* its number, from 1; at the end that of the last line            */
    bool   cut;  /* its comment was too long; the end of the comment is left out   */
};

/* The next line (its end is LF, CRLF or the end of the stream); *more is false if there was none.
 * FATHOM_BAD_DATA, FATHOM_READ_ERROR or FATHOM_NO_MEMORY, with the line named. */
fathom_status fathom_next_line(struct text_lines *lines, bool *more);

#endif
