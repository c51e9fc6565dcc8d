/* difference.c - the first difference of two files (difference.h). */
#include "difference.h"

#include <stdio.h>
#include <string.h>

/* A piece of a line, not ended by a 0. */
struct piece {
    const char *text;
    size_t      length;
};

static struct piece next_piece(const char **rest, const char *ends)
{
    const struct piece piece = { *rest, strcspn(*rest, ends) };
    *rest += piece.length;
    return piece;
}

static bool equal(struct piece a, struct piece b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* At most this many characters of a text are shown; of two that are the same so far, from where they differ. */
enum { SHOWN = 100 };

static void show(struct piece piece, size_t from)
{
    if (from > 0)
        printf("...");
    for (size_t i = from; i < piece.length && i < from + SHOWN; i++)
        putchar((unsigned char)piece.text[i] < ' ' || piece.text[i] == 0x7f ? '?' : piece.text[i]);
    if (piece.length > from + SHOWN)
        printf("...");
}

static void show_both(struct piece a, struct piece b)
{
    size_t same = 0;
    while (same < a.length && same < b.length && a.text[same] == b.text[same])
        same++;
    const size_t from = same < SHOWN ? 0 : same;
    show(a, from);
    printf(" and ");
    show(b, from);
    putchar('\n');
}

/* What a row is of: its cells under the leading names that are a run's settings or a step of it. */
static void show_row(const char *head, const char *row)
{
    static const char *const settings[] = { "coupling",   "depth", "actnorm", "lr",   "clip", "mixing", "arm",
                                            "stabiliser", "seed",  "replica", "step", "rows", "output", "segment" };
    const char              *before = " of ";
    for (bool known = true; known;) {
        const struct piece name = next_piece(&head, "\t\n"), cell = next_piece(&row, "\t\n");
        known = false;
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
            known = known || equal(name, (struct piece){ settings[i], strlen(settings[i]) });
        if (known) {
            printf("%s%.*s ", before, (int)name.length, name.text);
            show(cell, 0);
            before = ", ";
        }
        known = known && *head == '\t' && *row == '\t';
        head++;
        row++;
    }
}

/* Two rows that differ, under this line of column names. */
static void print_columns(const char *name, size_t row, const char *head, const char *a, const char *b,
                          const char *folder_a, const char *folder_b)
{
    const char *const names = head, *const row_a = a;
    for (size_t c = 1;; c++) {
        const struct piece column = next_piece(&head, "\t\n"), one = next_piece(&a, "\t\n"),
                           other = next_piece(&b, "\t\n");
        if (!equal(one, other)) {
            printf("%s: row %zu, column %zu (%.*s)", name, row, c, column.length ? (int)column.length : 7,
                   column.length ? column.text : "no name");
            show_row(names, row_a);
            printf(": ");
            show_both(one, other);
            return;
        }
        if (*a != *b || *a != '\t') {
            printf("%s: row %zu ends after column %zu in %s\n", name, row, c, *a == '\t' ? folder_b : folder_a);
            return;
        }
        a++;
        b++;
        head += *head == '\t';
    }
}

/* What a look at the text would not show; true if that was it. */
static bool print_invisible(const char *name, const struct content *a, const struct content *b)
{
    const struct content *const both[] = { a, b };
    for (int i = 0; i < 2; i++) {
        const char *nul = memchr(both[i]->data, '\0', both[i]->size);
        if (both[i]->size == 0)
            printf("%s: empty in %s\n", name, both[i]->folder);
        else if (nul)
            printf("%s: a NUL byte at byte %zu in %s\n", name, (size_t)(nul - both[i]->data) + 1, both[i]->folder);
        else
            continue;
        return true;
    }
    const bool crlf_a = strstr(a->data, "\r\n"), crlf_b = strstr(b->data, "\r\n");
    if (crlf_a != crlf_b) {
        printf("%s: lines end in CR LF in %s, in LF in %s\n", name, crlf_a ? a->folder : b->folder,
               crlf_a ? b->folder : a->folder);
        return true;
    }
    const struct content *longer = a->size > b->size ? a : b, *shorter = a->size > b->size ? b : a;
    if (longer->size == shorter->size + 1 && longer->data[shorter->size] == '\n' &&
        memcmp(longer->data, shorter->data, shorter->size) == 0) {
        printf("%s: the last line has no line end in %s\n", name, shorter->folder);
        return true;
    }
    return false;
}

void difference_print(const char *name, const struct content *a, const struct content *b)
{
    const char  *p = a->data, *q = b->data, *head = NULL;
    const size_t length = strlen(name);
    const bool   table = length > 4 && strcmp(name + length - 4, ".tsv") == 0;
    size_t       line = 1, row = 0;
    if (print_invisible(name, a, b))
        return;
    for (; *p && *q; line++) {
        const char        *start_p = p, *start_q = q;
        const struct piece one = next_piece(&p, "\n"), other = next_piece(&q, "\n");
        const bool         comment = *start_p == '#' && *start_q == '#';
        if (!equal(one, other)) {
            if (table && !comment && head)
                print_columns(name, row + 1, head, start_p, start_q, a->folder, b->folder);
            else {
                printf("%s: line %zu: ", name, line);
                show_both(one, other);
            }
            return;
        }
        if (!comment && head)
            row++;
        else if (!comment)
            head = start_p;
        p += *p == '\n';
        q += *q == '\n';
    }
    printf("%s: %s ends after %s %zu, %s goes on\n", name, *p ? b->folder : a->folder, head ? "row" : "line",
           head ? row : line - 1, *p ? a->folder : b->folder);
}
