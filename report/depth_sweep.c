/* depth_sweep.c - the notebook's trained numbers beside ours.
 *
 * A trained number is a draw from a distribution (roundoff.c says why), so ours agrees if both sets of draws can come
 * from one.
 */
#include "judge.h"

#include <math.h>

/* Four tests of agreement, together at level 0.01. */
#define AGREE_LEVEL 0.0025

static const struct source tables[] = {
    { .name = "depth_sweep",
      .columns = "depth seed replica status train_logp heldout_logp",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "seeds=1 replicas=32" },
      .options = " --replicas 32" },
    { .name = "truth", .columns = "rows n mean_logp std_error", .protocol = { .run = SETTINGS_ROWS } },
    { .name = "printed", .file = "reference/printed.tsv", .columns = "quantity coupling depth value" },
    { .name = "ensemble",
      .file = "tests/reference/ensemble.tsv",
      .columns = "depth member mean_logp",
      .no_head = true },
    { 0 },
};

/* The draws of one depth. */
struct draws {
    double            depth, printed;
    double            first; /* ours, unperturbed                                         */
    size_t            runs;  /* ours; `ours` is of those that have a score                */
    struct summary    ours, reference;
    size_t            ours_below, reference_below; /* at or below the printed number                 */
    double            heldout;                     /* ours, mean                                                */
    struct difference difference;                  /* of the means; of fewer than two draws there is none       */
    struct ks_test    agreement;                   /* p: NaN if there was no test                               */
};

struct depth_sweep {
    size_t        printed; /* numbers that the notebook prints, of all kinds */
    size_t        n;
    struct draws *depth; /* [n] */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static size_t at_or_below(struct sample s, double value)
{
    return s.n ? (size_t)lround(statistics_rank(s.x, value, s.n) * (double)s.n) : 0;
}

/* A run that is not ok has no number, but it has a place: below all others. */
static struct ks_test agreement(struct pool *pool, struct sample ours, size_t runs, struct sample reference)
{
    double *x = pool_alloc(pool, (runs + 1) * sizeof *x);
    for (size_t i = 0; i < runs; i++)
        x[i] = i < ours.n ? ours.x[i] : -INFINITY;
    return statistics_kolmogorov_smirnov(x, reference.x, runs, reference.n);
}

static struct draws measure_depth(const struct inputs *in, double depth)
{
    const struct table *sweep = sources_table(in->sources, "depth_sweep");
    const char         *seed = table_value(sweep, "seed");
    const char         *where = text(in->pool, "depth=%g seed=%s", depth, seed ? seed : "0");
    const struct sample ours = query_numbers(in->pool, sweep, "train_logp", where);
    const struct sample reference = query_numbers(in->pool, sources_table(in->sources, "ensemble"), "mean_logp",
                                                  text(in->pool, "depth=%g", depth));

