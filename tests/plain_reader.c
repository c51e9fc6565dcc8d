/* plain_reader.c - another reader of rows (plain_reader.h).
 *
 * It shares nothing with the library's: the whole text is cut into lines, each line into copies of its fields, by one
 * pass of a small machine over its bytes; a number is what a table of states lets through.  Whatever it does not know
 * well it refuses, so that where both readers take a text, both must be right about it.
 */
#include "plain_reader.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { MOST = 400 };

struct cells {
    size_t n;
    bool   ok;
    char  *cell[MOST];
};

static void free_cells(struct cells *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->cell[i]);
    c->n = 0;
}

/* The line's fields as copies, comment left out; ok is false for broken quotes and lines that are too wide. */
static struct cells cut(const char *line, char separator)
{
    struct cells c = { .ok = true };
    char        *cell = need(strlen(line) + 1);
    size_t       used = 0, kept = 0; /* kept: up to the last byte that is no space around the field */
    enum { BEFORE, PLAIN, QUOTED, AFTER } state = BEFORE;
    bool gap = true, last = false, any_separator = false;
    for (const char *s = line; !last; s++) {
        last = *s == '\0' || (*s == '#' && state != QUOTED && gap);
        const bool blank = *s == ' ' || *s == '\t';
        const bool parts = separator == ' ' ? blank : *s == separator;
        const bool doubled = state == QUOTED && *s == '"' && s[1] == '"';
        if (last || (parts && state != QUOTED)) {
            c.ok = c.ok && state != QUOTED;
            if (separator != ' ' ? true : state != BEFORE) {
                cell[kept] = '\0';
                if (c.n < MOST)
                    c.cell[c.n++] = strcpy(need(kept + 1), cell);
                else
                    c.ok = false;
            }
            any_separator = any_separator || !last;
            used = kept = 0;
            state = BEFORE;
        } else if (doubled) {
            cell[used++] = *s++;
            kept = used;
        } else if (state == QUOTED) {
            if (*s == '"') {
                state = AFTER;
            } else {
                cell[used++] = *s;
                kept = used;
            }
        } else if (blank) {
            if (state == PLAIN)
                cell[used++] = *s;
        } else if (state == BEFORE && *s == '"') {
            state = QUOTED;
        } else {
            c.ok = c.ok && state != AFTER;
            state = PLAIN;
            cell[used++] = *s;
            kept = used;
        }
        gap = blank;
    }
    free(cell);
    if (c.n == 1 && c.cell[0][0] == '\0' && !any_separator)
        free_cells(&c);
    return c;
}

/* A machine of states over kinds of bytes: sign, digit, decimal sign, letter of the exponent. */
static bool number(double *value, const char *cell, char decimal)
{
    static const char next[8][5] = {
        /*           sign digit mark letter other */
        /* 0 start  */ { 1, 2, 4, 0, 0 },
        /* 1 sign   */ { 0, 2, 4, 0, 0 },
        /* 2 whole  */ { 0, 2, 3, 5, 0 },
        /* 3 fraction, digits before */ { 0, 3, 0, 5, 0 },
        /* 4 mark without digits     */ { 0, 3, 0, 0, 0 },
        /* 5 letter */ { 6, 7, 0, 0, 0 },
        /* 6 its sign */ { 0, 7, 0, 0, 0 },
        /* 7 exponent */ { 0, 7, 0, 0, 0 },
    };
    char  *copy = strcpy(need(strlen(cell) + 1), cell);
    int    state = 0;
    size_t i = 0;
    for (; copy[i] != '\0'; i++) {
        int kind = copy[i] == '+' || copy[i] == '-' ? 0
                 : copy[i] >= '0' && copy[i] <= '9' ? 1
                 : copy[i] == decimal               ? 2
                 : strchr("eEdD", copy[i])          ? 3
                                                    : 4;
        state = next[state][kind];
        if (state == 0)
            break;
        copy[i] = kind == 2 ? '.' : kind == 3 ? 'E' : copy[i];
    }
    *value = strtod(copy, NULL);
    const bool good = copy[i] == '\0' && (state == 2 || state == 3 || state == 7) && isfinite(*value);
    free(copy);
    return good;
}

