/* depth_sweep.c - the notebook's trained numbers beside ours, and the claim D6 of PROTOCOL.md: they are equivalent.
 *
 * A trained number is a draw from a distribution (roundoff.c shows why).  The first replicas are described beside the
 * reference's draws.  That no difference is found between them shows nothing; so two one-sided tests examine, on other replicas,
 * which the description leaves out, whether mean and spread are the same within stated bounds.
 */
#include "judge.h"

#include <math.h>
#include <string.h>

/* The replicas that are described, and those of equivalence. */
enum { FIRST_DRAWS = 32, FIRST_UNSEEN = 33, LAST_UNSEEN = 64 };
#define SAME_MEAN 0.01  /* nats */
#define SAME_SPREAD 2.0 /* a factor */

static const struct source tables[] = {
    { .name = "depth_sweep",
      .columns = "depth seed replica status train_logp heldout_logp",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "seeds=1 replicas=65" },
      .options = " --replicas 65" },
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

/* One depth's test of D6. */
struct same {
    struct equivalence found;
    struct effect      test; /* value 1: equivalent is what it would show */
};

struct unseen {
    size_t         runs, lost; /* replicas that are there; of them not ok, or without a number */
    struct summary ours;       /* of the others                                                */
    struct same    mean, spread;
};

struct depth_sweep {
    struct unseen *unseen;  /* [n] */
    size_t         printed; /* numbers that the notebook prints, of all kinds */
    size_t         n;
    struct draws  *depth; /* [n] */
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

/* The numbers of the replicas from `first` to `last`; *runs: how many of these there are. */
static struct sample draws_of(size_t *runs, const struct inputs *in, const char *column, const char *where,
                              size_t first, size_t last)
{
    const struct table *sweep = sources_table(in->sources, "depth_sweep");
    struct sample       s = { pool_alloc(in->pool, (last - first + 2) * sizeof *s.x), 0 };
    *runs = 0;
    for (size_t r = first; r <= last; r++) {
        const char  *one = text(in->pool, "%s replica=%zu", where, r);
        const double number = query_number(sweep, column, one);
        *runs += query_count(sweep, one);
        if (!isnan(number))
            s.x[s.n++] = number;
    }
    return s;
}

static struct same same_of(struct equivalence found)
{
    struct same same = { found, effect_none() };
    same.test.value = 1;
    if (!isnan(found.p)) {
        same.test.p = same.test.corrected = found.p;
        same.test.least = 0;
        same.test.testable = true;
    }
    return same;
}

static void measure_unseen(struct unseen *unseen, const struct inputs *in, double depth, const char *where)
{
    const struct sample reference = query_numbers(in->pool, sources_table(in->sources, "ensemble"), "mean_logp",
                                                  text(in->pool, "depth=%g", depth));
    const struct sample ours = draws_of(&unseen->runs, in, "train_logp", text(in->pool, "%s status=ok", where),
                                        FIRST_UNSEEN, LAST_UNSEEN);
    size_t              all;
    draws_of(&all, in, "train_logp", where, FIRST_UNSEEN, LAST_UNSEEN);
    unseen->runs = all;
    unseen->lost = all - ours.n;
    unseen->ours = statistics_summary(ours.x, ours.n);
    const bool         pairs = ours.n > 1 && reference.n > 1;
    struct equivalence none = { NAN, NAN, NAN, NAN };
    unseen->mean = same_of(pairs ? statistics_same_mean(ours.x, reference.x, SAME_MEAN, ours.n, reference.n) : none);
    unseen->spread = same_of(pairs ? statistics_same_spread(ours.x, reference.x, SAME_SPREAD, ours.n, reference.n)
                                   : none);
    verdict_test(in->verdicts, &unseen->mean.test);
    verdict_test(in->verdicts, &unseen->spread.test);
}

static struct draws measure_depth(const struct inputs *in, double depth)
{
    const struct table *sweep = sources_table(in->sources, "depth_sweep");
    const char         *seed = table_value(sweep, "seed");
    const char         *where = text(in->pool, "depth=%g seed=%s", depth, seed ? seed : "0");
    size_t              runs, heldout_runs;
    const struct sample ours = draws_of(&runs, in, "train_logp", where, 0, FIRST_DRAWS - 1);
    const struct sample heldout = draws_of(&heldout_runs, in, "heldout_logp", where, 0, FIRST_DRAWS - 1);
    const struct sample reference = query_numbers(in->pool, sources_table(in->sources, "ensemble"), "mean_logp",
                                                  text(in->pool, "depth=%g", depth));

