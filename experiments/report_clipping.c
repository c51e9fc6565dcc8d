/* report_clipping.c - the stabiliser: which runs diverge over coupling, depth and rate, by clip and by guard.
 *
 * Runs are compared in pairs that share coupling, depth, rate and seed.  Whether both finished is one question (the
 * sign test of the pairs of which one did); which of the two ended better is another (the sign test of held-out log p
 * where both finished).  Scores of affine flows have no useful mean, since a single row can overflow: medians stand for
 * them.
 */
#include "report_parts.h"

#include <math.h>
#include <string.h>

#define NOTEBOOK_RATE 3e-3

static const struct stabiliser {
    const char *name, *where;
} stabilisers[] = {
    {"no clip", "clip=none guard=none"},
    {"clip 1", "clip=1 guard=none"},
    {"clip 0.1", "clip=0.1 guard=none"},
    {"no clip, guard", "clip=none guard=skip"},
};
enum { NONE, CLIP, TIGHT, GUARD, N_STABILISERS };
static const char *const couplings[] = {"affine", "spline"};
enum { AFFINE, SPLINE, N_COUPLINGS };

static const struct table *map_of(const struct report *report) { return report->table[CLIPPING]; }

static double median_of(struct sample s) { return s.n ? statistics_summary(s.x, s.n).median : NAN; }

/* ---------------------------------------------------------------------------------------------------- maps ---- */

/* scores: held-out and training medians of the runs that finished; otherwise diverged of all. */
static void print_map(struct report *report, const char *coupling, bool scores)
{
    const struct table *t = map_of(report);
    const char         *where = SAY("coupling=%s", coupling);
    const struct sample depths = question_distinct(&report->pool, t, "depth", where);
    const struct sample rates = question_distinct(&report->pool, t, "lr", where);
    if (depths.n == 0)
        return;
    report_print(report, "| %s: depth | stabiliser |", coupling);
    for (size_t r = 0; r < rates.n; r++)
        report_print(report, " rate %g |", rates.x[r]);
    report_print(report, "\n|---|---|");
    for (size_t r = 0; r < rates.n; r++)
        report_print(report, "---|");
    report_print(report, "\n");
    for (size_t d = 0; d < depths.n; d++)
        for (size_t l = 0; l < N_STABILISERS; l++) {
            report_print(report, "| %g | %s |", depths.x[d], stabilisers[l].name);
            for (size_t r = 0; r < rates.n; r++) {
                const char  *cell = SAY("%s depth=%g lr=%g %s", where, depths.x[d], rates.x[r], stabilisers[l].where);
                const size_t runs = question_count(t, cell);
                const size_t diverged = runs - question_count(t, SAY("%s status=ok", cell));
                const struct sample train = question_numbers(&report->pool, t, "train_logp", cell);
                const struct sample held = question_numbers(&report->pool, t, "heldout_logp", cell);
                if (scores)
                    report_print(report, " %s / %s |", say_number(report, 2, median_of(train)),
                                 say_number(report, 2, median_of(held)));
                else
                    report_print(report, diverged ? " **%zu/%zu** |" : " %zu/%zu |", diverged, runs);
            }
            report_print(report, "\n");
        }
    report_print(report, "\n");
}

/* The highest rate at and below which no seed diverged; 0: below the map. */
static double boundary(struct report *report, const char *where)
{
    const struct sample rates = question_distinct(&report->pool, map_of(report), "lr", where);
    double              safe = 0;
    for (size_t r = 0; r < rates.n; r++) {
        if (question_count(map_of(report), SAY("%s lr=%g status=diverged", where, rates.x[r])) > 0)
            break;
        safe = rates.x[r];
    }
    return safe;
}

/* The boundary with this stabiliser over the boundary without, as a geometric mean over depths; what lies off the map counts
 * as the map's end. */
