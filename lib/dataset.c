/* dataset.c - rows of numbers read from a stream: one's own data instead of the spiral.
 *
 * A line is split into fields, a field is a number or an error that says where it stands; nothing is skipped silently
 * but blank lines, comments and at most one header.  The text comes from anywhere, so each line has a greatest length,
 * every size is checked before it is multiplied, and numbers are read in the C locale whatever the program's own is.
 *
 * Invariant: the two outputs are written once, at the end, when nothing can fail any more.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fathom.h"
#include "standardise.h"

/* ------------------------------------------------------------------------------------------------- reading ---- */

enum { BLOCK = 1 << 14, LONGEST_LINE = 1 << 20 /* bytes, comment and line end not counted */ };

typedef struct reader {
    FILE         *in;
    const char   *name;
    fathom_error *error;
    locale_t      c_locale;

    char   block[BLOCK]; /* what was read last */
    size_t at, end;
    bool   broken;       /* the stream reported an error, and this was errno */
    int    cause;

    char  *text; /* the line: [length], then a NUL */
    size_t length, capacity, line;

    double *value; /* rows so far, row-major */
    size_t  count, room;
    size_t  n, dim, first_line;
} reader;

/* Writes the error's line, "NAME: what", and gives back the status.  Of a long name the end is kept. */
__attribute__((format(printf, 3, 4)))
static fathom_status fail(const reader *r, fathom_status status, const char *format, ...)
{
    if (r->error == NULL)
        return status;
    enum { LONGEST_NAME = 100 };
    char         *text = r->error->text;
    const size_t  size = sizeof r->error->text;
    const size_t  length = strlen(r->name);
    const char   *cut = length > LONGEST_NAME ? "..." : "";
    const int     used = snprintf(text, size, "%s%s: ", cut, r->name + (*cut ? length - LONGEST_NAME : 0));
    va_list       arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - (size_t)used, format, arguments);
    va_end(arguments);
    return status;
}

static fathom_status no_memory(const reader *r)
{
    return fail(r, FATHOM_NO_MEMORY, "line %zu: not enough memory", r->line);
}

/* The array with room for one more element of `size` bytes behind the first `used`; NULL, and the array as it was, if
 * there is none to be had. */
static void *grow(void *array, size_t *room, size_t used, size_t size)
{
    if (used < *room)
        return array;
    const size_t wider = *room < 64 ? 64 : *room + *room / 2;
    if (wider < *room || wider > SIZE_MAX / size)
        return NULL;
    void *moved = realloc(array, wider * size);
    if (moved != NULL)
        *room = wider;
    return moved;
}

/* Room in the line for one more byte behind the first `used`. */
static bool grow_text(reader *r, size_t used)
{
    char *text = grow(r->text, &r->capacity, used, 1);
    if (text != NULL)
        r->text = text;
    return text != NULL;
}

static bool append_value(reader *r, double value)
{
    double *array = grow(r->value, &r->room, r->count, sizeof *array);
    if (array == NULL)
        return false;
    r->value = array;
    r->value[r->count++] = value;
    return true;
}

/* The next byte, or EOF at the stream's end and after an error. */
static int next_byte(reader *r)
{
    if (r->at == r->end) {
        if (r->broken)
            return EOF;
        errno = 0;
        r->at = 0;
        r->end = fread(r->block, 1, BLOCK, r->in);
        if (ferror(r->in)) {
            r->broken = true;
            r->cause = errno;
        }
        if (r->end == 0)
            return EOF;
    }
    return (unsigned char)r->block[r->at++];
}

/* The next line without its comment and line end (LF, CRLF, or none at the end of the stream) in r->text.
 * *more is false if there was no further line. */
