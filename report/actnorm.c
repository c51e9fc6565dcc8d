/* actnorm.c - ActNorm, default and data-initialised, against none. */
#include "judge.h"

#include <math.h>

#include "constants.h"

static const struct source tables[] = {
    { .name = "actnorm",
      .columns = "actnorm depth seed untrained_logp grad_norm status train_logp heldout_logp",
      .protocol = { SETTINGS_FITTED "coupling=spline", "depths=1,2,4,8,16,20", "seeds=8" } },
    { .name = "untrained_actnorm",
      .file = "tests/reference/untrained_actnorm.tsv",
      .columns = "coupling depth n_params mean_logp grad_norm",
      .no_head = true },
    { 0 },
};

static const char *const arms[] = { "none", "default", "data" };
enum { NONE, DEFAULT, DATA, N_ARMS };

/* The runs of one arm at one depth. */
struct actnorm_cell {
    size_t        runs, failed;
    double        untrained_logp, grad_norm; /* medians, before training             */
    double        train, heldout;            /* means, after it                      */
    struct effect against;                   /* held-out, against none, paired by seed; tested */
    double        train_against;             /* the same of the training rows, mean  */
    size_t        lost;                      /* pairs of which one has no score      */
};

struct actnorm_arm {
    size_t               seeds;
    struct actnorm_cell *cell;           /* [depths] */
    struct effect        start_logp;     /* of the untrained flow against none, a seed's mean over depths; tested */
    struct effect        start_gradient; /* of the gradient's ratio the log                                       */
};

struct actnorm_arms {
    size_t             n;
    double            *depth; /* [n] */
    struct actnorm_arm arm[N_ARMS];
    double             logp, norm; /* default, depth 8, seed 0, untrained; and by the notebook's own stack: */
    double             reference_logp, reference_norm;
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "actnorm"); }

static double difference(const struct table *t, const char *column, const char *a, const char *b, bool logs)
{
    const double x = query_number(t, column, a), y = query_number(t, column, b);
    return logs ? log(x / y) : x - y;
}

/* Each seed's mean over depths of arm - none; then over seeds. */
static struct effect over_depths(const struct inputs *in, const struct actnorm_arms *m, const char *column,
                                 const char *arm, bool logs)
{
    const struct sample seeds = query_distinct(in->pool, table_of(in), "seed", "");
    double             *d = pool_alloc(in->pool, (seeds.n + 1) * sizeof *d);
    size_t              n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        double sum = 0;
        for (size_t i = 0; i < m->n; i++)
            sum += difference(table_of(in), column,
                              text(in->pool, "actnorm=%s depth=%g seed=%g", arm, m->depth[i], seeds.x[s]),
                              text(in->pool, "actnorm=none depth=%g seed=%g", m->depth[i], seeds.x[s]), logs);
        if (isfinite(sum))
            d[n++] = sum / (double)m->n;
    }
    return effect_mean(d, n);
}

static struct actnorm_cell measure_cell(const struct inputs *in, const char *arm, double depth)
{
    const char        *where = text(in->pool, "actnorm=%s depth=%g", arm, depth);
    const char        *none = text(in->pool, "actnorm=none depth=%g", depth);
    const size_t       runs = query_count(table_of(in), where);
    const struct pairs held = query_pairs(in->pool, table_of(in), "heldout_logp", "seed", where, none);
    const struct pairs fit = query_pairs(in->pool, table_of(in), "train_logp", "seed", where, none);
    return (struct actnorm_cell){
        .runs = runs,
        .failed = runs - query_count(table_of(in), text(in->pool, "%s status=ok", where)),
        .untrained_logp = query_summary(in->pool, table_of(in), "untrained_logp", where).median,
        .grad_norm = query_summary(in->pool, table_of(in), "grad_norm", where).median,
        .train = query_summary(in->pool, table_of(in), "train_logp", where).mean,
        .heldout = query_summary(in->pool, table_of(in), "heldout_logp", where).mean,
        .against = effect_mean(held.d, held.n),
        .train_against = effect_mean(fit.d, fit.n).value,
        .lost = held.lost,
    };
}

static void measure_arm(struct actnorm_arms *m, size_t a, const struct inputs *in)
{
    struct actnorm_arm *arm = &m->arm[a];
    arm->seeds = query_distinct(in->pool, table_of(in), "seed", text(in->pool, "actnorm=%s", arms[a])).n;
    arm->cell = pool_zeroed(in->pool, m->n * sizeof *arm->cell);
    for (size_t i = 0; i < m->n; i++) {
        arm->cell[i] = measure_cell(in, arms[a], m->depth[i]);
        if (a != NONE)
            verdict_test(in->verdicts, &arm->cell[i].against);
    }
    if (a == NONE)
        return;
    arm->start_logp = over_depths(in, m, "untrained_logp", arms[a], false);
    arm->start_gradient = over_depths(in, m, "grad_norm", arms[a], true);
    verdict_test(in->verdicts, &arm->start_logp);
    verdict_test(in->verdicts, &arm->start_gradient);
}

