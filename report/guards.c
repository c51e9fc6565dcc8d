/* guards.c - the claims G1 to G6 of PROTOCOL.md (Warm start): four guards together, each one beside the others, and spline
 * stacks of depth 20 as they are. */
#include "cell.h"
#include "contest.h"
#include "run_cells.h"

static const struct source tables[] = {
    { .name = "guards",
      .columns = "coupling depth lr arm seed status validation_logp heldout_logp",
      .protocol = { SETTINGS_WARM, NULL, "seeds=12" },
      .stated = true },
    { .name = "guards_cells",
      .columns = RUN_CELLS_COLUMNS,
      .protocol = { SETTINGS_WARM, NULL, "seeds=12" },
      .stated = true },
    { 0 },
};

static const char *const couplings[] = { "spline", "affine", "affine-bayesflow" };
enum { N_COUPLINGS = 3 };

static const struct guard_arm {
    const char *arm, *called, *claim, *title, *guard;
} arms[] = {
    { "none", "none", "together", NULL, NULL },
    { "all", "all four", NULL, NULL, NULL },
    { "no-masks", "all but masks", "masks", "alternating masks are needed beside the three other guards", "masks" },
    { "no-clip", "all but the clip", "clip", "the clip is needed beside the three other guards", "the clip" },
    { "no-actnorm", "all but ActNorm", "actnorm", "ActNorm from data is needed beside the three other guards",
      "ActNorm" },
    { "no-warm", "all but the warm start", "warm", "a warm start is needed beside the three other guards",
      "the warm start" },
};
enum { NONE, ALL, FIRST_GUARD, N_ARMS = 6 };

/* The notebook's spline stacks as they are. */
static const struct guard_arm plain[] = { { "notebook", "the notebook's, clip 1", NULL, NULL, NULL },
                                          { "notebook-no-clip", "the notebook's, no clip", NULL, NULL, NULL } };
enum { N_PLAIN = 2 };

struct guards {
    struct cell    cell[N_COUPLINGS][N_ARMS], plain[N_PLAIN];
    struct contest all[N_COUPLINGS][N_ARMS]; /* `all` against each other arm; tested */
};

static void *measure(const struct inputs *in)
{
    struct guards      *m = pool_zeroed(in->pool, sizeof *m);
    const struct table *runs = sources_table(in->sources, "guards"), *t = sources_table(in->sources, "guards_cells");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t a = 0; a < N_ARMS; a++) {
            const char *all = text(in->pool, "coupling=%s depth=20 lr=0.01 arm=all", couplings[c]);
            const char *arm = text(in->pool, "coupling=%s depth=20 lr=0.01 arm=%s", couplings[c], arms[a].arm);
            m->cell[c][a] = cell_measure(t, arm);
            m->all[c][a] = contest_measure(in, runs, "heldout_logp", all, arm);
            if (a != ALL)
                verdict_test(in->verdicts, &m->all[c][a].effect);
        }
    for (size_t a = 0; a < N_PLAIN; a++)
        m->plain[a] = cell_measure(t, text(in->pool, "coupling=spline depth=20 lr=0.003 arm=%s", plain[a].arm));
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_arms(struct pieces *out, const struct guards *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "arms");
    bytes_text(table, "| coupling | rate | guards | all four: better / worse |" CELL_HEAD
                      "\n|---|---|---|---|" CELL_RULE "\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t a = 0; a < N_ARMS; a++) {
            bytes_print(table, "| `%s` | 0.01 | %s | %s |", couplings[c], arms[a].called,
                        a == ALL ? "" : text(pool, "%zu / %zu", m->all[c][a].better, m->all[c][a].worse));
            cell_print(table, pool, &m->cell[c][a]);
        }
    for (size_t a = 0; a < N_PLAIN; a++) {
        bytes_print(table, "| `spline` | 0.003 | %s | |", plain[a].called);
        cell_print(table, pool, &m->plain[a]);
    }
}

