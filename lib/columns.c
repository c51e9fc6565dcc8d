/* columns.c - the columns of a text of rows (columns.h).
 *
 * A column is chosen by its name, or by its number from 1.  A word that is one column's name and another column's
 * number is an error.  @1 is always a number.
 */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "number.h"

/* ---------------------------------------------------------------------------------------------------- names ---- */

static char *copy_of(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

bool fathom_columns_name(struct columns *columns, const struct field_list *fields)
{
    columns->name = calloc(fields->n + 1, sizeof *columns->name);
    if (columns->name == NULL)
        return false;
    for (columns->n_names = 0; columns->n_names < fields->n; columns->n_names++) {
        const struct field *field = &fields->field[columns->n_names];
        if ((columns->name[columns->n_names] = copy_of(field->start, field->length)) == NULL)
            return false;
    }
    return true;
}

struct column_name fathom_column_name(const struct columns *columns, size_t place)
{
    struct column_name column;
    snprintf(column.text, sizeof column.text, "column %zu", place + 1);
    if (place < columns->n_names && columns->name[place][0] != '\0') {
        const struct shown shown = fathom_show(columns->name[place], strlen(columns->name[place]));
        snprintf(column.text, sizeof column.text, "column %zu (%s)", place + 1, shown.text);
    }
    return column;
}

void fathom_columns_free(struct columns *columns)
{
    for (size_t i = 0; columns->name != NULL && i < columns->n_names; i++)
        free(columns->name[i]);
    free(columns->name);
    free(columns->place);
    *columns = (struct columns){ 0 };
}

/* --------------------------------------------------------------------------------------------------- choice ---- */

/* Returns how many columns the word may mean; *place is one of them. */
static size_t meant(size_t *place, const struct columns *columns, const char *word, size_t length)
{
    size_t found = 0, number = 0, at = length > 1 && word[0] == '@', digits = at;
    for (size_t i = 0; i < columns->n_names && i < columns->width; i++)
        if (length > 0 && strlen(columns->name[i]) == length && memcmp(columns->name[i], word, length) == 0) {
            *place = i;
            found++;
        }
    while (digits < length && digits < at + 9 && word[digits] >= '0' && word[digits] <= '9')
        number = 10 * number + (size_t)(word[digits++] - '0');
    if (digits == length && number >= 1 && number <= columns->width && !(found == 1 && *place == number - 1)) {
        *place = number - 1;
        found++;
    }
    return found;
}

static fathom_status choose_word(struct columns *columns, const struct read_place *from, const char *word,
                                 size_t length)
{
    const struct shown shown = fathom_show(word, length);
    size_t             place = 0;
    const size_t       found = meant(&place, columns, word, length);
    if (found == 0)
        return fathom_read_fail(from, FATHOM_BAD_DATA, "--columns: no column is '%s'; legal: 1 to %zu%s", shown.text,
                                columns->width,
                                columns->name != NULL ? " and the header's names"
                                                      : ", as there is no header with names");
    if (found > 1)
        return fathom_read_fail(from, FATHOM_BAD_DATA,
                                "--columns: '%s' is more than one column, by name or number; "
                                "legal: @1 to @%zu, numbers in any case",
                                shown.text, columns->width);
    for (size_t i = 0; i < columns->n; i++)
        if (columns->place[i] == place)
            return fathom_read_fail(from, FATHOM_BAD_DATA, "--columns: '%s' is column %zu, which is chosen twice",
                                    shown.text, place + 1);
    columns->place[columns->n++] = place;
    return FATHOM_OK;
}

fathom_status fathom_columns_choose(struct columns *columns, const struct read_place *from, size_t width, size_t line,
                                    const fathom_read_options *options)
{
    const char *word = options->columns;
    size_t      words = 1;
    for (const char *c = word; c != NULL && *c != '\0'; c++)
        words += *c == ',';
    columns->width = width;
    const size_t n = word != NULL ? words : width;
    if (n < 2)
        return fathom_read_fail(from, FATHOM_BAD_DATA, "line %zu: one column%s; legal: at least two", line,
                                word != NULL ? " of --columns" : "");
    if (n > options->most)
        return fathom_read_fail(from, FATHOM_BAD_DATA, "line %zu: %zu columns; legal: 2 to %zu; --columns picks fewer",
                                line, n, options->most);
    if ((columns->place = calloc(n, sizeof *columns->place)) == NULL)
        return fathom_read_fail(from, FATHOM_NO_MEMORY, "line %zu: not enough memory", line);
    if (word == NULL)
        for (columns->n = 0; columns->n < n; columns->n++)
            columns->place[columns->n] = columns->n;
    while (word != NULL) {
        const size_t        length = strcspn(word, ",");
        const fathom_status status = choose_word(columns, from, word, length);
        if (status != FATHOM_OK)
            return status;
        word = word[length] == ',' ? word + length + 1 : NULL;
    }
    return FATHOM_OK;
}

/* ----------------------------------------------------------------------------------------------- the report ---- */

/* Is the name safe in a list of names on a line of text? */
static bool is_plain(const char *name)
{
    if (*name == '\0' || *name == ' ' || name[strlen(name) - 1] == ' ' || strlen(name) > 40)
        return false;
    for (; *name != '\0'; name++)
        if (*name < ' ' || *name > '~' || *name == ',')
            return false;
    return true;
}

/* Prints the column's number, with an @ before it if the number is also another column's name. */
static size_t print_number(char *text, size_t size, const struct columns *columns, size_t place, const char *comma)
{
    char   number[24];
    size_t other = 0;
    snprintf(number, sizeof number, "%zu", place + 1);
    const char *const at = meant(&other, columns, number, strlen(number)) == 1 ? "" : "@";
    return (size_t)snprintf(text, size, "%s%s%s", comma, at, number);
}

char *fathom_columns_text(const struct columns *columns)
{
    enum { LONGEST = 48 }; /* a name of at most 40 bytes or a number, and a comma */
    char  *text = columns->n < SIZE_MAX / LONGEST ? malloc(columns->n * LONGEST + 1) : NULL;
    size_t at = 0, other = 0;
    if (text == NULL)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < columns->n; i++) {
        const size_t      place = columns->place[i];
        const char *const name = place < columns->n_names ? columns->name[place] : "";
        const char *const comma = i > 0 ? "," : "";
        if (is_plain(name) && meant(&other, columns, name, strlen(name)) == 1)
            at += (size_t)snprintf(text + at, LONGEST, "%s%s", comma, name);
        else
            at += print_number(text + at, LONGEST, columns, place, comma);
    }
    return text;
}

bool fathom_columns_report(fathom_read_report *report, const struct columns *columns)
{
    report->file_columns = columns->width;
    report->column = calloc(columns->n, sizeof *report->column);
    report->columns = fathom_columns_text(columns);
    if (report->column == NULL || report->columns == NULL)
        return false;
    for (; report->n_columns < columns->n; report->n_columns++) {
        const size_t        place = columns->place[report->n_columns];
        fathom_read_column *column = &report->column[report->n_columns];
        column->place = place + 1;
        if (columns->name != NULL) {
            const char *name = place < columns->n_names ? columns->name[place] : "";
            if ((column->name = copy_of(name, strlen(name))) == NULL)
                return false;
        }
    }
    return true;
}

void fathom_read_report_free(fathom_read_report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < report->n_columns; i++)
        free(report->column[i].name);
    free(report->column);
    free(report->columns);
    *report = (fathom_read_report){ 0 };
}
