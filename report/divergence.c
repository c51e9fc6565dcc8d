/* divergence.c - how many deep affine stacks diverge here, and with the notebook's own stack: a check of the program.
 *
 * A single run is chaotic, so only counts are compared, by Fisher's exact test in each cell.
 */
#include "judge.h"

#include <math.h>

static const struct source tables[] = {
    { .name = "divergence",
      .columns = "coupling depth lr clip seed status",
      .protocol = { SETTINGS_TRAINED "actnorm=none", "coupling=affine depths=16", "seeds=24" } },
    { .name = "reference_divergence",
      .file = "tests/reference/divergence.tsv",
      .columns = "coupling depth lr clip seed status" },
    { 0 },
};

/* Four tests together at 0.01. */
#define LEVEL 0.0025

static const char *const rates[] = { "0.003", "0.01" }, *const clips[] = { "none", "1" };

struct counts {
    size_t runs, diverged;
};

struct divergence {
    struct comparison {
        struct counts ours, reference;
        double        p; /* Fisher's exact test; NaN: a side has no run */
    } cell[2][2];        /* rate, clip */
};

static struct counts count(const struct inputs *in, const char *table, const char *where)
{
    const struct table *t = sources_table(in->sources, table);
    const size_t        runs = query_count(t, where);
    return (struct counts){ runs, query_count(t, text(in->pool, "%s status=diverged", where)) };
}

static void *measure(const struct inputs *in)
{
    struct divergence *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 2; c++) {
            const char        *where = text(in->pool, "coupling=affine depth=16 lr=%s clip=%s", rates[r], clips[c]);
            struct comparison *cell = &m->cell[r][c];
            cell->ours = count(in, "divergence", where);
            cell->reference = count(in, "reference_divergence", where);
            cell->p = cell->ours.runs && cell->reference.runs
                        ? statistics_fisher(cell->ours.diverged, cell->ours.runs, cell->reference.diverged,
                                            cell->reference.runs)
                        : NAN;
        }
    return m;
}

static const char *counts_text(struct pool *pool, struct counts c)
{
    return c.runs ? text(pool, "%zu of %zu", c.diverged, c.runs) : "not run";
}

static void decide(struct pieces *out, const void *measured)
{
    const struct divergence *m = measured;
    struct bytes            *table = pieces_table(out, "counts");
    size_t                   compared = 0, agree = 0;
    bytes_text(table, "| rate | arm | diverged, the notebook's stack | diverged, here | Fisher's exact test |\n"
                      "|---|---|---|---|---|\n");
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 2; c++) {
            const struct comparison *cell = &m->cell[r][c];
            compared += !isnan(cell->p);
            agree += cell->p > LEVEL;
            bytes_print(table, "| %s | %s | %s | %s | %s |\n", rates[r], c ? "clip 1" : "no clip",
                        counts_text(out->pool, cell->reference), counts_text(out->pool, cell->ours),
                        isnan(cell->p) ? "-" : text_p(out->pool, cell->p));
        }
    pieces_value(
        out, "agreement",
        compared == 4 && agree == 4
            ? text(out->pool,
                   "The two agree, that is, no difference is found: every p is above %g (four tests together at 0.01).",
                   LEVEL)
        : compared == 4 ? text(out->pool,
                               "The two differ: in %zu of four cells p is at most %g (four tests together at "
                               "0.01).",
                               compared - agree, LEVEL)
                        : text(out->pool, "%zu of four cells can be compared.", compared));
}

const struct judge judge_divergence = {
    .name = "divergence",
    .tables = tables,
    .figures = "",
    .measure = measure,
    .decide = decide,
};
