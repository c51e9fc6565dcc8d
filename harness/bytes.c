/* bytes.c - bytes that grow (bytes.h). */
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `size` bytes more, and the 0 behind them. */
static bool make_room(struct bytes *b, size_t size)
{
    if (b->short_of_memory)
        return false;
    if (b->room - b->size <= size) {
        const size_t room = 2 * (b->size + size) + 4096;
        char        *grown = realloc(b->data, room);
        if (!grown) {
            b->short_of_memory = true;
            return false;
        }
        b->data = grown;
        b->room = room;
    }
    return true;
}

void bytes_add(struct bytes *b, const char *data, size_t size)
{
    if (make_room(b, size)) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
        b->data[b->size] = '\0';
    }
}

void bytes_text(struct bytes *b, const char *text) { bytes_add(b, text, strlen(text)); }

void bytes_vprint(struct bytes *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    if (length < 0)
        b->short_of_memory = true; /* vsnprintf fails for nothing else here: widths and precisions are small */
    else if (make_room(b, (size_t)length)) {
        if (vsnprintf(b->data + b->size, (size_t)length + 1, format, again) == length)
            b->size += (size_t)length;
        else
            b->short_of_memory = true;
    }
    va_end(again);
}

void bytes_print(struct bytes *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bytes_vprint(b, format, args);
    va_end(args);
}

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){ 0 };
}
