/* svg_title.c - title and description of an SVG, from the head of its script (svg_title.h). */
#include "svg_title.h"

#include <ctype.h>
#include <string.h>

/* The comment at the head of the script as one line, without "# NAME.gp - "; nothing if there is none. */
static void read_head(struct bytes *words, const char *script)
{
    const char *dash = strstr(script, " - ");
    if (*script != '#' || !dash || dash > script + strcspn(script, "\n"))
        return;
    for (const char *at = dash + 3;; at += 2 + strspn(at + 2, " ")) {
        const size_t length = strcspn(at, "\n");
        if (words->size && length)
            bytes_text(words, " ");
        bytes_add(words, at, length);
        at += length;
        if (strncmp(at, "\n#", 2) != 0)
            break;
    }
}

/* Text of an element: & and < are none (XML 1.0, 2.4), and > is better none. */
static void put_escaped(struct bytes *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '&')
            bytes_text(out, "&amp;");
        else if (text[i] == '<')
            bytes_text(out, "&lt;");
        else if (text[i] == '>')
            bytes_text(out, "&gt;");
        else
            bytes_add(out, &text[i], 1);
}

/* Behind its first sentence, or its end. */
static size_t first_sentence(const char *words)
{
    const char *end = strstr(words, ". ");
    return end ? (size_t)(end - words) + 1 : strlen(words);
}

/* An element at the text, after white space; what it holds, and what is behind it.  No such element: nothing, and the
 * text. */
struct element {
    const char *content, *behind;
    size_t      length;
};

static struct element element_at(const char *text, const char *open, const char *close)
{
    const char *at = text + strspn(text, " \t\r\n");
    const char *end = strncmp(at, open, strlen(open)) == 0 ? strstr(at, close) : NULL;
    if (!end)
        return (struct element){ "", text, 0 };
    at += strlen(open);
    return (struct element){ at, end + strlen(close), (size_t)(end - at) };
}

bool svg_title_put(struct bytes *picture, const char *script)
{
    struct bytes words = { 0 }, out = { 0 };
    const char  *svg = strstr(picture->data, "<svg"), *tag = svg ? strchr(svg, '>') : NULL;
    read_head(&words, script);
    if (tag && words.size) {
        const size_t         title = first_sentence(words.data);
        const char          *more = words.data + title + strspn(words.data + title, " ");
        const struct element its_title = element_at(tag + 1, "<title>", "</title>");
        const struct element its_desc = element_at(its_title.behind, "<desc>", "</desc>");
        words.data[0] = (char)toupper((unsigned char)words.data[0]);
        bytes_add(&out, picture->data, (size_t)(tag + 1 - picture->data));
        bytes_text(&out, "\n<title>");
        put_escaped(&out, words.data, title);
        bytes_text(&out, "</title>\n<desc>");
        put_escaped(&out, more, strlen(more));
        bytes_text(&out, *more && its_desc.length ? " " : "");
        bytes_add(&out, its_desc.content, its_desc.length);
        bytes_text(&out, "</desc>");
        bytes_add(&out, its_desc.behind, picture->size - (size_t)(its_desc.behind - picture->data));
    }
    const bool good = !words.short_of_memory && !out.short_of_memory;
    bytes_free(good && out.size ? picture : &out);
    if (good && out.size)
        *picture = out;
    bytes_free(&words);
    return good;
}
