/* rows.c - reads the numbers of a text of rows (rows.h).
 *
 * The meaning of a line depends on the file's separator, on whether its first line is a header, and on the number of
 * its columns.  The first two lines that are neither blank nor a comment determine all three.  So they are read ahead,
 * with the comments between them.  Each later line is a row of that kind, a comment, blank, or an error.
 *
 * Invariant: a line that cannot be read is an error; it is never left out silently.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "number.h"

struct line {
    char  *text; /* [length], then a NUL */
    size_t length, number;
    bool   cut;
};

struct reader {
    struct text_lines          lines;
    const struct read_place   *place;
    const fathom_read_options *options;
    locale_t                   c_locale;

    struct line *ahead; /* [n_ahead]: lines up to the second that holds anything */
    size_t       n_ahead, ahead_room;
    size_t       first; /* the first of them that holds anything                 */

    struct field_list fields;
    char              separator;
    bool              trailing;  /* each row ends with a separator          */
    bool              first_row; /* the row being read is the file's first  */
    bool              counting;  /* the first column is 0, 1, 2, ... so far, or 1, 2, 3, ... */

    size_t       count, room; /* of rows->value */
    struct rows *rows;
};

static fathom_status no_memory(const struct reader *r, size_t line)
{
    return fathom_read_fail(r->place, FATHOM_NO_MEMORY, "line %zu: not enough memory", line);
}

/* --------------------------------------------------------------------------------------- one line to fields ---- */

static fathom_status split(struct reader *r, const struct line *line)
{
    switch (fathom_split(&r->fields, line->text, line->length, r->separator)) {
    case FIELDS_SPLIT:
        return FATHOM_OK;
    case FIELDS_UNCLOSED:
        return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                "line %zu, column %zu: a quoted field without its second "
                                "quote; legal: both on one line",
                                line->number, r->fields.n);
    case FIELDS_AFTER_QUOTE:
        return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                "line %zu, column %zu: text behind a quoted field; %s "
                                "separate fields",
                                line->number, r->fields.n, fathom_separator_name(r->separator));
    case FIELDS_NO_MEMORY:
        break;
    }
    return no_memory(r, line->number);
}

static enum number_kind read_field(double *value, const struct reader *r, size_t i)
{
    return fathom_number_read(value, r->fields.field[i], r->options->decimal, r->c_locale);
}

/* Blanks may be those between the words of a title, which is no header: then the first row has its own separator. */
static bool is_under_title(const struct reader *r, const struct field *field)
{
    return r->first_row && r->rows->header_line > 0 && r->separator == SEPARATE_BLANKS &&
           r->options->separator == '\0' && strcspn(field->start, ",;|") < field->length && fathom_number_meant(*field);
}

/* The error for a field that is not a number: where, what, and at the top of a file what makes a line a header. */
static fathom_status refuse(const struct reader *r, const struct line *line, size_t i, enum number_kind kind)
{
    const struct complaint   c = fathom_number_complaint(r->fields.field[i], kind, r->options->decimal, r->separator);
    const struct column_name column = fathom_column_name(&r->rows->columns, i);
    const char              *more = "";
    if (kind == NUMBER_TEXT && is_under_title(r, &r->fields.field[i]))
        return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                "line %zu, %s: \"%s\" is not a number: blanks separate "
                                "fields, as line %zu has them; cures: --decimal , or --separator NAME, or --skip %zu "
                                "if that line is a title",
                                line->number, column.text,
                                fathom_show(r->fields.field[i].start, r->fields.field[i].length).text,
                                r->rows->header_line, r->rows->header_line);
    if (kind == NUMBER_TEXT && r->first_row && r->rows->header_line == 0 && r->options->header == FATHOM_HEADER_AUTO)
        more = " (a header has no number in it; --header takes any line as one)";
    else if (kind == NUMBER_TEXT && r->first_row && r->rows->header_line > 0 &&
             !fathom_number_meant(r->fields.field[i]))
        more = " (a header is one line; --skip N leaves lines out)";
    return fathom_read_fail(r->place, FATHOM_BAD_DATA, "line %zu, %s: %s%s", line->number, column.text, c.text,
                            strlen(c.text) + strlen(more) < sizeof c.text ? more : "");
}

