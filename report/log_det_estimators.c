/* log_det_estimators.c - the claim R2 of PROTOCOL.md, and what estimates of a log-determinant do without training. */
#include <math.h>

#include "contest.h"

#define PROTOCOL SETTINGS_ROWS "seed=400 batch-seed=1 steps=1200 batch=512 clip=1"

static const struct source tables[] = {
    { .name = "log_det_estimators",
      .columns = "arm seed status test_logp",
      .protocol = { PROTOCOL, NULL, "seeds=12" },
      .stated = true },
    { .name = "log_det_cells",
      .columns = "arm runs ok test_q1 test test_q3",
      .protocol = { PROTOCOL, NULL, "seeds=12" },
      .stated = true },
    { .name = "log_det_bias", .columns = "matrix lipschitz terms bias bound variance" },
    { .name = "log_det_roulette", .columns = "distribution matrix lipschitz stop draws exact mean std_error z" },
    { .name = "log_det_moment", .columns = "distribution rho stop finite terms part sum" },
    { 0 },
};

enum { EXACT, TRUNCATED, ROULETTE, TRACES, N_ARMS };
static const char *const arm[N_ARMS] = { "exact", "truncated", "roulette", "exact-traces" };
static const char *const called[N_ARMS] = { "the determinant itself", "4 terms, Hutchinson's trace",
                                            "roulette, 4 terms in the mean", "2 terms, exact traces" };
#define WITHIN 3 /* standard errors */

struct log_det_estimators {
    struct contest      biased, unbiased;           /* truncated against exact; roulette against truncated */
    struct effect       biased_mean, unbiased_mean; /* of the difference of test log p                     */
    double              runs[N_ARMS], ok[N_ARMS];
    struct effect       score[N_ARMS];  /* median and quartiles                                */
    size_t              biases, inside; /* cells of log_det_bias; those whose bias is at most the bound */
    const struct table *roulette, *moment;
};

static struct effect mean_difference(const struct inputs *in, const char *a, const char *b)
{
    const struct pairs p = query_pairs(in->pool, sources_table(in->sources, "log_det_estimators"), "test_logp", "seed",
                                       text(in->pool, "arm=%s status=ok", a), text(in->pool, "arm=%s status=ok", b));
    return effect_mean(p.d, p.n);
}

static void *measure(const struct inputs *in)
{
    const struct table        *runs = sources_table(in->sources, "log_det_estimators");
    const struct table        *cells = sources_table(in->sources, "log_det_cells");
    const struct table        *bias = sources_table(in->sources, "log_det_bias");
    struct log_det_estimators *m = pool_zeroed(in->pool, sizeof *m);
    m->biased = contest_measure(in, runs, "test_logp", "arm=truncated", "arm=exact");
    m->unbiased = contest_measure(in, runs, "test_logp", "arm=roulette", "arm=truncated");
    verdict_test(in->verdicts, &m->biased.effect);
    verdict_test(in->verdicts, &m->unbiased.effect);
    m->biased_mean = mean_difference(in, "truncated", "exact");
    m->unbiased_mean = mean_difference(in, "roulette", "truncated");
    for (size_t k = 0; k < N_ARMS; k++) {
        const char *where = text(in->pool, "arm=%s", arm[k]);
        m->runs[k] = query_number(cells, "runs", where);
        m->ok[k] = query_number(cells, "ok", where);
        m->score[k] = (struct effect){ .value = query_number(cells, "test", where),
                                       .low = query_number(cells, "test_q1", where),
                                       .high = query_number(cells, "test_q3", where) };
    }
    const struct sample biases = query_numbers(in->pool, bias, "bias", ""),
                        bounds = query_numbers(in->pool, bias, "bound", "");
    m->biases = biases.n < bounds.n ? biases.n : bounds.n;
    for (size_t i = 0; i < m->biases; i++)
        m->inside += biases.x[i] <= bounds.x[i] + 1e-12; /* rounding */
    m->roulette = sources_table(in->sources, "log_det_roulette");
    m->moment = sources_table(in->sources, "log_det_moment");
    return m;
}

/* -------------------------------------------------------------------------------------------------- tables ---- */

static void table_trained(struct pieces *out, const struct log_det_estimators *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "trained");
    bytes_text(table, "| trained by | ok | test log p: median [quartiles] |\n|---|---|---|\n");
    for (size_t k = 0; k < N_ARMS; k++)
        bytes_print(table, "| %s | %s of %s | %s |\n", called[k], text_number(pool, 0, m->ok[k]),
                    text_number(pool, 0, m->runs[k]), text_interval(pool, 3, &m->score[k]));
}

