/* masks.c - flips and rotations, each left out, against the whole block. */
#include "judge.h"

static const struct source tables[] = {
    { .name = "masks",
      .columns = "depth mixing seed status heldout_logp",
      .protocol = { SETTINGS_CONFIRMED "lr=0.003 clip=1 actnorm=none coupling=spline", "depths=4,8", "seeds=16" } },
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
    size_t         runs, ok;
    struct summary heldout;    /* of the finite scores                                    */
    struct effect  gain;       /* of the full block over this one: signs, paired by seed  */
    double         difference; /* its median, where both are ok                           */
    size_t         pairs;
};

struct masks {
    struct masks_cell cell[N_DEPTHS][N_BLOCKS]; /* tested: the full block against neither, at depth 8 */
};

static struct masks_cell measure_cell(const struct inputs *in, const char *mixing, double depth)
{
    const struct table *t = sources_table(in->sources, "masks");
    const char         *where = text(in->pool, "mixing=%s depth=%g", mixing, depth);
    const char         *full = text(in->pool, "mixing=full depth=%g", depth);
    const struct pairs  signs = query_signs(in->pool, t, "heldout_logp", "seed", full, where);
    const struct pairs  both = query_pairs(in->pool, t, "heldout_logp", "seed", full, where);
    return (struct masks_cell){
        .runs = query_count(t, where),
        .ok = query_count(t, text(in->pool, "%s status=ok", where)),
        .heldout = query_summary(in->pool, t, "heldout_logp", where),
        .gain = effect_signs(signs.d, signs.n),
        .difference = statistics_summary(both.d, both.n).median,
        .pairs = signs.n,
    };
}

static void *measure(const struct inputs *in)
{
    struct masks *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t d = 0; d < N_DEPTHS; d++)
        for (size_t b = 0; b < N_BLOCKS; b++)
            m->cell[d][b] = measure_cell(in, blocks[b].mixing, depths[d]);
    verdict_test(in->verdicts, &m->cell[DEEP][NONE].gain);
    return m;
}

static void print_blocks(struct pieces *out, const struct masks *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "blocks");
    bytes_text(table, "| depth | a block has | ok | held-out log p: median [quartiles] | full block against it: higher "
                      "| lower | median difference | p, alone |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t d = 0; d < N_DEPTHS; d++)
        for (size_t b = 0; b < N_BLOCKS; b++) {
            const struct masks_cell *c = &m->cell[d][b];
            const struct effect quartiles = { .value = c->heldout.median, .low = c->heldout.q1, .high = c->heldout.q3 };
            bytes_print(table, "| %g | %s | %zu of %zu | %s | %s | %s | %s |\n", depths[d], blocks[b].name, c->ok,
                        c->runs, text_interval(pool, 3, &quartiles),
                        b ? text(pool, "%zu of %zu | %zu", c->gain.positive, c->pairs, c->gain.n - c->gain.positive)
                          : " | ",
                        b ? text_number(pool, 3, c->difference) : "", b ? text_p(pool, c->gain.p) : "");
        }
}

static const char *higher(struct pool *pool, const struct masks_cell *c)
{
    return text(pool, "in %zu of %zu seeds", c->gain.positive, c->pairs);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct masks      *m = measured;
    const struct masks_cell *deep = m->cell[DEEP], *none = &deep[NONE];
    struct pool             *pool = out->pool;
    const int                sign = effect_sign(&none->gain);
    print_blocks(out, m);
    pieces_claim(
        out,
        &(struct claim){
            .name = "needed",
            .title = "alternating masks are a guard: a deep stack fits worse without them",
            .sentence = "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these "
                        "make very deep coupling flows trainable.",
            .rule = "spline stacks of depth 8 at rate 0.003 and clip 1, blocks with flips and rotations against blocks "
                    "with neither: the exact sign test of held-out log p, paired by seed; runs that are not ok are "
                    "tied at the worst. Supported if the full block is significantly higher, refuted as stated if it "
                    "is significantly lower, otherwise undecided. All else in the table is description.",
            .effect = text(pool,
                           "at depth 8 the full block is higher than neither %s, lower in %zu (%s), median difference "
                           "%s; higher than blocks without flips alone %s, without rotations alone %s.",
                           higher(pool, none), none->gain.n - none->gain.positive, text_p(pool, none->gain.corrected),
                           text_number(pool, 3, none->difference), higher(pool, &deep[NO_FLIPS]),
                           higher(pool, &deep[NO_ROTATIONS])),
            .untested = !deep[FULL].runs || !none->runs ? "there is no run of depth 8 with each of the two blocks"
                      : none->gain.testable             ? NULL
                                                        : text(pool, "too few runs to tell: %zu pairs", none->pairs),
            .rests_on = "masks",
            .decision = sign > 0 ? SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

const struct judge judge_masks = {
    .name = "masks",
    .tables = tables,
    .figures = "masks",
    .measure = measure,
    .decide = decide,
};
