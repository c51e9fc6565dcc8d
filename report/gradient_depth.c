/* gradient_depth.c - how the gradient of an untrained flow grows with depth. */
#include "judge.h"

#include <math.h>

#include "depth_law.h"

#define HALF_ORDER sqrt(10) /* a factor: within it of 10, a ratio is nearer to one order of magnitude than to another */
enum { LEAST_SEEDS = 12 };  /* fewer carry no verdict */

static const struct source tables[] = {
    { .name = "gradient_depth",
      .columns = "coupling depth seed n_params grad_norm",
      .protocol = { SETTINGS_ROWS "bins=8 interval=4 width=24 hidden=2 seed=200 actnorm=none",
                    "coupling=both depths=1,2,3,4,6,8,12,16,24,32", "seeds=64" },
      .stated = true },
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
    double         below;   /* seeds at or below it                                                */
};

struct law {
    size_t           seeds, n;
    struct sample    whole;                        /* seeds of which every norm is finite                       */
    struct norms    *depth;                        /* [n]                                                       */
    struct effect    slope, slope_per_parameter;   /* means of log gradient against log depth, one per seed */
    struct effect    growth, growth_per_parameter; /* the signs of these; tested                           */
    struct depth_law fit;                          /* of the medians                                            */
};

struct gradient_depth {
    struct law    law[N_COUPLINGS];
    struct effect ratio; /* of the spline's norms at depths 16 and 2, by seed, the log of a tenth: its mean         */
    struct effect order; /* tested: it is nearer to 10 than to 1 and to 100                                       */
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
    };
    norms.below = statistics_rank(g.x, norms.printed, g.n) * (double)g.n;
    return norms;
}

/* Of log gradient norm, perhaps over the root of the number of parameters, against log depth; NaN if a norm of the seed
 * is not finite, or there are fewer than two. */
static double slope_of_seed(const struct inputs *in, const char *coupling, double seed, const struct law *law,
                            bool per_parameter)
{
    double *x = pool_alloc(in->pool, 2 * (law->n + 1) * sizeof *x), *y = x + law->n + 1;
    for (size_t d = 0; d < law->n; d++) {
        const char *where = text(in->pool, "coupling=%s depth=%g seed=%g", coupling, law->depth[d].depth, seed);
        x[d] = log(law->depth[d].depth);
        y[d] = log(query_number(table_of(in), "grad_norm", where));
        if (per_parameter)
            y[d] -= log(query_number(table_of(in), "n_params", where)) / 2;
        if (!isfinite(y[d]))
            return NAN;
    }
    return law->n > 1 ? statistics_line(x, y, 0.95, law->n).slope : NAN;
}

/* The mean of the whole seeds' slopes, and the sign test of them, which is registered. */
static void measure_slopes(struct effect *mean, struct effect *signs, const struct inputs *in, const char *coupling,
                           const struct law *law, bool per_parameter)
{
    double      *slope = pool_alloc(in->pool, (law->whole.n + 1) * sizeof *slope);
    const size_t n = law->whole.n;
    for (size_t s = 0; s < n; s++)
        slope[s] = slope_of_seed(in, coupling, law->whole.x[s], law, per_parameter);
    *mean = effect_mean(slope, n);
    *signs = effect_signs(slope, n);
    verdict_test(in->verdicts, signs);
}

/* Both laws through the geometric means, over the seeds that have a slope. */
static struct depth_law fit_means(const struct inputs *in, const char *coupling, const struct law *law)
{
    double *depth = pool_zeroed(in->pool, 2 * (law->n + 1) * sizeof *depth), *mean = depth + law->n + 1;
    for (size_t d = 0; d < law->n; d++) {
        depth[d] = law->depth[d].depth;
        for (size_t s = 0; s < law->whole.n; s++)
            mean[d] += log(
                query_number(table_of(in), "grad_norm",
                             text(in->pool, "coupling=%s depth=%g seed=%g", coupling, depth[d], law->whole.x[s])));
        mean[d] = exp(mean[d] / (double)law->whole.n);
    }
    return depth_law_fit(depth, mean, law->n);
}

/* The seeds of which every norm is finite. */
static struct sample whole_seeds(const struct inputs *in, const char *coupling, const struct law *law,
                                 struct sample seeds)
{
    struct sample whole = { pool_alloc(in->pool, (seeds.n + 1) * sizeof *whole.x), 0 };
    for (size_t s = 0; s < seeds.n; s++)
        if (!isnan(slope_of_seed(in, coupling, seeds.x[s], law, false)))
            whole.x[whole.n++] = seeds.x[s];
    return whole;
}

