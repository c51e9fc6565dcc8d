/* stability_4d.c - the clip in four dimensions: described, without a verdict (PROTOCOL.md, Stability). */
#include "cell.h"
#include "run_cells.h"

static const struct source tables[] = {
    { .name = "stability_4d",
      .columns = "coupling depth lr arm seed status first_kind first_rows diverged_at",
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

struct four_dimensions {
    struct cell cell[2][2][2]; /* scale, rate, arm */
};

static void *measure(const struct inputs *in)
{
    struct four_dimensions *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < 2; r++)
            for (size_t a = 0; a < 2; a++)
                m->cell[s][r][a] = cell_measure(sources_table(in->sources, "stability_4d_cells"),
                                                text(in->pool, "coupling=%s lr=%s arm=%s", scales[s], rates[r],
                                                     arms[a].arm));
    return m;
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
}

const struct judge judge_stability_4d = {
    .name = "stability_4d",
    .tables = tables,
    .figures = "",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