/* The error for a line that has not as many fields as the first row.  If a field is not a number, the error names that
 * field; that explains more than the count. */
static fathom_status refuse_count(const struct reader *r, const struct line *line, size_t columns)
{
    const size_t width = r->rows->columns.width;
    double       value;
    for (size_t i = 0; i < r->fields.n && r->options->columns == NULL; i++) {
        const enum number_kind kind = read_field(&value, r, i);
        if (kind != NUMBER_FINITE)
            return refuse(r, line, i, kind);
    }
    return fathom_read_fail(r->place, FATHOM_BAD_DATA, "line %zu: %zu %s, but line %zu has %zu; %s separate fields",
                            line->number, columns, columns == 1 ? "column" : "columns", r->rows->first_line, width,
                            fathom_separator_name(r->separator));
}

/* Is the last field empty, behind a separator?  Quotes would have something in them. */
static bool ends_empty(const struct reader *r)
{
    return r->separator != SEPARATE_BLANKS && r->fields.n > 1 && r->fields.field[r->fields.n - 1].length == 0;
}

static bool append(struct reader *r, double value)
{
    double *array = fathom_grow(r->rows->value, &r->room, r->count, sizeof *array);
    if (array == NULL)
        return false;
    r->rows->value = array;
    array[r->count++] = value;
    return true;
}

/* Appends the numbers of the row, whose fields are split. */
static fathom_status take_row(struct reader *r, const struct line *line)
{
    struct rows          *rows = r->rows;
    const struct columns *columns = &rows->columns;
    double                value = 0.0;
    if (r->trailing && r->fields.n == columns->width && !ends_empty(r))
        return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                "line %zu: ends without a separator, but line %zu has one "
                                "behind its last field",
                                line->number, rows->first_line);
    if (r->fields.n - (r->trailing && ends_empty(r)) != columns->width)
        return refuse_count(r, line, r->fields.n - (r->trailing && ends_empty(r)));
    for (size_t i = 0; i < columns->n; i++) {
        const enum number_kind kind = read_field(&value, r, columns->place[i]);
        if (kind != NUMBER_FINITE)
            return refuse(r, line, columns->place[i], kind);
        if (!append(r, value))
            return no_memory(r, line->number);
        if (i == 0)
            r->counting = r->counting && value == (double)rows->n + rows->value[0] &&
                          (rows->value[0] == 0 || rows->value[0] == 1);
    }
    rows->n++;
    return FATHOM_OK;
}

/* A comment that would be a row without its '#': perhaps a name "#1" in the first column, perhaps a row left out on
 * purpose.  The file does not show which, so it is an error.  "##" always begins a comment. */
static fathom_status check_comment(struct reader *r, const struct line *line, size_t start)
{
    char *const  text = line->text + start + 1;
    const size_t length = fathom_comment_start(text, line->length - start - 1);
    double       value;
    if (line->cut)
        return FATHOM_OK;
    text[length] = '\0';
    const enum fields_outcome outcome = fathom_split(&r->fields, text, length, r->separator);
    if (outcome == FIELDS_NO_MEMORY)
        return no_memory(r, line->number);
    if (outcome != FIELDS_SPLIT || r->fields.n - (r->trailing && ends_empty(r)) != r->rows->columns.width)
        return FATHOM_OK;
    for (size_t i = 0; i < r->rows->columns.width; i++)
        if (read_field(&value, r, i) != NUMBER_FINITE)
            return FATHOM_OK;
    return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                            "line %zu: a comment that would be a row of %zu numbers without "
                            "its '#'; legal: the row, or '##' for a comment",
                            line->number, r->rows->columns.width);
}

