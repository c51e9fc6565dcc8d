/* masks.c - flips and rotations, each left out, against the whole block. */
#include "contest.h"

static const struct source tables[] = {
    { .name = "masks",
      .columns = "coupling depth mixing seed status diverged_at first_kind first_rows heldout_logp",
      .protocol = { SETTINGS_CONFIRMED "lr=0.003 clip=1 actnorm=none coupling=spline", "depths=4,8", "seeds=16" },
      .stated = true },
    { 0 },
};

static const struct block {
    const char *mixing, *name;
} blocks[] = {
    { "full", "rotations and flips" },
    { "no-flips", "no flips" },
    { "no-rotations", "no rotations" },
    { "none", "neither" },
};
enum { FULL, NO_FLIPS, NO_ROTATIONS, NONE, N_BLOCKS };
static const double depths[] = { 4, 8 };
enum { SHALLOW, DEEP, N_DEPTHS };

/* The runs of one kind of block at one depth. */
struct masks_cell {
    size_t         runs, ok, ruined, diverged;
    struct summary heldout;    /* of the runs that are ok                                 */
    struct contest full;       /* the full block against this one                         */
    double         difference; /* its median, where both are ok                           */
};

struct masks {
    struct masks_cell cell[N_DEPTHS][N_BLOCKS]; /* tested: the full block against each other one, at depth 8 */
};

static struct masks_cell measure_cell(const struct inputs *in, const char *mixing, double depth)
{
    const struct table *t = sources_table(in->sources, "masks");
    const char         *where = text(in->pool, "mixing=%s depth=%g", mixing, depth);
    const char         *full = text(in->pool, "mixing=full depth=%g", depth);
    const struct pairs  both = query_pairs(in->pool, t, "heldout_logp", "seed", full, where);
    return (struct masks_cell){
        .runs = query_count(t, where),
        .ok = query_count(t, text(in->pool, "%s status=ok", where)),
        .ruined = query_count(t, text(in->pool, "%s status=ruined", where)),
        .diverged = query_count(t, text(in->pool, "%s status=diverged", where)),
        .heldout = query_summary(in->pool, t, "heldout_logp", where),
        .full = contest_measure(in, t, "heldout_logp", full, where),
        .difference = statistics_summary(both.d, both.n).median,
    };
}

static void *measure(const struct inputs *in)
{
    struct masks *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t d = 0; d < N_DEPTHS; d++)
        for (size_t b = 0; b < N_BLOCKS; b++)
            m->cell[d][b] = measure_cell(in, blocks[b].mixing, depths[d]);
    for (size_t b = NO_FLIPS; b < N_BLOCKS; b++)
        verdict_test(in->verdicts, &m->cell[DEEP][b].full.effect);
    return m;
}

static void print_blocks(struct pieces *out, const struct masks *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "blocks");
    bytes_text(table,
               "| depth | a block has | ok | ruined | diverged | held-out log p: median [quartiles] | full block "
               "against it: higher | lower | median difference | p, alone "
               "|\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t d = 0; d < N_DEPTHS; d++)
        for (size_t b = 0; b < N_BLOCKS; b++) {
            const struct masks_cell *c = &m->cell[d][b];
            const struct effect quartiles = { .value = c->heldout.median, .low = c->heldout.q1, .high = c->heldout.q3 };
            bytes_print(table, "| %g | %s | %zu of %zu | %zu | %zu | %s | %s | %s | %s |\n", depths[d], blocks[b].name,
                        c->ok, c->runs, c->ruined, c->diverged, text_interval(pool, 3, &quartiles),
                        b ? text(pool, "%zu of %zu | %zu", c->full.better, c->full.seeds, c->full.worse) : " | ",
                        b ? text_number(pool, 3, c->difference) : "", b ? text_p(pool, c->full.effect.p) : "");
        }
}

/* Why the table decides nothing; NULL: it decides. */
static const char *untested(struct pool *pool, const struct masks *m, size_t block)
{
    const struct masks_cell *full = &m->cell[DEEP][FULL], *other = &m->cell[DEEP][block];
    if (!full->runs || !other->runs)
        return text(pool, "there is no run of depth 8 with %s", blocks[full->runs ? block : FULL].name);
    return contest_untested(pool, &other->full,
                            text(pool, "a run with %s and one with %s", blocks[FULL].name, blocks[block].name));
}

/* That this part of the block is needed. */
static void claim_needed(struct pieces *out, const struct masks *m, size_t block, const char *name, const char *title)
{
    struct pool             *pool = out->pool;
    const struct masks_cell *other = &m->cell[DEEP][block];
    const int                sign = effect_sign(&other->full.effect);
    pieces_claim(
        out,
        &(struct claim){
            .name = name,
            .title = title,
            .sentence =
                block != NO_FLIPS
                    ? NULL
                    : "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these "
                      "make very deep coupling flows trainable.",
            .rule = "spline stacks of depth 8 at rate 0.003 and clip 1, the full block, with rotations and flips, "
                    "against the block that lacks what the claim names: the exact sign test of held-out log p, paired "
                    "by seed; a run that is not ok ranks below every run that is, and two such runs tie. Supported if "
                    "the full block is significantly higher, refuted as stated if it is significantly lower, otherwise "
                    "undecided. Depth 4 is description.",
            .estimate = contest_estimate(pool, &other->full, "the full block"),
            .effect = text(pool, "against blocks with %s the full block is %s; worse in %zu; median difference %s.",
                           blocks[block].name, contest_text(pool, &other->full), other->full.worse,
                           text_number(pool, 3, other->difference)),
            .untested = untested(pool, m, block),
            .rests_on = "masks",
            .decision = sign > 0 ? SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct masks *m = measured;
    print_blocks(out, m);
    claim_needed(out, m, NO_FLIPS, "flips", "alternating masks: a deep stack needs its flips");
    claim_needed(out, m, NO_ROTATIONS, "rotations", "a deep stack needs its rotations");
    claim_needed(out, m, NONE, "either", "a deep stack needs flips or rotations");
}

const struct judge judge_masks = {
    .name = "masks",
    .tables = tables,
    .figures = "masks",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
