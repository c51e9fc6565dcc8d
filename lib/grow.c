/* grow.c - arrays that grow (grow.h). */
#include "grow.h"

#include <stdint.h>
#include <stdlib.h>

void *fathom_grow(void *array, size_t *room, size_t used, size_t size)
{
    if (used < *room)
        return array;
    const size_t wider = *room < 64 ? 64 : *room + *room / 2;
    if (wider < *room || wider > SIZE_MAX / size)
        return NULL;
    void *moved = realloc(array, wider * size);
    if (moved != NULL)
        *room = wider;
    return moved;
}