static void *measure(const struct inputs *in)
{
    static const char    seed0[] = "actnorm=default depth=8 seed=0", reference_of[] = "coupling=spline depth=8";
    const struct table  *reference = sources_table(in->sources, "untrained_actnorm");
    const struct sample  depths = query_distinct(in->pool, table_of(in), "depth", "");
    struct actnorm_arms *m = pool_zeroed(in->pool, sizeof *m);
    m->n = depths.n;
    m->depth = depths.x;
    for (size_t a = 0; a < N_ARMS; a++)
        measure_arm(m, a, in);
    m->logp = query_number(table_of(in), "untrained_logp", seed0);
    m->norm = query_number(table_of(in), "grad_norm", seed0);
    m->reference_logp = query_number(reference, "mean_logp", reference_of);
    m->reference_norm = query_number(reference, "grad_norm", reference_of);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_arms(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "arms");
    bytes_text(table, "| ActNorm | depth | untrained log p, median | untrained gradient norm, median | failed "
                      "| trained: training rows, mean | held-out rows, mean |\n|---|---|---|---|---|---|---|\n");
    for (size_t a = 0; a < N_ARMS; a++)
        for (size_t i = 0; i < m->n; i++) {
            const struct actnorm_cell *c = &m->arm[a].cell[i];
            bytes_print(table, "| %s | %g | %s | %s | %zu of %zu | %s | %s |\n", arms[a], m->depth[i],
                        text_number(pool, 2, c->untrained_logp), text_number(pool, 2, c->grad_norm), c->failed, c->runs,
                        text_number(pool, 4, c->train), text_number(pool, 4, c->heldout));
        }
    table = pieces_table(out, "against-none");
    bytes_text(table, "| depth | default: training | default: held-out | p | data: training | data: held-out | p |\n"
                      "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        bytes_print(table, "| %g |", m->depth[i]);
        for (size_t a = DEFAULT; a <= DATA; a++) {
            const struct actnorm_cell *c = &m->arm[a].cell[i];
            bytes_print(table, " %s | %s%s | %s |", text_number(pool, 4, c->train_against),
                        text_interval(pool, 4, &c->against), c->lost ? text(pool, " (%zu pairs lost)", c->lost) : "",
                        text_p(pool, c->against.corrected));
        }
        bytes_text(table, "\n");
    }
}

/* Depths at which an arm's held-out score is significantly higher than none's, and lower. */
struct finish {
    double *up, *down;
    size_t  n_up, n_down;
};

static struct finish finish_of(struct pool *pool, const struct actnorm_arms *m, size_t arm)
{
    struct finish f = { .up = pool_alloc(pool, m->n * sizeof(double)),
                        .down = pool_alloc(pool, m->n * sizeof(double)) };
    for (size_t i = 0; i < m->n; i++) {
        const int sign = effect_sign(&m->arm[arm].cell[i].against);
        if (sign > 0)
            f.up[f.n_up++] = m->depth[i];
        if (sign < 0)
            f.down[f.n_down++] = m->depth[i];
    }
    return f;
}

static const char *start_text(struct pool *pool, const struct actnorm_arm *a)
{
    const struct effect ratio = { .value = exp(a->start_gradient.value),
                                  .low = exp(a->start_gradient.low),
                                  .high = exp(a->start_gradient.high) };
    return text(pool,
                "averaged over depths, untrained log p changes by %s (%s) and the gradient norm by a factor of "
                "%s (%s)",
                text_interval(pool, 2, &a->start_logp), text_p(pool, a->start_logp.corrected),
                text_interval(pool, 2, &ratio), text_p(pool, a->start_gradient.corrected));
}

static const char *finish_text(struct pool *pool, const struct finish *f)
{
    if (f->n_up + f->n_down == 0)
        return "the final held-out log p is significantly higher or lower at no depth";
    return text(pool, "the final held-out log p is significantly lower at %s, higher at %s",
                text_depths(pool, f->down, f->n_down), text_depths(pool, f->up, f->n_up));
}

/* Why the table cannot tell; last: of the arms that the claim compares. */
static const char *too_few_arms(struct pool *pool, const struct actnorm_arms *m, size_t last)
{
    for (size_t a = NONE; a <= last; a++)
        if (m->arm[a].seeds < 2)
            return text(pool, "%s of ActNorm %s", m->arm[a].seeds ? "there is a single seed" : "there is no run",
                        arms[a]);
    return NULL;
}

