/* slopes.c - growth with depth: each seed's own power of the depth (slopes.h). */
#include "slopes.h"

struct sample slopes_of(const struct inputs *in, const struct course *c)
{
    const struct sample seeds = query_distinct(in->pool, c->table, "seed", c->where);
    double             *y = pool_alloc(in->pool, (c->depths.n + 1) * sizeof *y);
    struct sample       slopes = { pool_alloc(in->pool, (seeds.n + 1) * sizeof *slopes.x), 0 };
    for (size_t s = 0; s < seeds.n && c->depths.n > 1; s++) {
        size_t points = 0;
        for (size_t i = 0; i < c->depths.n; i++) {
            y[i] = query_number(c->table, c->column,
                                text(in->pool, "%s depth=%g seed=%.0f", c->where, c->depths.x[i], seeds.x[s]));
            points += y[i] > 0;
        }
        if (points == c->depths.n)
            slopes.x[slopes.n++] = statistics_log_log(c->depths.x, y, 0.95, c->depths.n).slope;
    }
    return slopes;
}

struct effect slopes_mean(const struct inputs *in, const struct course *c)
{
    const struct sample slopes = slopes_of(in, c);
    return effect_mean(slopes.x, slopes.n);
}
