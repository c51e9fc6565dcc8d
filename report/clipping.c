/* clipping.c - stabilisers: which runs diverge over coupling, depth and rate, by clip and by guard.
 *
 * A run fails if it is ruined or diverged.  Runs are compared in pairs that share coupling, depth, rate and seed.
 * Whether both are ok is one question (the sign test of the pairs of which one is); which ended better is another (that
 * of held-out log p where both are).
 * Scores of affine flows have no useful mean, since a single row can overflow: medians stand for them.
 */
#include "clipping_map.h"

#include <math.h>

#define NOTEBOOK_RATE 3e-3

static const struct source tables[] = {
    { .name = "clipping",
      .columns = "coupling depth lr clip guard seed status diverged_at skipped train_logp heldout_logp",
      .protocol = { SETTINGS_TRAINED "actnorm=none", "coupling=both depths=4,8,16", "seeds=12" } },
    { 0 },
};

static const char *const couplings[] = { "affine", "spline" };
enum { AFFINE, SPLINE, N_COUPLINGS };

/* Runs of two kinds, a and b, in pairs. */
struct contest {
    struct effect survival, score; /* of a against b: the sign tests, tested */
    size_t        runs, a_failed, b_failed;
    double        better, better_train; /* medians of held-out and training a - b where both are ok */
};

/* Single runs of the notebook's own stack (versions: tests/reference/VERSIONS), affine, depth 16.  The replicas that
 * print_known tells of are reference/training.py's scan_function with clip=None, replicas 0 to 4 of seeds 0 and 1. */
static const struct known {
    double      lr, seed;
    size_t      stabiliser;
    const char *fate;
} known[] = {
    { 3e-3, 0, CLIP, "-1.484" },
    { 3e-3, 1, CLIP, "-1.473" },
    { 3e-3, 0, NO_CLIP, "diverged at 389" },
    { 3e-3, 1, NO_CLIP, "diverged at 305" },
    { 1e-2, 0, CLIP, "diverged" },
    { 1e-2, 1, CLIP, "diverged" },
    { 1e-2, 0, NO_CLIP, "-2.10" },
    { 1e-2, 1, NO_CLIP, "-2.80" },
};
enum { N_KNOWN = sizeof known / sizeof *known };

struct clipping {
    struct clipping_map map[N_COUPLINGS];

    struct contest clip, tight; /* against no clip, affine                                               */
    struct contest rival;       /* clip 1 against the guard, both couplings                              */
    struct contest couplings;   /* spline against affine, without the guard; its scores are not compared */
    struct effect  guard;       /* tested: of the unclipped runs that diverged, how many the guard saves */
    size_t         saved, lost; /* of them                                                               */
    struct single {
        bool   run, finished;
        double step, train, heldout; /* the step at which it diverged; its scores */
    } single[N_KNOWN];               /* ours beside the known ones                                            */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "clipping"); }

static void measure_contest(struct contest *c, const struct inputs *in, const char *by, const char *a, const char *b,
                            bool scores)
{
    const struct table *t = table_of(in);
    const struct pairs  status = query_pairs(in->pool, t, "status", by, a, b);
    const struct pairs  held = query_pairs(in->pool, t, "heldout_logp", by, a, b);
    const struct pairs  train = query_pairs(in->pool, t, "train_logp", by, a, b);
    c->runs = status.n;
    for (size_t i = 0; i < status.n; i++) {
        c->a_failed += status.a[i] == 0;
        c->b_failed += status.b[i] == 0;
    }
    c->survival = effect_signs(status.d, status.n);
    c->score = effect_signs(held.d, held.n);
    c->better = statistics_summary(held.d, held.n).median;
    c->better_train = statistics_summary(train.d, train.n).median;
    verdict_test(in->verdicts, &c->survival);
    if (scores)
        verdict_test(in->verdicts, &c->score);
}