/* Reads any line after the header: comment, blank or row. */
static fathom_status take_line(struct reader *r, struct line *line)
{
    size_t start = fathom_comment_start(line->text, line->length);
    if (start < line->length && fathom_is_blank(line->text, start))
        return check_comment(r, line, start);
    if (start < line->length) { /* with the white space before it, but for a tab that ends each row */
        const bool keep_tab = r->trailing && r->separator == SEPARATE_TABS;
        while (start > 0 && fathom_is_blank(line->text + start - 1, 1) && !(keep_tab && line->text[start - 1] == '\t'))
            start--;
        line->length = start;
        line->text[start] = '\0';
    }
    if (fathom_is_blank(line->text, line->length) &&
        !(r->separator == SEPARATE_TABS && memchr(line->text, '\t', line->length) != NULL))
        return FATHOM_OK;
    const fathom_status status = split(r, line);
    return status == FATHOM_OK ? take_row(r, line) : status;
}

/* --------------------------------------------------------------------------------------- the first two lines ---- */

/* Does the line contain anything but a comment and blanks? */
static bool holds(const struct line *line)
{
    const size_t start = fathom_comment_start(line->text, line->length);
    return !fathom_is_blank(line->text, start);
}

/* Excel's "sep=;" as first line.  *status: an error if what it declares is no separator. */
static bool declares(struct reader *r, const struct line *line, fathom_status *status)
{
    if (r->n_ahead > 0 || line->length < 4 || memcmp(line->text, "sep=", 4) != 0)
        return false;
    const char declared = line->text[4];
    if (line->length != 5 || fathom_separator_name(declared) == NULL)
        *status = fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                   "line %zu: \"%s\" declares no separator; legal: sep= and "
                                   "one of ; , | tab blank",
                                   line->number, fathom_show(line->text, line->length).text);
    else if (declared == r->options->decimal && r->separator == '\0')
        *status = fathom_read_fail(r->place, FATHOM_BAD_DATA, "line %zu: \"sep=,\" with --decimal , as well",
                                   line->number);
    else if (r->separator == '\0')
        r->separator = declared;
    return true;
}

/* Must the line be kept until the number of columns is known?  Yes for a comment that may be a row of numbers.  Yes
 * after the first line for a line of tabs: it is a row of empty fields if tabs separate. */
static bool is_kept(const struct line *line, bool behind_first)
{
    if (behind_first && fathom_is_blank(line->text, line->length))
        return memchr(line->text, '\t', line->length) != NULL;
    const size_t start = strspn(line->text, " \t");
    const char  *inside = line->text + start + (line->text[start] == '#');
    inside += strspn(inside, " \t");
    return holds(line) || (*inside != '\0' && strchr("0123456789+-.,\"", *inside) != NULL);
}

/* Reads lines until two hold something, or to the end. */
static fathom_status read_ahead(struct reader *r)
{
    bool more = true;
    for (size_t found = 0; found < 2;) {
        fathom_status status = fathom_next_line(&r->lines, &more);
        if (status != FATHOM_OK || !more)
            return status;
        if (r->lines.line <= r->options->skip)
            continue;
        const struct line line = { r->lines.text, r->lines.length, r->lines.line, r->lines.cut };
        const bool        declaration = declares(r, &line, &status);
        if (status != FATHOM_OK)
            return status;
        if (declaration || !is_kept(&line, found > 0))
            continue;
        struct line *array = fathom_grow(r->ahead, &r->ahead_room, r->n_ahead, sizeof *array);
        if (array == NULL)
            return no_memory(r, line.number);
        r->ahead = array;
        if (holds(&line) && found++ == 0)
            r->first = r->n_ahead;
        r->ahead[r->n_ahead++] = line;
        r->lines.text = NULL; /* it belongs to the kept line now */
        r->lines.capacity = 0;
    }
    return FATHOM_OK;
}

