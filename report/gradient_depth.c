/* gradient_depth.c - how the gradient of an untrained flow grows with depth. */
#include "judge.h"

#include <math.h>

#include "depth_law.h"

#define HALF_ORDER sqrt(10) /* a factor: within it of 10, a ratio is nearer to one order of magnitude than to another */

static const struct source tables[] = {
    { .name = "gradient_depth",
      .columns = "coupling depth seed grad_norm",
      .protocol = { SETTINGS_FLOW "actnorm=none", "coupling=both depths=1,2,3,4,6,8,12,16,24,32", "seeds=64" } },
    { 0 },
};

static const char *const couplings[] = { "affine", "spline" };
enum { AFFINE, SPLINE, N_COUPLINGS };

/* Norms over seeds. */
struct norms {
    double         depth;
    size_t         seeds;
    struct summary summary; /* of those that are finite                                            */
    double         printed; /* by the notebook; NaN: not this one                                  */
    double         seed0;   /* ours of the notebook's seed                                         */
    double         below;   /* seeds at or below it                                                */
};

struct law {
    size_t           seeds, n;
    struct norms    *depth; /* [n]                                                       */
    struct effect    slope; /* of log gradient against log depth, one per seed; tested   */
    struct depth_law fit;   /* of the medians                                            */
};

struct gradient_depth {
    struct law    law[N_COUPLINGS];
    struct effect ratio; /* tested: of the spline's norms at depths 16 and 2, by seed, the log of a tenth */
    size_t        pairs, lost, reach; /* seeds; without a number; that reach 10                           */
    struct norms  deep;               /* of the spline at depth 16 */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "gradient_depth"); }

static struct norms measure_norms(const struct inputs *in, const char *coupling, double depth)
{
    const char         *alike = text(in->pool, "coupling=%s depth=%g", coupling, depth);
    const struct sample g = query_numbers(in->pool, table_of(in), "grad_norm", alike);

    struct norms norms = {
        .depth = depth,
        .seeds = query_count(table_of(in), alike),
        .summary = statistics_summary(g.x, g.n),
        .printed = query_number(sources_table(in->sources, "printed"), "value",
                                text(in->pool, "quantity=grad_norm %s", alike)),
        .seed0 = query_number(table_of(in), "grad_norm", text(in->pool, "%s seed=0", alike)),
    };
    norms.below = statistics_rank(g.x, norms.seed0, g.n) * (double)g.n;
    return norms;
}

/* Of log gradient norm against log depth; NaN if the seed has fewer than two norms. */
static double slope_of_seed(const struct inputs *in, const char *coupling, double seed, const struct law *law)
{
    double *x = pool_alloc(in->pool, 2 * (law->n + 1) * sizeof *x), *y = x + law->n + 1;
    size_t  n = 0;
    for (size_t d = 0; d < law->n; d++) {
        const double g = query_number(table_of(in), "grad_norm",
                                      text(in->pool, "coupling=%s depth=%g seed=%g", coupling, law->depth[d].depth,
                                           seed));
        if (g > 0) {
            x[n] = log(law->depth[d].depth);
            y[n++] = log(g);
        }
    }
    return n > 1 ? statistics_line(x, y, 0.95, n).slope : NAN;
}

static void fit_medians(struct law *law, struct pool *pool)
{
    double *depth = pool_alloc(pool, 2 * (law->n + 1) * sizeof *depth), *median = depth + law->n + 1;
    for (size_t d = 0; d < law->n; d++) {
        depth[d] = law->depth[d].depth;
        median[d] = law->depth[d].summary.median;
    }
    law->fit = depth_law_fit(depth, median, law->n);
}

