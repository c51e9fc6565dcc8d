/* tile.h - slabs and tiles: the rows of a batch that pass through the whole flow together, and those of one kernel.
 *
 * A row is one data point.  A batch is cut into slabs of up to SLAB rows (slab_rows in kernels.h).  Each slab passes
 * forward through all layers and then backward, while it is in cache.  A slab is coordinate-major: one coordinate's
 * numbers of all rows are contiguous, so each lane of a vector holds one row.
 *
 *   slab, [D][SLAB_STRIDE]                    a layer takes it whole
 *     x_0  |........|........|........|....|  gap
 *     x_1  |........|........|........|....|  gap
 *     ...    tile 0   tile 1   tile 2   3
 *
 * A tile is up to TILE of its rows.  A transformer and the piecewise conditioner take one at a time, since they keep some
 * [numbers][STRIDE] for it, which should stay in the nearest cache.
 *
 * Invariant: the number of `rows` that a kernel gets is a multiple of 8, at most SLAB or TILE.  The last slab of a batch
 * is filled up to such a multiple with copies of a real row whose upstream gradient is zero.  Elements from `rows` to the
 * stride are undefined and must not be read.  No bit depends on how a batch is cut: every sum over rows runs in their
 * order, or is eight such sums (sums.h). */
#ifndef FATHOM_TILE_H
#define FATHOM_TILE_H

#include <stddef.h>

enum {
    TILE = 48,       /* few enough to stay in cache, enough to share each table made for them                         */
    STRIDE = 56,     /* doubles from one row of an array to the next: at 48 they would fall on half the cache's sets  */
    SLAB = 4 * TILE, /* enough that reading a wide network's weights from a far cache takes less than using them     */
    SLAB_STRIDE = 200
};

/* Coordinate d of a slab, [D][SLAB_STRIDE]; row r of an array of a tile, [...][STRIDE]. */
#define COORDINATE(slab, d) ((slab) + (size_t)(d)*SLAB_STRIDE)
#define ROW(array, r) ((array) + (size_t)(r)*STRIDE)

/* How many rows the tile has that begins with row `first` of a slab of `rows`. */
static inline size_t rows_of_tile(size_t rows, size_t first) { return rows - first < TILE ? rows - first : TILE; }

#endif
