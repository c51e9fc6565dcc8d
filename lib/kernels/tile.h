/* tile.h - a tile: the few rows of a batch that pass through the whole flow together.
 *
 * A row is one data point.  A batch is cut into tiles of up to TILE rows.  Each tile passes forward through all layers
 * and then backward, while it is in cache.  A tile is coordinate-major, x: [D][STRIDE]: one coordinate's numbers of all
 * rows are contiguous, so each lane of a vector holds one row.
 *
 * Invariant: the number of `rows` that a kernel gets is a multiple of 8 and at most TILE.  The last tile of a batch is
 * filled up to such a multiple with copies of a real row whose upstream gradient is zero.  Elements from `rows` to
 * STRIDE are undefined and must not be read. */
#ifndef FATHOM_TILE_H
#define FATHOM_TILE_H

#include <stddef.h>

enum {
    TILE = 48,  /* rows of a tile at most: few enough to stay in cache, enough to share each table made for them   */
    STRIDE = 56 /* doubles from one coordinate of a tile to the next: at 48 they would fall on half the cache's sets */
};

/* Row r of an array [...][STRIDE]: STRIDE doubles, one per row of the tile. */
#define ROW(array, r) ((array) + (size_t)(r)*STRIDE)

#endif