static double shift(struct report *report, const char *coupling, size_t stabiliser, bool *at_end)
{
    const struct table *t = map_of(report);
    const char         *where = SAY("coupling=%s", coupling);
    const struct sample depths = question_distinct(&report->pool, t, "depth", where);
    const struct sample rates = question_distinct(&report->pool, t, "lr", where);
    double              sum = 0;
    *at_end = false;
    for (size_t d = 0; d < depths.n; d++) {
        const double a = boundary(report, SAY("%s depth=%g %s", where, depths.x[d], stabilisers[stabiliser].where));
        const double b = boundary(report, SAY("%s depth=%g %s", where, depths.x[d], stabilisers[NONE].where));
        *at_end = *at_end || a == 0 || b == 0 || a == rates.x[rates.n - 1] || b == rates.x[rates.n - 1];
        sum += log(fmax(a, rates.x[0]) / fmax(b, rates.x[0]));
    }
    return depths.n ? exp(sum / (double)depths.n) : NAN;
}

static void print_boundaries(struct report *report)
{
    const struct table *t = map_of(report);
    report_print(report, "The boundary is the highest rate of the map at and below which no seed diverged.\n\n"
                         "| coupling | depth | no clip | clip 1 | clip 0.1 | no clip, guard "
                         "|\n|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        const struct sample depths = question_distinct(&report->pool, t, "depth", SAY("coupling=%s", couplings[c]));
        const struct sample rates = question_distinct(&report->pool, t, "lr", SAY("coupling=%s", couplings[c]));
        for (size_t d = 0; d < depths.n; d++) {
            report_print(report, "| %s | %g |", couplings[c], depths.x[d]);
            for (size_t l = 0; l < N_STABILISERS; l++) {
                const double b = boundary(report, SAY("coupling=%s depth=%g %s", couplings[c], depths.x[d],
                                                      stabilisers[l].where));
                report_print(report, " %s |", b == 0 ? SAY("below %g", rates.x[0])
                                              : b == rates.x[rates.n - 1] ? SAY("%g, the map's end", b) : SAY("%g", b));
            }
            report_print(report, "\n");
        }
        if (depths.n == 0)
            continue;
        report_print(report, "| %s | factor of the shift | 1 |", couplings[c]);
        for (size_t l = CLIP; l < N_STABILISERS; l++) {
            bool         at_end;
            const double factor = shift(report, couplings[c], l, &at_end);
            report_print(report, " %.2g%s |", factor, at_end ? " \\*" : "");
        }
        report_print(report, "\n");
    }
    report_print(report, "\n\\* at some depth the boundary lies at or beyond an end of the map, which then stands for "
                         "it.\n\n");
}

/* --------------------------------------------------------------------------------------------------- pairs ---- */

struct contest {
    struct effect survival, score; /* of a against b: the sign tests */
    size_t        runs, a_diverged, b_diverged;
    double        better;          /* median of held-out a - b where both finished */
    double        better_train;
};

static struct contest compare(struct report *report, const char *by, const char *a, const char *b)
{
    const struct table *t = map_of(report);
    const struct pairs  status = question_pairs(&report->pool, t, "status", by, a, b);
    const struct pairs  held = question_pairs(&report->pool, t, "heldout_logp", by, a, b);
    const struct pairs  train = question_pairs(&report->pool, t, "train_logp", by, a, b);
    struct contest      c = {.runs = status.n};
    for (size_t i = 0; i < status.n; i++) {
        c.a_diverged += status.a[i] == 0;
        c.b_diverged += status.b[i] == 0;
    }
    c.survival = verdict_signs(&report->verdicts, status.d, status.n);
    c.score = verdict_signs(&report->verdicts, held.d, held.n);
    c.better = held.n ? statistics_summary(held.d, held.n).median : NAN;
    c.better_train = train.n ? statistics_summary(train.d, train.n).median : NAN;
    return c;
}

