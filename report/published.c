/* published.c - scores that papers print of residual flows, beside ours.  One run each: nothing is tested.
 *
 * The table is committed, because its runs take hours (`make published`). */
#include "judge.h"

#include <string.h>

#include "reference.h"

static const struct source tables[] = {
    { .name = "published",
      .file = "results/published/published.tsv",
      .columns = "data unit entropy their_flow their_blocks theirs read blocks status ours above" },
    { 0 },
};

enum { BLOCKS = 2 };
static const char *const blocks[BLOCKS] = { "4", "8" };

/* One score of a paper. */
struct score {
    const char *data, *unit, *flow, *their_blocks, *read;
    double      entropy, theirs, ours[BLOCKS], above[BLOCKS];
};

struct published {
    const struct table *table;
    struct score       *score;           /* [n]                                   */
    size_t              n, below, pairs; /* below: pairs in which ours is better */
};

static void *measure(const struct inputs *in)
{
    struct published   *m = pool_zeroed(in->pool, sizeof *m);
    const struct table *t = m->table = sources_table(in->sources, "published");
    m->score = pool_zeroed(in->pool, table_rows(t) * sizeof *m->score);
    for (size_t r = 0; r < table_rows(t); r++) {
        const char *data = reference_word(t, r, "data"), *unit = reference_word(t, r, "unit"),
                   *flow = reference_word(t, r, "their_flow");
        const char *where = text(in->pool, "data=%s unit=%s theirs=%s", data, unit, reference_word(t, r, "theirs"));
        if (strcmp(reference_word(t, r, "blocks"), blocks[0]) != 0)
            continue; /* the same score beside another flow of ours */
        struct score *s = &m->score[m->n++];
        *s = (struct score){ .data = data,
                             .unit = unit,
                             .flow = flow,
                             .their_blocks = reference_word(t, r, "their_blocks"),
                             .read = reference_word(t, r, "read"),
                             .entropy = query_number(t, "entropy", where),
                             .theirs = query_number(t, "theirs", where) };
        for (size_t b = 0; b < BLOCKS; b++) {
            const char *ok = text(in->pool, "%s blocks=%s status=ok", where, blocks[b]);
            s->ours[b] = query_number(t, "ours", ok);
            s->above[b] = query_number(t, "above", ok);
            m->pairs++;
            m->below += s->above[b] < 0;
        }
    }
    return m;
}

static void decide(struct pieces *out, const void *measured)
{
    const struct published *m = measured;
    struct pool            *pool = out->pool;
    struct bytes           *table = pieces_table(out, "scores");
    bytes_text(table,
               "| data | in | best possible | flow of the paper | its blocks | its score | ours, 4 blocks | ours "
               "less its | ours, 8 blocks | ours less its |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct score *s = &m->score[i];
        bytes_print(table, "| %s | %s | %s | %s | %s | %s%s |", s->data, s->unit, text_number(pool, 3, s->entropy),
                    s->flow, strcmp(s->their_blocks, "-") == 0 ? "not stated" : s->their_blocks,
                    text_number(pool, 2, s->theirs), strcmp(s->read, "cited") == 0 ? " (cited)" : "");
        for (size_t b = 0; b < BLOCKS; b++)
            bytes_print(table, " %s | %s |", text_number(pool, 3, s->ours[b]), text_number(pool, 3, s->above[b]));
        bytes_text(table, "\n");
    }
    pieces_value(out, "steps", table_value(m->table, "steps"));
    pieces_value(out, "below", text(pool, "%zu of %zu", m->below, m->pairs));
}

const struct judge judge_published = {
    .name = "published",
    .tables = tables,
    .figures = "",
    .measure = measure,
    .decide = decide,
};
