/* morton.c - rows along a space-filling curve (Morton 1966, "A computer oriented geodetic data base and a new technique
 * in file sequencing", IBM Ottawa).
 *
 * Each coordinate is cut into 2^bits equal cells, bits = 64 / D, and a row's key is its cells' numbers with their bits
 * interleaved, the highest first: x's, y's, x's next, y's next ...  In the order of the keys the rows of one quarter of
 * the plane come together, within it those of one quarter of that, and so on:
 *
 *       y    5   7 | 13  15
 *            4   6 | 12  14      (each cell's key, 2 bits per coordinate)
 *           -------+--------
 *            1   3 |  9  11
 *            0   2 |  8  10   x
 *
 * So a few consecutive rows are most often close together, in all coordinates at once.  A flow is continuous, so they
 * stay close, and they lie in few segments of each conditioner. */
#include "fathom.h"

#include <math.h>
#include <stdlib.h>

struct keyed {
    uint64_t key;
    uint32_t row;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *p = a, *q = b;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* The cell of a coordinate, one of 2^bits from low to high; the first for NaN. */
static uint64_t cell(double x, double low, double high, unsigned bits)
{
    const uint64_t cells = UINT64_C(1) << bits;
    const double   place = (x - low) / (high - low);
    return !(place > 0.0) ? 0 : place < 1.0 ? (uint64_t)(place * (double)cells) : cells - 1;
}

fathom_status fathom_morton_order(uint32_t *order, const double *x, size_t n, size_t dim)
{
    const unsigned bits = (unsigned)(64 / dim);
    struct keyed  *rows = calloc(n, sizeof *rows);
    if (!rows)
        return FATHOM_NO_MEMORY;
    for (size_t d = 0; d < dim; d++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            low = x[i * dim + d] < low ? x[i * dim + d] : low;
            high = x[i * dim + d] > high ? x[i * dim + d] : high;
        }
        for (size_t i = 0; i < n; i++) {
            const uint64_t at = cell(x[i * dim + d], low, high, bits);
            for (unsigned b = 0; b < bits; b++)
                rows[i].key |= (at >> b & 1) << (b * dim + dim - 1 - d);
        }
    }
    for (size_t i = 0; i < n; i++)
        rows[i].row = (uint32_t)i;
    qsort(rows, n, sizeof *rows, by_key);
    for (size_t i = 0; i < n; i++)
        order[i] = rows[i].row;
    free(rows);
    return FATHOM_OK;
}