static void print_contest(struct report *report, const char *what, const struct contest *c)
{
    report_print(report, "| %s | %zu | %zu, %zu | %zu, %zu | %s | %s | %s | %zu of %zu | %s |\n", what, c->runs,
                 c->a_diverged, c->b_diverged, c->survival.positive, c->survival.n - c->survival.positive,
                 say_p(report, c->survival.corrected), say_number(report, 3, c->better_train),
                 say_number(report, 3, c->better), c->score.positive, c->score.n, say_p(report, c->score.corrected));
}

/* ---------------------------------------------------------------------------------------------------- claims ---- */

/* Why the map cannot tell: there are no runs with this stabiliser, of the affine coupling or of both; NULL: there are. */
static const char *no_runs(struct report *report, size_t stabiliser, bool both)
{
    for (size_t c = AFFINE; c <= (both ? SPLINE : AFFINE); c++)
        if (question_count(map_of(report), SAY("coupling=%s %s", couplings[c], stabilisers[stabiliser].where)) == 0)
            return SAY("there is no %s run with %s", couplings[c], stabilisers[stabiliser].name);
    return NULL;
}

/* The same, or pairs that no outcome could have told apart. */
static const char *no_contest(struct report *report, size_t stabiliser, size_t rival, bool both, const struct contest *c)
{
    const char *a = no_runs(report, stabiliser, both), *b = no_runs(report, rival, both);
    return a ? a : b ? b : c->survival.testable || c->score.testable ? NULL
                           : SAY("too few runs to tell: %zu pairs", c->runs);
}

static void claim_survival(struct report *report, const struct contest *c)
{
    const int alive = effect_sign(&c->survival), better = effect_sign(&c->score);
    bool      ends;
    const char *scores = SAY("where both finish, the clipped run's held-out log p is higher in %zu of %zu pairs, by "
                             "%s in the median (%s)", c->score.positive, c->score.n, say_number(report, 3, c->better),
                             say_p(report, c->score.corrected));
    const double factor = shift(report, "affine", CLIP, &ends);
    report_claim(report, &(struct claim){
        .title = "clipping lets a deep affine stack survive an aggressive rate",
        .sentence = "it lets a deep affine stack (affine couplings are less self-stabilising than splines) survive an "
                    "aggressive learning rate.",
        .rule = "affine runs with clip 1 against the same without, by the exact sign test of the pairs of which one "
                "diverged. Refuted if significantly more clipped runs diverge; supported if significantly fewer do, "
                "with a limit if any still does. If neither is significant: with a limit if the survivors' held-out "
                "log p is significantly higher, otherwise undecided.",
        .effect = SAY("%zu of %zu clipped and %zu unclipped affine runs diverged (%s); the boundary moves by a factor "
                      "of %s; %s.", c->a_diverged, c->runs, c->b_diverged, say_p(report, c->survival.corrected),
                      say_short(report, factor), scores),
        .limit = alive < 0 ? SAY("%zu of %zu clipped affine runs diverged, %zu unclipped ones; %s.", c->a_diverged,
                                 c->runs,                                 c->b_diverged, scores)
                 : alive > 0 ? c->a_diverged ? SAY("still %zu of %zu clipped affine runs diverged; the boundary moves "
                                                   "by a factor of %s.", c->a_diverged, c->runs,
                                                   say_short(report, factor)) : NULL
                 : better > 0 ? SAY("not seen in survival (%zu of %zu clipped and %zu unclipped affine runs "
                                    "diverged), but in the fit: %s.", c->a_diverged, c->runs, c->b_diverged, scores)
                              : NULL,
        .untested = no_contest(report, CLIP, NONE, false, c), .rests_on = ON(CLIPPING),
        .decision = alive < 0 ? REFUTED : alive > 0 ? c->a_diverged ? LIMITED : SUPPORTED
                    : better > 0 ? LIMITED : UNDECIDED,
    });
}