static void measure_law(struct law *law, const struct inputs *in, const char *coupling)
{
    const char         *where = text(in->pool, "coupling=%s", coupling);
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", where);
    const struct sample seeds = query_distinct(in->pool, table_of(in), "seed", where);
    law->seeds = seeds.n;
    law->n = depths.n;
    law->depth = pool_zeroed(in->pool, depths.n * sizeof *law->depth);
    for (size_t d = 0; d < depths.n; d++)
        law->depth[d] = measure_norms(in, coupling, depths.x[d]);
    law->whole = whole_seeds(in, coupling, law, seeds);
    measure_slopes(&law->slope, &law->growth, in, coupling, law, false);
    measure_slopes(&law->slope_per_parameter, &law->growth_per_parameter, in, coupling, law, true);
    law->fit = fit_means(in, coupling, law);
}

/* One-sided sign test that the median of d is at most 0: half of the two-sided p where the data lie above. */
static double above_zero(const double *d, size_t n)
{
    const struct effect e = effect_signs(d, n);
    return e.value > 0 ? e.p / 2 : 1;
}

/* d: [n], logs of the ratio over 10.  Two one-sided tests, that the median lies above -log and below log HALF_ORDER: p is
 * the larger of the two. */
static struct effect near_ten(struct pool *pool, const double *d, size_t n)
{
    struct effect e = effect_signs(d, n);
    double       *low = pool_alloc(pool, 2 * (n + 1) * sizeof *low), *high = low + n + 1;
    for (size_t i = 0; i < n; i++) {
        low[i] = d[i] + log(HALF_ORDER);
        high[i] = log(HALF_ORDER) - d[i];
    }
    e.p = e.corrected = fmax(above_zero(low, n), above_zero(high, n));
    e.least /= 2;
    e.value = 1;
    return e;
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
    m->order = near_ten(in->pool, d, p.n);
    verdict_test(in->verdicts, &m->order);
    m->deep = measure_norms(in, "spline", 16);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

/* The lines through the geometric means; "" if there are none. */
static const char *laws_text(struct pool *pool, const struct law *affine, const struct law *spline)
{
    if (!isfinite(affine->fit.power_misfit) || !isfinite(spline->fit.power_misfit))
        return "";
    const bool a = affine->fit.power_misfit < affine->fit.exponential_misfit;
    const bool s = spline->fit.power_misfit < spline->fit.exponential_misfit;
    return text(pool,
                "A power of the depth, the lines of the figure, misses the geometric means of the seeds by a factor of "
                "%.2f (affine) and %.2f "
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
    if (s->n < 2 || isnan(deep->printed))
        return "";
    return text(pool,
                "Is the notebook's %.1f typical (spline, depth 16)? Of %zu seeds, %.0f lie at or below it; the "
                "median is %s, the quartiles %s and %s. It is %s.",
                deep->printed, s->n, deep->below, text_number(pool, 1, s->median), text_number(pool, 1, s->q1),
                text_number(pool, 1, s->q3),
                deep->printed < s->q1   ? "below the lower quartile: a mild seed"
                : deep->printed > s->q3 ? "above the upper quartile: a steep seed"
                                        : "between the quartiles: typical");
}

/* Why these flows decide nothing; NULL: they decide. */
static const char *too_few(struct pool *pool, const struct law *law)
{
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        if (law[c].seeds == 0)
            return text(pool, "there is no %s flow", couplings[c]);
        if (law[c].slope.n < LEAST_SEEDS || law[c].n < 2)
            return text(pool, "%zu seeds have %s flows at two depths or more, and fewer than %d carry no verdict",
                        law[c].slope.n, couplings[c], LEAST_SEEDS);
    }
    return NULL;
}

/* "depths 1 to 32" */
static const char *range(struct pool *pool, const struct law *law)
{
    const size_t n = law[AFFINE].n;
    return n ? text(pool, "depths %g to %g", law[AFFINE].depth[0].depth, law[AFFINE].depth[n - 1].depth) : "no depth";
}

/* D4, growth: of the norm, or of the norm per parameter. */
static void claim_growth(struct pieces *out, const struct law *law, bool per_parameter)
{
    struct pool         *pool = out->pool;
    const struct effect *slope[N_COUPLINGS], *test[N_COUPLINGS];
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        slope[c] = per_parameter ? &law[c].slope_per_parameter : &law[c].slope;
        test[c] = per_parameter ? &law[c].growth_per_parameter : &law[c].growth;
    }
    const int    a = effect_sign(test[AFFINE]), s = effect_sign(test[SPLINE]);
    const size_t lower = slope[AFFINE]->value <= slope[SPLINE]->value ? AFFINE : SPLINE;
    pieces_claim(
        out,
        &(struct claim){
            .name = per_parameter ? "growth-per-parameter" : "growth",
            .title = per_parameter ? "the gradient norm per parameter grows with depth"
                                   : "the gradient norm grows with depth",
            .sentence = per_parameter ? NULL
                                      : "The gradient norm grows with depth — composing more blocks amplifies the "
                                        "back-propagated gradient",
            .rule = text(pool,
                         "each seed has its own slope of log norm%s against log depth; a seed with a norm that is not "
                         "finite is left out. Exact sign tests: supported if "
                         "both couplings' slopes are significantly positive; refuted as stated if one coupling's are "
                         "negative; within a coupling if it alone is positive; otherwise undecided.",
                         per_parameter ? ", less half the log of the number of parameters," : ""),
            .estimate = text(pool, "norm%s ~ depth to the power %s (%s, the lower of two)",
                             per_parameter ? " / sqrt(parameters)" : "", text_interval(pool, 2, slope[lower]),
                             couplings[lower]),
            .effect = text(pool, "over %s it grows as depth to the power %s (affine, %s) and %s (spline, %s).",
                           range(pool, law), text_interval(pool, 2, slope[AFFINE]), text_both_p(pool, test[AFFINE]),
                           text_interval(pool, 2, slope[SPLINE]), text_both_p(pool, test[SPLINE])),
            .limit = a + s == 1 ? text(pool, "shown for the %s coupling only.", a > 0 ? "affine" : "spline") : NULL,
            .untested = too_few(pool, law),
            .rests_on = "gradient_depth",
            .decision = a > 0 && s > 0 ? SUPPORTED
                      : a < 0 || s < 0 ? REFUTED
                      : a + s == 1     ? LIMITED
                                       : UNDECIDED,
        });
}

