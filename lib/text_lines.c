/* text_lines.c - reads a stream as lines of plain text (text_lines.h).
 *
 * The stream may contain anything.  So the length of a line is limited, and for bytes that are not text the error names
 * the format that they look like.  A byte-order mark of UTF-8 is left out.
 */
#include "text_lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "grow.h"

/* -------------------------------------------------------------------------------------------------- errors ---- */

fathom_status fathom_read_fail(const struct read_place *place, fathom_status status, const char *format, ...)
{
    if (place->error == NULL)
        return status;
    enum { LONGEST_NAME = 100 };
    char        *text = place->error->text;
    const size_t size = sizeof place->error->text;
    const size_t length = strlen(place->name);
    const char  *cut = length > LONGEST_NAME ? "..." : "";
    const int    used = snprintf(text, size, "%s%s: ", cut, place->name + (*cut ? length - LONGEST_NAME : 0));
    va_list      arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - (size_t)used, format, arguments);
    va_end(arguments);
    return status;
}

static bool grow_text(struct text_lines *lines, size_t used)
{
    char *text = fathom_grow(lines->text, &lines->capacity, used, 1);
    if (text != NULL)
        lines->text = text;
    return text != NULL;
}

static fathom_status no_memory(const struct text_lines *lines)
{
    return fathom_read_fail(&lines->place, FATHOM_NO_MEMORY, "line %zu: not enough memory", lines->line);
}

/* --------------------------------------------------------------------------------------------------- bytes ---- */

static void read_block(struct text_lines *lines)
{
    errno = 0;
    lines->at = 0;
    lines->end = fread(lines->block, 1, TEXT_BLOCK, lines->in);
    if (ferror(lines->in)) {
        lines->broken = true;
        lines->cause = errno;
    }
}

/* The next byte, or EOF at the stream's end and after an error. */
static int next_byte(struct text_lines *lines)
{
    if (lines->at == lines->end) {
        if (lines->broken)
            return EOF;
        read_block(lines);
        if (lines->end == 0)
            return EOF;
    }
    return (unsigned char)lines->block[lines->at++];
}

/* The first bytes of files that are not text, as the formats' documents give them. */
static const struct format {
    const char *bytes;
    size_t      size;
    const char *name, *cure;
} formats[] = {
    { "\x1F\x8B", 2, "gzip", "zcat FILE | ... --data -" },
    { "BZh", 3, "bzip2", "bzcat FILE | ... --data -" },
    { "\xFD"
      "7zXZ\0",
      6, "xz", "xzcat FILE | ... --data -" },
    { "\x28\xB5\x2F\xFD", 4, "zstd", "zstdcat FILE | ... --data -" },
    { "\xFF\xFE\0\0", 4, "UTF-32", "iconv -f UTF-32 -t UTF-8 FILE | ... --data -" },
    { "\0\0\xFE\xFF", 4, "UTF-32", "iconv -f UTF-32 -t UTF-8 FILE | ... --data -" },
    { "\xFF\xFE", 2, "UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | ... --data -" },
    { "\xFE\xFF", 2, "UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | ... --data -" },
    { "PK\3\4", 4, "a zip archive, such as an .xlsx workbook or an .npz file", "export it as CSV" },
    { "\xD0\xCF\x11\xE0", 4, "an old Excel workbook", "export it as CSV" },
    { "\x93NUMPY", 6, "a NumPy array", "numpy.savetxt writes text" },
    { "\x89HDF\r\n", 6, "HDF5", "export it as CSV" },
    { "PAR1", 4, "Parquet", "export it as CSV" },
    { "SQLite format 3", 16, "an SQLite data base", "sqlite3 -csv writes text" },
    { "%PDF-", 5, "PDF", "export it as CSV" },
    { "\x89PNG", 4, "PNG", "rows of numbers are needed" },
};

/* UTF-16 without a mark: of four characters below U+0100 every other byte is 0. */
static const char *unmarked_utf16(const char *bytes, size_t size)
{
    bool little = size >= 8, big = size >= 8;
    for (size_t i = 0; i < 8 && i < size; i++) {
        const bool zero = bytes[i] == '\0';
        little = little && zero == (i % 2 == 1);
        big = big && zero == (i % 2 == 0);
    }
    return little ? "LE" : big ? "BE" : NULL;
}

/* Before the first line: the first block, which must be text. */
static fathom_status open_text(struct text_lines *lines)
{
    read_block(lines);
    lines->opened = true;
    const char *const bytes = lines->block;
    const size_t      size = lines->end;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= formats[i].size && memcmp(bytes, formats[i].bytes, formats[i].size) == 0)
            return fathom_read_fail(&lines->place, FATHOM_BAD_DATA, "line 1: looks like %s; legal: plain text (%s)",
                                    formats[i].name, formats[i].cure);
    const char *const order = unmarked_utf16(bytes, size);
    if (order != NULL)
        return fathom_read_fail(&lines->place, FATHOM_BAD_DATA,
                                "line 1: looks like UTF-16; legal: plain text "
                                "(iconv -f UTF-16%s -t UTF-8 FILE | ... --data -)",
                                order);
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        lines->at = 3;
    return FATHOM_OK;
}

/* --------------------------------------------------------------------------------------------------- lines ---- */

/* Appends the byte to the line.  If the line is too long, the end of a comment is left out; otherwise it is an error.
 * */
static fathom_status add_byte(struct text_lines *lines, char byte)
{
    if (lines->cut)
        return FATHOM_OK;
    if (lines->length == TEXT_LONGEST) {
        lines->cut = fathom_comment_start(lines->text, lines->length) < lines->length;
        if (!lines->cut)
            return fathom_read_fail(&lines->place, FATHOM_BAD_DATA, "line %zu: longer than %d bytes", lines->line,
                                    TEXT_LONGEST);
        return FATHOM_OK;
    }
    if (!grow_text(lines, lines->length + 1))
        return no_memory(lines);
    lines->text[lines->length++] = byte;
    return FATHOM_OK;
}

fathom_status fathom_next_line(struct text_lines *lines, bool *more)
{
    fathom_status status = lines->opened ? FATHOM_OK : open_text(lines);
    bool          any = false;
    int           byte = EOF;

    lines->length = 0;
    lines->cut = false;
    lines->line++;
    while (status == FATHOM_OK && (byte = next_byte(lines)) != EOF) {
        any = true;
        if (byte == '\n')
            break;
        if (byte == '\0')
            return fathom_read_fail(&lines->place, FATHOM_BAD_DATA, "line %zu: a NUL byte; legal: plain text",
                                    lines->line);
        status = add_byte(lines, (char)byte);
    }
    if (status != FATHOM_OK)
        return status;
    if (byte == EOF && lines->broken)
        return fathom_read_fail(&lines->place, FATHOM_READ_ERROR, "line %zu: cannot be read: %s", lines->line,
                                lines->cause != 0 ? strerror(lines->cause) : "input error");
    if (!grow_text(lines, lines->length))
        return no_memory(lines);
    if (lines->length > 0 && lines->text[lines->length - 1] == '\r')
        lines->length--;
    if (lines->length > 0 && memchr(lines->text, '\r', lines->length) != NULL)
        return fathom_read_fail(&lines->place, FATHOM_BAD_DATA,
                                "line %zu: a carriage return inside the line; legal: LF or CRLF ends a line",
                                lines->line);
    lines->text[lines->length] = '\0';
    lines->line -= !any;
    *more = any;
    return FATHOM_OK;
}
