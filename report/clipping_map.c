/* clipping_map.c - which runs fail with which stabiliser (clipping_map.h). */
#include "clipping_map.h"

#include <math.h>

const struct stabiliser stabilisers[N_STABILISERS] = {
    { "no clip", "clip=none guard=none" },
    { "clip 1", "clip=1 guard=none" },
    { "clip 0.1", "clip=0.1 guard=none" },
    { "no clip, guard", "clip=none guard=skip" },
};

static struct clipping_cell *cell_at(const struct clipping_map *map, size_t depth, size_t stabiliser, size_t rate)
{
    return &map->cell[(depth * N_STABILISERS + stabiliser) * map->rates.n + rate];
}

/* ------------------------------------------------------------------------------------------------- measure ---- */

static struct clipping_cell measure_cell(const struct inputs *in, const struct table *table, const char *where)
{
    const size_t runs = query_count(table, where);
    return (struct clipping_cell){ runs, runs - query_count(table, text(in->pool, "%s status=ok", where)),
                                   query_count(table, text(in->pool, "%s status=diverged", where)),
                                   query_summary(in->pool, table, "train_logp", where).median,
                                   query_summary(in->pool, table, "heldout_logp", where).median };
}

struct clipping_map clipping_map_measure(const struct inputs *in, const char *coupling)
{
    const struct table *table = sources_table(in->sources, "clipping");
    const char         *where = text(in->pool, "coupling=%s", coupling);
    struct clipping_map map = { .coupling = coupling,
                                .depths = query_distinct(in->pool, table, "depth", where),
                                .rates = query_distinct(in->pool, table, "lr", where) };
    map.cell = pool_zeroed(in->pool, map.depths.n * N_STABILISERS * map.rates.n * sizeof *map.cell);
    for (size_t d = 0; d < map.depths.n; d++)
        for (size_t s = 0; s < N_STABILISERS; s++)
            for (size_t r = 0; r < map.rates.n; r++)
                *cell_at(&map, d, s, r) = measure_cell(in, table,
                                                       text(in->pool, "%s depth=%g lr=%g %s", where, map.depths.x[d],
                                                            map.rates.x[r], stabilisers[s].where));
    return map;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

struct clipping_total clipping_map_total(const struct clipping_map *map, enum clipping_stabiliser stabiliser)
{
    struct clipping_total all = { .lowest = INFINITY };
    for (size_t d = 0; d < map->depths.n; d++)
        for (size_t r = 0; r < map->rates.n; r++) {
            const struct clipping_cell *c = cell_at(map, d, stabiliser, r);
            all.runs += c->runs;
            all.diverged += c->diverged;
            all.lowest = c->diverged ? fmin(all.lowest, map->rates.x[r]) : all.lowest;
        }
    return all;
}

/* 0: below the map. */
static double boundary(const struct clipping_map *map, size_t depth, size_t stabiliser)
{
    double safe = 0;
    for (size_t r = 0; r < map->rates.n && cell_at(map, depth, stabiliser, r)->failed == 0; r++)
        safe = map->rates.x[r];
    return safe;
}

double clipping_map_shift(const struct clipping_map *map, enum clipping_stabiliser stabiliser, bool *at_end)
{
    const double *rates = map->rates.x;
    double        sum = 0;
    *at_end = false;
    for (size_t d = 0; d < map->depths.n; d++) {
        const double a = boundary(map, d, stabiliser), b = boundary(map, d, NO_CLIP), end = rates[map->rates.n - 1];
        *at_end = *at_end || a == 0 || b == 0 || a == end || b == end;
        sum += log(fmax(a, rates[0]) / fmax(b, rates[0]));
    }
    return map->depths.n ? exp(sum / (double)map->depths.n) : NAN;
}

/* ------------------------------------------------------------------------------------------------- printing ---- */

void clipping_map_print(struct bytes *table, struct pool *pool, const struct clipping_map *map, bool scores)
{
    if (map->depths.n == 0)
        return;
    bytes_print(table, "| %s: depth | stabiliser |", map->coupling);
    for (size_t r = 0; r < map->rates.n; r++)
        bytes_print(table, " rate %g |", map->rates.x[r]);
    bytes_text(table, "\n|---|---|");
    for (size_t r = 0; r < map->rates.n; r++)
        bytes_text(table, "---|");
    bytes_text(table, "\n");
    for (size_t d = 0; d < map->depths.n; d++)
        for (size_t s = 0; s < N_STABILISERS; s++) {
            bytes_print(table, "| %g | %s |", map->depths.x[d], stabilisers[s].name);
            for (size_t r = 0; r < map->rates.n; r++) {
                const struct clipping_cell *c = cell_at(map, d, s, r);
                if (scores)
                    bytes_print(table, " %s / %s |", text_number(pool, 2, c->train), text_number(pool, 2, c->heldout));
                else
                    bytes_print(table, c->failed ? " **%zu/%zu** |" : " %zu/%zu |", c->failed, c->runs);
            }
            bytes_text(table, "\n");
        }
}

void clipping_map_print_boundaries(struct bytes *table, const struct clipping_map *map)
{
    if (map->depths.n == 0)
        return;
    const double first = map->rates.x[0], last = map->rates.x[map->rates.n - 1];
    for (size_t d = 0; d < map->depths.n; d++) {
        bytes_print(table, "| %s | %g |", map->coupling, map->depths.x[d]);
        for (size_t s = 0; s < N_STABILISERS; s++) {
            const double b = boundary(map, d, s);
            if (b == 0)
                bytes_print(table, " below %g |", first);
            else
                bytes_print(table, b == last ? " %g, the map's end |" : " %g |", b);
        }
        bytes_text(table, "\n");
    }
    bytes_print(table, "| %s | factor of the shift | 1 |", map->coupling);
    for (size_t s = CLIP; s < N_STABILISERS; s++) {
        bool         at_end;
        const double factor = clipping_map_shift(map, (enum clipping_stabiliser)s, &at_end);
        bytes_print(table, " %.2g%s |", factor, at_end ? " \\*" : "");
    }
    bytes_text(table, "\n");
}