static void claim_default_hurts(struct pieces *out, const struct actnorm_arms *m, const struct finish *f)
{
    struct pool              *pool = out->pool;
    const struct actnorm_arm *arm = &m->arm[DEFAULT];
    const bool                start = effect_sign(&arm->start_logp) < 0;
    const bool                everywhere = start && m->n > 0 && f->n_down == m->n;
    const bool                nowhere = !start && f->n_down == 0 && (f->n_up > 0 || effect_sign(&arm->start_logp) > 0);
    const char               *finish = finish_text(pool, f);
    pieces_claim(
        out,
        &(struct claim){
            .name = "default-hurts",
            .title = "with its default scale ActNorm compounds across depth and hurts",
            .sentence =
                "dropped in with default scale it compounds across depth and hurts, so it is a deliberate tool, "
                "not a free add-on.",
            .rule =
                "against no ActNorm, paired by seed: supported if untrained log p is significantly lower, and after "
                "training held-out log p is so at every depth; within a range if only some of this is so; refuted if "
                "none of it is and something is significantly higher.",
            .effect = text(pool, "%s; %s.", start_text(pool, arm), finish),
            .limit = everywhere || !(start || f->n_down)
                       ? NULL
                       : text(pool, "%s: %s.",
                              start ? f->n_down ? "it hurts the start, and the result at some depths only"
                                                : "it hurts the start; training repairs it"
                                    : "it does not hurt the start",
                              finish),
            .untested = too_few_arms(pool, m, DEFAULT),
            .rests_on = "actnorm",
            .decision = everywhere         ? SUPPORTED
                      : start || f->n_down ? LIMITED
                      : nowhere            ? REFUTED
                                           : UNDECIDED,
        });
}

static void claim_only_data(struct pieces *out, const struct actnorm_arms *m, const struct finish *by_default,
                            const struct finish *data)
{
    struct pool              *pool = out->pool;
    const struct actnorm_arm *arm = &m->arm[DATA];
    const bool                helps = data->n_up > 0, other = by_default->n_up > 0;
    const bool                starts = effect_sign(&arm->start_logp) > 0 || effect_sign(&arm->start_gradient) < 0;
    const char               *data_text = finish_text(pool, data), *default_text = finish_text(pool, by_default);
    const enum decision       decision = helps && !other && data->n_down == 0 ? SUPPORTED
                                       : helps || (starts && !other)          ? LIMITED
                                       : other || data->n_down                ? REFUTED
                                                                              : UNDECIDED;
    const char *without = starts ? "initialising from data helps the start, not the result" : "it does not help";
    const char *limit = text(pool, "%s%sdata-initialised: %s; default: %s.", helps ? "" : without, helps ? "" : "; ",
                             data_text, default_text);
    pieces_claim(
        out,
        &(struct claim){
            .name = "only-data",
            .title = "ActNorm helps only when initialised from data",
            .sentence = "It helps only when data-dependently initialised (loc/scale from the first batch)",
            .rule = "held-out log p after training, against no ActNorm, paired by seed, at each depth. Supported if "
                    "data-initialised ActNorm is significantly better at some depth and worse at none, and the default "
                    "better at none; within a range if it is better somewhere, but so is the default, or it is worse "
                    "elsewhere; also if it significantly improves the start alone (untrained log p or gradient norm) "
                    "while the default helps nowhere; refuted if the default helps and it does not, or it only hurts.",
            .effect = text(pool, "data-initialised: %s; %s. Default: %s.", start_text(pool, arm), data_text,
                           default_text),
            .limit = decision == LIMITED || decision == REFUTED ? limit : NULL,
            .untested = too_few_arms(pool, m, DATA),
            .rests_on = "actnorm",
            .decision = decision,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct actnorm_arms *m = measured;
    struct pool               *pool = out->pool;
    const double               scale = log(2) + ACTNORM_MIN_SCALE; /* softplus(0) = log 2 */
    const struct finish        by_default = finish_of(pool, m, DEFAULT), data = finish_of(pool, m, DATA);
    print_arms(out, m);
    pieces_value(out, "scale", text(pool, "%.4f", scale));
    pieces_value(out, "log-det", text(pool, "%.6f", -2 * log(scale)));
    pieces_value(out, "stretch", text(pool, "%.1f", pow(scale, -8)));
    pieces_value(out, "reference",
                 isnan(m->logp) ? ""
                                : text(pool,
                                       "Beside the notebook's own stack (default, depth 8, seed 0, untrained): log p "
                                       "%.1f, ours %s; gradient norm "
                                       "%.0f, ours %s.",
                                       m->reference_logp, text_number(pool, 1, m->logp), m->reference_norm,
                                       text_number(pool, 0, m->norm)));
    claim_default_hurts(out, m, &by_default);
    claim_only_data(out, m, &by_default, &data);
}

const struct judge judge_actnorm = {
    .name = "actnorm",
    .tables = tables,
    .figures = "actnorm",
    .measure = measure,
    .decide = decide,
};
