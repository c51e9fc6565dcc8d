/* pool.c - memory that is freed together (pool.h). */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

void *pool_alloc(struct pool *pool, size_t bytes)
{
    if (pool->n == pool->room) {
        const size_t room = 2 * pool->room + 64;
        void       **grown = realloc(pool->block, room * sizeof *grown);
        if (!grown)
            exit_failed("not enough memory for the report");
        pool->block = grown;
        pool->room = room;
    }
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        exit_failed("not enough memory for the report");
    return pool->block[pool->n++] = memory;
}

void *pool_zeroed(struct pool *pool, size_t bytes) { return memset(pool_alloc(pool, bytes), 0, bytes); }

void *pool_grown(struct pool *pool, void *array, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return array;
    *room = 2 * n + 16;
    void *grown = pool_alloc(pool, *room * size);
    return n ? memcpy(grown, array, n * size) : grown;
}

void pool_free(struct pool *pool)
{
    for (size_t i = 0; i < pool->n; i++)
        free(pool->block[i]);
    free(pool->block);
    *pool = (struct pool){ 0 };
}
