/* residual_flow.c - the claims R1 and R4 of PROTOCOL.md: residual against coupling flows, and what power iteration misses. */
#include <math.h>
#include <string.h>

#include "contest.h"

#define PROTOCOL SETTINGS_ROWS "seed=400 batch-seed=1 steps=1200 batch=512 clip=1"

static const struct source tables[] = {
    { .name = "residual_flow",
      .columns = "data arm block depth lr seed lipschitz status test_logp inverse_error certified by_power before "
                 "banach_steps",
      .protocol = { PROTOCOL, NULL, "seeds=12" },
      .stated = true },
    { .name = "residual_flow_rates",
      .columns = "data arm depth width steps n_params flops lr tuned runs ok test_q1 test test_q3 kl inverse_error",
      .protocol = { PROTOCOL, NULL, "seeds=12" },
      .stated = true },
    { 0 },
};

enum { SPLINE, AFFINE, N_COUPLINGS };
enum { PARAMS, WORK, N_EQUAL };
static const char *const coupling[N_COUPLINGS] = { "spline", "affine" };
static const char *const equal[N_EQUAL] = { "params", "work" };
static const char *const equal_called[N_EQUAL] = { "equal parameters", "equal work" };
static const char *const data_sets[] = { "spiral", "moons", "checkerboard", "gaussians", "circles", "pinwheel" };
enum { N_DATA = sizeof data_sets / sizeof *data_sets };

/* The residual flow against one arm, at their tuned rates. */
struct match {
    struct contest contest; /* positive: the residual flow is better */
    struct effect  mean;    /* of the difference of test log p       */
    struct summary gain;    /* the same: median and range            */
    double         widths;  /* parameters of the arm, of the residual flow's; NaN: none */
};

/* Trained residual flows before the certificate scaled their matrices down. */
struct bound {
    size_t        runs, above; /* with a Lipschitz number; of them those whose number was above 1.001 L       */
    double        worst;       /* the greatest number over L                                                  */
    double        by_power;    /* the estimate of power iteration for that run, over L                               */
    double        certified, inverse_error; /* the greatest                                                   */
    size_t        back; /* runs whose rows came back at all: an inverse that did not converge has no error     */
    struct sample steps;
};

/* What PROTOCOL.md describes over four seeds at the fixed rate. */
static const struct described {
    const char *called, *blocks, *lipschitz, *table, *where;
} described[] = {
#define SPIRAL(arm, depth) "data=spiral arm=" arm " depth=" depth " lr=0.03"
    { "blocks", "1", "0.9", "residual_flow", SPIRAL("residual", "1") },
    { "blocks", "2", "0.9", "residual_flow", SPIRAL("residual", "2") },
    { "blocks", "4", "0.9", "residual_flow", SPIRAL("residual", "4") },
    { "blocks", "8", "0.9", "residual_flow", SPIRAL("residual", "8") },
    { "blocks", "16", "0.9", "residual_flow", SPIRAL("residual", "16") },
    { "Lipschitz number", "4", "0.5", "residual_flow", SPIRAL("residual-0.5", "4") },
    { "Lipschitz number", "4", "0.98", "residual_flow", SPIRAL("residual-0.98", "4") },
    { "trained by the determinant itself", "4", "0.9", "log_det_estimators", "arm=exact" },
    { "trained by 2 terms, exact traces", "4", "0.9", "log_det_estimators", "arm=exact-traces" },
};
enum { N_DESCRIBED = sizeof described / sizeof *described, DESCRIBED_SEEDS = 4 };

