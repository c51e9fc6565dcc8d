/* roundoff.c - how fast one part in 1e15 grows, and what it does to the final number.
 *
 * The growth is that of nine replicas, step by step.  The scatter of the final scores is that of the many replicas of
 * depth_sweep, which are perturbed in the same way.
 */
#include "judge.h"

#include <math.h>

#include "growth_phase.h"

#define DECIMAL 1e-3 /* nats: the notebook prints three decimals                                    */

static const struct source tables[] = {
    { .name = "roundoff",
      .columns = "depth step least median greatest",
      .protocol = { SETTINGS_FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "replicas=9" } },
    { 0 },
};

struct growth {
    double depth;
    double start, saturated;      /* steps                                                       */
    double rate;                  /* per step, of the median                                     */
    double largest;               /* nats: the largest median difference                         */
    double range, sd, heldout_sd; /* nats: of the final scores                                   */
    size_t replicas;              /* that the final scores are of                                */
    bool   measured;              /* there are differences to follow, and final scores to compare */
};

struct roundoff {
    size_t         n;
    struct growth *depth; /* [n]                                                                        */
    double         error; /* nats: what other training rows would do to the score; NaN: not known       */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static void measure_rates(struct growth *g, const struct inputs *in, const char *where)
{
    const struct table *table = sources_table(in->sources, "roundoff");
    const struct sample steps = query_numbers(in->pool, table, "step", where);
    const struct sample least = query_numbers(in->pool, table, "least", where);
    const struct sample median = query_numbers(in->pool, table, "median", where);
    const struct sample greatest = query_numbers(in->pool, table, "greatest", where);
    /* Where every replica has diverged there is no difference, and the three columns end together. */
    const size_t              n = least.n < greatest.n ? least.n : greatest.n;
    const struct growth_phase phase = growth_phase_find(steps.x, least.x, median.x, greatest.x,
                                                        median.n < n ? median.n : n);
    g->measured = median.n > 0;
    g->largest = phase.largest;
    g->start = phase.start;
    g->saturated = phase.saturated;
    g->rate = phase.rate;
}

static struct growth measure_depth(const struct inputs *in, double depth)
{
    const struct table *final = sources_table(in->sources, "depth_sweep");
    const char         *seed = table_value(final, "seed"), *at = text(in->pool, "depth=%g", depth);
    const char         *where = text(in->pool, "%s seed=%s", at, seed ? seed : "0");
    const struct sample score = query_numbers(in->pool, final, "train_logp", where);
    const struct sample heldout = query_numbers(in->pool, final, "heldout_logp", where);
    struct growth       g = { .depth = depth, .range = NAN, .sd = NAN, .heldout_sd = NAN, .replicas = score.n };
    measure_rates(&g, in, at);
    g.measured = g.measured && score.n > 1;
    if (score.n > 1) {
        const struct summary s = statistics_summary(score.x, score.n);
        g.range = s.max - s.min;
        g.sd = s.sd;
        g.heldout_sd = heldout.n > 1 ? statistics_summary(heldout.x, heldout.n).sd : NAN;
    }
    return g;
}

static void *measure(const struct inputs *in)
{
    const struct sample depths = query_distinct(in->pool, sources_table(in->sources, "roundoff"), "depth", "");
    struct roundoff    *m = pool_zeroed(in->pool, sizeof *m);
    m->n = depths.n;
    m->depth = pool_zeroed(in->pool, depths.n * sizeof *m->depth);
    m->error = query_number(sources_table(in->sources, "truth"), "std_error", "rows=train");
    for (size_t i = 0; i < depths.n; i++)
        m->depth[i] = measure_depth(in, depths.x[i]);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

/* What all depths come to. */
struct total {
    double *grown;             /* [n] depths at which the difference reaches the printed decimal */
    size_t  n, measured;       /* depths with two replicas that are ok                           */
    double  slowest, fastest;  /* steps in which it doubles                                      */
    double  latest;            /* step by which it is saturated                                  */
    double  least_sd, most_sd; /* nats: of the final scores                                      */
};

static struct total add_up(struct pool *pool, const struct roundoff *m)
{
    struct total all = { .grown = pool_alloc(pool, m->n * sizeof *all.grown),
                         .fastest = INFINITY,
                         .least_sd = INFINITY };
    for (size_t i = 0; i < m->n; i++) {
        const struct growth *g = &m->depth[i];
        const double         doubling = M_LN2 / g->rate;
        all.measured += g->measured;
        if (!(g->rate > 0 && g->largest > DECIMAL && g->range > DECIMAL))
            continue;
        all.grown[all.n++] = g->depth;
        all.slowest = fmax(all.slowest, doubling);
        all.fastest = fmin(all.fastest, doubling);
        all.latest = fmax(all.latest, g->saturated);
        all.least_sd = fmin(all.least_sd, g->sd);
        all.most_sd = fmax(all.most_sd, g->sd);
    }
    return all;
}

static void print_growth(struct pieces *out, const struct roundoff *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "growth");
    bytes_text(table, "| depth | growth starts at step | saturated at step | rate per step, of the median | doubles "
                      "every (steps) | replicas at the end | final log p, training rows: sd | largest difference | "
                      "held-out: sd |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct growth *g = &m->depth[i];
        bytes_print(table, "| %g | %s | %s | %s | %s | %zu | %s | %s | %s |\n", g->depth,
                    text_number(pool, 0, g->start), text_number(pool, 0, g->saturated), text_short(pool, g->rate),
                    text_number(pool, 1, M_LN2 / g->rate), g->replicas, text_number(pool, 4, g->sd),
                    text_number(pool, 4, g->range), text_number(pool, 4, g->heldout_sd));
    }
}

static const char *total_text(struct pool *pool, const struct total *all, const struct roundoff *m)
{
    if (all->n == 0)
        return all->measured < m->n
                 ? text(pool, "%zu of %zu depths have two replicas that are ok.", all->measured, m->n)
                 : "at no depth does the perturbation reach the third decimal.";
    const char *beside = m->error > 0 ? text(pool, ", %.2g to %.2g of the data's own standard error",
                                             all->least_sd / m->error, all->most_sd / m->error)
                                      : "";
    return text(pool,
                "it doubles every %.1f to %.1f steps and is saturated by step %.0f; the final score then "
                "scatters with sd %.4f to %.4f nats%s.",
                all->fastest, all->slowest, all->latest, all->least_sd, all->most_sd, beside);
}

/* "Can I trust a third decimal?", for the head of the report. */
static const char *answer(struct pool *pool, const struct total *all, const struct roundoff *m)
{
    size_t replicas = 0;
    for (size_t i = 0; i < m->n; i++)
        replicas = replicas > m->depth[i].replicas ? replicas : m->depth[i].replicas;
    if (all->n == 0)
        return all->measured ? "Yes: here round-off does not reach it." : "These tables do not answer it.";
    return text(pool,
                "%s %zu runs that differ by one part in 1e15 at the start scatter at the end with a standard deviation "
                "of up to %.4f nats. A difference below about %.2f nats between two single runs says nothing.",
                all->most_sd > DECIMAL / 2 ? "No." : "Nearly.", replicas, all->most_sd,
                ceil(100 * 2.8 * all->most_sd) / 100);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct roundoff *m = measured;
    const struct total     all = add_up(out->pool, m);
    print_growth(out, m);
    pieces_value(out, "answer", answer(out->pool, &all, m));
    pieces_value(out, "rounding", text(out->pool, "%g", GROWTH_ROUNDING));
    pieces_value(out, "consequence",
                 all.n == 0 || !(m->error > 0) ? ""
                                               : text(out->pool,
                                                      "So two correct programs that round differently in one place "
                                                      "agree at first, and part in the third decimal.\n"
                                                      "That scatter is %s than what other training rows would do to "
                                                      "the score. But with it no one can tell a defect\n"
                                                      "from a rounding. Hence the rule of this project: the same bits "
                                                      "whatever the compiler, the instruction set or\n"
                                                      "the number of threads.",
                                                      all.most_sd < m->error ? "smaller" : "no smaller"));
    pieces_claim(
        out,
        &(struct claim){
            .name = "bits",
            .title = "a trained third decimal can be checked only by the same bits",
            .rule =
                text(out->pool,
                     "supported if at every depth the difference grows from round-off to above %g nats, and "
                     "the final scores of the replicas differ by more than that, the last decimal that the notebook "
                     "prints; refuted if at none; otherwise supported within a range, the depths at which they do.",
                     DECIMAL),
            .estimate = all.n ? text(out->pool, "sd %.4f nats, the largest of %zu depths", all.most_sd, all.n) : "-",
            .effect = total_text(out->pool, &all, m),
            .limit = all.n && all.n < m->n ? text(out->pool, "at %s.", text_depths(out->pool, all.grown, all.n)) : NULL,
            .untested = all.measured ? NULL : "at no depth are there two replicas that are ok",
            .rests_on = "roundoff depth_sweep",
            .decision = all.n == m->n        ? SUPPORTED
                      : all.n                ? LIMITED
                      : all.measured == m->n ? REFUTED
                                             : UNDECIDED,
        });
}

const struct judge judge_roundoff = {
    .name = "roundoff",
    .tables = tables,
    .figures = "roundoff",
    .measure = measure,
    .decide = decide,
};
