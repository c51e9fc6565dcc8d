/* bytes.h - a buffer that grows, and that remembers a failed allocation.
 *
 * The programs print every file into such a buffer first.  A FILE of open_memstream would do the same, but glibc's sets
 * no error flag when it cannot grow, and loses text in the middle.
 *
 * Invariant: if short_of_memory is not set, data holds all that was added.  Once it is set it stays set, and nothing
 * more is added.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct bytes {
    char  *data; /* NULL: nothing was added yet; else size bytes and a 0 behind them */
    size_t size, room;
    bool   short_of_memory;
};

void bytes_add(struct bytes *b, const char *data, size_t size);
void bytes_text(struct bytes *b, const char *text);
void bytes_print(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_vprint(struct bytes *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void bytes_free(struct bytes *b); /* *b is empty afterwards and can be filled again */

#endif
