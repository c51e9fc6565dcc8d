/* grow.h - arrays that grow by half as much again, element by element. */
#ifndef FATHOM_GROW_H
#define FATHOM_GROW_H

#include <stddef.h>

/* The array with room for one more element of `size` bytes behind the first `used`; NULL, and the array as it was, if
 * memory is short. */
void *fathom_grow(void *array, size_t *room, size_t used, size_t size);

#endif