/* A tab in one of the two lines decides; else the first of them that shows a separator. */
static void choose_separator(struct reader *r)
{
    char found = SEPARATE_BLANKS;
    bool settled = false;
    for (size_t i = r->first; i < r->n_ahead; i++) {
        const struct line *line = &r->ahead[i];
        const size_t       from = strspn(line->text, " \t");
        size_t             length = fathom_comment_start(line->text, line->length);
        const char         one = fathom_separator_of(line->text, length, r->options->decimal);
        while (length > 0 && fathom_is_blank(line->text + length - 1, 1))
            length--;
        if (from >= length || (settled && one != SEPARATE_TABS))
            continue;
        settled = one != SEPARATE_BLANKS || strcspn(line->text + from, " \t") + from < length;
        found = one;
    }
    if (r->separator == '\0')
        r->separator = found;
}

/* Is the line, whose fields are split, a header?  FATHOM_HEADER_AUTO: if no field is a number or was meant as one. */
static bool is_header(const struct reader *r)
{
    bool   any = false;
    double value;
    if (r->options->header != FATHOM_HEADER_AUTO)
        return r->options->header == FATHOM_HEADER_YES;
    for (size_t i = 0; i < r->fields.n; i++) {
        const enum number_kind kind = read_field(&value, r, i);
        any = any || kind == NUMBER_TEXT;
        if ((kind != NUMBER_TEXT && kind != NUMBER_EMPTY) || fathom_number_meant(r->fields.field[i]))
            return false;
    }
    return any;
}

/* Checks that there are as many names as columns.  If not, the most frequent reason is row names from R or pandas. */
static fathom_status check_names(const struct reader *r)
{
    const struct columns *c = &r->rows->columns;
    const size_t          line = r->rows->header_line;
    if (c->n_names == c->width)
        return FATHOM_OK;
    char cure[80] = "";
    if (c->n_names + 1 == c->width && c->width > 2 && c->width <= 8) {
        int at = snprintf(cure, sizeof cure, "; row names without a heading? --skip %zu --columns 2", line);
        for (size_t i = 3; i <= c->width && at < (int)sizeof cure; i++)
            at += snprintf(cure + at, sizeof cure - (size_t)at, ",%zu", i);
    }
    return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                            "line %zu: %zu %s, but line %zu has %zu %s; %s separate fields%s", line, c->n_names,
                            c->n_names == 1 ? "name" : "names", r->rows->first_line, c->width,
                            c->width == 1 ? "column" : "columns", fathom_separator_name(r->separator), cure);
}

/* Reads the first row, whose fields are split.  It determines the number of columns. */
static fathom_status open_rows(struct reader *r, const struct line *line)
{
    struct columns *c = &r->rows->columns;
    double          value;
    r->rows->first_line = line->number;
    c->width = r->fields.n;
    if (ends_empty(r) && (c->name == NULL || c->n_names + 1 == r->fields.n ||
                          (c->n_names == r->fields.n && c->name[c->n_names - 1][0] == '\0'))) {
        r->trailing = true;
        r->rows->notices |= FATHOM_NOTICE_TRAILING;
        c->width--;
        if (c->n_names > c->width)
            free(c->name[--c->n_names]);
    }
    for (size_t i = 0; i < c->width && r->options->header == FATHOM_HEADER_AUTO; i++) {
        const enum number_kind kind = read_field(&value, r, i);
        const bool             unread = c->name != NULL && r->options->columns != NULL;
        if (kind != NUMBER_FINITE && !unread)
            return refuse(r, line, i, kind);
    }
    fathom_status status = c->name != NULL ? check_names(r) : FATHOM_OK;
    if (status == FATHOM_OK)
        status = fathom_columns_choose(c, r->place, c->width, line->number, r->options);
    return status;
}

