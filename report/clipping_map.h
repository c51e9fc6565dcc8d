/* clipping_map.h - the map of clipping.c: over coupling, depth and rate, which runs diverge with which stabiliser.
 *
 * A stabiliser is a clip of the gradient, a guard that leaves out steps that are not finite, or neither.
 */
#ifndef CLIPPING_MAP_H
#define CLIPPING_MAP_H

#include "judge.h"

enum clipping_stabiliser { NO_CLIP, CLIP, TIGHT_CLIP, GUARD, N_STABILISERS };
extern const struct stabiliser {
    const char *name, *where; /* where: as a query */
} stabilisers[N_STABILISERS];

struct clipping_map {
    const char   *coupling;
    struct sample depths, rates;
    struct clipping_cell {
        size_t runs, failed, diverged; /* failed: not ok                              */
        double train, heldout;         /* medians of those that are ok; NaN: none is */
    } * cell;                          /* [depths][N_STABILISERS][rates] */
};

struct clipping_map clipping_map_measure(const struct inputs *in, const char *coupling);

/* All runs with a stabiliser. */
struct clipping_total {
    size_t runs, diverged;
    double lowest; /* rate at which one diverged; infinite if none did */
} clipping_map_total(const struct clipping_map *map, enum clipping_stabiliser stabiliser);

/* The boundary is the highest rate at and below which no seed failed.  This is the one with a stabiliser over the one
 * without, as a geometric mean over depths; NaN: the map is empty.  *at_end: a boundary lies off the map, whose end
 * counts instead. */
double clipping_map_shift(const struct clipping_map *map, enum clipping_stabiliser stabiliser, bool *at_end);

/* A table of the map, or nothing if it is empty.  scores: training and held-out medians of the runs that are ok;
 * otherwise failed of all. */
void clipping_map_print(struct bytes *table, struct pool *pool, const struct clipping_map *map, bool scores);
/* Rows "coupling | depth | boundary with each stabiliser", and one of the shifts. */
void clipping_map_print_boundaries(struct bytes *table, const struct clipping_map *map);

#endif
