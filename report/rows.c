/* rows.c - why gains of depth taper: KL and over-fitting against the number of training rows.  Described, without a
 * verdict (PROTOCOL.md, Depth).
 */
#include "judge.h"

static const struct source tables[] = {
    { .name = "rows_summary",
      .columns = "rows depth arm of runs ok median min max",
      .protocol = { "heldout=0 data-seed=0 bins=8 interval=4 width=24 hidden=2 seed=200 batch-seed=1 steps=1200 "
                    "batch=512 coupling=spline actnorm=none lr=0.01 clip=1",
                    "depths=1,4,16", "seeds=4" },
      .stated = true },
    { 0 },
};

static const char *const arms[] = { "end", "best", "end-x4", "best-x4" };
static const char *const called[] = { "to the end", "best of validation", "four times the steps",
                                      "four times the steps, best of validation" };

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

static void print_row(struct bytes *table, struct pool *pool, const struct rows *m, const char *where, const char *name)
{
    const char *of[] = { "kl", "gap", "test_logp" };
    bytes_print(table, "| %s ", name);
    for (size_t k = 0; k < 3; k++)
        bytes_print(table, "| %s ",
                    text_number(pool, 3, query_number(m->table, "median", text(pool, "%s of=%s", where, of[k]))));
    bytes_print(table, "| %g of %g |\n", query_number(m->table, "ok", where), query_number(m->table, "runs", where));
}

static void decide(struct pieces *out, const void *measured)
{
    const struct rows *m = measured;
    struct bytes      *table = pieces_table(out, "medians");
    bytes_text(table, "| training rows | depth | training | KL | over-fitting gap | test log p | ok |\n"
                      "|---|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < m->rows.n; r++)
        for (size_t d = 0; d < m->depths.n; d++)
            for (size_t a = 0; a < sizeof arms / sizeof *arms; a++) {
                const char *where = text(out->pool, "rows=%g depth=%g arm=%s", m->rows.x[r], m->depths.x[d], arms[a]);
                if (query_count(m->table, where) > 0)
                    print_row(table, out->pool, m, where,
                              text(out->pool, "%g | %g | %s", m->rows.x[r], m->depths.x[d], called[a]));
            }
}

const struct judge judge_rows = {
    .name = "rows",
    .tables = tables,
    .figures = "rows",
    .measure = measure,
    .decide = decide,
};