/* Up to its first bad step a guarded run is the unguarded one: so it can only save, and the test is of how many. */
static void measure_guard(struct clipping *m, const struct inputs *in)
{
    const struct pairs p = query_pairs(in->pool, table_of(in), "status", "coupling depth lr seed",
                                       stabilisers[GUARD].where,
                                       text(in->pool, "%s status=diverged", stabilisers[NO_CLIP].where));
    double            *fate = pool_alloc(in->pool, (p.n + 1) * sizeof *fate);
    size_t             n = 0;
    for (size_t i = 0; i < p.n; i++)
        if (p.b[i] == 0) {
            fate[n++] = p.a[i] != 0 ? 1 : -1;
            m->lost += p.a[i] == 0;
        }
    m->saved = n - m->lost;
    m->guard = effect_signs(fate, n);
    verdict_test(in->verdicts, &m->guard);
}

static struct single measure_single(const struct inputs *in, const struct known *one)
{
    const struct table *t = table_of(in);
    const char         *run = text(in->pool, "coupling=affine depth=16 lr=%g %s seed=%g", one->lr,
                                   stabilisers[one->stabiliser].where, one->seed);
    return (struct single){ query_count(t, run) > 0, query_number(t, "status", run) == 1,
                            query_number(t, "diverged_at", run), query_number(t, "train_logp", run),
                            query_number(t, "heldout_logp", run) };
}

static void *measure(const struct inputs *in)
{
    static const char alike[] = "coupling depth lr seed", bare[] = "coupling=affine clip=none guard=none";
    struct clipping  *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        m->map[c] = clipping_map_measure(in, couplings[c]);
    for (size_t i = 0; i < N_KNOWN; i++)
        m->single[i] = measure_single(in, &known[i]);
    measure_contest(&m->clip, in, alike, "coupling=affine clip=1 guard=none", bare, true);
    measure_contest(&m->tight, in, alike, "coupling=affine clip=0.1 guard=none", bare, true);
    measure_contest(&m->rival, in, alike, stabilisers[CLIP].where, stabilisers[GUARD].where, true);
    measure_contest(&m->couplings, in, "depth lr clip guard seed", "coupling=spline guard=none",
                    "coupling=affine guard=none", false);
    measure_guard(m, in);
    return m;
}

/* -------------------------------------------------------------------------------------------------- tables ---- */

static void print_contest(struct bytes *table, struct pool *pool, const char *what, const struct contest *c)
{
    bytes_print(table, "| %s | %zu | %zu, %zu | %zu, %zu | %s | %s | %s | %zu of %zu | %s |\n", what, c->runs,
                c->a_failed, c->b_failed, c->survival.positive, c->survival.n - c->survival.positive,
                text_p(pool, c->survival.corrected), text_number(pool, 3, c->better_train),
                text_number(pool, 3, c->better), c->score.positive, c->score.n, text_p(pool, c->score.corrected));
}

static void print_contests(struct pieces *out, const struct clipping *m)
{
    struct bytes *table = pieces_table(out, "contests");
    bytes_text(table, "| A against B, in pairs | pairs | failed: A, B | only A is ok, only B | p | training log p,"
                      " A - B, median | held-out log p, A - B, median | A higher, held-out | p |\n"
                      "|---|---|---|---|---|---|---|---|---|\n");
    print_contest(table, out->pool, "affine: clip 1 against no clip", &m->clip);
    print_contest(table, out->pool, "affine: clip 0.1 against no clip", &m->tight);
    print_contest(table, out->pool, "both couplings: clip 1 against the guard", &m->rival);
}

static const char *single_text(struct pool *pool, const struct single *s)
{
    if (!s->run)
        return "not run";
    if (s->finished)
        return text(pool, "%s (%s)", text_number(pool, 3, s->train), text_number(pool, 3, s->heldout));
    return isnan(s->step) ? "ruined" : text(pool, "diverged at %g", s->step);
}

