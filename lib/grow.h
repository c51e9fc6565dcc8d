/* grow.h - arrays that grow by half as much again, element by element. */
#ifndef FATHOM_GROW_H
#define FATHOM_GROW_H

#include <stddef.h>

/* Returns the array with room for at least one element of `size` bytes after the first `used`.  NULL if memory is
 * short; then the array is unchanged. */
void *fathom_grow(void *array, size_t *room, size_t used, size_t size);

#endif