struct residual_flow {
    struct match        match[N_COUPLINGS][N_EQUAL]; /* on the spiral */
    struct match        other[N_DATA][N_EQUAL];      /* `spline`      */
    struct bound        bound;
    struct summary      described[N_DESCRIBED];
    const struct table *rates;
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

/* Test log p of the ok runs of PROTOCOL.md's four seeds. */
static struct summary measure_described(const struct inputs *in, const struct described *cell)
{
    const struct table *runs = sources_table(in->sources, cell->table);
    double              score[DESCRIBED_SEEDS];
    size_t              n = 0;
    for (size_t s = 0; s < DESCRIBED_SEEDS; s++) {
        const double one = query_number(runs, "test_logp",
                                        text(in->pool, "%s seed=%zu status=ok", cell->where, 400 + s));
        if (isfinite(one))
            score[n++] = one;
    }
    return statistics_summary(score, n);
}

static const char *tuned_runs(const struct inputs *in, const char *data, const char *arm)
{
    const double lr = query_number(sources_table(in->sources, "residual_flow_rates"), "lr",
                                   text(in->pool, "data=%s arm=%s depth=4 tuned=1", data, arm));
    return text(in->pool, "data=%s arm=%s depth=4 lr=%.17g", data, arm, lr);
}

static struct match measure_match(const struct inputs *in, const char *data, const char *name, const char *of)
{
    const struct table *runs = sources_table(in->sources, "residual_flow");
    const struct table *rates = sources_table(in->sources, "residual_flow_rates");
    const char         *arm = text(in->pool, "%s-%s", name, of);
    const char         *a = tuned_runs(in, data, "residual"), *b = tuned_runs(in, data, arm);
    const struct pairs  both = query_pairs(in->pool, runs, "test_logp", "seed", text(in->pool, "%s status=ok", a),
                                           text(in->pool, "%s status=ok", b));
    return (struct match){
        .contest = contest_measure(in, runs, "test_logp", a, b),
        .mean = effect_mean(both.d, both.n),
        .gain = statistics_summary(both.d, both.n),
        .widths = query_number(rates, "n_params", text(in->pool, "data=%s arm=%s tuned=1", data, arm)) /
                  query_number(rates, "n_params", text(in->pool, "data=%s arm=residual depth=4 tuned=1", data)),
    };
}

static double greatest(const struct inputs *in, const char *column, const char *where)
{
    const struct sample x = query_numbers(in->pool, sources_table(in->sources, "residual_flow"), column, where);
    double              most = NAN;
    for (size_t i = 0; i < x.n; i++)
        most = x.x[i] <= most ? most : x.x[i];
    return most;
}

#define TRAINED "arm=residual depth=4"
#define TOLERATED 1.001 /* what rounding the certificate up may add */

static struct bound measure_bound(const struct inputs *in)
{
    const struct table *runs = sources_table(in->sources, "residual_flow");
    const struct sample before = query_numbers(in->pool, runs, "before", TRAINED);
    const double        number = query_number(runs, "lipschitz", TRAINED);
    struct bound        bound = { .runs = number > 0 ? before.n : 0, /* without L no number is above or below it */
                                  .worst = NAN,
                                  .certified = greatest(in, "certified", TRAINED),
                                  .by_power = NAN,
                                  .inverse_error = greatest(in, "inverse_error", TRAINED),
                                  .back = query_numbers(in->pool, runs, "inverse_error", TRAINED).n,
                                  .steps = query_distinct(in->pool, runs, "banach_steps", TRAINED) };
    for (size_t i = 0; i < bound.runs; i++) {
        const double ratio = before.x[i] / number;
        bound.above += ratio > TOLERATED;
        if (ratio <= bound.worst)
            continue;
        bound.worst = ratio;
        bound.by_power = query_number(runs, "by_power", text(in->pool, TRAINED " before=%.17g", before.x[i])) / number;
    }
    return bound;
}

static void *measure(const struct inputs *in)
{
    struct residual_flow *m = pool_zeroed(in->pool, sizeof *m);
    m->rates = sources_table(in->sources, "residual_flow_rates");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t e = 0; e < N_EQUAL; e++) {
            m->match[c][e] = measure_match(in, "spiral", coupling[c], equal[e]);
            verdict_test(in->verdicts, &m->match[c][e].contest.effect);
        }
    for (size_t d = 0; d < N_DATA; d++)
        for (size_t e = 0; e < N_EQUAL; e++)
            m->other[d][e] = measure_match(in, data_sets[d], "spline", equal[e]);
    m->bound = measure_bound(in);
    for (size_t i = 0; i < N_DESCRIBED; i++)
        m->described[i] = measure_described(in, &described[i]);
    return m;
}

/* -------------------------------------------------------------------------------------------------- tables ---- */

/* The rows of the contest; table_described has the others. */
static bool contends(const char *arm, const char *depth)
{
    return strcmp(depth, "4") == 0 && strncmp(arm, "residual-", 9) != 0;
}