    struct draws d = {
        .depth = depth,
        .printed = query_number(sources_table(in->sources, "printed"), "value",
                                text(in->pool, "quantity=mean_logp depth=%g", depth)),
        .first = query_number(sweep, "train_logp", text(in->pool, "%s replica=0", where)),
        .runs = runs,
        .ours = statistics_summary(ours.x, ours.n),
        .reference = statistics_summary(reference.x, reference.n),
        .heldout = heldout.n ? statistics_summary(heldout.x, heldout.n).mean : NAN,
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
    m->unseen = pool_zeroed(in->pool, (depths.n + 1) * sizeof *m->unseen);
    for (size_t i = 0; i < depths.n; i++) {
        m->depth[i] = measure_depth(in, depths.x[i]);
        measure_unseen(&m->unseen[i], in, depths.x[i], text(in->pool, "depth=%g seed=0", depths.x[i]));
    }
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static bool is_outside(size_t below, size_t n) { return n > 1 && (below == 0 || below == n); }

/* "(outside)" stands where the printed number lies beyond all draws. */
static const char *place_text(struct pool *pool, size_t below, size_t n)
{
    return text(pool, "%zu of %zu%s", below, n, is_outside(below, n) ? " (outside)" : "");
}

static const char *summary_text(struct pool *pool, const struct summary *s)
{
    return s->n < 2 ? text_number(pool, 4, s->mean)
                    : text(pool, "%s ± %s", text_number(pool, 4, s->mean), text_number(pool, 4, s->sd));
}

static void print_draws(struct pieces *out, struct bytes *table, const struct draws *d)
{
    struct pool *pool = out->pool;
    const bool   pairs = d->ours.n > 1 && d->reference.n > 1, tested = d->runs > 1 && d->reference.n > 1;
    const double reach = 1.96 * d->difference.std_error; /* 95 %, normal */

    const struct effect difference = { .value = d->difference.value,
                                       .low = d->difference.value - reach,
                                       .high = d->difference.value + reach };
    const char         *ours = summary_text(pool, &d->ours), *heldout = text_number(pool, 4, d->heldout);
    bytes_print(table, "| %g | %.3f | %s | %s (%zu) | %s (%zu) | %s | %s | %s | %s | %s |\n", d->depth, d->printed,
                text_number(pool, 4, d->first), ours, d->ours.n, summary_text(pool, &d->reference), d->reference.n,
                pairs ? text_interval(pool, 4, &difference) : "-",
                tested ? text(pool, "%.3f, %s", d->agreement.statistic, text_p(pool, d->agreement.p)) : "-",
                place_text(pool, d->ours_below, d->ours.n), place_text(pool, d->reference_below, d->reference.n),
                heldout);
}

/* D6, mean or spread: significant is supported; a 90 % interval wholly outside the bounds is refuted; a lost replica as well. */
static const char *judge_same(const struct unseen *unseen, const struct same *same, double low, double high)
{
    if (unseen->runs < LAST_UNSEEN - FIRST_UNSEEN + 1)
        return "not tested: replicas 33 to 64 are not all there";
    const struct equivalence *e = &same->found;
    return verdict_name(unseen->lost > 0                 ? REFUTED
                        : effect_sign(&same->test) > 0   ? SUPPORTED
                        : e->high < low || e->low > high ? REFUTED
                                                         : UNDECIDED);
}

static const char *same_text(struct pool *pool, int decimals, const struct same *same)
{
    const struct equivalence *e = &same->found;
    return isnan(e->p) ? "-"
                       : text(pool, "%s [%s, %s] | %s", text_number(pool, decimals, e->value),
                              text_number(pool, decimals, e->low), text_number(pool, decimals, e->high),
                              text_both_p(pool, &same->test));
}

/* The line in the list of the notebook's numbers.  Without the unseen replicas ours is what there is. */
static void list_number(struct pieces *out, const struct draws *d, const struct unseen *u, const char *mean,
                        const char *spread)
{
    struct pool *pool = out->pool;
    const bool   alike = strcmp(mean, spread) == 0;
    pieces_number(out, text(pool, "mean log p of the training rows, depth %g", d->depth),
                  text(pool, "%.3f", d->printed), summary_text(pool, u->ours.n > 0 ? &u->ours : &d->ours),
                  alike && strncmp(mean, "not tested", strlen("not tested")) == 0 ? mean
                  : alike ? text(pool, "mean and spread: %s", mean)
                          : text(pool, "mean: %s; spread: %s", mean, spread));
}

static void print_unseen(struct pieces *out, const struct depth_sweep *m)
{
    struct bytes *table = pieces_table(out, "equivalence");
    bytes_text(table,
               "| depth | replicas | difference of means, nats [90 %] | p | the same mean within 0.01 nats | ratio "
               "of standard deviations [90 %] | p | the same spread within a factor of 2 "
               "|\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct unseen *u = &m->unseen[i];
        const char *mean = pieces_number_verdict(out, "depth_sweep", judge_same(u, &u->mean, -SAME_MEAN, SAME_MEAN));
        const char *spread = pieces_number_verdict(out, "depth_sweep",
                                                   judge_same(u, &u->spread, 1 / SAME_SPREAD, SAME_SPREAD));
        const bool  none = isnan(u->mean.found.p) || isnan(u->spread.found.p);
        bytes_print(table, "| %g | %zu | %s | %s | %s | %s |\n", m->depth[i].depth, u->runs - u->lost,
                    none ? "- | -" : same_text(out->pool, 4, &u->mean), mean,
                    none ? "- | -" : same_text(out->pool, 2, &u->spread), spread);
        list_number(out, &m->depth[i], u, mean, spread);
    }
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth_sweep *m = measured;
    struct bytes             *table = pieces_table(out, "draws");
    const char               *rare = NULL;
    bytes_text(table, "| depth | notebook | ours, unperturbed | ours: mean ± sd (draws) | reference: mean ± sd (draws) "
                      "| difference of means | Kolmogorov-Smirnov | of ours at or below the "
                      "printed value | of the reference | held-out: our mean "
                      "|\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct draws *d = &m->depth[i];
        print_draws(out, table, d);
        if (is_outside(d->reference_below, d->reference.n))
            rare = text_joined(out->pool, rare, "\n\n",
                               text(out->pool,
                                    "The number printed at depth %g lies outside all %zu draws of the "
                                    "notebook's own stack, %.1f standard deviations from their mean: a rare draw.",
                                    d->depth, d->reference.n, fabs(d->printed - d->reference.mean) / d->reference.sd));
    }
    print_unseen(out, m);
    pieces_value(out, "rare-draws", rare ? rare : "");
    pieces_value(out, "printed", text(out->pool, "%zu", m->printed));
}

const struct judge judge_depth_sweep = {
    .name = "depth_sweep",
    .tables = tables,
    .figures = "depth_sweep loss",
    .measure = measure,
    .decide = decide,
    .family = "Depth",
    .notebook = true,
};
