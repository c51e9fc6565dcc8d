/* warm_start.c - the claims W1 to W4 of PROTOCOL.md: does a warm start end better, without a transient, and sooner, and is
 * its density a density? */
#include <math.h>
#include <string.h>

#include "contest.h"
#include "tuned_rate.h"

static const struct source tables[] = {
    { .name = "warm_start",
      .columns =
          "data coupling depth lr arm seed untrained_logp warm_distance status train_logp validation_logp heldout_logp",
      .protocol = { SETTINGS_WARM "clip=1", NULL, "seeds=24" },
      .stated = true },
    { .name = "warm_start_reach",
      .columns = "data coupling depth lr arm seed status first_loss largest_loss final_loss reached reach",
      .protocol = { SETTINGS_WARM "clip=1", NULL, "seeds=24" },
      .stated = true },
    { .name = "warm_start_integral",
      .columns = "data coupling depth lr arm seed step status square outside integral error",
      .protocol = { SETTINGS_WARM "clip=1", NULL, "seeds=24" },
      .stated = true },
    { .name = "warm_start_free",
      .columns = "rotation seed step train_logp square outside integral error determinant",
      .protocol = { SETTINGS_WARM "clip=1", NULL, "seeds=24" },
      .stated = true },
    { 0 },
};

static const char *const rates[] = { "0.001", "0.003", "0.01" };
enum { N_RATES = 3, TUNED = N_RATES, N_ENDS };

/* The cells of the table: the primary ones first. */
static const struct warm_cell {
    const char *data, *coupling, *rate;
    double      depth;
} cells[] = {
    { "spiral", "mixture", "0.001", 4 }, { "spiral", "mixture", "0.003", 4 },       { "spiral", "mixture", "0.01", 4 },
    { "spiral", "mixture", "0.003", 2 }, { "spiral", "mixture", "0.003", 8 },       { "spiral", "spline", "0.003", 4 },
    { "moons", "mixture", "0.003", 4 },  { "checkerboard", "mixture", "0.003", 4 },
};
enum { N_CELLS = sizeof cells / sizeof *cells };

/* One arm of a cell: medians over its ok runs.  reach: infinite if it is that of a run that never reaches the value. */
struct warm_arm {
    size_t runs, ok;
    double start, largest, rise, reach, train, heldout, distance;
};

/* Warm against another arm, by what W1, W2 and W3 measure. */
struct warm_contests {
    struct contest heldout, largest, reach;
};

struct warm_start {
    struct contest       end[N_ENDS];                      /* W1, tested                                */
    double               rate[2];                          /* tuned, of cold and warm; NaN: there is none */
    struct contest       largest[N_RATES], reach[N_RATES]; /* W2, W3, tested                          */
    struct warm_arm      arm[N_CELLS][2];                  /* cold, warm                                */
    struct warm_arm      trained;
    struct warm_contests described[N_CELLS], against_trained;
    size_t               integrals, resolved, wrong;
    size_t               missing;  /* cells that lack one                                   */
    double               farthest; /* greatest |integral - 1| of the resolved ones          */
    double               faulty, faulty_logp, determinant, honest, honest_logp; /* at the last step   */
};

static const struct table *runs_of(const struct inputs *in) { return sources_table(in->sources, "warm_start"); }
static const struct table *reach_of(const struct inputs *in) { return sources_table(in->sources, "warm_start_reach"); }

static const char *where(const struct inputs *in, const struct warm_cell *c, const char *arm)
{
    return text(in->pool, "data=%s coupling=%s depth=%g lr=%s arm=%s", c->data, c->coupling, c->depth, c->rate, arm);
}

/* The rate with the highest median validation log p, a run that is not ok counting as minus infinity; NULL: no runs. */
static const char *tuned(double *lr, const struct inputs *in, const char *arm)
{
    const char *best = NULL;
    double      best_score = NAN;
    *lr = NAN;
    for (size_t r = 0; r < N_RATES; r++) {
        const char  *of = where(in, &cells[r], arm);
        struct pairs p = query_contest(in->pool, runs_of(in), "validation_logp", "seed", of, of);
        const double score = p.n ? tuned_rate_median(p.a, p.n) : NAN, rate = strtod(rates[r], NULL);
        if (p.n && (!best || tuned_rate_beats(score, rate, best_score, *lr))) {
            best = of;
            best_score = score;
            *lr = rate;
        }
    }
    return best;
}

