/* rows_cases.h - cases of texts of rows: each is read to known numbers, or refused with known words. */
#ifndef FATHOM_TESTS_ROWS_CASES_H
#define FATHOM_TESTS_ROWS_CASES_H

#include "fathom.h"

#define T(s) s, sizeof(s) - 1
#define COMMA .how.decimal = ','
#define HEADER .how.header = FATHOM_HEADER_YES
#define NO_HEADER .how.header = FATHOM_HEADER_NO
#define SKIP(n) .how.skip = n
#define COLUMNS(c) .how.columns = c
#define SEPARATOR(c) .how.separator = c

struct text_case {
    const char         *text;
    size_t              size;
    const char         *numbers; /* rows after each other, '/' between them; NULL: refused */
    const char         *error;   /* what the error says; " ... " stands for anything       */
    fathom_read_options how;     /* only what is not the default                            */
    unsigned            notices;
    const char         *columns; /* of the report, if not NULL                              */
};

/* Reads the case's text; the caller frees. */
fathom_status read_case(const struct text_case *c, fathom_dataset *data, fathom_read_report *report,
                        fathom_error *error);

/* Each case of the kind must come out as it says. */
void check_cases(const char *kind, const struct text_case *cases, size_t n);
#define CHECK(cases) check_cases(__func__, cases, sizeof cases / sizeof *cases)

#endif
