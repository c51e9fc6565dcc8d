/* rows.c - why gains of depth taper: KL and over-fitting against the number of training rows.  Described, without a
 * verdict (PROTOCOL.md, Depth).
 */
#include "judge.h"

#include <math.h>
#include <stdlib.h>

static const struct source tables[] = {
    { .name = "rows_summary",
      .columns = "rows depth arm of runs ok median min max",
      .protocol = { "heldout=0 data-seed=0 bins=8 interval=4 width=24 hidden=2 seed=200 batch-seed=1 steps=1200 "
                    "batch=512 coupling=spline actnorm=none lr=0.01 clip=1",
                    "depths=1,4,16", "seeds=4" },
      .stated = true },
    { 0 },
};

/* Trainings: their parameters at the end, and those that the validation rows find best. */
static const struct training {
    const char *end, *best;
    double      factor; /* of the steps */
} trainings[] = { { "end", "best", 1 }, { "end-x4", "best-x4", 4 } };
enum { N_TRAININGS = sizeof trainings / sizeof *trainings };

struct rows {
    const struct table *table;
    struct sample       rows, depths;
};

static void *measure(const struct inputs *in)
{
    struct rows *m = pool_zeroed(in->pool, sizeof *m);
    m->table = sources_table(in->sources, "rows_summary");
    m->rows = query_distinct(in->pool, m->table, "rows", "");
    m->depths = query_distinct(in->pool, m->table, "depth", "");
    return m;
}

/* Of KL, gap and test log p: at the end, and at the best of validation. */
static void print_row(struct bytes *table, struct pool *pool, const struct rows *m, const char *at,
                      const struct training *training)
{
    const char *of[] = { "kl", "gap", "test_logp" }, *end = text(pool, "%s arm=%s", at, training->end),
               *best = text(pool, "%s arm=%s", at, training->best);
    for (size_t k = 0; k < 3; k++)
        bytes_print(table, "| %s | %s ",
                    text_number(pool, 3, query_number(m->table, "median", text(pool, "%s of=%s", end, of[k]))),
                    text_number(pool, 3, query_number(m->table, "median", text(pool, "%s of=%s", best, of[k]))));
    bytes_print(table, "| %g of %g |\n", query_number(m->table, "ok", end), query_number(m->table, "runs", end));
}

static void decide(struct pieces *out, const void *measured)
{
    const struct rows *m = measured;
    const char        *steps = table_value(m->table, "steps");
    struct bytes      *table = pieces_table(out, "medians");
    bytes_text(table, "| training rows | depth | steps | KL at the end | best of validation | over-fitting gap at the "
                      "end | best of validation | test log p at the end | best of validation | ok |\n"
                      "|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < m->rows.n; r++)
        for (size_t d = 0; d < m->depths.n; d++)
            for (size_t t = 0; t < N_TRAININGS; t++) {
                const char *at = text(out->pool, "rows=%g depth=%g", m->rows.x[r], m->depths.x[d]);
                if (query_count(m->table, text(out->pool, "%s arm=%s", at, trainings[t].end)) == 0)
                    continue;
                bytes_print(table, "| %g | %g | %g ", m->rows.x[r], m->depths.x[d],
                            steps ? strtod(steps, NULL) * trainings[t].factor : NAN);
                print_row(table, out->pool, m, at, &trainings[t]);
            }
}

const struct judge judge_rows = {
    .name = "rows",
    .tables = tables,
    .figures = "rows",
    .measure = measure,
    .decide = decide,
};
