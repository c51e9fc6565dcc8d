/* density.c - a density that is right integrates to 1. */
#include "judge.h"

#include <math.h>

#define CLOSE 1e-4

static const struct source tables[] = {
    { .name = "density_integral",
      .columns = "depth integral coarse_integral",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", NULL } },
    { 0 },
};

struct density {
    size_t n;
    struct integral {
        double depth, fine, coarse; /* over the plane; the same with the double step */
    } * integral;                   /* [n] */
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
        m->integral[i] = (struct integral){ depths.x[i], query_number(table, "integral", where),
                                            query_number(table, "coarse_integral", where) };
    }
    return m;
}

static void decide(struct pieces *out, const void *measured)
{
    const struct density *m = measured;
    struct pool          *pool = out->pool;
    struct bytes         *table = pieces_table(out, "integrals");
    const char           *unknown = NULL;
    double                worst = 0;
    bytes_text(table, "| depth | integral over the plane - 1 | change when the step is doubled |\n|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct integral *one = &m->integral[i];
        bytes_print(table, "| %g | %s | %s |\n", one->depth, isnan(one->fine) ? "-" : text(pool, "%.0e", one->fine - 1),
                    isnan(one->coarse - one->fine) ? "-" : text(pool, "%.0e", one->coarse - one->fine));
        if (isnan(one->fine))
            unknown = text_joined(pool, unknown, ", ", text(pool, "%g", one->depth));
        worst = fmax(worst, fabs(one->fine - 1));
    }
    pieces_value(out, "integrate-to-1",
                 unknown         ? text(pool, "Not all are 1 to 1e-4: no finite number came out at depth %s.", unknown)
                 : worst < CLOSE ? "All are 1 to better than 1e-4."
                                 : "Not all are 1 to 1e-4: the rule's step is too coarse for one.");
}

const struct judge judge_density = {
    .name = "density",
    .tables = tables,
    .figures = "density",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