/* The lines read ahead: separator, header, first row, comments. */
static fathom_status take_ahead(struct reader *r)
{
    struct rows  *rows = r->rows;
    fathom_status status = FATHOM_OK;
    size_t        row = r->first;
    choose_separator(r);
    for (size_t i = r->first; i < r->n_ahead; i++) {
        struct line *line = &r->ahead[i];
        size_t       length = fathom_comment_start(line->text, line->length);
        if (!holds(line))
            continue;
        if (length < line->length)
            while (length > 0 && fathom_is_blank(line->text + length - 1, 1))
                length--;
        line->length = length;
        line->text[length] = '\0';
        if ((status = split(r, line)) != FATHOM_OK)
            return status;
        row = i;
        if (i > r->first || !is_header(r))
            break;
        rows->header_line = line->number;
        if (!fathom_columns_name(&rows->columns, &r->fields))
            return no_memory(r, line->number);
    }
    if (r->n_ahead == 0 || rows->header_line == r->ahead[row].number || !holds(&r->ahead[row]))
        return FATHOM_OK; /* no row: read_text reports it */
    r->first_row = true;
    status = open_rows(r, &r->ahead[row]);
    if (status == FATHOM_OK)
        status = take_row(r, &r->ahead[row]);
    r->first_row = false;
    for (size_t i = 0; i < r->n_ahead && status == FATHOM_OK; i++) {
        struct line *line = &r->ahead[i];
        if (i > row || (!holds(line) && fathom_comment_start(line->text, line->length) < line->length))
            status = take_line(r, line);
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------- a text ---- */

static fathom_status read_text(struct reader *r)
{
    struct rows  *rows = r->rows;
    bool          more = true;
    fathom_status status = read_ahead(r);
    if (status == FATHOM_OK)
        status = take_ahead(r);
    while (status == FATHOM_OK) {
        status = fathom_next_line(&r->lines, &more);
        if (status != FATHOM_OK || !more)
            break;
        struct line line = { r->lines.text, r->lines.length, r->lines.line, r->lines.cut };
        status = take_line(r, &line);
    }
    if (status != FATHOM_OK)
        return status;
    rows->last_line = r->lines.line > 0 ? r->lines.line : 1;
    if (rows->n < 2)
        return fathom_read_fail(r->place, FATHOM_BAD_DATA,
                                "line %zu: the text ends after %zu %s of numbers; legal: at "
                                "least two rows",
                                rows->last_line, rows->n, rows->n == 1 ? "row" : "rows");
    for (size_t i = 0; rows->columns.name != NULL && r->options->columns == NULL && i < rows->columns.n; i++)
        if (rows->columns.name[i][0] == '\0')
            rows->notices |= FATHOM_NOTICE_UNNAMED;
    if (r->counting && rows->n > 2 && r->options->columns == NULL)
        rows->notices |= FATHOM_NOTICE_INDEX | (rows->value[0] == 0 ? FATHOM_NOTICE_FROM_0 : 0);
    rows->separator = r->separator;
    return FATHOM_OK;
}

void fathom_rows_free(struct rows *rows)
{
    fathom_columns_free(&rows->columns);
    free(rows->value);
    *rows = (struct rows){ 0 };
}

fathom_status fathom_rows_read(struct rows *rows, FILE *in, const struct read_place *place,
                               const fathom_read_options *options)
{
    struct reader *r = calloc(1, sizeof *r); /* 16 KiB of it are bytes read ahead */
    *rows = (struct rows){ 0 };
    if (r == NULL)
        return fathom_read_fail(place, FATHOM_NO_MEMORY, "not enough memory");
    *r = (struct reader){ .lines = { .in = in, .place = *place },
                          .place = place,
                          .options = options,
                          .separator = options->separator,
                          .counting = true,
                          .rows = rows };
    fathom_status status = FATHOM_NO_MEMORY;
    r->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (r->c_locale != (locale_t)0) {
        status = read_text(r);
        freelocale(r->c_locale);
    } else {
        no_memory(r, 0);
    }
    for (size_t i = 0; i < r->n_ahead; i++)
        free(r->ahead[i].text);
    free(r->ahead);
    free(r->lines.text);
    free(r->fields.field);
    free(r);
    if (status != FATHOM_OK)
        fathom_rows_free(rows);
    return status;
}