static void claim_most_reliable(struct report *report, const struct contest *c)
{
    const int alive = effect_sign(&c->survival), better = effect_sign(&c->score);
    const char *scores = SAY("where both finish, the clipped run's held-out log p is higher in %zu of %zu pairs (%s)",
                             c->score.positive, c->score.n, say_p(report, c->score.corrected));
    report_claim(report, &(struct claim){
        .title = "clipping is the most reliable stabiliser",
        .sentence = "The most reliable in our loop is gradient clipping",
        .rule = "clip 1 against the simplest rival, a guard that leaves out a step whose loss or gradient norm is not "
                "finite, over both couplings. Supported if significantly more clipped runs finish; refuted if "
                "significantly more guarded ones do; if neither, supported with a limit or refuted as the held-out "
                "log p where both finish is significantly higher or lower with the clip.",
        .effect = SAY("%zu of %zu clipped and %zu guarded runs diverged (%s); %s.", c->a_diverged, c->runs,
                      c->b_diverged,                      say_p(report, c->survival.corrected), scores),
        .limit = alive == 0 && better > 0 ? SAY("no more runs survive with it than with the guard, but %s.", scores)
                                          : NULL,
        .untested = no_contest(report, CLIP, GUARD, true, c), .rests_on = ON(CLIPPING),
        .decision = alive > 0 ? SUPPORTED : alive < 0 ? REFUTED
                    : better > 0 ? LIMITED : better < 0 ? REFUTED : UNDECIDED,
    });
}

static void claim_no_nan(struct report *report)
{
    const struct table *t = map_of(report);
    const struct sample rates = question_distinct(&report->pool, t, "lr", "");
    size_t runs = 0, diverged = 0, of_affine = 0;
    double lowest = INFINITY;
    for (size_t l = CLIP; l <= TIGHT; l++) {
        runs += question_count(t, stabilisers[l].where);
        diverged += question_count(t, SAY("%s status=diverged", stabilisers[l].where));
        of_affine += question_count(t, SAY("%s status=diverged coupling=affine", stabilisers[l].where));
        for (size_t r = rates.n; r-- > 0;)
            if (question_count(t, SAY("%s lr=%g status=diverged", stabilisers[l].where, rates.x[r])) > 0)
                lowest = fmin(lowest, rates.x[r]);
    }
    const char *found = SAY("%zu of %zu clipped runs ended in a number that is not finite (%zu affine, %zu spline), "
                            "the lowest rate among them %g", diverged, runs, of_affine, diverged - of_affine, lowest);
    const char *loose = no_runs(report, CLIP, true), *none = loose ? loose : no_runs(report, TIGHT, true);
    report_claim(report, &(struct claim){
        .title = "with a clip, depth cannot turn one bad batch into a NaN",
        .sentence = "caps that norm so depth cannot turn one bad batch into a NaN — cheap insurance that lets you "
                    "train deep at an aggressive learning rate.",
        .rule = SAY("*cannot* falls by one counterexample: supported if no clipped run of the map diverged; supported "
                    "with a limit if some did, but only at rates above the notebook's %g; refuted if one did at or "
                    "below it.",
                    NOTEBOOK_RATE),
        .effect = diverged ? SAY("%s. The clip rescales a gradient, and Adam divides by its size again, so the step "
                                 "stays as long as before; and a norm that is already infinite cannot be rescaled.",
                                 found)
                           : SAY("none of %zu clipped runs diverged.", runs),
        .limit = diverged ? SAY("%s.", found) : NULL,
        .untested = diverged ? NULL : none, /* one counterexample is enough, whatever was not run */
        .rests_on = ON(CLIPPING),
        .decision = diverged == 0 ? SUPPORTED : lowest > NOTEBOOK_RATE ? LIMITED : REFUTED,
    });
}

