/* number.h - a field to a number, and what to tell of a field that is none. */
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
 * nothing more; the e may be Fortran's d.  The number is the nearest double.  The field is
 * written to, and then as it was. */
enum number_kind fathom_number_read(double *value, struct field field, char decimal, locale_t c_locale);

/* A text that was meant as a number, although it is none: "0.1O", "5%", "NA", "1.#QNAN".  Such a field makes no
 * header. */
bool fathom_number_meant(struct field field);

/* A field or name as a message can show it: printable ASCII, and not too long; U+2212 is shown as <U+2212>. */
struct shown {
    char text[44];
};
struct shown fathom_show(const char *text, size_t length);

/* Why a field is no number that can be read, and the cure: a part of a message's sentence. */
struct complaint {
    char text[200];
};
struct complaint fathom_number_complaint(struct field field, enum number_kind kind, char decimal, char separator);

#endif
