/* difference.h - the first difference of two files, shown as a person would look for it. */
#ifndef DIFFERENCE_H
#define DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

enum content_state {
    CONTENT_READ,     /* the data are there                     */
    CONTENT_MISSING,  /* there is no such file                  */
    CONTENT_IRREGULAR /* it is no regular file, and is not read */
};

struct content {
    enum content_state state;
    const char        *folder; /* in which it is looked for             */
    char              *data;   /* size bytes and a 0; NULL unless read  */
    size_t             size;
};

/* Prints one line on standard output: line ends, a cut last line, a NUL byte, else the row and column (of a table) or
 * the line, and both texts.  The files are not the same. */
void difference_print(const char *name, const struct content *a, const struct content *b);

#endif
