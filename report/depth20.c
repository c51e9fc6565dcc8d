/* depth20.c - depth 20 with every remedy that the notebook names. */
#include "judge.h"

#include <math.h>

static const struct source tables[] = {
    { .name = "depth20",
      .columns = "coupling depth arm seed status train_logp heldout_logp",
      .protocol = { SETTINGS_TRAINED "lr=0.003", "coupling=both depths=20", "seeds=8" } },
    { 0 },
};

static const struct remedy {
    const char *arm, *name;
} remedies[] = {
    { "none", "none" },
    { "clip", "clip 1" },
    { "actnorm", "ActNorm from data" },
    { "both", "both" },
};
enum { NONE, CLIP, ACTNORM, BOTH, N_REMEDIES };
static const char *const couplings[] = { "spline", "affine" };
enum { SPLINE, AFFINE, N_COUPLINGS };

/* The runs of one coupling with one remedy. */
struct depth20_arm {
    size_t         runs, ok;
    double         train_median;
    struct summary heldout;                        /* of the finite scores                           */
    double         train_against, heldout_against; /* medians against none, where both finish        */
    size_t         pairs, higher;                  /* the same pairs; held-out higher than none      */
};

struct depth20 {
    struct depth20_arm arm[N_COUPLINGS][N_REMEDIES];
    double        train[2], heldout[2]; /* spline, clip 1, seeds 0 and 1                                          */
    struct effect gain;                 /* tested: held-out at depth 20 against depth 8, the notebook's deepest,
                                           both with its clip, paired by seed: from the table of depths           */
    size_t        pairs, lost;          /* of it                                                                  */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "depth20"); }

static struct depth20_arm measure_arm(const struct inputs *in, const char *coupling, const char *remedy)
{
    const struct table *t = table_of(in);
    const char         *where = text(in->pool, "coupling=%s depth=20 arm=%s", coupling, remedy);
    const char         *none = text(in->pool, "coupling=%s depth=20 arm=none", coupling);
    const struct pairs  p = query_pairs(in->pool, t, "heldout_logp", "seed", where, none);
    const struct pairs  q = query_pairs(in->pool, t, "train_logp", "seed", where, none);

    struct depth20_arm arm = {
        .runs = query_count(t, where),
        .ok = query_count(t, text(in->pool, "%s status=ok", where)),
        .train_median = query_summary(in->pool, t, "train_logp", where).median,
        .heldout = query_summary(in->pool, t, "heldout_logp", where),
        .train_against = statistics_summary(q.d, q.n).median,
        .heldout_against = statistics_summary(p.d, p.n).median,
        .pairs = p.n,
    };
    for (size_t i = 0; i < p.n; i++)
        arm.higher += p.d[i] > 0;
    return arm;
}

static void *measure(const struct inputs *in)
{
    struct depth20 *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t r = 0; r < N_REMEDIES; r++)
            m->arm[c][r] = measure_arm(in, couplings[c], remedies[r].arm);
    for (size_t seed = 0; seed < 2; seed++) {
        const char *run = text(in->pool, "coupling=spline depth=20 arm=clip seed=%zu", seed);
        m->train[seed] = query_number(table_of(in), "train_logp", run);
        m->heldout[seed] = query_number(table_of(in), "heldout_logp", run);
    }
    const struct pairs p = query_pairs(in->pool, sources_table(in->sources, "depth_truth"), "heldout_logp", "seed",
                                       "depth=20", "depth=8");
    m->pairs = p.n;
    m->lost = p.lost;
    m->gain = effect_mean(p.d, p.n);
    verdict_test(in->verdicts, &m->gain);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_arms(struct pieces *out, const struct depth20 *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "arms");
    bytes_text(table, "| coupling | remedy | failed | training log p: median | held-out: median | worst held-out "
                      "| no finite held-out score | against none, where both are ok: training, median | held-out, "
                      "median | higher, held-out |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t r = 0; r < N_REMEDIES; r++) {
            const struct depth20_arm *a = &m->arm[c][r];
            bytes_print(table, "| %s | %s | %zu of %zu | %s | %s | %s | %zu | %s | %s | %s |\n", couplings[c],
                        remedies[r].name, a->runs - a->ok, a->runs, text_number(pool, 3, a->train_median),
                        text_number(pool, 3, a->heldout.median), text_number(pool, 3, a->heldout.min),
                        a->ok - a->heldout.n, r ? text_number(pool, 3, a->train_against) : "",
                        r ? text_number(pool, 3, a->heldout_against) : "",
                        r ? text(pool, "%zu of %zu", a->higher, a->pairs) : "");
        }
}

/* All runs are ok, with a score that is a number. */
static bool trains(const struct depth20_arm *a) { return a->runs > 0 && a->heldout.n == a->runs; }

static const char *trains_text(const struct depth20_arm *a)
{
    return a->runs == 0 ? "no run" : trains(a) ? "all" : "not all";
}

