/* tile.h - how the rows of a batch lie in memory: slabs, and the tiles that a slab is cut into.
 *
 * A row is one data point.  A batch is cut into slabs of up to SLAB rows (slab_rows in kernels.h).  A slab passes forward
 * through all layers and then backward, while it is in cache.  It is coordinate-major: the numbers of one coordinate are
 * contiguous, so each lane of a vector holds one row.  Here are 168 rows:
 *
 *   a slab, [D][SLAB_STRIDE]                                      a tile's array, [numbers][STRIDE]
 *
 *          row 0     row 48    row 96    row 144   rows                     row 0     rows
 *     x_0  |---------|---------|---------|-----|...|              number 0  |---------|.|
 *     x_1  |---------|---------|---------|-----|...|              number 1  |---------|.|
 *     ...    tile      tile      tile      tile                   ...
 *
 * A layer takes a slab.  A transformer, and the piecewise conditioner, take up to TILE rows of it at a time: a tile.  They
 * keep many numbers per row, and those of a tile stay in the nearest cache.
 *
 * Invariant: the number of `rows` that a kernel gets is a multiple of 8, at most SLAB or TILE.  The last slab of a batch
 * is filled up to such a multiple with copies of a real row whose upstream gradient is zero.  Elements from `rows` to the
 * stride (the dots) are undefined and must not be read.  No bit depends on where a batch is cut: a sum over rows is one
 * chain in their order, or eight such chains (sums.h). */
#ifndef FATHOM_TILE_H
#define FATHOM_TILE_H

#include <stddef.h>

enum {
    TILE = 48,        /* few enough to stay in cache, enough to share each table made for them                        */
    STRIDE = 56,      /* doubles from one row of an array to the next: at 48 they would fall on half the cache's sets */
    SLAB = 4 * TILE,  /* enough that reading a wide network's weights from a far cache takes less than using them     */
    SLAB_STRIDE = 200 /* an odd number of cache lines, as STRIDE is                                                   */
};

/* Coordinate d of a slab; row r of a tile's array, which is one number of each data point. */
#define COORDINATE(slab, d) ((slab) + (size_t)(d)*SLAB_STRIDE)
#define ROW(array, r) ((array) + (size_t)(r)*STRIDE)

/* How many rows the tile has that begins with row `first`, a multiple of TILE, of a slab of `rows`. */
static inline size_t rows_of_tile(size_t rows, size_t first) { return rows - first < TILE ? rows - first : TILE; }

#endif
