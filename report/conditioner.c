/* conditioner.c - what a conditioner of one input is, and why that makes it cheap.
 *
 * Not a claim of the notebook: counts, read off the table of one trained conditioner's straight lines.  Every output
 * has the same breakpoints, so the segments are counted on the first output alone.
 */
#include "judge.h"

#include <stdlib.h>

static const struct source tables[] = {
    { .name = "conditioner",
      .columns = "output segment low high rows batch_rows slope",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=4", NULL } },
    { 0 },
};

struct conditioner_lines {
    size_t n, empty; /* segments over the training rows' range; of them, without a training row */
    size_t occupied; /* ...that the last batch has rows in                                      */
    double batch;    /* rows of that batch                                                      */
    long   units;    /* hidden ones; 0: not given                                               */
};

static void *measure(const struct inputs *in)
{
    const struct table *table = sources_table(in->sources, "conditioner");
    size_t              column = 0;
    table_find(&column, table, "output");
    const char               *where = text(in->pool, "output=%s", table_cell(table, 0, column));
    const struct sample       rows = query_numbers(in->pool, table, "rows", where);
    const struct sample       batch = query_numbers(in->pool, table, "batch_rows", where);
    const char               *width = table_value(table, "width"), *hidden = table_value(table, "hidden");
    struct conditioner_lines *m = pool_zeroed(in->pool, sizeof *m);
    m->n = rows.n;
    for (size_t i = 0; i < rows.n && i < batch.n; i++) {
        m->empty += rows.x[i] == 0;
        m->occupied += batch.x[i] > 0;
        m->batch += batch.x[i];
    }
    if (width && hidden)
        m->units = strtol(width, NULL, 10) * strtol(hidden, NULL, 10);
    return m;
}

static void decide(struct pieces *out, const void *measured)
{
    const struct conditioner_lines *m = measured;
    pieces_value(
        out, "lines",
        text(out->pool,
             "A trained conditioner%s has %zu straight lines over the training rows' range, %zu of them without "
             "a training row. The %.0f rows of a batch lie on %zu lines.",
             m->units ? text(out->pool, " of %ld hidden units", m->units) : "", m->n, m->empty, m->batch, m->occupied));
}

const struct judge judge_conditioner = {
    .name = "conditioner",
    .tables = tables,
    .figures = "conditioner",
    .measure = measure,
    .decide = decide,
};
