/* threefry.h - draws of threefry.c that the library needs for itself. */
#ifndef FATHOM_THREEFRY_H
#define FATHOM_THREEFRY_H

#include "fathom.h"

/* out: [n] = fathom_randint(key, 0, below) in 32 bits; below < 2^32, and 0 counts as 1. */
void fathom_randint32(uint32_t *out, fathom_key key, uint64_t below, size_t n);

#endif