static void print_known(struct pieces *out, const struct clipping *m)
{
    struct bytes *table = pieces_table(out, "single-runs");
    size_t        same = 0, met = 0;
    bytes_text(table, "| rate | stabiliser | seed | reference | ours |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < N_KNOWN; i++) {
        const struct single *s = &m->single[i];
        met += s->run;
        same += s->run && s->finished == (known[i].fate[0] == '-');
        bytes_print(table, "| %g | %s | %g | %s | %s |\n", known[i].lr, stabilisers[known[i].stabiliser].name,
                    known[i].seed, known[i].fate, single_text(out->pool, s));
    }
    pieces_value(out, "alike",
                 text(out->pool, "%zu of %zu end alike.%s", same, met,
                      same < met ? " Such runs are chaotic (see round-off, above): the last bits decide what a single "
                                   "one meets, and only the "
                                   "part of them that diverges can be compared. In that stack, too, of ten replicas of "
                                   "the two runs without a "
                                   "clip at rate 0.003, perturbed by one part in 1e15, two diverged and eight finished."
                                 : ""));
}

/* -------------------------------------------------------------------------------------------------- claims ---- */

/* Why the map cannot tell: there are no runs with this stabiliser, of affine flows or of both; NULL: there are. */
static const char *no_runs(struct pool *pool, const struct clipping *m, size_t stabiliser, bool both)
{
    for (size_t c = AFFINE; c <= (both ? SPLINE : AFFINE); c++)
        if (clipping_map_total(&m->map[c], stabiliser).runs == 0)
            return text(pool, "there is no %s run with %s", couplings[c], stabilisers[stabiliser].name);
    return NULL;
}

/* The same of two stabilisers; or pairs that no outcome could have told apart. */
static const char *no_contest(struct pool *pool, const struct clipping *m, size_t stabiliser, size_t rival, bool both,
                              const struct contest *c)
{
    const char *a = no_runs(pool, m, stabiliser, both), *b = no_runs(pool, m, rival, both);
    return a                                         ? a
         : b                                         ? b
         : c->survival.testable || c->score.testable ? NULL
                                                     : text(pool, "too few runs to tell: %zu pairs", c->runs);
}

static void claim_survival(struct pieces *out, const struct clipping *m)
{
    const struct contest *c = &m->clip;
    struct pool          *pool = out->pool;
    const int             alive = effect_sign(&c->survival), better = effect_sign(&c->score);
    bool                  ends;
    const char           *factor = text_short(pool, clipping_map_shift(&m->map[AFFINE], CLIP, &ends)), *limit = NULL;
    const char           *scores = text(pool,
                                        "where both are ok, the clipped run's held-out log p is higher in %zu of %zu "
                                                  "pairs, by %s in the median (%s)",
                                        c->score.positive, c->score.n, text_number(pool, 3, c->better),
                                        text_p(pool, c->score.corrected));
    if (alive < 0)
        limit = text(pool, "%zu of %zu clipped affine runs failed, %zu unclipped ones; %s.", c->a_failed, c->runs,
                     c->b_failed, scores);
    else if (alive > 0 && c->a_failed)
        limit = text(pool, "still %zu of %zu clipped affine runs failed; the boundary moves by a factor of %s.",
                     c->a_failed, c->runs, factor);
    else if (alive == 0 && better > 0)
        limit = text(pool,
                     "not seen in survival (%zu of %zu clipped and %zu unclipped affine runs failed), but in "
                     "the fit: %s.",
                     c->a_failed, c->runs, c->b_failed, scores);
    pieces_claim(
        out,
        &(struct claim){
            .name = "survival",
            .title = "clipping lets a deep affine stack survive an aggressive rate",
            .sentence =
                "it lets a deep affine stack (affine couplings are less self-stabilising than splines) survive an "
                "aggressive learning rate.",
            .rule =
                "affine runs with clip 1 against the same without, by the exact sign test of the pairs of which one "
                "failed. Refuted if significantly more clipped runs fail; supported if significantly fewer do, "
                "within a range if any still does. If neither is significant: within a range if the survivors' "
                "held-out "
                "log p is significantly higher, otherwise undecided.",
            .effect = text(pool,
                           "%zu of %zu clipped and %zu unclipped affine runs failed (%s); the boundary moves by a "
                           "factor of %s; %s.",
                           c->a_failed, c->runs, c->b_failed, text_p(pool, c->survival.corrected), factor, scores),
            .limit = limit,
            .untested = no_contest(pool, m, CLIP, NO_CLIP, false, c),
            .rests_on = "clipping",
            .decision = alive < 0  ? REFUTED
                      : alive > 0  ? c->a_failed ? LIMITED : SUPPORTED
                      : better > 0 ? LIMITED
                                   : UNDECIDED,
        });
}

