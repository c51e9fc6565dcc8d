/* tile.h - a tile: the few rows of a batch that pass through the whole flow together.
 *
 * A batch is cut into tiles of up to TILE rows.  Each tile passes forward through all layers and then backward, while
 * it is in cache.  A tile is coordinate-major, x: [D][STRIDE]: the numbers of one coordinate are neighbours, so the
 * lanes of a vector are rows.
 *
 * Invariant: the number of `rows` that a kernel gets is a multiple of 8 and at most TILE.  The last tile of a batch is
 * filled up to such a multiple with copies of a real row whose upstream gradient is zero.  Elements from `rows` to
 * STRIDE are undefined and must not be read. */
#ifndef FATHOM_TILE_H
#define FATHOM_TILE_H

#include <stddef.h>

enum {
    TILE   = 48, /* rows of a tile: few enough to stay in cache, enough to use each table that is made for it       */
    STRIDE = 56  /* doubles from one coordinate of a tile to the next: with 48 they would use half of a cache's sets */
};

/* Row r of an array [...][STRIDE]. */
#define ROW(array, r) ((array) + (size_t)(r) * STRIDE)

#endif
