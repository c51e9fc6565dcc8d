/* number.c - reads a field as a number (number.h).
 *
 * The grammar is checked here, so strtod's readings of "0x1p3", "nan" or the program's own locale are not accepted.
 * The message about a field that is not a number describes what the field looks like, because the cure depends on it.
 */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static size_t skip_digits(const char *s, size_t length, size_t i)
{
    while (i < length && is_digit(s[i]))
        i++;
    return i;
}

/* Are the first `length` characters of s a decimal number?  *mark and *exponent: where its decimal mark and the letter
 * of its exponent stand, or length. */
static bool is_decimal(size_t *mark, size_t *exponent, const char *s, size_t length, char decimal)
{
    size_t i = length > 0 && (s[0] == '+' || s[0] == '-');
    size_t from = i, digits;
    *mark = *exponent = length;
    i = skip_digits(s, length, i);
    digits = i - from;
    if (i < length && s[i] == decimal) {
        *mark = i;
        from = ++i;
        i = skip_digits(s, length, i);
        digits += i - from;
    }
    if (digits == 0)
        return false;
    if (i < length && strchr("eEdD", s[i]) != NULL) {
        *exponent = i++;
        i += i < length && (s[i] == '+' || s[i] == '-');
        from = i;
        i = skip_digits(s, length, i);
        if (i == from)
            return false;
    }
    return i == length;
}

enum number_kind fathom_number_read(double *value, struct field field, char decimal, locale_t c_locale)
{
    char *const  s = field.start;
    const size_t length = field.length;
    size_t       mark, exponent;
    char        *end;
    if (length == 0)
        return NUMBER_EMPTY;
    const bool legal = is_decimal(&mark, &exponent, s, length, decimal);
    const char letter = s[exponent], behind = s[length];
    if (legal && mark < length)
        s[mark] = '.';
    if (legal && exponent < length)
        s[exponent] = 'e';
    s[length] = '\0';
    *value = strtod_l(s, &end, c_locale);
    s[length] = behind;
    if (legal && mark < length) /* restore the field: a message may show it, or it may be read again */
        s[mark] = decimal;
    if (legal)
        s[exponent] = letter;
    if (legal)
        return isfinite(*value) ? NUMBER_FINITE : NUMBER_TOO_LARGE;
    /* strtod also accepts a decimal point, which may not be this file's mark.  So its success counts only for text that
     * is not finite or hexadecimal. */
    const bool other = !isfinite(*value) || memchr(s, 'x', length) != NULL || memchr(s, 'X', length) != NULL;
    return end == s + length && other ? NUMBER_NOT_FINITE : NUMBER_TEXT;
}

/* ------------------------------------------------------------------------------------ how to show a field ---- */

static const struct mark_name {
    uint32_t    code;
    const char *name;
} named[] = {
    { 0x00A0, "no-break space" },
    { 0x2009, "thin space" },
    { 0x200B, "zero-width space" },
    { 0x2010, "hyphen" },
    { 0x2011, "no-break hyphen" },
    { 0x2012, "figure dash" },
    { 0x2013, "en dash" },
    { 0x2014, "em dash" },
    { 0x202F, "narrow no-break space" },
    { 0x2212, "minus sign" },
    { 0x066B, "Arabic decimal separator" },
    { 0x2019, "right single quotation mark" },
    { 0x201C, "left double quotation mark" },
    { 0x201D, "right double quotation mark" },
    { 0x221E, "infinity" },
    { 0xFEFF, "byte-order mark" },
    { 0xFF0B, "full-width plus" },
    { 0xFF0C, "full-width comma" },
    { 0xFF0D, "full-width minus" },
    { 0xFF0E, "full-width point" },
};

/* The character of more than one byte that s begins with, and how many bytes it has; 0 bytes if it is no UTF-8. */
static size_t decode(uint32_t *code, const char *s, size_t length)
{
    const unsigned char first = (unsigned char)s[0];
    const size_t        size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || size > length)
        return 0;
    *code = first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | ((unsigned char)s[i] & 0x3F);
    }
    return size;
}

static bool is_full_width_digit(uint32_t code) { return code >= 0xFF10 && code <= 0xFF19; }

struct shown fathom_show(const char *s, size_t length)
{
    const size_t most = sizeof(struct shown) - sizeof "...";
    struct shown shown;
    size_t       at = 0;
    for (size_t i = 0; i < length;) {
        char     one[16];
        uint32_t code = 0;
        size_t   size = 1;
        if (s[i] >= ' ' && s[i] <= '~')
            snprintf(one, sizeof one, "%c", s[i]);
        else if ((unsigned char)s[i] >= 0x80 && (size = decode(&code, s + i, length - i)) > 0)
            snprintf(one, sizeof one, "<U+%04X>", (unsigned)code);
        else
            snprintf(one, sizeof one, "<0x%02X>", (unsigned)(unsigned char)s[i]);
        i += size > 0 ? size : 1;
        if (at + strlen(one) > most) {
            strcpy(shown.text + at, "...");
            return shown;
        }
        strcpy(shown.text + at, one);
        at += strlen(one);
    }
    shown.text[at] = '\0';
    return shown;
}

