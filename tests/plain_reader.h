/* plain_reader.h - another reader of rows, for the fuzz: slow and simple, made from README's sentences alone. */
#ifndef FATHOM_TESTS_PLAIN_READER_H
#define FATHOM_TESTS_PLAIN_READER_H

#include <stdbool.h>
#include <stddef.h>

struct plain_rows {
    size_t  n, dim;
    double *x; /* [n][dim]; the caller frees */
};

/* Does the reader take the text, with the separator (0: find it) and the decimal sign? */
bool plain_read(struct plain_rows *rows, const char *text, size_t size, char separator, char decimal);

#endif
