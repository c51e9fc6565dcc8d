/* depth_truth.c - depth beside the truth: does the score of the training rows measure the fit?
 *
 * What depth buys is decided on other runs (depth_tuned.c).
 */
#include "judge.h"

#include <math.h>

static const struct source tables[] = {
    { .name = "depth_truth",
      .columns = "depth seed status train_logp train_truth heldout_logp heldout_truth kl kl_std_error pit_ks pit_p "
                 "coverage_50 coverage_90 coverage_99 energy_distance energy_sd",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8,16,20", "seeds=16" } },
    { 0 },
};

/* Of the density itself, on the held-out rows (harness/flow_checks.h). */
static const char *const checks[] = { "pit_ks",      "pit_p",           "coverage_50", "coverage_90",
                                      "coverage_99", "energy_distance", "energy_sd" };
enum { N_CHECKS = sizeof checks / sizeof *checks };

struct depth_row {
    double        depth;
    size_t        seeds, ok;
    struct effect train, heldout;  /* over seeds                             */
    struct effect gap;             /* train - held-out, paired               */
    struct effect over;            /* train - the truth's own on those rows  */
    struct effect kl;              /* over seeds and rows                    */
    double        check[N_CHECKS]; /* medians; NaN: there is none            */
};

struct depth_truth {
    size_t            n;
    struct depth_row *row; /* [n], ascending                                                */
    double            train_truth, heldout_truth;
    struct effect     growth; /* tested: the gap at the greatest depth minus the gap at the least              */
    struct effect     over;   /* tested: the training score at the greatest depth minus the truth's own        */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "depth_truth"); }

static struct sample numbers(const struct inputs *in, const char *column, double depth)
{
    return query_numbers(in->pool, table_of(in), column, text(in->pool, "depth=%g", depth));
}

/* Of a column, paired by seed: at depth a minus at depth b. */
static struct pairs between(const struct inputs *in, const char *column, double a, double b)
{
    return query_pairs(in->pool, table_of(in), column, "seed", text(in->pool, "depth=%g", a),
                       text(in->pool, "depth=%g", b));
}

static struct effect mean_of(struct sample s) { return effect_mean(s.x, s.n); }

/* The mean of x - y, for two differences over the same seeds, which stand in the same order. */
static struct effect mean_difference(struct pool *pool, struct pairs x, struct pairs y)
{
    const size_t n = x.lost + y.lost == 0 && x.n == y.n ? x.n : 0;
    double      *d = pool_alloc(pool, (n + 1) * sizeof *d);
    for (size_t i = 0; i < n; i++)
        d[i] = x.d[i] - y.d[i];
    return effect_mean(d, n);
}

static struct effect mean_above(struct pool *pool, struct sample s, double level)
{
    double *d = pool_alloc(pool, (s.n + 1) * sizeof *d);
    for (size_t i = 0; i < s.n; i++)
        d[i] = s.x[i] - level;
    return effect_mean(d, s.n);
}

/* The interval of the mean KL holds the seeds' scatter, and the rows', which all seeds share (normal). */
static void measure_kl(struct depth_row *row, const struct inputs *in)
{
    const struct sample kl = numbers(in, "kl", row->depth), errors = numbers(in, "kl_std_error", row->depth);
    row->kl = effect_none();
    if (kl.n < 2 || errors.n < 1)
        return;
    const struct summary s = statistics_summary(kl.x, kl.n), e = statistics_summary(errors.x, errors.n);
    const double         reach = 1.96 * sqrt(s.std_error * s.std_error + e.mean * e.mean);
    row->kl.value = s.mean;
    row->kl.low = s.mean - reach;
    row->kl.high = s.mean + reach;
}