/* Over the ok runs that have a value to reach; one that never reaches it needs more steps than every one that does. */
static double median_reach(const struct inputs *in, const char *ok)
{
    const struct sample reached = query_numbers(in->pool, reach_of(in), "reach", text(in->pool, "%s reached=yes", ok));
    const size_t        never = query_count(reach_of(in), text(in->pool, "%s reached=no", ok));
    double             *steps = pool_alloc(in->pool, (reached.n + never + 1) * sizeof *steps);
    for (size_t i = 0; i < reached.n + never; i++)
        steps[i] = i < reached.n ? reached.x[i] : INFINITY;
    return reached.n + never ? tuned_rate_median(steps, reached.n + never) : NAN;
}

static struct warm_arm measure_arm(const struct inputs *in, const char *of)
{
    const char        *ok = text(in->pool, "%s status=ok", of);
    const struct pairs both = query_pairs(in->pool, reach_of(in), "largest_loss", "seed", ok, ok);
    const struct pairs first = query_pairs(in->pool, reach_of(in), "first_loss", "seed", ok, ok);
    double            *rise = pool_alloc(in->pool, (both.n + 1) * sizeof *rise);
    const size_t       n = both.n < first.n ? both.n : first.n;
    for (size_t i = 0; i < n; i++)
        rise[i] = both.a[i] - first.a[i];
#define MEDIAN(table, column) query_summary(in->pool, table(in), column, ok).median
    return (struct warm_arm){ .runs = query_count(runs_of(in), of),
                              .ok = query_count(runs_of(in), ok),
                              .start = MEDIAN(runs_of, "untrained_logp"),
                              .largest = MEDIAN(reach_of, "largest_loss"),
                              .rise = n ? statistics_summary(rise, n).median : NAN,
                              .reach = median_reach(in, ok),
                              .train = MEDIAN(runs_of, "train_logp"),
                              .heldout = MEDIAN(runs_of, "heldout_logp"),
                              .distance = MEDIAN(runs_of, "warm_distance") };
#undef MEDIAN
}

static double number_at(const struct table *table, size_t row, const char *name)
{
    size_t column;
    return table_find(&column, table, name) ? table_cell_number(table, row, column) : NAN;
}

/* A cell has one at the start, and one at the end if its run is ok.  A start that cannot be made leaves none. */
static void measure_integrals(struct warm_start *m, const struct inputs *in)
{
    const struct table *t = sources_table(in->sources, "warm_start_integral");
    for (size_t c = 0; c < N_CELLS; c++) {
        const char *of = where(in, &cells[c], "warm");
        m->missing += query_count(t, of) == 0 || query_count(t, text(in->pool, "%s status=ok", of)) == 1;
    }
    m->integrals = table_rows(t);
    for (size_t i = 0; i < m->integrals; i++) {
        const double off = fabs(number_at(t, i, "integral") - 1);
        if (!(number_at(t, i, "error") <= 1e-6))
            continue;
        m->resolved++;
        m->wrong += !(off <= 1e-6);
        m->farthest = fmax(m->farthest, off);
    }
}

static void measure_ablation(struct warm_start *m, const struct inputs *in)
{
    const struct table *t = sources_table(in->sources, "warm_start_free");
    const struct sample steps = query_distinct(in->pool, t, "step", "");
    const double        last = steps.n ? steps.x[steps.n - 1] : 0;
    const char         *free_one = text(in->pool, "rotation=free step=%g", last);
    const char         *frozen = text(in->pool, "rotation=frozen step=%g", last);
    const char         *certified = text(in->pool, "%s step=%g", where(in, &cells[0], "warm"), last);
    m->faulty = query_number(t, "integral", free_one);
    m->faulty_logp = query_number(t, "train_logp", free_one);
    m->determinant = query_number(t, "determinant", free_one);
    m->honest = query_number(sources_table(in->sources, "warm_start_integral"), "integral", certified);
    m->honest_logp = query_number(t, "train_logp", frozen);
}

static struct warm_contests measure_contests(const struct inputs *in, const char *warm, const char *other)
{
    return (struct warm_contests){ contest_measure(in, runs_of(in), "heldout_logp", warm, other),
                                   contest_measure_least(in, reach_of(in), "largest_loss", warm, other),
                                   contest_measure_least(in, reach_of(in), "reach", warm, other) };
}

