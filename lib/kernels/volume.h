/* volume.h - log |det J| of the maps that a row has passed, stored as a sum of logarithms and a product of slopes.
 *
 *   log |det J| = log + log(factor)          (a number of each per row)
 *
 * A layer that computes a logarithm adds it to `log` (volume_add_log).  A layer that computes slopes multiplies `factor`
 * by them with volume_grow: one multiplication per slope, and one logarithm at the end (volume.c). */
#ifndef FATHOM_VOLUME_H
#define FATHOM_VOLUME_H

#include <stdbool.h>

#include "tile.h"

struct volume {
    double *log, *factor; /* [rows] of what a layer, or a transformer, works on; factor: within 2^-500 ... 2^500 */
    bool    flat;         /* an inverse found no x of its own for some row (transformer.h)                       */
};

/* The memory that the volume of a slab points to. */
struct volume_memory {
    double log[SLAB], factor[SLAB];
};
static inline struct volume volume_in(struct volume_memory *memory)
{
    return (struct volume){ memory->log, memory->factor, false };
}

/* The identity: log |det J| = 0. */
static inline void volume_start(struct volume *volume, size_t rows)
{
    volume->flat = false;
    for (size_t i = 0; i < rows; i++) {
        volume->log[i] = 0.0;
        volume->factor[i] = 1.0;
    }
}

/* The volume of the tile that begins with row `first` of the slab, in the slab's memory.  Its `flat` is its own. */
static inline struct volume volume_of_tile(const struct volume *volume, size_t first)
{
    return (struct volume){ volume->log + first, volume->factor + first, false };
}

#ifdef VEC_WIDTH /* inside a kernel */
#include "vec.h"

/* Multiplies the factors of the VEC_WIDTH rows from i on by `slope`, > 0.  Where the product
 * would leave 2^-500 ... 2^500, the logarithms of the old factor and of the slope are added to `log`, and the factor
 * starts again at 1.  Two logarithms are taken, because the product itself may be out of a double's range. */
INLINE void volume_grow(struct volume *volume, size_t i, vec slope)
{
    double   *at = volume->factor + i, *log = volume->log + i;
    const vec least = broadcast(0x1p-500), most = broadcast(0x1p500), one = broadcast(1.0), zero = broadcast(0.0);
    vec       before = load(at), factor = before * slope;
    mask      far = mask_or(less(factor, least), less(most, factor));
    if (mask_count(far) > 0) {
        store(log, load(log) + mask_select(far, vec_log(before) + vec_log(slope), zero));
        factor = mask_select(far, one, factor);
    }
    store(at, factor);
}

/* Adds the logarithm of a slope to those of the VEC_WIDTH rows from i on. */
INLINE void volume_add_log(struct volume *volume, size_t i, vec log_slope)
{
    double *log = volume->log + i;
    store(log, load(log) + log_slope);
}
#endif

#endif