static void claim_most_reliable(struct pieces *out, const struct clipping *m)
{
    const struct contest *c = &m->rival;
    struct pool          *pool = out->pool;
    const int             alive = effect_sign(&c->survival), better = effect_sign(&c->score);
    const char           *scores = text(pool,
                                        "where both are ok, the clipped run's held-out log p is higher in %zu of %zu pairs "
                                                  "(%s)",
                                        c->score.positive, c->score.n, text_p(pool, c->score.corrected));
    pieces_claim(
        out,
        &(struct claim){
            .name = "most-reliable",
            .title = "clipping is the most reliable stabiliser",
            .sentence = "The most reliable in our loop is gradient clipping",
            .rule =
                "clip 1 against the simplest rival, a guard that leaves out a step whose loss or gradient norm is not "
                "finite, over both couplings. Supported if significantly more clipped runs are ok; refuted if "
                "significantly more guarded ones are; if neither, supported within a range or refuted as the held-out "
                "log p where both are ok is significantly higher or lower with the clip.",
            .effect = text(pool, "%zu of %zu clipped and %zu guarded runs failed (%s); %s.", c->a_failed, c->runs,
                           c->b_failed, text_p(pool, c->survival.corrected), scores),
            .limit = alive || better <= 0
                       ? NULL
                       : text(pool, "no more runs survive with it than with the guard, but %s.", scores),
            .untested = no_contest(pool, m, CLIP, GUARD, true, c),
            .rests_on = "clipping",
            .decision = alive > 0  ? SUPPORTED
                      : alive < 0  ? REFUTED
                      : better > 0 ? LIMITED
                      : better < 0 ? REFUTED
                                   : UNDECIDED,
        });
}

static void claim_no_nan(struct pieces *out, const struct clipping *m)
{
    struct pool *pool = out->pool;
    double       lowest = INFINITY;
    size_t       runs = 0, of[N_COUPLINGS] = { 0 };
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t l = CLIP; l <= TIGHT_CLIP; l++) {
            const struct clipping_total all = clipping_map_total(&m->map[c], l);
            runs += all.runs;
            of[c] += all.diverged;
            lowest = fmin(lowest, all.lowest);
        }
    const size_t diverged = of[AFFINE] + of[SPLINE];
    const char  *found = text(pool,
                              "%zu of %zu clipped runs diverged (%zu affine, "
                               "%zu spline), the lowest rate among them %g.",
                              diverged, runs, of[AFFINE], of[SPLINE], lowest);
    const char  *loose = no_runs(pool, m, CLIP, true), *none = loose ? loose : no_runs(pool, m, TIGHT_CLIP, true);
    pieces_claim(
        out,
        &(struct claim){
            .name = "no-nan",
            .title = "with a clip, depth cannot turn one bad batch into a NaN",
            .sentence = "caps that norm so depth cannot turn one bad batch into a NaN — cheap insurance that lets you "
                        "train deep at an aggressive learning rate.",
            .rule =
                text(pool,
                     "*cannot* falls by one counterexample: supported if no clipped run of the map diverged; "
                     "supported within a range if some did, but only at rates above the notebook's %g; refuted if one "
                     "did at or below it.",
                     NOTEBOOK_RATE),
            .effect = diverged ? text(pool,
                                      "%s The clip rescales a gradient, and Adam divides by its size again, so the "
                                      "step stays as long as before; and a norm that is already infinite cannot be "
                                      "rescaled.",
                                      found)
                               : text(pool, "none of %zu clipped runs diverged.", runs),
            .limit = diverged ? found : NULL,
            .untested = diverged ? NULL : none, /* one counterexample is enough, whatever was not run */
            .rests_on = "clipping",
            .decision = diverged == 0          ? SUPPORTED
                      : lowest > NOTEBOOK_RATE ? LIMITED
                                               : REFUTED,
        });
}