/* Both columns of a run are numbers or, if it is not ok, neither; a held-out score alone may still overflow. */
static struct effect measure_gap(const struct inputs *in, const char *where)
{
    const struct table *t = table_of(in);
    const struct sample seeds = query_distinct(in->pool, t, "seed", where);
    double             *gaps = pool_alloc(in->pool, (seeds.n + 1) * sizeof *gaps);
    size_t              n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        const char  *one = text(in->pool, "%s seed=%g", where, seeds.x[s]);
        const double gap = query_number(t, "train_logp", one) - query_number(t, "heldout_logp", one);
        if (!isnan(gap))
            gaps[n++] = gap;
    }
    return effect_mean(gaps, n);
}

static void measure_depth(struct depth_row *row, const struct inputs *in, double depth)
{
    const struct table *t = table_of(in);
    const char         *where = text(in->pool, "depth=%g", depth);
    const struct sample train = numbers(in, "train_logp", depth), truth = numbers(in, "train_truth", depth);
    *row = (struct depth_row){ .depth = depth,
                               .seeds = query_count(t, where),
                               .ok = query_count(t, text(in->pool, "%s status=ok", where)) };
    row->train = mean_of(train);
    row->heldout = mean_of(numbers(in, "heldout_logp", depth));
    row->over = mean_above(in->pool, train, truth.n ? truth.x[0] : NAN); /* one number for all seeds */
    row->gap = measure_gap(in, where);
    measure_kl(row, in);
    for (size_t k = 0; k < N_CHECKS; k++)
        row->check[k] = query_summary(in->pool, t, checks[k], where).median;
}

static void *measure(const struct inputs *in)
{
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", "");
    struct depth_truth *m = pool_zeroed(in->pool, sizeof *m);
    const size_t        n = m->n = depths.n;
    const double       *depth = depths.x;
    m->row = pool_zeroed(in->pool, n * sizeof *m->row);
    m->train_truth = query_number(table_of(in), "train_truth", "");
    m->heldout_truth = query_number(table_of(in), "heldout_truth", "");
    m->growth = m->over = effect_none();
    for (size_t i = 0; i < n; i++)
        measure_depth(&m->row[i], in, depth[i]);
    if (n > 1) {
        m->growth = mean_difference(in->pool, between(in, "train_logp", depth[n - 1], depth[0]),
                                    between(in, "heldout_logp", depth[n - 1], depth[0]));
        m->over = mean_above(in->pool, numbers(in, "train_logp", depth[n - 1]), m->train_truth);
    }
    verdict_test(in->verdicts, &m->growth);
    verdict_test(in->verdicts, &m->over);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_depths(struct pieces *out, const struct depth_truth *m)
{
    struct pool            *pool = out->pool;
    struct bytes           *table = pieces_table(out, "depths");
    const struct depth_row *row = m->row;
    bytes_text(table, "| depth | runs that are ok | training log p | held-out log p | training - held-out | training - "
                      "truth's own | KL(truth, flow) |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++)
        bytes_print(table, "| %g | %zu of %zu | %s | %s | %s | %s | %s |\n", row[i].depth, row[i].ok, row[i].seeds,
                    text_interval(pool, 4, &row[i].train), text_interval(pool, 4, &row[i].heldout),
                    text_interval(pool, 3, &row[i].gap), text_interval(pool, 3, &row[i].over),
                    text_interval(pool, 3, &row[i].kl));
    bytes_print(table, "| the truth | | %s | %s | %s | 0 | 0 |\n", text_number(pool, 4, m->train_truth),
                text_number(pool, 4, m->heldout_truth), text_number(pool, 3, m->train_truth - m->heldout_truth));
}

static void print_checks(struct pieces *out, const struct depth_truth *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "checks");
    bytes_text(table,
               "| depth | distance of latent coordinates from uniform | its p | rows in the 50 % set | 90 % | 99 % | "
               "energy distance | its scatter if the flow were the truth |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const double *check = m->row[i].check;
        bytes_print(table, "| %g | %s | %s |", m->row[i].depth, text_number(pool, 4, check[0]),
                    isnan(check[1]) ? "-" : text_p(pool, check[1]));
        for (size_t k = 2; k < 5; k++)
            bytes_print(table, isnan(check[k]) ? " - |" : " %s %% |", text_number(pool, 1, 100 * check[k]));
        bytes_print(table, " %s | %s |\n", text_short(pool, check[5]), text_short(pool, check[6]));
    }
}

/* Why the runs cannot distinguish the depths; NULL: they can. */
static const char *too_few(struct pool *pool, const struct depth_truth *m, size_t depths_needed)
{
    if (m->n < depths_needed)
        return text(pool, "the table has %zu of the %zu depths that it takes at least", m->n, depths_needed);
    for (size_t i = 0; i < m->n; i++)
        if (m->row[i].seeds < 2)
            return text(pool, "depth %g has a single run", m->row[i].depth);
    return NULL;
}

/* Where the training and held-out curves part by more than the truth's own do. */
static const char *curves_text(struct pool *pool, const struct depth_truth *m)
{
    const double truth_gap = m->train_truth - m->heldout_truth;
    if (isnan(truth_gap))
        return "what the truth's own curves do is not known";
    for (size_t i = 0; i < m->n; i++)
        if (m->row[i].gap.low > truth_gap)
            return text(pool, "the curves have parted, by more than the truth's own %s, from depth %g on",
                        text_number(pool, 3, truth_gap), m->row[i].depth);
    return "at no depth have the curves significantly parted";
}

/* The first depth at which the mean training score is better than the truth's own; if none is, the greatest. */
static double passed_at(const struct depth_truth *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->row[i].over.value > 0)
            return m->row[i].depth;
    return m->row[m->n - 1].depth;
}