static bool all_numbers(const struct cells *c, double *x, size_t n, char decimal)
{
    for (size_t i = 0; i < n; i++)
        if (!number(&x[i], c->cell[i], decimal))
            return false;
    return true;
}

/* Names only: at least one letter each, none a digit before it, so that nothing is a number with a typing error. */
static bool all_names(const struct cells *c)
{
    bool any = false;
    for (size_t i = 0; i < c->n; i++) {
        const char *s = c->cell[i];
        if (*s != '\0' && !((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')))
            return false;
        any = any || *s != '\0';
    }
    return any;
}

/* The first two lines that hold anything are looked at without their quotes. */
static char find_separator(char *const *line, size_t n, char decimal)
{
    char found = 0;
    for (size_t i = 0, seen = 0; i < n && seen < 2; i++) {
        char *bare = need(strlen(line[i]) + 1), *to = bare;
        bool  quoted = false, gap = true;
        for (const char *s = line[i]; *s != '\0' && !(*s == '#' && gap && !quoted); s++) {
            quoted ^= *s == '"';
            gap = *s == ' ' || *s == '\t';
            *to++ = quoted ? 'q' : *s;
        }
        while (to > bare && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        *to = '\0';
        const char *inner = bare + strspn(bare, " \t");
        if (*inner != '\0') {
            seen++;
            if (strchr(inner, '\t'))
                found = '\t';
            else if (found == 0)
                found = strchr(inner, ';')                   ? ';'
                      : decimal != ',' && strchr(inner, ',') ? ','
                      : strchr(inner, ' ')                   ? ' '
                                                             : 0;
        }
        free(bare);
    }
    return found ? found : ' ';
}

static bool read_lines(struct plain_rows *rows, char *const *line, size_t n, char separator, char decimal)
{
    bool   good = true, header = false, trailing = false;
    size_t names = 0;
    double x[MOST];
    for (size_t i = 0; good && i < n; i++) {
        struct cells c = cut(line[i], separator);
        size_t       width = c.n - (rows->n > 0 && trailing);
        good = c.ok;
        if (good && c.n == 0 && line[i][strspn(line[i], " \t")] == '#') { /* a comment: no row of numbers in it */
            struct cells inside = cut(line[i] + strspn(line[i], " \t") + 1, separator);
            good = !(inside.ok && inside.n > 1 &&
                     all_numbers(&inside, x, inside.n - (trailing && inside.n > 2), decimal));
            free_cells(&inside);
        } else if (good && c.n > 0 && rows->n == 0 && !header && all_names(&c)) {
            header = true;
            names = c.n;
        } else if (good && c.n > 0) {
            if (rows->n == 0) {
                trailing = separator != ' ' && c.n > 2 && c.cell[c.n - 1][0] == '\0';
                rows->dim = width = c.n - trailing;
                good = width >= 2 && width <= 64 && (!header || names == width || (trailing && names == c.n));
            }
            good = good && width == rows->dim && (!trailing || c.cell[width][0] == '\0') &&
                   all_numbers(&c, x, width, decimal);
            if (good) {
                rows->x = realloc(rows->x, (rows->n + 1) * width * sizeof *x);
                memcpy(rows->x + rows->n++ * width, x, width * sizeof *x);
            }
        }
        free_cells(&c);
    }
    return good && rows->n >= 2;
}

bool plain_read(struct plain_rows *rows, const char *text, size_t size, char separator, char decimal)
{
    char  *copy = need(size + 1), **line = need((size + 1) * sizeof *line);
    size_t n = 0;
    bool   good = memchr(text, '\0', size) == NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *at = copy + (strncmp(copy, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    good = good && strncmp(at, "sep=", 4) != 0;
    while (good && *at != '\0') {
        char *end = at + strcspn(at, "\n");
        line[n++] = at;
        at = *end == '\n' ? end + 1 : end;
        *end = '\0';
        if (end > line[n - 1] && end[-1] == '\r')
            end[-1] = '\0';
        good = strchr(line[n - 1], '\r') == NULL;
    }
    *rows = (struct plain_rows){ 0 };
    good = good && read_lines(rows, line, n, separator ? separator : find_separator(line, n, decimal), decimal);
    if (!good) {
        free(rows->x);
        *rows = (struct plain_rows){ 0 };
    }
    free(line);
    free(copy);
    return good;
}