static void measure_law(struct law *law, const struct inputs *in, const char *coupling)
{
    const char         *where = text(in->pool, "coupling=%s", coupling);
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", where);
    const struct sample seeds = query_distinct(in->pool, table_of(in), "seed", where);
    double             *slope = pool_alloc(in->pool, (seeds.n + 1) * sizeof *slope);
    size_t              n = 0;
    law->seeds = seeds.n;
    law->n = depths.n;
    law->depth = pool_zeroed(in->pool, depths.n * sizeof *law->depth);
    for (size_t d = 0; d < depths.n; d++)
        law->depth[d] = measure_norms(in, coupling, depths.x[d]);
    for (size_t s = 0; s < seeds.n; s++) {
        const double of_seed = slope_of_seed(in, coupling, seeds.x[s], law);
        if (!isnan(of_seed))
            slope[n++] = of_seed;
    }
    law->slope = effect_mean(slope, n);
    verdict_test(in->verdicts, &law->slope);
    fit_medians(law, in->pool);
}

static void *measure(const struct inputs *in)
{
    struct gradient_depth *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        measure_law(&m->law[c], in, couplings[c]);
    const struct pairs p = query_pairs(in->pool, table_of(in), "grad_norm", "seed", "coupling=spline depth=16",
                                       "coupling=spline depth=2");
    double            *d = pool_alloc(in->pool, (p.n + 1) * sizeof *d);
    for (size_t i = 0; i < p.n; i++) {
        d[i] = log(p.a[i] / p.b[i]) - log(10);
        m->reach += d[i] >= 0;
    }
    m->pairs = p.n;
    m->lost = p.lost;
    m->ratio = effect_mean(d, p.n);
    verdict_test(in->verdicts, &m->ratio);
    m->deep = measure_norms(in, "spline", 16);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

/* The lines through the medians; "" if there are none. */
static const char *laws_text(struct pool *pool, const struct law *affine, const struct law *spline)
{
    if (!isfinite(affine->fit.power_misfit) || !isfinite(spline->fit.power_misfit))
        return "";
    const bool a = affine->fit.power_misfit < affine->fit.exponential_misfit;
    const bool s = spline->fit.power_misfit < spline->fit.exponential_misfit;
    return text(
        pool,
        "A power of the depth, the lines of the figure, misses the medians by a factor of %.2f (affine) and %.2f "
        "(spline), an exponential by %.2f and %.2f: the power law is %s.",
        exp(affine->fit.power_misfit), exp(spline->fit.power_misfit), exp(affine->fit.exponential_misfit),
        exp(spline->fit.exponential_misfit),
        a && s ? "the better description of both"
        : a    ? "better for the affine coupling only"
        : s    ? "better for the spline only"
               : "the worse one");
}

/* Is the notebook's seed like the others?  "" if it is not known. */
static const char *typical_text(struct pool *pool, const struct norms *deep)
{
    const struct summary *s = &deep->summary;
    if (s->n < 2 || isnan(deep->seed0))
        return "";
    return text(pool,
                "Is the notebook's %.1f typical (spline, depth 16)? Of %zu seeds, %.0f lie at or below it; the "
                "median is %s, the quartiles %s and %s. It is %s.",
                deep->printed, s->n, deep->below, text_number(pool, 1, s->median), text_number(pool, 1, s->q1),
                text_number(pool, 1, s->q3),
                deep->seed0 < s->q1   ? "below the lower quartile: a mild seed"
                : deep->seed0 > s->q3 ? "above the upper quartile: a steep seed"
                                      : "between the quartiles: typical");
}

/* Why a coupling cannot tell: it takes two seeds, each with two depths; NULL: it can. */
static const char *too_few(struct pool *pool, const struct law *law)
{
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        if (law[c].seeds == 0)
            return text(pool, "there is no %s flow", couplings[c]);
        if (law[c].seeds < 2 || law[c].n < 2)
            return text(pool, "the %s flows have one seed or one depth", couplings[c]);
    }
    return NULL;
}

