/* stability_4d.c - the clip in four dimensions: described, without a verdict (PROTOCOL.md, Stability). */
#include "cell.h"

#include <math.h>
#include <string.h>

#include "run_cells.h"

static const struct source tables[] = {
    { .name = "stability_4d",
      .columns = "coupling depth lr arm seed status first_kind first_rows diverged_at train_logp",
      .protocol = { SETTINGS_CONFIRMED, NULL, "seeds=8" },
      .data = "two_spirals_4d",
      .stated = true },
    { .name = "stability_4d_cells",
      .columns = RUN_CELLS_COLUMNS,
      .protocol = { SETTINGS_CONFIRMED, NULL, "seeds=8" },
      .data = "two_spirals_4d",
      .stated = true },
    { 0 },
};

static const char *const scales[] = { "affine", "affine-2sigmoid" }, *const rates[] = { "0.003", "0.01" };
static const struct {
    const char *arm, *name;
} arms[] = { { "none", "no clip" }, { "clip", "clip 1" } };

/* All runs of one arm. */
struct arm_record {
    size_t runs, ok, ruined, whole; /* whole: cells of which every run is lost */
};

struct four_dimensions {
    struct cell       cell[2][2][2]; /* scale, rate, arm */
    struct arm_record arm[2];
    size_t            pairs, closer; /* of one scale, rate and seed, both ended; the clipped one fits the training rows
                                        better */
};

static void measure_arm(struct four_dimensions *m, size_t a)
{
    struct arm_record *arm = &m->arm[a];
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < 2; r++) {
            const struct cell *cell = &m->cell[s][r][a];
            arm->runs += cell->runs;
            arm->ok += cell->ok;
            arm->ruined += cell->ruined;
            arm->whole += cell->runs > 0 && cell->ok == 0;
        }
}

/* A ruined run has ended, so it has a training score.  A query would leave it out. */
static void measure_pairs(struct four_dimensions *m, const struct inputs *in)
{
    const struct table *t = sources_table(in->sources, "stability_4d");
    size_t              arm, train, key[3];
    if (!table_find(&arm, t, "arm") || !table_find(&train, t, "train_logp") || !table_find(&key[0], t, "coupling") ||
        !table_find(&key[1], t, "lr") || !table_find(&key[2], t, "seed"))
        return;
    for (size_t a = 0; a < table_rows(t); a++)
        for (size_t b = 0; b < table_rows(t); b++) {
            bool alike = strcmp(table_cell(t, a, arm), "clip") == 0 && strcmp(table_cell(t, b, arm), "none") == 0;
            for (size_t k = 0; k < 3; k++)
                alike = alike && strcmp(table_cell(t, a, key[k]), table_cell(t, b, key[k])) == 0;
            const double clip = table_cell_number(t, a, train), none = table_cell_number(t, b, train);
            if (!alike || !isfinite(clip) || !isfinite(none))
                continue;
            m->pairs++;
            m->closer += clip > none;
        }
}

static void *measure(const struct inputs *in)
{
    struct four_dimensions *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < 2; r++)
            for (size_t a = 0; a < 2; a++)
                m->cell[s][r][a] = cell_measure(sources_table(in->sources, "stability_4d_cells"),
                                                text(in->pool, "coupling=%s lr=%s arm=%s", scales[s], rates[r],
                                                     arms[a].arm));
    for (size_t a = 0; a < 2; a++)
        measure_arm(m, a);
    measure_pairs(m, in);
    return m;
}

/* What the clip does here, in a sentence or two. */
static const char *clip_text(struct pool *pool, const struct four_dimensions *m)
{
    const struct arm_record *none = &m->arm[0], *clip = &m->arm[1];
    const size_t             lost = clip->runs - clip->ok, others = none->runs - none->ok;
    const bool               over_fits = lost > others && 2 * m->closer > m->pairs;
    return text(
        pool,
        "Clip 1 loses %zu of %zu runs (%zu ruined, %zu diverged), and in %zu of 4 cells every run; without it %zu of "
        "%zu are lost (%zu ruined, %zu diverged). %s Of %zu pairs of the same scale, rate and seed that both "
        "ended, the clipped run has the higher log p of the training rows in %zu%s.",
        lost, clip->runs, clip->ruined, lost - clip->ruined, clip->whole, others, none->runs, none->ruined,
        others - none->ruined,
        lost > others   ? "So the clip does harm here."
        : lost < others ? "So the clip helps here."
                        : "So the clip changes nothing in that.",
        m->pairs, m->closer,
        over_fits ? ": more often than not it fits the training rows better, and yet fails on the held-out rows" : "");
}

static void decide(struct pieces *out, const void *measured)
{
    const struct four_dimensions *m = measured;
    struct bytes                 *table = pieces_table(out, "cells");
    bytes_text(table, "| scale | rate | arm |" CELL_HEAD "\n|---|---|---|" CELL_RULE "\n");
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < 2; r++)
            for (size_t a = 0; a < 2; a++) {
                bytes_print(table, "| `%s` | %s | %s |", scales[s], rates[r], arms[a].name);
                cell_print(table, out->pool, &m->cell[s][r][a]);
            }
    pieces_value(out, "clip", clip_text(out->pool, m));
}

const struct judge judge_stability_4d = {
    .name = "stability_4d",
    .tables = tables,
    .figures = "",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