static void claim_fit(struct pieces *out, const struct depth_truth *m)
{
    struct pool *pool = out->pool;
    const bool   passes = effect_sign(&m->over) > 0, grows = effect_sign(&m->growth) > 0;
    const bool   close = effect_between(&m->over, -INFINITY, EFFECT_MATERIAL) &&
                       effect_between(&m->growth, -INFINITY, EFFECT_MATERIAL);
    const char *few = too_few(pool, m, 2), *curves = curves_text(pool, m);
    const char *no_truth = isnan(m->train_truth - m->heldout_truth) ? "there is no truth for these rows" : NULL;
    pieces_claim(
        out,
        &(struct claim){
            .name = "fit",
            .title = "the training rows' log p measures the fit",
            .sentence =
                "depth_lp = [logp(train(build(jr.key(0), d))) for d in depths] [the score is taken over the rows "
                "that were trained on]",
            .rule = text(
                pool,
                "refuted if, at the greatest depth, the training score significantly passes the truth's own "
                "on the same rows, and the gap between training and held-out score has significantly grown from "
                "the least depth to the greatest; within a range if one of the two is so; if neither is, supported "
                "if both intervals lie below %g nats, and otherwise undecided.",
                EFFECT_MATERIAL),
            .estimate = text(pool, "training - held-out grows by %s nats", text_interval(pool, 3, &m->growth)),
            .effect = text(pool,
                           "the gap grows by %s nats over the depths (%s); at the greatest depth the training score "
                           "stands %s above the truth's (%s); %s.",
                           text_interval(pool, 3, &m->growth), text_both_p(pool, &m->growth),
                           text_interval(pool, 3, &m->over), text_both_p(pool, &m->over), curves),
            .limit = passes && grows ? text(pool, "from depth %g on part of it is over-fitting.", passed_at(m))
                   : grows           ? "the gap grows with depth, but the training score does not pass the truth's."
                   : passes          ? "the training score passes the truth's, but the gap does not significantly grow."
                                     : NULL,
            .untested = few ? few : no_truth,
            .rests_on = "depth_truth",
            .decision = passes && grows ? REFUTED
                      : passes || grows ? LIMITED
                      : close           ? SUPPORTED
                                        : UNDECIDED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth_truth *m = measured;
    print_depths(out, m);
    print_checks(out, m);
    claim_fit(out, m);
}

const struct judge judge_depth_truth = {
    .name = "depth_truth",
    .tables = tables,
    .figures = "depth_truth",
    .measure = measure,
    .decide = decide,
};