/* How missing values and the like are written. */
static bool is_marker(const char *s, size_t length)
{
    static const char *const words[] = { "NA",      "N/A",     "n.a.",  "n.d.",     "NaT",       "undefined", "#N/A",
                                         "#DIV/0!", "#VALUE!", "#REF!", "#NAME?",   "#NUM!",     "#NULL!",    "NaN",
                                         "+NaN",    "-NaN",    "<NA>",  "null",     "none",      "nil",       "missing",
                                         "inf",     "+inf",    "-inf",  "infinity", "+infinity", "-infinity" };
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strlen(words[k]) == length && strncasecmp(words[k], s, length) == 0)
            return true;
    size_t i = 0; /* "-", "?", ".", "****": signs alone */
    while (i < length && strchr("-?.*+", s[i]) != NULL)
        i++;
    return length > 0 && i == length;
}

bool fathom_number_meant(struct field field)
{
    const char *const s = field.start;
    const size_t      length = field.length;
    size_t            i = 0;
    uint32_t          code = 0;
    if (is_marker(s, length))
        return true;
    while (i < length && !is_letter(s[i]) && !is_digit(s[i])) { /* signs, currencies, what is not ASCII */
        const size_t size = (unsigned char)s[i] >= 0x80 ? decode(&code, s + i, length - i) : 1;
        if (is_full_width_digit(code))
            return true;
        i += size > 0 ? size : 1;
    }
    if (i == length || !is_digit(s[i]))
        return false;
    for (size_t letters = 0; i < length && s[i] != '#'; i++) { /* "2theta" and "1st" are names, "0.1O" is not */
        letters = is_letter(s[i]) ? letters + 1 : 0;
        if (letters > 1)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------ complaint ---- */

/* The first character that is not ASCII, by its name.  False if there is none. */
static bool name_foreign(char *text, size_t size, struct field field)
{
    for (size_t i = 0; i < field.length; i++) {
        uint32_t code;
        if ((unsigned char)field.start[i] < 0x80)
            continue;
        const char *name = NULL;
        if (decode(&code, field.start + i, field.length - i) == 0) {
            snprintf(text, size, "the byte 0x%02X", (unsigned)(unsigned char)field.start[i]);
            return true;
        }
        for (size_t k = 0; k < sizeof named / sizeof *named; k++)
            name = named[k].code == code ? named[k].name : name;
        if (is_full_width_digit(code))
            name = "full-width digit";
        snprintf(text, size, "U+%04X%s%s%s", (unsigned)code, name ? " (" : "", name ? name : "", name ? ")" : "");
        return true;
    }
    return false;
}

static bool has(struct field field, char c) { return memchr(field.start, c, field.length) != NULL; }

static bool has_digit(struct field field)
{
    for (size_t i = 0; i < field.length; i++)
        if (is_digit(field.start[i]))
            return true;
    return false;
}

/* The separator that such a field would be split by. */
static const char *other_separator(struct field field, char separator)
{
    return has(field, ';') && separator != ';'   ? "semicolon"
         : has(field, '|') && separator != '|'   ? "bar"
         : has(field, '\t') && separator != '\t' ? "tab"
         : has(field, ' ') && separator != ' '   ? "blank"
                                                 : NULL;
}

struct complaint fathom_number_complaint(struct field field, enum number_kind kind, char decimal, char separator)
{
    const char *const  legal = "legal: a finite decimal number such as -1.5e-3";
    const char *const  between = fathom_separator_name(separator), *other;
    struct complaint   c;
    char               foreign[64];
    char *const        text = c.text;
    const size_t       size = sizeof c.text;
    const struct shown sign = fathom_show(field.start, field.length);
    const char *const  shown = sign.text;

    if (kind == NUMBER_EMPTY)
        snprintf(text, size, "empty field; %s", legal);
    else if (kind == NUMBER_TOO_LARGE)
        snprintf(text, size, "\"%s\" is beyond the largest double, 1.8e308", shown);
    else if (kind == NUMBER_NOT_FINITE || strncmp(field.start + strspn(field.start, "+-"), "1.#", 3) == 0)
        snprintf(text, size, "\"%s\" is not a finite decimal number; %s", shown, legal);
    else if (name_foreign(foreign, sizeof foreign, field))
        snprintf(text, size, "\"%s\" is not a number: %s is not ASCII", shown, foreign);
    else if (!has_digit(field))
        snprintf(text, size, "\"%s\" is not a number; %s", shown, legal);
    else if (has(field, ',') && decimal != ',')
        snprintf(text, size,
                 "\"%s\" is not a number: it has a comma, and %s separate fields; a decimal comma is read "
                 "with --decimal , and a thousands separator not at all",
                 shown, between);
    else if (has(field, '.') && decimal == ',' && is_digit(field.start[field.length - 1]))
        snprintf(text, size,
                 "\"%s\" is not a number: it has a point, and --decimal is the comma; a thousands "
                 "separator is not read",
                 shown);
    else if ((other = other_separator(field, separator)) != NULL)
        snprintf(text, size, "\"%s\" is not a number: %s separate fields; --separator %s reads another file%s", shown,
                 between, other, separator == ',' ? ", --decimal , a decimal comma" : "");
    else
        snprintf(text, size, "\"%s\" is not a number; %s", shown, legal);
    return c;
}
