/* fill.c - the report as a document (fill.h). */
#include "fill.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct filling {
    struct bytes  *out;
    const char    *name; /* of the document */
    size_t         line; /* counted from 1  */
    struct pieces *pieces;
    fathom_error  *error;
};

static bool refuse(struct filling *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct filling *f, const char *format, ...)
{
    va_list   args;
    const int used = snprintf(f->error->text, sizeof f->error->text, "%.120s: line %zu: ", f->name, f->line);
    va_start(args, format);
    vsnprintf(f->error->text + used, sizeof f->error->text - (size_t)used, format, args);
    va_end(args);
    return false;
}

/* A place, cut into its parts: "verb name" or "verb name: words". */
struct document_place {
    const char *verb, *name, *words;
    int         verb_length, name_length, words_length; /* words: 0 if there are none */
};

static struct document_place cut(const char *text, size_t length)
{
    struct document_place p = { .verb = text, .verb_length = (int)strcspn(text, " }") };
    const char           *end = text + length;
    p.name = p.verb + p.verb_length + (p.verb[p.verb_length] == ' ');
    p.name_length = (int)strcspn(p.name, ":}");
    p.words = p.name + p.name_length;
    if (p.words < end && *p.words == ':')
        p.words += 1 + strspn(p.words + 1, " ");
    p.words_length = (int)(end - p.words);
    return p;
}

static bool put(struct filling *f, const struct document_place *p, const struct document_piece *piece)
{
    size_t size = piece->text->size;
    while (size > 0 && piece->text->data[size - 1] == '\n')
        size--;
    if (piece->kind != PIECE_FIGURE && p->words_length)
        return refuse(f, "only a figure has words of its own, not the %s '%s'", piece_verb(piece->kind), piece->name);
    if (piece->kind == PIECE_FIGURE && !p->words_length)
        return refuse(f, "the figure '%s' has no caption: {{figure %s: caption}}", piece->name, piece->name);
    if (piece->kind == PIECE_FIGURE)
        bytes_print(f->out, "![%.*s](%s)\n\n*Figure: %.*s.*", p->words_length, p->words, piece->text->data,
                    p->words_length, p->words);
    else if (size)
        bytes_add(f->out, piece->text->data, size);
    return true;
}

static bool fill_place(struct filling *f, const char *text, size_t length)
{
    const struct document_place p = cut(text, length);
    for (size_t kind = 0; kind < N_PIECE_KINDS; kind++) {
        const char *verb = piece_verb((enum piece_kind)kind);
        if (strlen(verb) != (size_t)p.verb_length || strncmp(verb, p.verb, strlen(verb)) != 0)
            continue;
        struct document_piece *piece = pieces_find(f->pieces, (enum piece_kind)kind, p.name, (size_t)p.name_length);
        if (!piece)
            return refuse(f, "no %s '%.*s'", verb, p.name_length, p.name);
        piece->used = true;
        return put(f, &p, piece);
    }
    return refuse(f, "unknown verb '%.*s'; legal are table, claim, figure, source, value", p.verb_length, p.verb);
}

/* A line without its end.  *alone: it is nothing but one place. */
static bool fill_line(struct filling *f, const char *line, size_t length, bool *alone)
{
    const char *end = line + length, *open;
    *alone = false;
    while ((open = memmem(line, (size_t)(end - line), "{{", 2))) {
        const char *close = memmem(open, (size_t)(end - open), "}}", 2);
        if (!close)
            return refuse(f, "a place that begins with {{ does not end with }} on its line");
        *alone = close + 2 - open == (ptrdiff_t)length;
        bytes_add(f->out, line, (size_t)(open - line));
        if (!fill_place(f, open + 2, (size_t)(close - open - 2)))
            return false;
        line = close + 2;
    }
    bytes_add(f->out, line, (size_t)(end - line));
    return true;
}

static bool all_used(const struct filling *f)
{
    for (size_t i = 0; i < f->pieces->n; i++) {
        const struct document_piece *piece = &f->pieces->piece[i];
        if (!piece->used) {
            snprintf(f->error->text, sizeof f->error->text, "%.120s: the %s '%.100s' is nowhere used", f->name,
                     piece_verb(piece->kind), piece->name);
            return false;
        }
    }
    return true;
}

bool fill(struct bytes *out, const char *document, const char *name, struct pieces *pieces, fathom_error *error)
{
    struct filling f = { .out = out, .name = name, .pieces = pieces, .error = error };
    bool           good = true, short_of_memory = false;
    for (const char *line = document, *next; *line && good; line = next) {
        const size_t length = strcspn(line, "\n"), before = out->size;
        bool         alone;
        f.line++;
        next = line + length + (line[length] == '\n');
        good = fill_line(&f, line, length, &alone);
        if (alone && out->size == before) { /* with the empty line behind it */
            f.line += *next == '\n';
            next += *next == '\n';
        } else if (line[length] == '\n')
            bytes_text(out, "\n");
    }
    for (size_t i = 0; i < pieces->n; i++)
        short_of_memory = short_of_memory || pieces->piece[i].text->short_of_memory;
    if (good && (short_of_memory || out->short_of_memory)) {
        snprintf(error->text, sizeof error->text, "not enough memory for the report");
        good = false;
    }
    return good && all_used(&f);
}