static void table_roulette(struct pieces *out, const struct log_det_estimators *m)
{
    static const struct {
        const char *distribution, *matrix, *called;
    } rows[] = { { "geometric", "LQ", "geometric, random J" },
                 { "geometric", "-LI", "geometric, J = -L I" },
                 { "poisson", "LQ", "Poisson, random J" } };
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "roulette");
    bytes_text(
        table,
        "| further terms | L | p or mean | exact | mean of the draws | standard error | off by, in standard errors "
        "| |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const char         *where = text(pool, "distribution=%s matrix=%s", rows[r].distribution, rows[r].matrix);
        const struct sample number = query_numbers(pool, m->roulette, "lipschitz", where);
        for (size_t i = 0; i < number.n; i++) {
            const char  *at = text(pool, "%s lipschitz=%.17g", where, number.x[i]);
            const double z = query_number(m->roulette, "z", at);
            bytes_print(table, "| %s | %g | %s | %s | %s | %s | %s | %s |\n", rows[r].called, number.x[i],
                        text_short(pool, query_number(m->roulette, "stop", at)),
                        text_number(pool, 4, query_number(m->roulette, "exact", at)),
                        text_number(pool, 4, query_number(m->roulette, "mean", at)),
                        text_short(pool, query_number(m->roulette, "std_error", at)), text_number(pool, 2, z),
                        r == 2              ? "no finite variance"
                        : isnan(z)          ? "not tested"
                        : fabs(z) <= WITHIN ? "unbiased"
                                            : "biased");
        }
    }
}

/* ---------------------------------------------------------------------------------------------------- claims ---- */

static void claim_biased(struct pieces *out, const struct log_det_estimators *m)
{
    struct pool *pool = out->pool;
    const int    sign = effect_sign(&m->biased.effect);
    pieces_claim(out, &(struct claim){
                          .name = "biased",
                          .title = "a truncated log-determinant harms the trained flow",
                          .rule = "residual flows of four blocks on the spiral at rate 0.03, trained by 4 terms of the "
                                  "series with Hutchinson's trace, against the same trained by the exact "
                                  "log-determinant, seed by seed in the exact sign-flip test of test log p, scored "
                                  "exactly. Supported if worse, refuted as stated if better, otherwise undecided.",
                          .estimate = text(pool, "%s nats", text_interval(pool, 4, &m->biased_mean)),
                          .effect = text(pool, "truncated less exact: %s nats; truncated is %s.",
                                         text_interval(pool, 4, &m->biased_mean), contest_text(pool, &m->biased)),
                          .limit = sign > 0 ? "the truncated one trains the better flow." : NULL,
                          .untested = contest_untested(pool, &m->biased, "runs trained exactly and by 4 terms"),
                          .rests_on = "log_det_estimators",
                          .decision = sign < 0 ? SUPPORTED
                                    : sign > 0 ? REFUTED
                                               : UNDECIDED,
                      });
}

static void claim_unbiased(struct pieces *out, const struct log_det_estimators *m)
{
    struct pool *pool = out->pool;
    const int    sign = effect_sign(&m->unbiased.effect);
    pieces_claim(out,
                 &(struct claim){
                     .name = "unbiased",
                     .title = "the unbiased roulette trains the better flow at the same mean number of terms",
                     .rule = "the same flows trained by the roulette, 2 terms and then geometric with p = 1/2, "
                             "against those trained by 4 terms. Supported if better, refuted as stated if worse, "
                             "otherwise undecided.",
                     .estimate = text(pool, "%s nats", text_interval(pool, 4, &m->unbiased_mean)),
                     .effect = text(pool, "roulette less truncated: %s nats; the roulette is %s.",
                                    text_interval(pool, 4, &m->unbiased_mean), contest_text(pool, &m->unbiased)),
                     .limit = sign < 0 ? "the roulette trains the worse flow." : NULL,
                     .untested = contest_untested(pool, &m->unbiased, "runs trained by 4 terms and by the roulette"),
                     .rests_on = "log_det_estimators",
                     .decision = sign > 0 ? SUPPORTED
                               : sign < 0 ? REFUTED
                                          : UNDECIDED,
                 });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct log_det_estimators *m = measured;
    table_trained(out, m);
    table_roulette(out, m);
    claim_biased(out, m);
    claim_unbiased(out, m);
    pieces_value(out, "inside", text(out->pool, "%zu of %zu", m->inside, m->biases));
}

const struct judge judge_log_det_estimators = {
    .name = "log_det_estimators",
    .tables = tables,
    .figures = "log_det_bias log_det_moment",
    .family = "Residual flows",
    .measure = measure,
    .decide = decide,
};
