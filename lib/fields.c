/* fields.c - splits a line of text into its fields (fields.h).
 *
 * There is one separator per file, so the same characters always give the same numbers: "0,52<tab>1,37" is two fields,
 * whatever they contain.  libcsv is not used.  It reports no field's place in the line, does not separate at runs of
 * blanks and has no comments; of the work here it would do only the quotes.
 */
#include "fields.h"

#include <string.h>
#include <strings.h>

#include "grow.h"

const char *fathom_separator_name(char separator)
{
    switch (separator) {
    case SEPARATE_TABS:
        return "tabs";
    case SEPARATE_SEMICOLONS:
        return "semicolons";
    case SEPARATE_COMMAS:
        return "commas";
    case SEPARATE_BARS:
        return "bars";
    case SEPARATE_BLANKS:
        return "blanks";
    }
    return NULL;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool fathom_is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_blank(text[i]))
            return false;
    return true;
}

/* Before the separator is known: the place behind the quoted stretch that begins at text[i], or i if none does.  A
 * quote counts where a field may begin. */
static size_t behind_quotes(const char *text, size_t length, size_t i)
{
    if (text[i] != '"' || !(i == 0 || is_blank(text[i - 1]) || strchr(",;|", text[i - 1]) != NULL))
        return i;
    for (i++; i < length; i++)
        if (text[i] == '"') {
            if (i + 1 == length || text[i + 1] != '"')
                return i + 1;
            i++;
        }
    return length;
}

static bool is_excel_error(const char *text, size_t length)
{
    static const char *const words[] = { "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!" };
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        const size_t size = strlen(words[k]);
        if (length >= size && strncasecmp(text, words[k], size) == 0 &&
            (length == size || is_blank(text[size]) || strchr(",;|\"", text[size]) != NULL))
            return true;
    }
    return false;
}

size_t fathom_comment_start(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        const size_t behind = behind_quotes(text, length, i);
        if (behind > i) {
            i = behind;
            continue;
        }
        if (text[i] == '#' && (i == 0 || is_blank(text[i - 1])) && !is_excel_error(text + i, length - i))
            return i;
        i++;
    }
    return length;
}

char fathom_separator_of(const char *text, size_t length, char decimal)
{
    bool tab = false, semicolon = false, comma = false;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    for (size_t i = strspn(text, " \t"); i < length;) {
        const size_t behind = behind_quotes(text, length, i);
        if (behind > i) {
            i = behind;
            continue;
        }
        tab = tab || text[i] == '\t';
        semicolon = semicolon || text[i] == ';';
        comma = comma || (text[i] == ',' && decimal != ',');
        i++;
    }
    return tab ? SEPARATE_TABS : semicolon ? SEPARATE_SEMICOLONS : comma ? SEPARATE_COMMAS : SEPARATE_BLANKS;
}

/* ---------------------------------------------------------------------------------------------- splitting ---- */

/* Does c belong to the white space around a field? */
static bool surrounds(char c, char separator) { return c == ' ' || (c == '\t' && separator != '\t'); }

static bool separates(char c, char separator) { return separator == SEPARATE_BLANKS ? is_blank(c) : c == separator; }

/* Reads the quoted field whose first quote is text[i], and replaces each doubled quote in it by one.  Returns the place
 * behind the last quote; *closed is false if there is none. */
static size_t take_quoted(struct field *field, bool *closed, char *text, size_t length, size_t i)
{
    char *to = text + ++i;
    *field = (struct field){ .start = to };
    for (*closed = false; i < length && !*closed; i++) {
        if (text[i] == '"' && text[i + 1] == '"')
            i++;
        else if (text[i] == '"')
            *closed = true;
        if (!*closed)
            *to++ = text[i];
    }
    field->length = (size_t)(to - field->start);
    return i;
}

enum fields_outcome fathom_split(struct field_list *list, char *text, size_t length, char separator)
{
    size_t i = 0;
    list->n = 0;
    for (;;) {
        bool closed = true, quoted;
        while (i < length && surrounds(text[i], separator))
            i++;
        if (i == length && separator == SEPARATE_BLANKS)
            return FIELDS_SPLIT;

        struct field *array = fathom_grow(list->field, &list->room, list->n, sizeof *array);
        if (array == NULL)
            return FIELDS_NO_MEMORY;
        list->field = array;
        struct field *field = &list->field[list->n++];
        quoted = i < length && text[i] == '"';
        if (quoted) {
            i = take_quoted(field, &closed, text, length, i);
        } else {
            *field = (struct field){ .start = text + i };
            while (i < length && !separates(text[i], separator))
                i++;
            field->length = (size_t)(text + i - field->start);
            while (field->length > 0 && surrounds(field->start[field->length - 1], separator))
                field->length--;
        }
        if (!closed)
            return FIELDS_UNCLOSED;
        if (separator == SEPARATE_BLANKS && i < length && !is_blank(text[i]))
            return FIELDS_AFTER_QUOTE;
        while (i < length && surrounds(text[i], separator))
            i++;
        if (i == length)
            return FIELDS_SPLIT;
        if (separator != SEPARATE_BLANKS && text[i++] != separator)
            return FIELDS_AFTER_QUOTE;
    }
}
