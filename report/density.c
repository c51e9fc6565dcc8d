/* density.c - a density that is right integrates to 1. */
#include "judge.h"

#include <math.h>

#define CLOSE 1e-4

static const struct source tables[] = {
    { .name = "density_integral",
      .columns = "depth integral",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", NULL } },
    { 0 },
};

struct density {
    size_t n;
    struct integral {
        double depth, fine; /* over the plane */
    } * integral;           /* [n] */
};

static void *measure(const struct inputs *in)
{
    const struct table *table = sources_table(in->sources, "density_integral");
    const struct sample depths = query_distinct(in->pool, table, "depth", "");
    struct density     *m = pool_zeroed(in->pool, sizeof *m);
    m->n = depths.n;
    m->integral = pool_zeroed(in->pool, depths.n * sizeof *m->integral);
    for (size_t i = 0; i < depths.n; i++) {
        const char *where = text(in->pool, "depth=%g", depths.x[i]);
        m->integral[i] = (struct integral){ depths.x[i], query_number(table, "integral", where) };
    }
    return m;
}

static void decide(struct pieces *out, const void *measured)
{
    const struct density *m = measured;
    struct pool          *pool = out->pool;
    const char           *unknown = NULL;
    double                worst = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct integral *one = &m->integral[i];
        if (isnan(one->fine))
            unknown = text_joined(pool, unknown, ", ", text(pool, "%g", one->depth));
        worst = fmax(worst, fabs(one->fine - 1));
    }
    pieces_value(out, "integrate-to-1",
                 unknown
                     ? text(pool, "Not all densities integrate to 1: no finite number came out at depth %s.", unknown)
                 : worst < CLOSE
                     ? text(pool, "All densities integrate to 1 within %.0e.", worst)
                     : text(pool, "Not all densities integrate to 1 within %g: the step is too coarse for one.",
                            CLOSE));
}

const struct judge judge_density = {
    .name = "density",
    .tables = tables,
    .figures = "density",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