/* D4, an order of magnitude. */
static void claim_order_of_magnitude(struct pieces *out, const struct gradient_depth *m)
{
    struct pool         *pool = out->pool;
    const struct effect *e = &m->ratio;
    const struct effect  ratio = { .value = 10 * exp(e->value), .low = 10 * exp(e->low), .high = 10 * exp(e->high) };
    pieces_claim(
        out,
        &(struct claim){
            .name = "order-of-magnitude",
            .title = "an order of magnitude, for the spline",
            .sentence = "(an order of magnitude over blocks for the spline)",
            .rule = text(pool,
                         "the ratio of the norms at depths 16 and 2, by seed; a seed with a norm that is not finite is "
                         "left out. Supported if its median is "
                         "significantly between %.1f and %.1f, nearer to 10 than to 1 and to 100, by two one-sided "
                         "sign tests; refuted as stated if the interval of its geometric mean lies wholly outside; "
                         "otherwise undecided.",
                         10 / HALF_ORDER, 10 * HALF_ORDER),
            .estimate = text(pool, "depth 16 has %s times the norm of depth 2", text_interval(pool, 1, &ratio)),
            .effect = text(pool, "the geometric mean of the ratio over %zu seeds is %s (%s); %zu seeds reach 10.",
                           m->pairs, text_interval(pool, 1, &ratio), text_both_p(pool, &m->order), m->reach),
            .untested = m->pairs < LEAST_SEEDS
                          ? text(pool,
                                 "%zu seeds have spline flows at depths 2 and 16, and fewer than %d carry no "
                                 "verdict",
                                 m->pairs, LEAST_SEEDS)
                          : NULL,
            .rests_on = "gradient_depth",
            .decision = effect_sign(&m->order) > 0                                  ? SUPPORTED
                      : ratio.high < 10 / HALF_ORDER || ratio.low > 10 * HALF_ORDER ? REFUTED
                                                                                    : UNDECIDED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct gradient_depth *m = measured;
    pieces_value(out, "laws", laws_text(out->pool, &m->law[AFFINE], &m->law[SPLINE]));
    pieces_value(out, "typical", typical_text(out->pool, &m->deep));
    claim_growth(out, m->law, false);
    claim_growth(out, m->law, true);
    claim_order_of_magnitude(out, m);
}

const struct judge judge_gradient_depth = {
    .name = "gradient_depth",
    .tables = tables,
    .figures = "gradient_depth",
    .family = "Depth",
    .measure = measure,
    .decide = decide,
};