static fathom_status next_line(reader *r, bool *more)
{
    bool comment = false, any = false;
    int  byte;

    r->length = 0;
    r->line++;
    while ((byte = next_byte(r)) != EOF) {
        any = true;
        if (byte == '\n')
            break;
        if (byte == '\0')
            return fail(r, FATHOM_BAD_DATA, "line %zu: a NUL byte; legal: plain text", r->line);
        comment = comment || byte == '#';
        if (comment)
            continue;
        if (r->length == LONGEST_LINE)
            return fail(r, FATHOM_BAD_DATA, "line %zu: longer than %d bytes", r->line, LONGEST_LINE);
        if (!grow_text(r, r->length + 1))
            return no_memory(r);
        r->text[r->length++] = (char)byte;
    }
    if (byte == EOF && r->broken)
        return fail(r, FATHOM_READ_ERROR, "line %zu: cannot be read: %s", r->line,
                    r->cause != 0 ? strerror(r->cause) : "input error");
    if (!grow_text(r, r->length))
        return no_memory(r);
    if (r->length > 0 && r->text[r->length - 1] == '\r')
        r->length--;
    if (r->length > 0 && memchr(r->text, '\r', r->length) != NULL)
        return fail(r, FATHOM_BAD_DATA, "line %zu: a carriage return inside the line; legal: LF or CRLF ends a line",
                    r->line);
    r->text[r->length] = '\0';
    *more = any;
    return FATHOM_OK;
}

/* -------------------------------------------------------------------------------------------------- fields ---- */

typedef enum field_kind {
    FIELD_NUMBER,    /* finite and decimal                                    */
    FIELD_ILLEGAL,   /* a number to C, but infinite, NaN or hexadecimal       */
    FIELD_TOO_LARGE, /* decimal, beyond the largest double                    */
    FIELD_EMPTY,     /* nothing between two separators                        */
    FIELD_TEXT       /* anything else                                         */
} field_kind;

static size_t skip_digits(const char *s, size_t i)
{
    while (s[i] >= '0' && s[i] <= '9')
        i++;
    return i;
}

/* [sign] digits [. digits] [e [sign] digits], digits on at least one side of the point, and nothing more. */
static bool is_decimal(const char *s, size_t length)
{
    size_t i = s[0] == '+' || s[0] == '-';
    size_t from = i, digits;
    i = skip_digits(s, i);
    digits = i - from;
    if (s[i] == '.') {
        from = ++i;
        i = skip_digits(s, i);
        digits += i - from;
    }
    if (digits == 0)
        return false;
    if (s[i] == 'e' || s[i] == 'E') {
        i++;
        i += s[i] == '+' || s[i] == '-';
        from = i;
        i = skip_digits(s, i);
        if (i == from)
            return false;
    }
    return i == length;
}

/* s: [length], followed by a separator or NUL. */
static field_kind classify(double *value, const reader *r, const char *s, size_t length)
{
    if (length == 0)
        return FIELD_EMPTY;
    char *end;
    *value = strtod_l(s, &end, r->c_locale);
    if (is_decimal(s, length))
        return isfinite(*value) ? FIELD_NUMBER : FIELD_TOO_LARGE;
    return end == s + length ? FIELD_ILLEGAL : FIELD_TEXT;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *s)
{
    while (is_blank(*s))
        s++;
    return s;
}

/* A walk over a line's fields.  Between two fields stands a comma, with any blanks and tabs around it, or one tab, with
 * spaces around it, or spaces alone.  So what lies between two tabs is an empty field, as between two commas. */
typedef struct field_walk {
    const char *next;  /* where to go on                                */
    bool        more;  /* there is a field from there on, perhaps empty */
    const char *start; /* the field just found                          */
    size_t      length;
} field_walk;

static field_walk walk_line(const char *text)
{
    return (field_walk){.next = text, .more = *skip_blanks(text) != '\0'};
}

static bool next_field(field_walk *w)
{
    if (!w->more)
        return false;
    const char *s = w->next;
    while (*s == ' ')
        s++;
    w->start = s;
    while (*s != '\0' && *s != ',' && !is_blank(*s))
        s++;
    w->length = (size_t)(s - w->start);

    const char *const after = skip_blanks(s);
    if (*after == ',') {
        w->next = skip_blanks(after + 1);
        w->more = true;
    } else {
        while (*s == ' ')
            s++;
        w->more = *s != '\0';
        w->next = *s == '\t' ? s + 1 : s;
    }
    return true;
}

