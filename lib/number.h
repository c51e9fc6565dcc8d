/* number.h - reads a field as a number, and describes a field that is not a number. */
#ifndef FATHOM_NUMBER_H
#define FATHOM_NUMBER_H

#include <locale.h>

#include "fields.h"

enum number_kind {
    NUMBER_FINITE,     /* a finite decimal number                             */
    NUMBER_NOT_FINITE, /* a number to C, but infinite, NaN or hexadecimal     */
    NUMBER_TOO_LARGE,  /* decimal, beyond the largest double                  */
    NUMBER_EMPTY,      /* nothing                                             */
    NUMBER_TEXT        /* anything else                                       */
};

/* [sign] digits [mark digits] [e [sign] digits], with digits on at least one side of the mark, which is `decimal`, and
 * nothing more; the e may be Fortran's d.  The number is the nearest double.  The field is written to during the call
 * and restored. */
enum number_kind fathom_number_read(double *value, struct field field, char decimal, locale_t c_locale);

/* Does the text look like a misspelt or missing number: "0.1O", "5%", "NA", "1.#QNAN"?  A line with such a field is not
 * a header. */
bool fathom_number_meant(struct field field);

/* A field or name for use in a message: printable ASCII, shortened if long; U+2212 becomes <U+2212>. */
struct shown {
    char text[44];
};
struct shown fathom_show(const char *text, size_t length);

/* Why a field cannot be read as a number, and how to cure it: a part of a message's sentence. */
struct complaint {
    char text[200];
};
struct complaint fathom_number_complaint(struct field field, enum number_kind kind, char decimal, char separator);

#endif