static void *measure(const struct inputs *in)
{
    struct warm_start *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_CELLS; c++) {
        const char *cold = where(in, &cells[c], "cold"), *warm = where(in, &cells[c], "warm");
        m->arm[c][0] = measure_arm(in, cold);
        m->arm[c][1] = measure_arm(in, warm);
        m->described[c] = measure_contests(in, warm, cold);
        if (c >= N_RATES)
            continue;
        m->end[c] = m->described[c].heldout;
        m->largest[c] = m->described[c].largest;
        m->reach[c] = m->described[c].reach;
    }
    const char *cold = tuned(&m->rate[0], in, "cold"), *warm = tuned(&m->rate[1], in, "warm");
    m->end[TUNED] = contest_measure(in, runs_of(in), "heldout_logp", warm ? warm : "arm=-", cold ? cold : "arm=-");
    for (size_t i = 0; i < N_ENDS; i++)
        verdict_test(in->verdicts, &m->end[i].effect);
    for (size_t i = 0; i < N_RATES; i++) {
        verdict_test(in->verdicts, &m->largest[i].effect);
        verdict_test(in->verdicts, &m->reach[i].effect);
    }
    m->trained = measure_arm(in, where(in, &cells[1], "trained"));
    m->against_trained = measure_contests(in, where(in, &cells[1], "warm"), where(in, &cells[1], "trained"));
    measure_integrals(m, in);
    measure_ablation(m, in);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static const char *better_worse(struct pool *pool, const struct contest *c)
{
    return text(pool, "%zu / %zu", c->better, c->worse);
}

/* contests: warm against this arm; NULL: it is warm's. */
static void print_arm(struct bytes *table, struct pool *pool, const struct warm_arm *a,
                      const struct warm_contests *contests)
{
    bytes_print(table, " %zu of %zu | %s | %s | %s | %s | %s | %s | %s |", a->ok, a->runs,
                text_short(pool, a->distance), text_number(pool, 3, a->start), text_number(pool, 3, a->largest),
                text_number(pool, 3, a->rise), isinf(a->reach) ? "never" : text_number(pool, 0, a->reach),
                text_number(pool, 3, a->train), text_number(pool, 3, a->heldout));
    if (contests)
        bytes_print(table, " %s | %s | %s |\n", better_worse(pool, &contests->heldout),
                    better_worse(pool, &contests->largest), better_worse(pool, &contests->reach));
    else
        bytes_text(table, "  |  |  |\n");
}

static void print_cells(struct pieces *out, const struct warm_start *m)
{
    static const char *const arms[] = { "cold", "warm" };
    struct bytes            *table = pieces_table(out, "cells");
    bytes_text(
        table,
        "| data | coupling | depth | rate | start | ok | distance | log p at the start | largest batch loss | less the "
        "first | steps to reach | training log p | held-out log p | warm better / worse: held-out log p | largest loss "
        "| steps |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_CELLS; c++)
        for (size_t a = 0; a < 2; a++) {
            bytes_print(table, "| %s | %s | %g | %s | %s |", cells[c].data, cells[c].coupling, cells[c].depth,
                        cells[c].rate, arms[a]);
            print_arm(table, out->pool, &m->arm[c][a], a ? NULL : &m->described[c]);
        }
    bytes_text(table, "| spiral | mixture | 4 | 0.003 | trained rotations |");
    print_arm(table, out->pool, &m->trained, &m->against_trained);
}

/* The contests, [n], of one claim, and what each is called. */
static void claim_of(struct pieces *out, const struct contest *c, const char *const *called, size_t n,
                     struct claim claim)
{
    struct pool *pool = out->pool;
    size_t       better = 0, worse = 0;
    const char  *limit = NULL, *against = NULL, *effect = NULL;
    for (size_t i = 0; i < n; i++) {
        const int sign = effect_sign(&c[i].effect);
        better += sign > 0;
        worse += sign < 0;
        if (sign > 0)
            limit = text_joined(pool, limit, ", ", called[i]);
        if (sign < 0)
            against = text_joined(pool, against, ", ", called[i]);
        effect = text_joined(pool, effect, "; ", text(pool, "%s: %s", called[i], contest_text(pool, &c[i])));
        if (!claim.untested)
            claim.untested = contest_untested(pool, &c[i], text(pool, "runs of both starts %s", called[i]));
    }
    claim.estimate = text(pool, "warm better in %zu of %zu tests, worse in %zu", better, n, worse);
    claim.effect = text(pool, "warm is, %s.", effect);
    claim.decision = worse ? REFUTED : better == n ? SUPPORTED : better ? LIMITED : UNDECIDED;
    claim.limit = claim.decision == LIMITED ? text(pool, "%s.", limit)
                : worse                     ? text(pool, "worse %s.", against)
                                            : NULL;
    claim.rests_on = "warm_start warm_start_reach";
    pieces_claim(out, &claim);
}

#define RULE                                                                                                        \
    "Each in the exact sign-flip test, seed by seed; a run that is not ok is below every run that is. Supported "   \
    "if all are significantly better, refuted as stated if one is significantly worse, otherwise supported within " \
    "the rates at which it is better; undecided if there is none."

static void claim_integral(struct pieces *out, const struct warm_start *m)
{
    struct pool *pool = out->pool;
    const char  *found = text(pool, "%zu of %zu integrals are resolved, %zu of them further from 1 than 1e-6%s",
                              m->resolved, m->integrals, m->wrong,
                             m->missing ? text(pool, "; %zu of the %d cells lack one", m->missing, N_CELLS) : "");
    const bool   all = m->resolved == m->integrals && m->missing == 0;
    pieces_claim(
        out,
        &(struct claim){
            .name = "integral",
            .title = "a warm start keeps the density a density",
            .rule = "the integral of the density over the plane, of the first seed of each cell, at the start "
                    "and at the end. It is resolved if its estimated error is at most 1e-6. Refuted as stated if a "
                    "resolved one is further from 1 than 1e-6, supported "
                    "if all are resolved and no cell lacks one, otherwise supported within those that are "
                    "resolved.",
            .estimate = found,
            .effect = text(pool, "%s; the furthest is %s off.", found, text_short(pool, m->farthest)),
            .limit = m->wrong || all ? NULL : text(pool, "%s.", found),
            .untested = m->integrals ? NULL : "there is no integral",
            .rests_on = "warm_start_integral",
            .decision = m->wrong    ? REFUTED
                      : all         ? SUPPORTED
                      : m->resolved ? LIMITED
                                    : UNDECIDED,
        });
}

static size_t significant(const struct contest *c, size_t n, int sign)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += effect_sign(&c[i].effect) == sign;
    return count;
}