    struct draws d = {
        .depth = depth,
        .printed = query_number(sources_table(in->sources, "printed"), "value",
                                text(in->pool, "quantity=mean_logp depth=%g", depth)),
        .first = query_number(sweep, "train_logp", text(in->pool, "%s replica=0", where)),
        .runs = query_count(sweep, where),
        .ours = statistics_summary(ours.x, ours.n),
        .reference = statistics_summary(reference.x, reference.n),
        .heldout = query_summary(in->pool, sweep, "heldout_logp", where).mean,
        .agreement = { NAN, NAN },
    };
    d.ours_below = at_or_below(ours, d.printed);
    d.reference_below = at_or_below(reference, d.printed);
    if (ours.n > 1 && reference.n > 1)
        d.difference = statistics_difference(ours.x, reference.x, ours.n, reference.n);
    if (d.runs > 1 && reference.n > 1)
        d.agreement = agreement(in->pool, ours, d.runs, reference);
    return d;
}

static void *measure(const struct inputs *in)
{
    const struct table *printed = sources_table(in->sources, "printed");
    const struct sample depths = query_distinct(in->pool, printed, "depth", "quantity=mean_logp");
    struct depth_sweep *m = pool_zeroed(in->pool, sizeof *m);
    m->printed = table_rows(printed);
    m->n = depths.n;
    m->depth = pool_zeroed(in->pool, depths.n * sizeof *m->depth);
    for (size_t i = 0; i < depths.n; i++)
        m->depth[i] = measure_depth(in, depths.x[i]);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static bool is_outside(size_t below, size_t n) { return n > 1 && (below == 0 || below == n); }

/* "(outside)" is said where the printed number lies beyond all draws. */
static const char *place_text(struct pool *pool, size_t below, size_t n)
{
    return text(pool, "%zu of %zu%s", below, n, is_outside(below, n) ? " (outside)" : "");
}

static const char *summary_text(struct pool *pool, const struct summary *s)
{
    return s->n < 2 ? text_number(pool, 4, s->mean)
                    : text(pool, "%s ± %s", text_number(pool, 4, s->mean), text_number(pool, 4, s->sd));
}

/* What so many runs can tell. */
static const char *judge_draws(struct pool *pool, const struct draws *d)
{
    if (d->runs == 0)
        return "not tested: no run at this depth";
    if (d->reference.n == 0)
        return "not tested: no draw of the reference at this depth";
    if (d->ours.n == 0 && d->runs == 1)
        return "not tested: the one run failed";
    if (d->runs == 1)
        return "not tested: one run is no distribution to compare";
    if (statistics_kolmogorov_smirnov_least(d->runs, d->reference.n) > AGREE_LEVEL)
        return text(pool, "not tested: too few runs to tell (%zu)", d->runs);
    const double p = d->agreement.p;
    const char  *verdict = isnan(p) ? "not tested" : p > AGREE_LEVEL ? "reproduced" : "not reproduced";
    return d->ours.n == d->runs
             ? verdict
             : text(pool, "%s (%zu of %zu runs without a finite score)", verdict, d->runs - d->ours.n, d->runs);
}

static void decide_depth(struct pieces *out, struct bytes *table, const struct draws *d)
{
    struct pool *pool = out->pool;
    const bool   pairs = d->ours.n > 1 && d->reference.n > 1, tested = d->runs > 1 && d->reference.n > 1;
    const double reach = 1.96 * d->difference.std_error; /* 95 %, normal */

    const struct effect difference = { .value = d->difference.value,
                                       .low = d->difference.value - reach,
                                       .high = d->difference.value + reach };
    const char         *ours = summary_text(pool, &d->ours), *heldout = text_number(pool, 4, d->heldout);
    const char         *verdict = pieces_number_verdict(out, "depth_sweep", judge_draws(pool, d));
    bytes_print(table, "| %g | %.3f | %s | %s (%zu) | %s (%zu) | %s | %s | %s | %s | %s | %s |\n", d->depth, d->printed,
                text_number(pool, 4, d->first), ours, d->ours.n, summary_text(pool, &d->reference), d->reference.n,
                pairs ? text_interval(pool, 4, &difference) : "-",
                tested ? text(pool, "%.3f, %s", d->agreement.statistic, text_p(pool, d->agreement.p)) : "-",
                place_text(pool, d->ours_below, d->ours.n), place_text(pool, d->reference_below, d->reference.n),
                heldout, verdict);
    pieces_number(out, text(pool, "mean log p of the training rows, depth %g", d->depth),
                  text(pool, "%.3f", d->printed), ours, verdict);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth_sweep *m = measured;
    struct bytes             *table = pieces_table(out, "draws");
    const char               *rare = NULL;
    bytes_text(table, "| depth | notebook | ours, unperturbed | ours: mean ± sd (draws) | reference: mean ± sd (draws) "
                      "| difference of means | Kolmogorov-Smirnov | of ours at or below the "
                      "printed value | of the reference | held-out: our mean | verdict "
                      "|\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct draws *d = &m->depth[i];
        decide_depth(out, table, d);
        if (is_outside(d->reference_below, d->reference.n))
            rare = text_joined(out->pool, rare, "\n\n",
                               text(out->pool,
                                    "The number printed at depth %g lies outside all %zu draws of the "
                                    "notebook's own stack, %.1f standard deviations from their mean: a rare draw.",
                                    d->depth, d->reference.n, fabs(d->printed - d->reference.mean) / d->reference.sd));
    }
    pieces_value(out, "rare-draws", rare ? rare : "");
    pieces_value(out, "printed", text(out->pool, "%zu", m->printed));
    pieces_value(out, "agree-level", text(out->pool, "%g", AGREE_LEVEL));
}

const struct judge judge_depth_sweep = {
    .name = "depth_sweep",
    .tables = tables,
    .figures = "depth_sweep loss",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
