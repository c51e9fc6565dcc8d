/* canonical.c - the canonical text of a run (canonical.h). */
#include "canonical.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct canonical {
    char **line; /* [n], "name=value" */
    size_t n, room;
    bool   no_memory;
    char   bad_name[64]; /* the first that is not one; empty: none */
};

struct canonical *canonical_new(void) { return calloc(1, sizeof(struct canonical)); }

void canonical_free(struct canonical *text)
{
    if (!text)
        return;
    for (size_t i = 0; i < text->n; i++)
        free(text->line[i]);
    free(text->line);
    free(text);
}

static bool is_name(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
}

/* value: without control characters that break a line. */
static void add(struct canonical *text, const char *name, const char *value)
{
    if (!is_name(name) && !*text->bad_name)
        snprintf(text->bad_name, sizeof text->bad_name, "%s", *name ? name : "(empty)");
    if (text->n == text->room) {
        const size_t room = 2 * text->room + 16;
        char       **line = realloc(text->line, room * sizeof *line);
        if (!line) {
            text->no_memory = true;
            return;
        }
        text->line = line;
        text->room = room;
    }
    const size_t size = strlen(name) + strlen(value) + 2;
    char        *line = malloc(size);
    if (!line) {
        text->no_memory = true;
        return;
    }
    snprintf(line, size, "%s=%s", name, value);
    text->line[text->n++] = line;
}

void canonical_word(struct canonical *text, const char *name, const char *value)
{
    char *escaped = malloc(2 * strlen(value) + 1), *to = escaped;
    if (!escaped) {
        text->no_memory = true;
        return;
    }
    for (; *value; value++) {
        const char escape = *value == '\n' ? 'n' : *value == '\r' ? 'r' : *value == '\\' ? '\\' : '\0';
        if (escape)
            *to++ = '\\';
        *to++ = escape ? escape : *value;
    }
    *to = '\0';
    add(text, name, escaped);
    free(escaped);
}

void canonical_count(struct canonical *text, const char *name, uint64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    add(text, name, digits);
}

void canonical_number(struct canonical *text, const char *name, double value)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%a", isnan(value) ? fabs(value) : value);
    add(text, name, isnan(value) ? "nan" : digits);
}

void canonical_hash(struct canonical *text, const char *name, const struct sha256 *value)
{
    char digits[SHA256_DIGITS];
    sha256_hex(digits, value, SHA256_DIGITS - 1);
    add(text, name, digits);
}

/* --------------------------------------------------------------------------------------------- in one order ---- */

static size_t name_length(const char *line) { return strcspn(line, "="); }

static int by_name(const void *a, const void *b)
{
    const char  *first = *(char *const *)a, *second = *(char *const *)b;
    const size_t n = name_length(first), m = name_length(second);
    const int    order = memcmp(first, second, n < m ? n : m);
    return order != 0 ? order : (n > m) - (n < m);
}

static bool usable(struct canonical *text, fathom_error *error)
{
    if (text->no_memory) {
        snprintf(error->text, sizeof error->text, "text of a run: not enough memory");
        return false;
    }
    if (*text->bad_name) {
        snprintf(error->text, sizeof error->text, "text of a run: '%s' is no name; legal are a-z 0-9 _ . -",
                 text->bad_name);
        return false;
    }
    if (text->n > 0)
        qsort(text->line, text->n, sizeof *text->line, by_name);
    for (size_t i = 1; i < text->n; i++)
        if (by_name(&text->line[i - 1], &text->line[i]) == 0) {
            snprintf(error->text, sizeof error->text, "text of a run: '%.*s' is there twice",
                     (int)name_length(text->line[i]), text->line[i]);
            return false;
        }
    return true;
}

char *canonical_finish(struct canonical *text, fathom_error *error)
{
    char *all = NULL;
    if (usable(text, error)) {
        size_t size = 1;
        for (size_t i = 0; i < text->n; i++)
            size += strlen(text->line[i]) + 1;
        all = malloc(size);
        char *to = all;
        for (size_t i = 0; all && i < text->n; i++)
            to += snprintf(to, size - (size_t)(to - all), "%s\n", text->line[i]);
        if (!all)
            snprintf(error->text, sizeof error->text, "text of a run: not enough memory");
        else
            *to = '\0';
    }
    canonical_free(text);
    return all;
}
