/* depth_tuned.c - what depth buys at the notebook's rate, at a tuned rate and at equal parameters: measured
 * (depth_tuned.h).
 */
#include "depth_tuned.h"

#include <math.h>
#include <string.h>

static const struct source tables[] = {
    { .name = "depth_tuned",
      .columns = "data arm depth lr seed status test_logp kl kl_std_error",
      .protocol = { SETTINGS_DEPTH "coupling=spline actnorm=none clip=1", "depths=1,2,4,8,16", "seeds=12" },
      .stated = true },
    { .name = "depth_tuned_rates",
      .columns = "data arm depth width steps n_params lr tuned runs ok validation test_q1 test test_q3 kl",
      .protocol = { SETTINGS_DEPTH "coupling=spline actnorm=none clip=1", "depths=1,2,4,8,16", "seeds=12" },
      .stated = true },
    { 0 },
};

/* What has no verdict. */
static const struct {
    const char *data, *arm, *called;
} described[N_DESCRIBED] = {
    { "spiral", "work", "spiral, equal work" },
    { "moons", "width", "moons" },
    { "checkerboard", "width", "checkerboard" },
    { "gaussians", "width", "gaussians" },
    { "circles", "width", "circles" },
    { "pinwheel", "width", "pinwheel" },
    { "two_spirals_4d", "width", "two spirals, four dimensions" },
};

enum { REFERENCE = 3 }; /* depth 8, whose runs all arms share under the name `width` */
#define NOTEBOOK_RATE 0.003
#define NEAR_TARGET 0.01 /* nats */

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *runs_of(const struct inputs *in) { return sources_table(in->sources, "depth_tuned"); }

/* The runs of a depth at the tuned rate. */
static const char *tuned_runs(const struct inputs *in, const char *data, const char *arm, size_t depth)
{
    const double lr = query_number(sources_table(in->sources, "depth_tuned_rates"), "lr",
                                   text(in->pool, "data=%s arm=%s depth=%g tuned=1", data, arm,
                                        depth_tuned_depth[depth]));
    return text(in->pool, "data=%s arm=%s depth=%g lr=%g", data, depth == REFERENCE ? "width" : arm,
                depth_tuned_depth[depth], lr);
}

/* The runs of a depth in one of the trainings. */
static const char *where(const struct inputs *in, size_t training, size_t depth)
{
    return training == NOTEBOOK
             ? text(in->pool, "data=spiral arm=width depth=%g lr=%g", depth_tuned_depth[depth], NOTEBOOK_RATE)
             : tuned_runs(in, "spiral", training == EQUAL_PARAMS ? "params" : "width", depth);
}

/* Gains of the seeds of which both runs are ok. */
static struct pairs gains(const struct inputs *in, const char *deep, const char *shallow)
{
    return query_pairs(in->pool, runs_of(in), "test_logp", "seed", text(in->pool, "%s status=ok", deep),
                       text(in->pool, "%s status=ok", shallow));
}

static struct spread spread_of(struct pairs p)
{
    struct spread s = { NAN, NAN, NAN };
    double        sum = 0;
    size_t        far = 0;
    if (p.n < 2)
        return s;
    s.median = statistics_summary(p.d, p.n).median;
    for (size_t i = 0; i < p.n; i++) {
        sum += p.d[i];
        far = fabs(p.d[i] - s.median) > fabs(p.d[far] - s.median) ? i : far;
    }
    s.far = p.d[far];
    s.without = (sum - s.far) / (double)(p.n - 1);
    return s;
}

static void measure_steps(struct depth_tuned *m, const struct inputs *in)
{
    for (size_t t = 0; t < N_TRAININGS; t++) {
        for (size_t k = 0; k < N_STEPS; k++) {
            struct depth_step *step = &m->step[t][k];
            const char        *deep = where(in, t, k + 1), *shallow = where(in, t, k);
            step->contest = contest_measure(in, runs_of(in), "test_logp", deep, shallow);
            const struct pairs p = gains(in, deep, shallow);
            step->gain = effect_mean(p.d, p.n);
            step->median = statistics_summary(p.d, p.n).median;
            verdict_test(in->verdicts, &step->contest.effect);
        }
        const struct pairs whole = gains(in, where(in, t, N_STEPS), where(in, t, 0));
        m->whole[t] = effect_mean(whole.d, whole.n);
        m->spread[t] = spread_of(whole);
    }
}