/* "Does a warm start help?", for the head of the report. */
static const char *answer(struct pool *pool, const struct warm_start *m)
{
    const char *others = NULL;
    for (size_t c = 0; c < N_CELLS; c++)
        if (strcmp(cells[c].data, "spiral") != 0)
            others = text_joined(pool, others, ", ",
                                 text(pool, "%s %zu of %zu", cells[c].data, m->described[c].heldout.better,
                                      m->described[c].heldout.seeds));
    return text(
        pool,
        "On the spiral, at depth 4, held-out log p is significantly better in %zu of %d tests, worse in %zu; at "
        "tuned rates its median is %s warm and %s cold. Warm also reaches the cold run's final loss "
        "significantly sooner in %zu of %d tests. On other sets, without a verdict, the seeds in which warm has "
        "the higher held-out log p: %s.",
        significant(m->end, N_ENDS, 1), N_ENDS, significant(m->end, N_ENDS, -1),
        text_number(pool, 3, m->end[TUNED].a_heldout), text_number(pool, 3, m->end[TUNED].b_heldout),
        significant(m->reach, N_RATES, 1), N_RATES, others);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct warm_start *m = measured;
    struct pool             *pool = out->pool;
    const char              *called[N_ENDS] = { "at rate 0.001", "at rate 0.003", "at rate 0.01" };
    called[TUNED] = text(pool, "each at its tuned rate (cold %g, warm %g)", m->rate[0], m->rate[1]);
    print_cells(out, m);
    claim_of(out, m->end, called, N_ENDS,
             (struct claim){
                 .name = "optimum",
                 .title = "a warm start lands at a better optimum",
                 .sentence = "the warm start is ahead the whole way and lands at a better optimum.",
                 .rule = "mixtures, spiral, depth 4, warm against cold at the same rotations by held-out log p, at "
                         "three rates and each at its tuned rate. " RULE });
    pieces_value(out, "answer", pieces_no_verdict(out) ? "These tables do not answer it." : answer(pool, m));
    claim_of(out, m->largest, called, N_RATES,
             (struct claim){
                 .name = "transient",
                 .title = "a warm start sidesteps the worst of the transient",
                 .sentence = "starting at the diagonal RBIG solution sidesteps the worst of the from-scratch "
                             "transient.",
                 .rule = "the same runs by the largest loss of a batch, the first one included. " RULE });
    claim_of(out, m->reach, called, N_RATES,
             (struct claim){
                 .name = "sooner",
                 .title = "a warm start is ahead the whole way",
                 .sentence = "the warm start is ahead the whole way",
                 .rule = "the same runs by the steps after which the median loss of 50 batches is at or below that "
                         "of the cold run's last 50. " RULE });
    claim_integral(out, m);
    pieces_value(
        out, "ablation",
        text(pool,
             "Trained as free matrices, while their log-det counts as 0, the rotations bring log p to %s, and the "
             "density then integrates to %s; 1 over the product of the matrices' |det| is %s. Frozen, log p is %s and "
             "the integral %s.",
             text_number(pool, 3, m->faulty_logp), text_number(pool, 1, m->faulty),
             text_number(pool, 1, m->determinant), text_number(pool, 3, m->honest_logp),
             text_number(pool, 7, m->honest)));
}

const struct judge judge_warm_start = {
    .name = "warm_start",
    .tables = tables,
    .figures = "warm_start warm_start_density warm_start_free",
    .family = "Warm start",
    .measure = measure,
    .decide = decide,
};