/* The field as a message can show it: printable, and not too long. */
typedef struct shown_field {
    char text[48];
} shown_field;

static shown_field show(const field_walk *w)
{
    const size_t most = sizeof(shown_field) - sizeof "...";
    shown_field  shown;
    size_t       i;
    for (i = 0; i < w->length && i < most; i++)
        shown.text[i] = w->start[i] > ' ' && w->start[i] <= '~' ? w->start[i] : '?';
    strcpy(shown.text + i, w->length > most ? "..." : "");
    return shown;
}

/* A line with a field that is no number in any sense, not even a wrong one: names of columns. */
static bool is_header(const reader *r)
{
    field_walk w = walk_line(r->text);
    double     value;
    while (next_field(&w))
        if (classify(&value, r, w.start, w.length) == FIELD_TEXT)
            return true;
    return false;
}

/* Appends the line's numbers to r->value. */
static fathom_status read_row(reader *r)
{
    const char *const legal = "legal: a finite decimal number such as -1.5e-3";
    field_walk        w = walk_line(r->text);
    size_t            column = 0;

    while (next_field(&w)) {
        double           value = 0.0;
        const field_kind kind = classify(&value, r, w.start, w.length);
        column++;
        if (kind == FIELD_EMPTY)
            return fail(r, FATHOM_BAD_DATA, "line %zu, column %zu: empty field; %s", r->line, column, legal);
        if (kind == FIELD_TOO_LARGE)
            return fail(r, FATHOM_BAD_DATA, "line %zu, column %zu: \"%s\" is beyond the largest double, 1.8e308",
                        r->line, column, show(&w).text);
        if (kind != FIELD_NUMBER)
            return fail(r, FATHOM_BAD_DATA, "line %zu, column %zu: \"%s\" is not a %snumber; %s", r->line, column,
                        show(&w).text, kind == FIELD_ILLEGAL ? "finite decimal " : "", legal);
        if (!append_value(r, value))
            return no_memory(r);
    }
    if (r->n == 0) {
        r->dim = column;
        r->first_line = r->line;
        if (column < 2)
            return fail(r, FATHOM_BAD_DATA, "line %zu: one column; legal: at least two", r->line);
    } else if (column != r->dim) {
        return fail(r, FATHOM_BAD_DATA, "line %zu: %zu %s, but line %zu has %zu", r->line, column,
                    column == 1 ? "column" : "columns", r->first_line, r->dim);
    }
    r->n++;
    return FATHOM_OK;
}

static fathom_status read_rows(reader *r)
{
    bool first = true, more = true;
    for (;;) {
        fathom_status status = next_line(r, &more);
        if (status != FATHOM_OK)
            return status;
        if (!more)
            break;
        if (r->line == 1 && r->length >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0) {
            r->length -= 3; /* the byte-order mark that some programs put before UTF-8 */
            memmove(r->text, r->text + 3, r->length + 1);
        }
        if (!walk_line(r->text).more)
            continue;
        if (!(first && is_header(r)))
            status = read_row(r);
        if (status != FATHOM_OK)
            return status;
        first = false;
    }
    if (r->n < 2)
        return fail(r, FATHOM_BAD_DATA, "line %zu: the text ends after %zu %s of numbers; legal: at least two rows",
                    r->line - 1, r->n, r->n == 1 ? "row" : "rows");
    return FATHOM_OK;
}

/* ------------------------------------------------------------------------------------------------ held out ---- */

/* held[i]: whether row i is held out.  The first n_held of a Fisher-Yates shuffle of the rows are (Durstenfeld 1964,
 * "Algorithm 235"). */