/* What `all` against one arm comes to over the couplings. */
struct outcome_of {
    size_t      better, worse, whole; /* whole: better, and every run of `all` is ok */
    const char *better_for, *whole_for, *worse_for, *effect, *untested;
    const char *lost; /* the couplings for which fewer than half of the runs of `all` are ok; NULL: none */
};

static struct outcome_of compare(struct pool *pool, const struct guards *m, size_t arm)
{
    struct outcome_of o = { 0 };
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        const struct contest *contest = &m->all[c][arm];
        const struct cell    *all = &m->cell[c][ALL];
        const char           *name = text(pool, "`%s`", couplings[c]);
        const int             sign = effect_sign(&contest->effect);
        const bool            whole = sign > 0 && all->ok == all->runs;
        o.better += sign > 0;
        o.worse += sign < 0;
        o.whole += whole;
        if (2 * all->ok < all->runs)
            o.lost = text_joined(pool, o.lost, ", ",
                                 text(pool, "with %s %zu of %zu runs are ok with all four, %zu of %zu with %s", name,
                                      contest->a_ok, contest->seeds, contest->b_ok, contest->seeds, arms[arm].called));
        if (sign < 0)
            o.worse_for = text_joined(pool, o.worse_for, ", ", name);
        if (sign > 0)
            o.better_for = text_joined(pool, o.better_for, ", ", name);
        if (whole)
            o.whole_for = text_joined(pool, o.whole_for, ", ", name);
        o.effect = text_joined(pool, o.effect, "; ",
                               text(pool, "%s: %s, %zu of %zu ok with all four and %zu of %zu with %s", name,
                                    contest_text(pool, contest), contest->a_ok, contest->seeds, contest->b_ok,
                                    contest->seeds, arms[arm].called));
        if (!o.untested)
            o.untested = contest_untested(pool, contest,
                                          text(pool, "`%s` runs with all guards and with %s", couplings[c],
                                               arms[arm].called));
    }
    return o;
}

static void claim_together(struct pieces *out, const struct guards *m)
{
    struct pool            *pool = out->pool;
    const struct outcome_of o = compare(pool, m, NONE);
    const enum decision     decision = o.worse || o.lost      ? REFUTED
                                     : o.whole == N_COUPLINGS ? SUPPORTED
                                     : o.whole                ? LIMITED
                                                              : UNDECIDED;
    pieces_claim(
        out,
        &(struct claim){
            .name = "together",
            .title = "together, all guards make very deep stacks trainable",
            .sentence = "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these "
                        "make very deep coupling flows trainable.",
            .rule = "depth 20, rate 0.01, three couplings, all four guards against none in the exact sign-flip test. "
                    "Refuted as stated if they are significantly worse for one coupling, or fewer than half of their "
                    "runs are ok; supported if they are significantly better for all three, and every run is ok; "
                    "otherwise supported within the couplings for which both holds; undecided if there is none.",
            .estimate = text(pool, "better for %zu of %d couplings, worse for %zu", o.better, N_COUPLINGS, o.worse),
            .effect = text(pool, "all four are, %s.", o.effect),
            .limit = decision == LIMITED ? text(pool, "%s.", o.whole_for)
                   : o.worse             ? text(pool, "worse for %s.", o.worse_for)
                   : o.lost              ? text(pool, "%s.", o.lost)
                                         : NULL,
            .untested = o.untested,
            .rests_on = "guards",
            .decision = decision,
        });
}