/* Of one seed; NaN: its run is not ok. */
static double number(const struct inputs *in, const char *column, size_t training, size_t depth, double seed)
{
    return query_number(runs_of(in), column, text(in->pool, "%s seed=%g status=ok", where(in, training, depth), seed));
}

static double gain(const struct inputs *in, size_t training, size_t deep, size_t shallow, double seed)
{
    return number(in, "test_logp", training, deep, seed) - number(in, "test_logp", training, shallow, seed);
}

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; } /* 0 for NaN */

/* The first step's gain less the last one's. */
static double taper_of(const struct inputs *in, size_t training, double seed)
{
    return gain(in, training, 1, 0, seed) - gain(in, training, N_STEPS, N_STEPS - 1, seed);
}

/* Above the target by two standard errors, or lost: 1; below it by as much: -1. */
static double target_of(const struct inputs *in, double seed)
{
    const double kl = number(in, "kl", TUNED, N_STEPS, seed), error = number(in, "kl_std_error", TUNED, N_STEPS, seed);
    return !(kl - 2 * error <= NEAR_TARGET) ? 1 : kl + 2 * error < NEAR_TARGET ? -1 : 0;
}

static double rate_of(const struct inputs *in, double seed)
{
    return gain(in, NOTEBOOK, N_STEPS, 0, seed) - 2 * gain(in, TUNED, N_STEPS, 0, seed);
}

/* Over the seeds of which all four runs are ok. */
static struct effect mean_less(const struct inputs *in, struct sample seeds)
{
    double *d = pool_alloc(in->pool, (seeds.n + 1) * sizeof *d);
    size_t  n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        const double less = taper_of(in, TUNED, seeds.x[s]);
        if (!isnan(less))
            d[n++] = less;
    }
    return effect_mean(d, n);
}

static void measure_seeds(struct depth_tuned *m, const struct inputs *in)
{
    const struct sample seeds = query_distinct(in->pool, runs_of(in), "seed", where(in, TUNED, N_STEPS));
    double             *d[4];
    for (size_t k = 0; k < 4; k++) {
        d[k] = pool_alloc(in->pool, (seeds.n + 1) * sizeof *d[k]);
        for (size_t s = 0; s < seeds.n; s++)
            d[k][s] = sign(k < 2    ? taper_of(in, k, seeds.x[s])
                           : k == 2 ? target_of(in, seeds.x[s])
                                    : rate_of(in, seeds.x[s]));
    }
    m->less = mean_less(in, seeds);
    m->seeds = seeds.n;
    m->taper[NOTEBOOK] = effect_signs(d[0], seeds.n);
    m->taper[TUNED] = effect_signs(d[1], seeds.n);
    m->target = effect_signs(d[2], seeds.n);
    m->rate = effect_signs(d[3], seeds.n);
    verdict_test(in->verdicts, &m->taper[NOTEBOOK]);
    verdict_test(in->verdicts, &m->taper[TUNED]);
    verdict_test(in->verdicts, &m->target);
    verdict_test(in->verdicts, &m->rate);
}

static void measure_described(struct depth_tuned *m, const struct inputs *in)
{
    for (size_t r = 0; r < N_DESCRIBED; r++)
        for (size_t k = 0; k < N_STEPS; k++) {
            const char        *data = described[r].data, *arm = described[r].arm;
            const struct pairs p = gains(in, tuned_runs(in, data, arm, k + 1), tuned_runs(in, data, arm, k));
            m->described[r][k] = statistics_summary(p.d, p.n);
        }
}

static void *measure(const struct inputs *in)
{
    struct depth_tuned *m = pool_zeroed(in->pool, sizeof *m);
    m->rates = sources_table(in->sources, "depth_tuned_rates");
    measure_steps(m, in);
    measure_seeds(m, in);
    measure_described(m, in);
    m->kl = query_number(m->rates, "kl", "data=spiral arm=width depth=16 tuned=1");
    return m;
}

/* -------------------------------------------------------------------------------------------------- tables ---- */