static bool choose_held(bool *held, uint64_t seed, size_t n_held, size_t n)
{
    if (n > SIZE_MAX / sizeof(size_t))
        return false;
    size_t *order = malloc(n * sizeof *order);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        held[i] = false;
    }
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n_held; i++) {
        const size_t j = (size_t)fathom_pcg64_integer(&rng, (int64_t)i, (int64_t)n);
        const size_t chosen = order[j];
        order[j] = order[i];
        held[chosen] = true;
    }
    free(order);
    return true;
}

/* Rows to where they belong, each part in the order of the text. */
static void deal_rows(fathom_dataset *train, fathom_dataset *kept, const reader *r, const bool *held)
{
    double *to_train = train->x, *to_kept = kept->x;
    for (size_t i = 0; i < r->n; i++) {
        double **to = held[i] ? &to_kept : &to_train;
        memcpy(*to, r->value + i * r->dim, r->dim * sizeof(double));
        *to += r->dim;
    }
}

static fathom_status standardise_both(const reader *r, fathom_dataset *train, fathom_dataset *kept)
{
    const size_t constant = fathom_dataset_standardise(train);
    if (constant < r->dim)
        return fail(r, FATHOM_BAD_DATA,
                    "lines %zu to %zu, column %zu: constant over the %zu training rows; legal: a column that varies",
                    r->first_line, r->line - 1, constant + 1, train->n);
    fathom_dataset_into_frame(kept, train);
    for (size_t i = 0; i < kept->n * kept->dim; i++)
        if (!isfinite(kept->x[i]))
            return fail(r, FATHOM_BAD_DATA,
                        "lines %zu to %zu, column %zu: a held-out row lies too far from the training rows",
                        r->first_line, r->line - 1, i % kept->dim + 1);
    return FATHOM_OK;
}

/* The rows that were read, as two datasets; kept may have no row. */
static fathom_status split_rows(const reader *r, fathom_dataset *train, fathom_dataset *kept, double heldout,
                                uint64_t seed)
{
    const size_t   n = r->n, n_held = (size_t)(heldout * (double)n + 0.5);
    fathom_dataset a = {0}, b = {0};
    fathom_status  status = FATHOM_OK;

    if (heldout > 0.0 && n_held == 0)
        return fail(r, FATHOM_BAD_DATA, "%zu rows, of which a fraction of %g is none; legal: at least one", n, heldout);
    if (n_held > n || n - n_held < 2)
        return fail(r, FATHOM_BAD_DATA, "%zu rows, of which a fraction of %g leaves fewer than two to train on", n,
                    heldout);

    bool *held = malloc(n);
    if (held == NULL || !choose_held(held, seed, n_held, n) || !fathom_dataset_alloc(&a, n - n_held, r->dim) ||
        !fathom_dataset_alloc(&b, n_held, r->dim)) {
        status = no_memory(r);
    } else {
        deal_rows(&a, &b, r, held);
        status = standardise_both(r, &a, &b);
    }
    free(held);
    if (status == FATHOM_OK) {
        *train = a;
        a = (fathom_dataset){0};
        if (kept != NULL && n_held > 0) {
            *kept = b;
            b = (fathom_dataset){0};
        } else if (kept != NULL) {
            *kept = (fathom_dataset){0};
        }
    }
    fathom_dataset_free(&a);
    fathom_dataset_free(&b);
    return status;
}

fathom_status fathom_dataset_read(fathom_dataset *train, fathom_dataset *kept, FILE *in, const char *name,
                                  double heldout, uint64_t seed, fathom_error *error)
{
    reader r = {.in = in, .name = name, .error = error};

    if (!(heldout >= 0.0 && heldout < 1.0) || (heldout > 0.0 && kept == NULL))
        return fail(&r, FATHOM_BAD_ARGUMENT, "held-out fraction %g; legal: 0 to below 1, and a place for the rows",
                    heldout);
    r.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (r.c_locale == (locale_t)0)
        return no_memory(&r);

    fathom_status status = read_rows(&r);
    if (status == FATHOM_OK)
        status = split_rows(&r, train, kept, heldout, seed);
    freelocale(r.c_locale);
    free(r.value);
    free(r.text);
    return status;
}
