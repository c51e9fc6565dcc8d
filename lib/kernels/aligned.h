/* aligned.h - memory that can be read in whole vectors of any width.
 *
 * Invariant: an array of padded(n) doubles that begins on a cache line holds n doubles in whole vectors.  No vector of
 * it lies on two cache lines; that would cost a second load. */
#ifndef FATHOM_ALIGNED_H
#define FATHOM_ALIGNED_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 /* bytes: eight doubles, the widest vector */ };

/* n rounded up to a multiple of eight. */
static inline size_t padded(size_t n) { return (n + 7) / 8 * 8; }

/* Doubles from one row of a matrix to the next: whole cache lines, an odd number of them, so that a column lies on all sets
 * of a cache.  At 128 doubles it would lie on four. */
static inline size_t row_step(size_t n_columns) { return padded(n_columns) | 8; }

/* Allocates `bytes` bytes of zeros that begin on a cache line, to be released with free().  NULL if memory is short.
 * The doubles in a struct are declared _Alignas(CACHE_LINE) for the same reason. */
static inline void *zeros(size_t bytes)
{
    size_t whole = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void  *block = aligned_alloc(CACHE_LINE, whole);
    return block ? memset(block, 0, whole) : NULL;
}

#endif