static void print_steps(struct pieces *out, const struct depth_tuned *m)
{
    struct bytes *table = pieces_table(out, "steps");
    bytes_text(table, "| training | step of depth | better / worse / tied | p, alone | p, corrected | mean gain in "
                      "test log p | median "
                      "gain |\n|---|---|---|---|---|---|---|\n");
    for (size_t t = 0; t < N_TRAININGS; t++)
        for (size_t k = 0; k < N_STEPS; k++) {
            const struct depth_step *step = &m->step[t][k];
            const struct contest    *c = &step->contest;
            bytes_print(table, "| %s | %g to %g | %zu / %zu / %zu | %s | %s | %s | %s |\n", depth_tuned_called[t],
                        depth_tuned_depth[k], depth_tuned_depth[k + 1], c->better, c->worse,
                        c->seeds - c->better - c->worse, text_p(out->pool, c->effect.p),
                        text_p(out->pool, c->effect.corrected), text_interval(out->pool, 4, &step->gain),
                        text_number(out->pool, 4, step->median));
        }
}

static size_t column(const struct table *table, const char *name)
{
    size_t place = 0;
    table_find(&place, table, name); /* the sources were checked for it */
    return place;
}

/* Median and range of each step's gain, where there is no verdict. */
static void print_described(struct pieces *out, const struct depth_tuned *m)
{
    struct bytes *table = pieces_table(out, "described");
    bytes_text(table, "| data | depth 1 to 2 | 2 to 4 | 4 to 8 | 8 to 16 | seeds |\n|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < N_DESCRIBED; r++) {
        bytes_print(table, "| %s ", described[r].called);
        for (size_t k = 0; k < N_STEPS; k++) {
            const struct summary *s = &m->described[r][k];
            bytes_print(table, s->n ? "| %s [%s, %s] " : "| - ", text_number(out->pool, 3, s->median),
                        text_number(out->pool, 3, s->min), text_number(out->pool, 3, s->max));
        }
        bytes_print(table, "| %zu |\n", m->described[r][0].n);
    }
}

/* Depth 8 has the same runs in each arm. */
static bool is_said(const struct table *rates, size_t row)
{
    return strcmp(table_cell(rates, row, column(rates, "arm")), "width") != 0 &&
           table_cell_number(rates, row, column(rates, "depth")) == depth_tuned_depth[REFERENCE];
}

/* Every configuration of the spiral at its tuned rate. */
static void print_tuned(struct pieces *out, const struct table *rates)
{
    static const char *const words[] = { "arm", "depth", "width", "steps", "n_params", "lr" };
    struct bytes            *table = pieces_table(out, "tuned");
    bytes_text(table, "| arm | depth | width | steps | parameters | tuned rate | ok | test log p, median "
                      "[quartiles] | KL, median |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t row = 0; row < table_rows(rates); row++) {
        if (strcmp(table_cell(rates, row, column(rates, "tuned")), "1") != 0 ||
            strcmp(table_cell(rates, row, column(rates, "data")), "spiral") != 0 || is_said(rates, row))
            continue;
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            bytes_print(table, "| %s ", table_cell(rates, row, column(rates, words[k])));
        bytes_print(table, "| %s of %s | %s [%s, %s] | %s |\n", table_cell(rates, row, column(rates, "ok")),
                    table_cell(rates, row, column(rates, "runs")),
                    text_number(out->pool, 3, table_cell_number(rates, row, column(rates, "test"))),
                    text_number(out->pool, 3, table_cell_number(rates, row, column(rates, "test_q1"))),
                    text_number(out->pool, 3, table_cell_number(rates, row, column(rates, "test_q3"))),
                    text_number(out->pool, 3, table_cell_number(rates, row, column(rates, "kl"))));
    }
}

static void decide(struct pieces *out, const void *measured)
{
    const struct depth_tuned *m = measured;
    print_steps(out, m);
    print_tuned(out, m->rates);
    print_described(out, m);
    depth_tuned_claims(out, m);
    depth_tuned_answers(out, m);
}

const struct judge judge_depth_tuned = {
    .name = "depth_tuned",
    .tables = tables,
    .figures = "depth_tuned",
    .family = "Depth",
    .measure = measure,
    .decide = decide,
};