static void claim_self_stabilising(struct report *report)
{
    const struct pairs p = question_pairs(&report->pool, map_of(report), "status", "depth lr clip guard seed",
                                          "coupling=spline guard=none", "coupling=affine guard=none");
    const struct effect e = verdict_signs(&report->verdicts, p.d, p.n);
    size_t affine = 0, spline = 0;
    for (size_t i = 0; i < p.n; i++) {
        spline += p.a[i] == 0;
        affine += p.b[i] == 0;
    }
    const int   sign = effect_sign(&e);
    const char *none = no_runs(report, NONE, true);
    report_claim(report, &(struct claim){
        .title = "affine couplings are less self-stabilising than splines",
        .sentence = "affine couplings are less self-stabilising than splines",
        .rule = "affine and spline runs of the same depth, rate, clip and seed, without the guard: supported if "
                "significantly more affine runs diverge, refuted if significantly fewer, by the exact sign test.",
        .effect = SAY("%zu of %zu affine and %zu spline runs diverged (%s).", affine, p.n, spline,
                      say_p(report, e.corrected)),
        .untested = none ? none : e.testable ? NULL : SAY("too few runs to tell: %zu pairs", p.n),
        .rests_on = ON(CLIPPING),
        .decision = sign > 0 ? SUPPORTED : sign < 0 ? REFUTED : UNDECIDED,
    });
}

/* Up to its first bad step a guarded run is the unguarded one: so it can only save, and the test is of how many. */
static void claim_guard(struct report *report)
{
    const struct table *t = map_of(report);
    const struct pairs p = question_pairs(&report->pool, t, "status", "coupling depth lr seed", stabilisers[GUARD].where,
                                          stabilisers[NONE].where);
    double *fate = pool_alloc(&report->pool, (p.n + 1) * sizeof *fate);
    size_t  lost = 0, n = 0;
    for (size_t i = 0; i < p.n; i++)
        if (p.b[i] == 0) {
            fate[n++] = p.a[i] != 0 ? 1 : -1;
            lost += p.a[i] == 0;
        }
    const struct effect e = verdict_signs(&report->verdicts, fate, n);
    const int   sign = effect_sign(&e);
    const char *none = no_runs(report, GUARD, true);
    report_claim(report, &(struct claim){
        .title = "a guard that skips steps that are not finite would do",
        .rule = "of the unclipped runs that diverged, those that finish when such steps are left out. Supported if "
                "all do and significantly more than half; with a limit if significantly more than half; refuted if "
                "significantly fewer.",
        .effect = n ? SAY("%zu of %zu diverged runs finish with the guard (%s). A step that is skipped leaves the "
                          "parameters where they were: if these overflow on every batch, all further steps are "
                          "skipped too.", n - lost, n, say_p(report, e.corrected)) : "no unclipped run diverged.",
        .limit = sign > 0 && lost ? SAY("%zu of %zu diverged runs are saved.", n - lost, n) : NULL,
        .untested = none ? none : n == 0 ? "no unclipped run diverged, so there was nothing to save"
                    : e.testable ? NULL : SAY("too few runs to tell: %zu diverged", n),
        .rests_on = ON(CLIPPING),
        .decision = sign > 0 ? lost ? LIMITED : SUPPORTED : sign < 0 ? REFUTED : UNDECIDED,
    });
}

/* --------------------------------------------------------------------------------------- beside the reference ---- */

/* Single runs of the notebook's own stack (versions: tests/reference/VERSIONS), affine, depth 16, seeds 0 and 1.  The
 * replicas that print_known tells of are reference/training.py's scan_function with clip=None, replicas 0 to 4 each. */
static const struct known {
    double      lr, seed;
    size_t      stabiliser;
    const char *fate;
} known[] = {
    {3e-3, 0, CLIP, "-1.484"},           {3e-3, 1, CLIP, "-1.473"},
    {3e-3, 0, NONE, "diverged at 389"},  {3e-3, 1, NONE, "diverged at 305"},
    {1e-2, 0, CLIP, "diverged"},         {1e-2, 1, CLIP, "diverged"},
    {1e-2, 0, NONE, "-2.10"},            {1e-2, 1, NONE, "-2.80"},
};

