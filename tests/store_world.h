/* store_world.h - what the tests of the store share: a folder, a schema, runs that can be made again, files and
 * bytes. */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include "store.h"

extern const struct store_schema world_schema;
extern const char                world_code[]; /* a fingerprint */

enum { WORLD_NUMBERS = 4 };

int world_enter(void **state); /* a new empty folder: set-up of a test */
int world_leave(void **state); /* removes it */

/* The path of a file in the folder, in one of a few buffers that take turns. */
const char *world_path(const char *name);

/* Opens it, and fails the test if that is refused or anything is moved aside. */
struct store *world_open(const char *name);

/* Run i, always the same: every fourth keeps nothing, and the numbers include NaN, infinity, -0 and denormals. */
struct store_run world_run(unsigned i);
struct store_run world_run_of(unsigned i, size_t steps, size_t n_params);

/* Fails the test unless the store has run i to the bit, with all parts that it keeps. */
void world_check(struct store *store, unsigned i);
/* The same for a run that was read: false where it differs. */
bool world_is(const struct store_run *found, unsigned i);

void world_put(struct store *store, unsigned i);

/* The whole file; NULL if there is none. */
uint8_t *world_read(const char *path, size_t *size);
void     world_write(const char *path, const uint8_t *bytes, size_t size);
bool     world_exists(const char *path);

#endif