/* The first of the two remedies of which there is no run, in words; NULL: there are runs of each. */
static const char *no_arm(struct pool *pool, const struct depth20 *m, size_t n_couplings, size_t a, size_t b)
{
    for (size_t c = 0; c < n_couplings; c++)
        for (size_t i = 0; i < 2; i++) {
            const size_t remedy = i ? b : a;
            if (m->arm[c][remedy].runs == 0)
                return text(pool, "there is no %s run at depth 20, arm '%s'", couplings[c], remedies[remedy].arm);
        }
    return NULL;
}

static void claim_spline_fine(struct pieces *out, const struct depth20 *m)
{
    struct pool              *pool = out->pool;
    const struct effect      *e = &m->gain;
    const struct depth20_arm *none = &m->arm[SPLINE][NONE], *clip = &m->arm[SPLINE][CLIP];
    const bool                bare = trains(none), clipped = trains(clip);
    const int                 sign = effect_sign(e);
    const char *scores = m->pairs ? text(pool, "held-out log p at depth 20 against depth 8, paired by seed: %s (%s)",
                                         text_interval(pool, 4, e), text_p(pool, e->corrected))
                                  : "no pair of depths 8 and 20 to compare";
    const char *missing = no_arm(pool, m, 1, NONE, CLIP);
    pieces_claim(
        out,
        &(struct claim){
            .name = "spline-fine",
            .title = "spline stacks train fine even at depth 20, at a moderate rate",
            .sentence =
                "Well-conditioned stacks (the RQ-spline flows above, even at depth 20) train fine at a moderate "
                "learning rate",
            .rule =
                text(pool,
                     "supported if every spline run at depth 20 and rate 0.003 is ok, with and without the "
                     "clip, and what held-out log p gains over depth 8 is not significantly negative and its interval "
                     "lies above -%g nats; within a range if that gain is significantly negative, or only clipped runs "
                     "are; refuted if a clipped run is not; otherwise undecided.",
                     EFFECT_MATERIAL),
            .effect = text(pool, "%s are ok without a clip, %s are with it; %s.", trains_text(none), trains_text(clip),
                           scores),
            .limit = clipped && (!bare || sign < 0) ? text(pool, "%s%s.", bare ? "" : "only with the clip; ", scores)
                                                    : NULL,
            .untested = missing                ? missing
                      : m->pairs + m->lost > 1 ? NULL
                                               : "it takes two seeds at depths 8 and 20",
            .rests_on = "depth20 depth_truth",
            .lacking = missing ? "depth20" : "depth_truth",
            .decision = !clipped                                      ? REFUTED
                      : !bare || sign < 0                             ? LIMITED
                      : effect_between(e, -EFFECT_MATERIAL, INFINITY) ? SUPPORTED
                                                                      : UNDECIDED,
        });
}

static void claim_together(struct pieces *out, const struct depth20 *m)
{
    const struct depth20_arm(*arm)[N_REMEDIES] = m->arm;
    const size_t good = (size_t)trains(&arm[SPLINE][BOTH]) + trains(&arm[AFFINE][BOTH]);
    const bool   needed = !trains(&arm[SPLINE][NONE]) || !trains(&arm[AFFINE][NONE]);
    const char  *what = text(out->pool,
                             "runs that finish with a finite held-out score: with clip and ActNorm from "
                              "data, %s of the spline's and %s of the affine; with neither, %s and %s.",
                             trains_text(&arm[SPLINE][BOTH]), trains_text(&arm[AFFINE][BOTH]),
                             trains_text(&arm[SPLINE][NONE]), trains_text(&arm[AFFINE][NONE]));
    pieces_claim(
        out,
        &(struct claim){
            .name = "together",
            .title = "together the guards make very deep flows trainable",
            .sentence = "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these "
                        "make very deep coupling flows trainable.",
            .rule =
                "depth 20, the notebook's rate; the warm start is not among the arms. Supported if with both remedies "
                "all runs of both couplings finish with a finite held-out score, and with neither remedy not all do; "
                "within a range if all do so of one coupling only, or also with neither remedy; refuted if of no "
                "coupling.",
            .effect = what,
            .limit = good == 2 && needed ? NULL : what,
            .untested = no_arm(out->pool, m, N_COUPLINGS, BOTH, NONE),
            .rests_on = "depth20",
            .decision = good == 0           ? REFUTED
                      : good == 2 && needed ? SUPPORTED
                                            : LIMITED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth20 *m = measured;
    struct pool          *pool = out->pool;
    print_arms(out, m);
    pieces_value(out, "training",
                 text(pool, "%s and %s", text_number(pool, 3, m->train[0]), text_number(pool, 3, m->train[1])));
    pieces_value(out, "held-out",
                 text(pool, "%s and %s", text_number(pool, 3, m->heldout[0]), text_number(pool, 3, m->heldout[1])));
    claim_spline_fine(out, m);
    claim_together(out, m);
}

const struct judge judge_depth20 = {
    .name = "depth20",
    .tables = tables,
    .figures = "depth20",
    .measure = measure,
    .decide = decide,
};
