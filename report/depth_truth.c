/* depth_truth.c - what depth buys, beside the truth and on rows not trained on. */
#include "judge.h"

#include <math.h>

#define NOTEBOOK_DEPTH 8 /* the deepest flow that the notebook trains */

static const struct source tables[] = {
    { .name = "depth_truth",
      .columns = "depth seed status train_logp train_truth heldout_logp heldout_truth kl kl_std_error",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8,16,20", "seeds=16" } },
    { 0 },
};

struct depth_row {
    double        depth;
    size_t        seeds, ok;
    struct effect train, heldout; /* over seeds                             */
    struct effect gap;            /* train - held-out, paired               */
    struct effect over;           /* train - the truth's own on those rows  */
    struct effect kl;             /* over seeds and rows                    */
    struct effect step;           /* held-out, against the depth before; tested */
    double        train_step;     /* the same of the training rows, mean    */
};

struct depth_truth {
    size_t            n;
    struct depth_row *row;  /* [n], ascending                                                */
    size_t            best; /* row of the highest held-out score                             */
    double            train_truth, heldout_truth;
    struct effect     gain;   /* held-out, from the least depth to the greatest                              */
    struct effect     less;   /* tested: the first step's held-out gain minus the last one's                   */
    struct effect     left;   /* tested: KL at the best depth                                                  */
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

static void measure_depth(struct depth_row *row, const struct inputs *in, double depth, double before)
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
    if (before > 0) {
        const struct pairs held = between(in, "heldout_logp", depth, before);
        const struct pairs fit = between(in, "train_logp", depth, before);
        row->step = effect_mean(held.d, held.n);
        row->train_step = effect_mean(fit.d, fit.n).value;
        verdict_test(in->verdicts, &row->step);
    }
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
    m->gain = m->less = m->left = m->growth = m->over = effect_none();
    for (size_t i = 0; i < n; i++) {
        measure_depth(&m->row[i], in, depth[i], i ? depth[i - 1] : 0);
        if (m->row[i].heldout.value > m->row[m->best].heldout.value)
            m->best = i;
    }
    if (n > 1) {
        m->growth = mean_difference(in->pool, between(in, "train_logp", depth[n - 1], depth[0]),
                                    between(in, "heldout_logp", depth[n - 1], depth[0]));
        m->over = mean_above(in->pool, numbers(in, "train_logp", depth[n - 1]), m->train_truth);
        const struct pairs all = between(in, "heldout_logp", depth[n - 1], depth[0]);
        m->gain = effect_mean(all.d, all.n);
    }
    if (n > 2) {
        m->less = mean_difference(in->pool, between(in, "heldout_logp", depth[1], depth[0]),
                                  between(in, "heldout_logp", depth[n - 1], depth[n - 2]));
        m->left = mean_of(numbers(in, "kl", depth[m->best]));
    }
    verdict_test(in->verdicts, &m->less);
    verdict_test(in->verdicts, &m->left);
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
    table = pieces_table(out, "steps");
    bytes_text(table, "| step of depth | training log p | held-out log p, paired by seed | p, alone | p, corrected "
                      "|\n|---|---|---|---|---|\n");
    for (size_t i = 1; i < m->n; i++)
        bytes_print(table, "| %g to %g | %s | %s | %s | %s |\n", row[i - 1].depth, row[i].depth,
                    text_number(pool, 4, row[i].train_step), text_interval(pool, 4, &row[i].step),
                    text_p(pool, row[i].step.p), text_p(pool, row[i].step.corrected));
}

/* Why the runs cannot tell one depth from another; NULL: they can. */
static const char *too_few(struct pool *pool, const struct depth_truth *m, size_t depths_needed)
{
    if (m->n < depths_needed)
        return text(pool, "the table has %zu of the %zu depths that it takes at least", m->n, depths_needed);
    for (size_t i = 0; i < m->n; i++)
        if (m->row[i].seeds < 2)
            return text(pool, "depth %g has a single run", m->row[i].depth);
    return NULL;
}

static void claim_steps(struct pieces *out, const struct depth_truth *m)
{
    const struct depth_row *row = m->row;
    struct pool            *pool = out->pool;
    const size_t            n = m->n;
    size_t                  up = 0, worse = 0; /* steps that help, from the first on; the first step that hurts */
    while (up + 1 < n && effect_sign(&row[up + 1].step) > 0)
        up++;
    for (size_t i = n; i-- > 1;)
        if (effect_sign(&row[i].step) < 0)
            worse = i;
    const bool  all = n > 1 && up + 1 == n, early = worse > 0 && row[worse].depth <= NOTEBOOK_DEPTH;
    const char *after = "";
    if (worse)
        after = text(pool, "the step to depth %g makes held-out rows worse by %s", row[worse].depth,
                     text_number(pool, 4, -row[worse].step.value));
    else if (up + 1 < n)
        after = text(pool, "the step to depth %g brings %s, %s", row[up + 1].depth,
                     text_interval(pool, 4, &row[up + 1].step), text_both_p(pool, &row[up + 1].step));
    pieces_claim(
        out, &(struct claim){
                 .name = "steps",
                 .title = "each stack of more blocks fits better",
                 .sentence =
                     "stacking coupling blocks steadily improves the fit. [...] Likelihood climbs steadily with depth",
                 .rule = text(
                     pool,
                     "on held-out rows, paired by seed: supported if every step of depth significantly improves "
                     "log p; refuted if a step up to depth %d, the notebook's deepest, significantly worsens it; "
                     "otherwise supported within a range, the depth up to which each step helps; undecided if not even "
                     "the first does.",
                     NOTEBOOK_DEPTH),
                 .estimate = text(pool, "%s nats held-out, from depth %g to %g", text_interval(pool, 3, &m->gain),
                                  row[0].depth, row[n - 1].depth),
                 .effect = n > 1 ? text(pool, "from depth %g to %g held-out log p goes from %s to %s%s%s.",
                                        row[0].depth, row[n - 1].depth, text_number(pool, 4, row[0].heldout.value),
                                        text_number(pool, 4, row[n - 1].heldout.value), *after ? "; " : "", after)
                                 : "the table holds one depth.",
                 .limit = early          ? text(pool, "%s.", after)
                        : all || up == 0 ? NULL
                                         : text(pool, "each step helps up to depth %g.", row[up].depth),
                 .untested = too_few(pool, m, 2),
                 .rests_on = "depth_truth",
                 .decision = all    ? SUPPORTED
                           : early  ? REFUTED
                           : up > 0 ? LIMITED
                                    : UNDECIDED,
             });
}

static void claim_taper(struct pieces *out, const struct depth_truth *m)
{
    struct pool            *pool = out->pool;
    const bool              tapers = effect_sign(&m->less) > 0, short_of = effect_sign(&m->left) > 0;
    const struct depth_row *best = &m->row[m->best];
    pieces_claim(
        out,
        &(struct claim){
            .name = "taper",
            .title = "the gains taper as the flow saturates the target",
            .sentence = "The gains taper as the flow saturates the target.",
            .rule =
                text(pool,
                     "supported if the last step's held-out gain is significantly smaller than the first's, and "
                     "the interval of KL(truth, flow) at the best depth lies below %g nats; within a range if the gain "
                     "is smaller, but that KL significantly above zero: then the flow saturates short of the target; "
                     "refuted if the gain is significantly larger; otherwise undecided.",
                     EFFECT_MATERIAL),
            .estimate = text(pool, "the last step gains %s nats less than the first", text_interval(pool, 3, &m->less)),
            .effect = text(
                pool, "the last step gains %s nats less than the first (%s); at the best depth, %g, KL is %s nats.",
                text_interval(pool, 3, &m->less), text_both_p(pool, &m->less), best->depth,
                text_interval(pool, 3, &best->kl)),
            .limit = tapers && short_of ? "the gains taper, but the flow stays short of the target." : NULL,
            .untested = too_few(pool, m, 3),
            .rests_on = "depth_truth",
            .decision = tapers && short_of                                             ? LIMITED
                      : tapers && effect_between(&m->left, -INFINITY, EFFECT_MATERIAL) ? SUPPORTED
                      : effect_sign(&m->less) < 0                                      ? REFUTED
                                                                                       : UNDECIDED,
        });
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

/* "Does depth help?", for the head of the report. */
static const char *answer(struct pool *pool, const struct depth_truth *m)
{
    const struct depth_row *row = m->row;
    size_t                  up = 0;
    if (m->n < 2 || isnan(m->gain.low))
        return "These tables do not tell.";
    while (up + 1 < m->n && effect_sign(&row[up + 1].step) > 0)
        up++;
    return text(
        pool,
        "%s: at the notebook's rate held-out log p %s %s nats from depth %g to %g, %s of them in the first step. %s",
        up == 0                     ? "That is not shown"
        : effect_sign(&m->less) > 0 ? "Yes, less and less"
                                    : "Yes",
        m->gain.value > 0 ? "gains" : "changes by", text_interval(pool, 3, &m->gain), row[0].depth, row[m->n - 1].depth,
        text_number(pool, 3, row[1].step.value),
        up + 1 == m->n ? "Every step helps significantly."
        : up > 0       ? text(pool, "Each step up to depth %g helps significantly; the next does not.", row[up].depth)
                       : "Not even the first step helps significantly.");
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth_truth *m = measured;
    print_depths(out, m);
    pieces_value(out, "answer", answer(out->pool, m));
    claim_steps(out, m);
    claim_taper(out, m);
    claim_fit(out, m);
}

const struct judge judge_depth_truth = {
    .name = "depth_truth",
    .tables = tables,
    .figures = "depth_truth",
    .measure = measure,
    .decide = decide,
};
