/* fields.h - splits a line of text into its fields: one separator, quotes, comments. */
#ifndef FATHOM_FIELDS_H
#define FATHOM_FIELDS_H

#include "fathom.h"

/* A separator is one of these; a blank stands for any run of spaces and tabs. */
enum {
    SEPARATE_TABS = '\t',
    SEPARATE_SEMICOLONS = ';',
    SEPARATE_COMMAS = ',',
    SEPARATE_BARS = '|',
    SEPARATE_BLANKS = ' '
};

/* "tabs", "semicolons", ...; NULL if it is none. */
const char *fathom_separator_name(char separator);

/* The separator that a line suggests: a tab with text on both sides, else a semicolon, else a comma unless it is the
 * decimal sign, else blanks.  Text in quotes does not count. */
char fathom_separator_of(const char *text, size_t length, char decimal);

/* Where the line's comment begins, or length: a '#' at the line's start or after white space, not in quotes.  Excel's
 * error values (#N/A, #REF!, ...) are not comments. */
size_t fathom_comment_start(const char *text, size_t length);

/* Does the text consist of spaces and tabs, or of nothing? */
bool fathom_is_blank(const char *text, size_t length);

struct field {
    char  *start; /* in the line, which is written to: "" in quotes has become "; s[length] may be written too */
    size_t length;
};
struct field_list {
    struct field *field; /* [n]; the caller frees it */
    size_t        n, room;
};

enum fields_outcome {
    FIELDS_SPLIT,
    FIELDS_UNCLOSED,    /* a quote without its end, in the last field of the list   */
    FIELDS_AFTER_QUOTE, /* text behind a quoted field, the last one of the list     */
    FIELDS_NO_MEMORY
};

/* text: [length], then a NUL, without comment.  Spaces around a field do not belong to it, and tabs neither unless they
 * separate.  A field that begins with a quote ends with one, before the next separator. */
enum fields_outcome fathom_split(struct field_list *list, char *text, size_t length, char separator);

#endif