static void claim_guard(struct pieces *out, const struct guards *m, size_t arm)
{
    struct pool            *pool = out->pool;
    const struct outcome_of o = compare(pool, m, arm);
    const enum decision     decision = o.worse                 ? REFUTED
                                     : o.better == N_COUPLINGS ? SUPPORTED
                                     : o.better                ? LIMITED
                                                               : UNDECIDED;
    pieces_claim(
        out, &(struct claim){
                 .name = arms[arm].claim,
                 .title = arms[arm].title,
                 .rule = text(pool,
                              "depth 20, rate 0.01, three couplings, all four guards against %s in the exact sign-flip "
                              "test. Supported if all four are significantly better for all couplings, refuted as "
                              "stated if they are significantly worse for one, otherwise supported within those for "
                              "which they are better; undecided if there is none.",
                              arms[arm].called),
                 .estimate = text(pool, "better with it for %zu of %d couplings, worse for %zu", o.better, N_COUPLINGS,
                                  o.worse),
                 .effect = text(pool, "all four are, %s.", o.effect),
                 .limit = decision == LIMITED ? text(pool, "%s.", o.better_for)
                        : o.worse             ? text(pool, "the flow is better without it for %s.", o.worse_for)
                                              : NULL,
                 .untested = o.untested,
                 .rests_on = "guards",
                 .decision = decision,
             });
}

static void claim_plain(struct pieces *out, const struct guards *m)
{
    struct pool *pool = out->pool;
    const size_t runs = m->plain[0].runs + m->plain[1].runs, ok = m->plain[0].ok + m->plain[1].ok;
    const char  *found = text(pool, "%zu of %zu runs are ok", ok, runs);
    pieces_claim(
        out,
        &(struct claim){
            .name = "splines",
            .title = "spline stacks train fine even at depth 20",
            .sentence =
                "Well-conditioned stacks (the RQ-spline flows above, even at depth 20) train fine at a moderate "
                "learning rate",
            .rule = "depth 20, rate 0.003, the notebook's blocks with clip 1 and without. *Fine* falls by one "
                    "counterexample. Refuted as stated if a run is not ok, otherwise supported within these rows, this "
                    "rate and these seeds.",
            .estimate = found,
            .effect = text(pool, "%s; median held-out log p %s with the clip, %s without.", found,
                           cell_heldout(pool, &m->plain[0]), cell_heldout(pool, &m->plain[1])),
            .limit = ok < runs ? NULL : "the spiral's rows, rate 0.003 and the seeds that were run.",
            .untested = m->plain[0].runs < CONTEST_SEEDS || m->plain[1].runs < CONTEST_SEEDS
                          ? text(pool,
                                 "there are %zu runs with the clip and %zu without, and fewer than %d carry no "
                                 "verdict",
                                 m->plain[0].runs, m->plain[1].runs, CONTEST_SEEDS)
                          : NULL,
            .rests_on = "guards",
            .decision = ok < runs ? REFUTED : LIMITED,
        });
}

/* "Do the four guards help?", for the head of the report. */
static const char *answer(struct pool *pool, const struct guards *m)
{
    const struct outcome_of o = compare(pool, m, NONE);
    const char             *each = NULL;
    for (size_t arm = FIRST_GUARD; arm < N_ARMS; arm++) {
        const struct outcome_of one = compare(pool, m, arm);
        each = text_joined(pool, each, "; ", text(pool, "%s %zu and %zu", arms[arm].guard, one.better, one.worse));
    }
    return text(pool,
                "At depth 20 and rate 0.01 all four are significantly better than none for %zu of %d couplings, worse "
                "for %zu%s%s. For how many couplings all four are significantly better, and worse, than the three that "
                "are left without one: %s.",
                o.better, N_COUPLINGS, o.worse, o.lost ? "; " : "", o.lost ? o.lost : "", each);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct guards *m = measured;
    print_arms(out, m);
    claim_together(out, m);
    pieces_value(out, "answer", pieces_no_verdict(out) ? "These tables do not answer it." : answer(out->pool, m));
    for (size_t arm = FIRST_GUARD; arm < N_ARMS; arm++)
        claim_guard(out, m, arm);
    claim_plain(out, m);
}

const struct judge judge_guards = {
    .name = "guards",
    .tables = tables,
    .figures = "guards",
    .family = "Warm start",
    .measure = measure,
    .decide = decide,
};