static void table_arms(struct pieces *out, const struct residual_flow *m)
{
    struct pool             *pool = out->pool;
    struct bytes            *table = pieces_table(out, "arms");
    const struct sample      rows = query_numbers(pool, m->rates, "tuned", "");
    size_t                   column[9];
    static const char *const names[] = { "data", "arm", "depth", "width", "steps", "n_params", "lr", "runs", "ok" };
    bytes_text(table, "| data | arm | blocks | width | steps | parameters | tuned rate | ok | test log p: median "
                      "[quartiles] | KL | inverse error |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t k = 0; k < 9; k++)
        if (!table_find(&column[k], m->rates, names[k]))
            return;
    for (size_t row = 0; row < rows.n && row < table_rows(m->rates); row++) {
        if (rows.x[row] != 1)
            continue;
        const char *cell[9];
        for (size_t k = 0; k < 9; k++)
            cell[k] = table_cell(m->rates, row, column[k]);
        if (!contends(cell[1], cell[2]))
            continue;
        const char         *where = text(pool, "data=%s arm=%s depth=%s lr=%s", cell[0], cell[1], cell[2], cell[6]);
        const struct effect quartiles = { .value = query_number(m->rates, "test", where),
                                          .low = query_number(m->rates, "test_q1", where),
                                          .high = query_number(m->rates, "test_q3", where) };
        bytes_print(table, "| %s | %s | %s | %s | %s | %s | %s | %s of %s | %s | %s | %s |\n", cell[0], cell[1],
                    cell[2], cell[3], cell[4], cell[5], cell[6], cell[8], cell[7], text_interval(pool, 3, &quartiles),
                    text_number(pool, 3, query_number(m->rates, "kl", where)),
                    text_short(pool, query_number(m->rates, "inverse_error", where)));
    }
}

static const char *range_text(struct pool *pool, const struct summary *s)
{
    const struct effect range = { .value = s->median, .low = s->min, .high = s->max };
    return text_interval(pool, 3, &range);
}

static void table_described(struct pieces *out, const struct residual_flow *m)
{
    struct bytes *table = pieces_table(out, "described");
    bytes_text(table, "| part | blocks | L | ok | test log p: median [range] |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < N_DESCRIBED; i++)
        bytes_print(table, "| %s | %s | %s | %zu of %d | %s |\n", described[i].called, described[i].blocks,
                    described[i].lipschitz, m->described[i].n, DESCRIBED_SEEDS,
                    range_text(out->pool, &m->described[i]));
}

static void table_gains(struct pieces *out, const struct residual_flow *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "gains");
    bytes_text(table,
               "| data | coupling flow, `spline` | residual less coupling, median [range] | residual higher | lower "
               "|\n|---|---|---|---|---|\n");
    for (size_t d = 1; d < N_DATA; d++) /* the spiral has claims */
        for (size_t e = 0; e < N_EQUAL; e++) {
            const struct match *match = &m->other[d][e];
            bytes_print(table, "| %s | %s | %s | %zu of %zu | %zu |\n", data_sets[d], equal_called[e],
                        range_text(pool, &match->gain), match->contest.better, match->contest.seeds,
                        match->contest.worse);
        }
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static const char *untested(struct pool *pool, const struct match *match, size_t c)
{
    const char *why = NULL;
    for (size_t e = 0; e < N_EQUAL && !why; e++) {
        why = contest_untested(pool, &match[e].contest,
                               text(pool, "runs of the residual flow and of %s at %s", coupling[c], equal_called[e]));
        if (!why && !(fabs(match[e].widths - 1) <= 0.03))
            why = text(pool, "the parameters of %s at %s are not within 3 %% of the residual flow's", coupling[c],
                       equal_called[e]);
    }
    return why;
}

/* R1, one verdict per coupling. */
static void claim_expressive(struct pieces *out, const struct residual_flow *m, size_t c, const char *name)
{
    struct pool        *pool = out->pool;
    const struct match *match = m->match[c];
    const int params = effect_sign(&match[PARAMS].contest.effect), work = effect_sign(&match[WORK].contest.effect);
    pieces_claim(
        out,
        &(struct claim){
            .name = name,
            .title = text(pool, "residual flows are more expressive per layer than coupling flows, `%s`", coupling[c]),
            .sentence = c == SPLINE
                          ? "This is more expressive per layer. [...] trading coupling's free, exact machinery "
                            "for more expressiveness per layer"
                          : NULL,
            .rule = "four residual blocks of L = 0.9 against four coupling blocks, on the spiral, each at its tuned "
                    "rate, seed by seed in the exact sign-flip test of test log p, at equal parameters and at equal "
                    "work. Supported if better at both, within equal parameters if better there and neither at equal "
                    "work, refuted as stated if worse at one, otherwise undecided.",
            .estimate = text(pool, "%s nats at equal parameters", text_interval(pool, 3, &match[PARAMS].mean)),
            .effect = text(pool, "residual less coupling: %s nats at equal parameters, %s; %s at equal work, %s.",
                           text_interval(pool, 3, &match[PARAMS].mean), contest_text(pool, &match[PARAMS].contest),
                           text_interval(pool, 3, &match[WORK].mean), contest_text(pool, &match[WORK].contest)),
            .limit = params < 0 && work < 0  ? "worse at equal parameters and at equal work."
                   : params < 0 || work < 0  ? text(pool, "worse at %s.", equal_called[params < 0 ? PARAMS : WORK])
                   : params > 0 && work == 0 ? "better at equal parameters; at equal work these runs do not decide."
                                             : NULL,
            .untested = untested(pool, match, c),
            .rests_on = "residual_flow residual_flow_rates",
            .decision = params < 0 || work < 0 ? REFUTED
                      : params > 0 && work > 0 ? SUPPORTED
                      : params > 0             ? LIMITED
                                               : UNDECIDED,
        });
}

/* R4. */
static void claim_bound(struct pieces *out, const struct residual_flow *m)
{
    struct pool        *pool = out->pool;
    const struct bound *b = &m->bound;
    pieces_claim(
        out,
        &(struct claim){
            .name = "bound",
            .title = "spectral normalisation enforces the Lipschitz bound",
            .sentence = "Residual flows [...] enforce the Lipschitz bound (spectral normalisation)",
            .rule = "it falls by one counterexample; there is no test. Of the trained residual flows, as training left "
                    "them, the greatest product of a block's exact spectral norms, over L. One above 1.001: refuted as "
                    "stated; none: supported within these runs.",
            .estimate = text(pool, "%zu of %zu flows above 1.001 L, the worst at %s L", b->above, b->runs,
                             text_number(pool, 4, b->worst)),
            .effect = text(pool,
                           "%zu of %zu finished trainings left a block above 1.001 L, the worst at %s L, where power "
                           "iteration said %s L. What is scored is certified: at most %s, and rows come back to "
                           "within %s in %zu of %zu.",
                           b->above, b->runs, text_number(pool, 4, b->worst), text_number(pool, 4, b->by_power),
                           text_number(pool, 4, b->certified), text_short(pool, b->inverse_error), b->back, b->runs),
            .limit = b->above ? "power iteration is a lower bound of the norm, and falls short while weights move."
                              : "the runs that were made.",
            .untested = b->runs ? NULL : "no residual flow finished its training",
            .rests_on = "residual_flow",
            .decision = b->above ? REFUTED : LIMITED,
        });
}

/* Rows of `described`. */
enum { FOUR_BLOCKS = 2, SIXTEEN_BLOCKS = 4, NEAR_ONE = 6 };

/* What the tables show of what holds a residual flow back. */
static const char *limits(struct pool *pool, const struct residual_flow *m)
{
    const double four = m->described[FOUR_BLOCKS].median, sixteen = m->described[SIXTEEN_BLOCKS].median;
    const double near_one = m->described[NEAR_ONE].median, spline = m->match[SPLINE][PARAMS].contest.b_heldout;
    return text(
        pool,
        "**What limits a residual flow, as far as these tables show.** A block of Lipschitz number 0.9 stretches "
        "no distance by more than 1.9, four of them by no more than about 13. Median test log p is %s with four "
        "blocks and %s with 16; with four of L = 0.98 it is %s, and with four coupling blocks (`spline`, equal "
        "parameters) %s.%s Training uses the determinant itself, so no estimate of it is to blame. How much is "
        "due to the bound, and how much to the network and its training, these tables do not show.",
        text_number(pool, 3, four), text_number(pool, 3, sixteen), text_number(pool, 3, near_one),
        text_number(pool, 3, spline),
        sixteen > near_one && near_one > four ? " So more blocks help, and more than a greater L." : "");
}

/* "Do residual flows fit better than coupling flows?", for the head of the report. */
static const char *answer(struct pool *pool, const struct residual_flow *m)
{
    const struct match *match = m->match[SPLINE];
    const int params = effect_sign(&match[PARAMS].contest.effect), work = effect_sign(&match[WORK].contest.effect);
    size_t    higher = 0, seeds = 0;
    for (size_t d = 1; d < N_DATA; d++) {
        higher += m->other[d][PARAMS].contest.better;
        seeds += m->other[d][PARAMS].contest.seeds;
    }
    return text(
        pool,
        "%s With four blocks on the spiral, a residual flow's test log p less that of a spline coupling flow is %s "
        "nats at equal parameters and %s at equal work. On the %d other sets, without a verdict, it is the higher "
        "one in %zu of %zu pairs at equal parameters.",
        params > 0 && work > 0   ? "Yes."
        : params < 0 || work < 0 ? "No."
                                 : "That is not shown at both.",
        text_interval(pool, 3, &match[PARAMS].mean), text_interval(pool, 3, &match[WORK].mean), N_DATA - 1, higher,
        seeds);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct residual_flow *m = measured;
    table_arms(out, m);
    table_gains(out, m);
    table_described(out, m);
    claim_expressive(out, m, SPLINE, "spline");
    pieces_value(out, "answer", pieces_no_verdict(out) ? "These tables do not answer it." : answer(out->pool, m));
    pieces_value(out, "limits", limits(out->pool, m));
    claim_expressive(out, m, AFFINE, "affine");
    claim_bound(out, m);
    pieces_value(out, "steps",
                 m->bound.steps.n ? text(out->pool, "%g", m->bound.steps.x[m->bound.steps.n - 1]) : "no number of");
}

const struct judge judge_residual_flow = {
    .name = "residual_flow",
    .tables = tables,
    .figures = "residual_flow residual_density residual_grid residual_certificate",
    .family = "Residual flows",
    .measure = measure,
    .decide = decide,
};