static void print_known(struct report *report)
{
    const struct table *t = map_of(report);
    size_t same = 0, met = 0;
    report_print(report, "Beside single runs of the notebook's own stack (affine, depth 16; training rows, held-out in "
                         "brackets):\n\n| rate | stabiliser | seed | reference | ours |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char  *run = SAY("coupling=affine depth=16 lr=%g %s seed=%g", known[i].lr, stabilisers[known[i].stabiliser].where,
                               known[i].seed);
        const bool   there = question_count(t, run) > 0, ok = question_number(t, "status", run) == 1;
        const double step = question_number(t, "diverged_at", run);
        met += there;
        same += there && ok == (known[i].fate[0] == '-');
        report_print(report, "| %g | %s | %g | %s | %s |\n", known[i].lr, stabilisers[known[i].stabiliser].name, known[i].seed,
                     known[i].fate, !there ? "not run"
                     : ok ? SAY("%s (%s)", say_number(report, 3, question_number(t, "train_logp", run)),
                                say_number(report, 3, question_number(t, "heldout_logp", run)))
                     : isnan(step) ? "diverged, no finite score" : SAY("diverged at %g", step));
    }
    report_print(report, "\n%zu of %zu end alike.%s\n\n", same, met, same < met
        ? " Such runs are chaotic (see round-off, above): the last bits decide what a single one meets, and only the "
          "part of them that diverges can be compared. In that stack, too, of ten replicas of the two runs without a "
          "clip at rate 0.003, perturbed by one part in 1e15, two diverged and eight finished."
        : "");
}

void report_clipping(struct report *report)
{
    report_print(report,
        "### The stabiliser\n\n"
        "The clip replaces a gradient $g$ by $g \\min(1, c / \\lVert g \\rVert)$. Each run of the map has a coupling, "
        "a\ndepth, a peak rate and a stabiliser. A run diverges at the first step whose batch loss or gradient norm is not "
        "finite.\nThe guard leaves such a step out and goes on. Runs diverged, of all:\n\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        print_map(report, couplings[c], false);
    report_figure(report, "clipping", "rate against depth, a map for each coupling and stabiliser, diverged cells marked");
    print_boundaries(report);
    report_print(report, "The runs that finished, median log p of training rows / held-out rows:\n\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        print_map(report, couplings[c], true);

    const struct contest affine = compare(report, "depth lr seed", SAY("coupling=affine %s", stabilisers[CLIP].where),
                                          SAY("coupling=affine %s", stabilisers[NONE].where));
    const struct contest tight = compare(report, "depth lr seed", SAY("coupling=affine %s", stabilisers[TIGHT].where),
                                         SAY("coupling=affine %s", stabilisers[NONE].where));
    const struct contest guard = compare(report, "coupling depth lr seed", stabilisers[CLIP].where, stabilisers[GUARD].where);
    report_print(report, "| A against B, in pairs | pairs | diverged: A, B | only A finished, only B | p "
                         "| training log p, A - B, median | held-out log p, A - B, median | A higher, held-out | p |\n"
                         "|---|---|---|---|---|---|---|---|---|\n");
    print_contest(report, "affine: clip 1 against no clip", &affine);
    print_contest(report, "affine: clip 0.1 against no clip", &tight);
    print_contest(report, "both couplings: clip 1 against the guard", &guard);
    report_print(report, "\n");
    print_known(report);
    claim_survival(report, &affine);
    claim_most_reliable(report, &guard);
    claim_no_nan(report);
    claim_self_stabilising(report);
    claim_guard(report);
    report_source(report, CLIPPING, "clip, guard and divergence `lib/train.c`, Adam `lib/kernels/adam.c`");
}
