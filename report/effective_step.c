/* effective_step.c - do deeper stacks take larger steps?  The effective step against depth, beside the gradient norm. */
#include "judge.h"

#include <math.h>

static const struct source tables[] = {
    { .name = "effective_step",
      .columns = "coupling depth seed grad_norm status update_rms",
      .protocol = { SETTINGS_CONFIRMED "lr=0.003 clip=1 actnorm=none", "coupling=both depths=1,2,4,8,16,32",
                    "seeds=8" } },
    { 0 },
};

/* Factors from depth 1 to 32, along the fitted line: what counts as larger, and what as no larger. */
#define DEEPEST 32.0
#define LARGER 1.5
#define NO_LARGER 1.1

static const char *const couplings[] = { "affine", "spline" };
enum { AFFINE, SPLINE, N_COUPLINGS };

struct step_cell {
    size_t         runs, ok;
    struct summary step, norm; /* of the runs that are ok; of all */
};

struct step_coupling {
    struct step_cell *cell;  /* [n], a depth each                                                      */
    struct effect     slope; /* of log effective step against log depth, a seed's own; tested          */
    struct effect     norm;  /* the same of the untrained gradient norm                                */
};

struct steps {
    size_t               n;
    double              *depth; /* [n] */
    struct step_coupling of[N_COUPLINGS];
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "effective_step"); }

/* The slope of each seed that has the number at three depths or more; then over seeds. */
static struct effect slope_of(const struct inputs *in, const struct steps *m, const char *column, const char *where)
{
    const struct sample seeds = query_distinct(in->pool, table_of(in), "seed", where);
    double             *slope = pool_alloc(in->pool, (seeds.n + 1) * sizeof *slope);
    double *x = pool_alloc(in->pool, (m->n + 1) * sizeof *x), *y = pool_alloc(in->pool, (m->n + 1) * sizeof *y);
    size_t  n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        size_t points = 0;
        for (size_t i = 0; i < m->n; i++) {
            x[points] = m->depth[i];
            y[points] = query_number(table_of(in), column,
                                     text(in->pool, "%s depth=%g seed=%.0f", where, m->depth[i], seeds.x[s]));
            points += y[points] > 0;
        }
        if (points >= 3)
            slope[n++] = statistics_log_log(x, y, 0.95, points).slope;
    }
    return effect_mean(slope, n);
}

static void *measure(const struct inputs *in)
{
    struct steps       *m = pool_zeroed(in->pool, sizeof *m);
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", "");
    m->n = depths.n;
    m->depth = depths.x;
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        struct step_coupling *s = &m->of[c];
        const char *all = text(in->pool, "coupling=%s", couplings[c]), *ok = text(in->pool, "%s status=ok", all);
        s->cell = pool_zeroed(in->pool, (m->n + 1) * sizeof *s->cell);
        for (size_t i = 0; i < m->n; i++) {
            const char *at = text(in->pool, "%s depth=%g", all, m->depth[i]);
            const char *at_ok = text(in->pool, "%s depth=%g", ok, m->depth[i]);
            s->cell[i] = (struct step_cell){
                .runs = query_count(table_of(in), at),
                .ok = query_count(table_of(in), at_ok),
                .step = query_summary(in->pool, table_of(in), "update_rms", at_ok),
                .norm = query_summary(in->pool, table_of(in), "grad_norm", at),
            };
        }
        s->slope = slope_of(in, m, "update_rms", ok);
        s->norm = slope_of(in, m, "grad_norm", all);
        verdict_test(in->verdicts, &s->slope);
    }
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_depths(struct pieces *out, const struct steps *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "depths");
    bytes_text(table, "| coupling | depth | ok | effective step: median [quartiles] | untrained gradient norm: median "
                      "[quartiles] |\n|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t i = 0; i < m->n; i++) {
            const struct step_cell *cell = &m->of[c].cell[i];
            const struct effect     step = { .value = cell->step.median, .low = cell->step.q1, .high = cell->step.q3 };
            const struct effect     norm = { .value = cell->norm.median, .low = cell->norm.q1, .high = cell->norm.q3 };
            bytes_print(table, "| %s | %g | %zu of %zu | %s | %s |\n", couplings[c], m->depth[i], cell->ok, cell->runs,
                        text_interval(pool, 3, &step), text_interval(pool, 1, &norm));
        }
}

/* What a slope comes to from depth 1 to the deepest. */
static struct effect factor_of(const struct effect *slope)
{
    return (struct effect){ .value = pow(DEEPEST, slope->value),
                            .low = pow(DEEPEST, slope->low),
                            .high = pow(DEEPEST, slope->high) };
}

static enum decision decision_of(const struct effect *slope)
{
    const struct effect factor = factor_of(slope);
    if (effect_sign(slope) > 0 && factor.low > LARGER)
        return SUPPORTED;
    return factor.high < NO_LARGER ? REFUTED : UNDECIDED; /* false for NaN */
}

static const char *slope_text(struct pool *pool, const char *coupling, const struct step_coupling *s)
{
    const struct effect step = factor_of(&s->slope), norm = factor_of(&s->norm);
    return text(pool,
                "%s: the effective step goes as depth to the power %s (%s), from depth 1 to 32 a factor of %s; the "
                "untrained gradient norm by a factor of %s",
                coupling, text_interval(pool, 2, &s->slope), text_p(pool, s->slope.corrected),
                text_interval(pool, 2, &step), text_interval(pool, 1, &norm));
}

static void decide(struct pieces *out, const void *measured)
{
    const struct steps *m = measured;
    struct pool        *pool = out->pool;
    const enum decision affine = decision_of(&m->of[AFFINE].slope), spline = decision_of(&m->of[SPLINE].slope);
    const bool  one = affine == SUPPORTED || spline == SUPPORTED, both = affine == SUPPORTED && spline == SUPPORTED;
    const char *lacking = m->of[AFFINE].slope.n < 2 ? "affine" : m->of[SPLINE].slope.n < 2 ? "spline" : NULL;
    print_depths(out, m);
    pieces_claim(
        out,
        &(struct claim){
            .name = "larger",
            .title = "deeper stacks take ever-larger effective steps",
            .sentence = "With a fixed learning rate that means deeper stacks take ever-larger effective steps, so the "
                        "occasional batch can blow training up.",
            .rule = text(pool,
                         "rate 0.003 and clip 1; of each coupling the slope of the effective step against depth, both "
                         "logarithmic, of each seed over its runs that are ok, then its mean over seeds. Supported if "
                         "the slope is significantly positive and its interval above a factor of %g from depth 1 to "
                         "32, for both couplings; within one coupling if for that one alone; refuted as stated if for "
                         "neither, and the interval of one lies below a factor of %g; otherwise undecided.",
                         LARGER, NO_LARGER),
            .effect = text(pool, "%s; %s.", slope_text(pool, couplings[AFFINE], &m->of[AFFINE]),
                           slope_text(pool, couplings[SPLINE], &m->of[SPLINE])),
            .limit = one && !both ? text(pool, "of %s stacks only.", couplings[affine == SUPPORTED ? AFFINE : SPLINE])
                                  : NULL,
            .untested = lacking ? text(pool, "it takes two %s seeds, each ok at three depths", lacking) : NULL,
            .rests_on = "effective_step",
            .decision = both                                   ? SUPPORTED
                      : one                                    ? LIMITED
                      : affine == REFUTED || spline == REFUTED ? REFUTED
                                                               : UNDECIDED,
        });
}

const struct judge judge_effective_step = {
    .name = "effective_step",
    .tables = tables,
    .figures = "effective_step",
    .measure = measure,
    .decide = decide,
};