static void claim_self_stabilising(struct pieces *out, const struct clipping *m)
{
    const struct contest *c = &m->couplings;
    const int             sign = effect_sign(&c->survival);
    const char           *none = no_runs(out->pool, m, NO_CLIP, true);
    pieces_claim(
        out,
        &(struct claim){
            .name = "self-stabilising",
            .title = "affine couplings are less self-stabilising than splines",
            .sentence = "affine couplings are less self-stabilising than splines",
            .rule = "affine and spline runs of the same depth, rate, clip and seed, without the guard: supported if "
                    "significantly more affine runs fail, refuted if significantly fewer, by the exact sign test.",
            .effect = text(out->pool, "%zu of %zu affine and %zu spline runs failed (%s).", c->b_failed, c->runs,
                           c->a_failed, text_p(out->pool, c->survival.corrected)),
            .untested = none                 ? none
                      : c->survival.testable ? NULL
                                             : text(out->pool, "too few runs to tell: %zu pairs", c->runs),
            .rests_on = "clipping",
            .decision = sign > 0 ? SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

static void claim_guard(struct pieces *out, const struct clipping *m)
{
    const size_t n = m->saved + m->lost;
    const int    sign = effect_sign(&m->guard);
    const char  *none = no_runs(out->pool, m, GUARD, true);
    pieces_claim(
        out,
        &(struct claim){
            .name = "guard",
            .title = "a guard that skips steps that are not finite would do",
            .rule =
                "of the unclipped runs that diverged, those that are ok when such steps are left out. Supported if "
                "all do and significantly more than half; within a range if significantly more than half; refuted if "
                "significantly fewer.",
            .effect =
                n ? text(out->pool,
                         "%zu of %zu diverged runs are ok with the guard (%s). A step that is skipped "
                         "leaves the parameters where they were: if these overflow on every batch, all further steps "
                         "are skipped too.",
                         m->saved, n, text_p(out->pool, m->guard.corrected))
                  : "no unclipped run diverged.",
            .limit = sign > 0 && m->lost ? text(out->pool, "%zu of %zu diverged runs are saved.", m->saved, n) : NULL,
            .untested = none              ? none
                      : n == 0            ? "no unclipped run diverged, so there was nothing to save"
                      : m->guard.testable ? NULL
                                          : text(out->pool, "too few runs to tell: %zu diverged", n),
            .rests_on = "clipping",
            .decision = sign > 0 ? m->lost ? LIMITED : SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct clipping *m = measured;
    struct bytes          *boundaries = pieces_table(out, "boundaries");
    bytes_text(boundaries, "| coupling | depth | no clip | clip 1 | clip 0.1 | no clip, guard |\n"
                           "|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        const struct clipping_map *map = &m->map[c];
        clipping_map_print(pieces_table(out, text(out->pool, "diverged-%s", couplings[c])), out->pool, map, false);
        clipping_map_print(pieces_table(out, text(out->pool, "scores-%s", couplings[c])), out->pool, map, true);
        clipping_map_print_boundaries(boundaries, map);
    }
    print_contests(out, m);
    print_known(out, m);
    claim_survival(out, m);
    claim_most_reliable(out, m);
    claim_no_nan(out, m);
    claim_self_stabilising(out, m);
    claim_guard(out, m);
}

const struct judge judge_clipping = {
    .name = "clipping",
    .tables = tables,
    .figures = "clipping",
    .measure = measure,
    .decide = decide,
};
