/* pool.h - memory that is freed together: all that the report measures and prints lives as long as the report.
 *
 * Without memory it ends the program.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

struct pool {
    void **block;
    size_t n, room;
};

void *pool_alloc(struct pool *pool, size_t bytes); /* not initialised */
void *pool_zeroed(struct pool *pool, size_t bytes);
/* Room for one element more behind the n of `array`, which may move; *room: of the elements there are. */
void *pool_grown(struct pool *pool, void *array, size_t n, size_t *room, size_t size);
void  pool_free(struct pool *pool);

#endif