static void claim_growth(struct pieces *out, const struct law *law)
{
    struct pool         *pool = out->pool;
    const struct effect *affine = &law[AFFINE].slope, *spline = &law[SPLINE].slope;
    const int            a = effect_sign(affine), s = effect_sign(spline);
    pieces_claim(
        out,
        &(struct claim){
            .name = "growth",
            .title = "the gradient norm grows with depth",
            .sentence = "The gradient norm grows with depth — composing more blocks amplifies the back-propagated "
                        "gradient",
            .rule =
                "each seed has its own slope of log gradient norm against log depth. Supported if the mean slope is "
                "significantly above zero for both couplings; refuted if significantly below for one; within a range "
                "if "
                "above for one only.",
            .estimate = text(pool, "norm ~ depth to the power %s (%s, the lower of two)",
                             text_interval(pool, 2, affine->value <= spline->value ? affine : spline),
                             couplings[affine->value <= spline->value ? AFFINE : SPLINE]),
            .effect = text(pool, "the norm grows as depth to the power %s (affine, %s) and %s (spline, %s).",
                           text_interval(pool, 2, affine), text_both_p(pool, affine), text_interval(pool, 2, spline),
                           text_both_p(pool, spline)),
            .limit = a + s == 1 ? text(pool, "shown for the %s coupling only.", a > 0 ? "affine" : "spline") : NULL,
            .untested = too_few(pool, law),
            .rests_on = "gradient_depth",
            .decision = a > 0 && s > 0 ? SUPPORTED
                      : a < 0 || s < 0 ? REFUTED
                      : a + s == 1     ? LIMITED
                                       : UNDECIDED,
        });
}

static void claim_order_of_magnitude(struct pieces *out, const struct gradient_depth *m)
{
    struct pool         *pool = out->pool;
    const struct effect *e = &m->ratio;
    const struct effect  ratio = { .value = 10 * exp(e->value), .low = 10 * exp(e->low), .high = 10 * exp(e->high) };
    const int            sign = effect_sign(e);
    const bool           near = m->pairs > 1 && ratio.low <= 10 && ratio.high >= 10 && ratio.low > 10 / HALF_ORDER &&
                      ratio.high < 10 * HALF_ORDER; /* a wide interval covers everything and says nothing */
    pieces_claim(
        out, &(struct claim){
                 .name = "order-of-magnitude",
                 .title = "an order of magnitude, for the spline",
                 .sentence = "(an order of magnitude over blocks for the spline)",
                 .rule = text(
                     pool,
                     "the ratio of the norms at depth 16 and depth 2, paired by seed, against 10, by the t-test "
                     "of its logarithm. Supported if significantly above 10; refuted if significantly below; within a "
                     "range if its interval covers 10 and lies between %.1f and %.1f; otherwise undecided.",
                     10 / HALF_ORDER, 10 * HALF_ORDER),
                 .estimate = text(pool, "depth 16 has %s times the norm of depth 2", text_interval(pool, 1, &ratio)),
                 .effect = text(pool, "the geometric mean of the ratio over %zu seeds is %s (%s); %zu seeds reach 10.",
                                m->pairs, text_interval(pool, 1, &ratio), text_both_p(pool, e), m->reach),
                 .limit = sign == 0 && near ? "the ratio cannot be told from 10." : NULL,
                 .untested = m->pairs + m->lost > 1 ? NULL : "it takes two seeds of spline flows at depths 2 and 16",
                 .rests_on = "gradient_depth",
                 .decision = sign > 0 ? SUPPORTED
                           : sign < 0 ? REFUTED
                           : near     ? LIMITED
                                      : UNDECIDED,
             });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct gradient_depth *m = measured;
    pieces_value(out, "laws", laws_text(out->pool, &m->law[AFFINE], &m->law[SPLINE]));
    pieces_value(out, "typical", typical_text(out->pool, &m->deep));
    claim_growth(out, m->law);
    claim_order_of_magnitude(out, m);
}

const struct judge judge_gradient_depth = {
    .name = "gradient_depth",
    .tables = tables,
    .figures = "gradient_depth",
    .measure = measure,
    .decide = decide,
};
