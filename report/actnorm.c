/* actnorm.c - ActNorm, default and data-initialised, against none. */
#include "contest.h"

#include <math.h>
#include <stdlib.h>

#include "constants.h"

static const struct source tables[] = {
    { .name = "actnorm",
      .columns = "coupling actnorm depth clip seed untrained_logp grad_norm status diverged_at first_kind "
                 "first_rows train_logp heldout_logp",
      .protocol = { .run = SETTINGS_CONFIRMED, .count = "seeds=16" },
      .stated = true },
    { 0 },
};

static const char *const arms[] = { "none", "default", "data" };
enum { NONE, DEFAULT, DATA, N_ARMS }; /* places in arms */
static const char *const couplings[] = { "spline", "affine" };
enum { SPLINE, AFFINE, N_COUPLINGS };
#define DEEPEST 16 /* where each claim has its test */
#define SHALLOW 4  /* what compounds with depth is smaller there */

/* The runs of one arm at one depth. */
struct actnorm_cell {
    size_t         runs, ok, ruined, diverged;
    double         untrained_logp, grad_norm, train; /* medians                                                */
    struct summary heldout;                          /* of the runs that are ok                                */
    struct contest against;                          /* none                                                   */
    double         difference;                       /* its median, where both are ok                          */
};

struct actnorm_coupling {
    size_t               n;
    double              *depth;         /* [n]         */
    struct actnorm_cell *cell[N_ARMS];  /* [n] each    */
    struct contest       deep[N_ARMS];  /* of the deepest, tested; without seeds if there is no such depth  */
    double               loss, shallow; /* none - default: medians over the seeds, at the deepest and at depth 4 */
};

struct actnorm_arms {
    struct actnorm_coupling of[N_COUPLINGS];
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "actnorm"); }

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const struct inputs *in, const char *column, const char *where)
{
    return query_summary(in->pool, table_of(in), column, where).median;
}

/* The median over seeds of none - default; a run that is not ok counts as minus infinity, and two of them are equal. */
static double loss_at(const struct inputs *in, const char *coupling, double depth)
{
    const struct pairs p = query_contest(in->pool, table_of(in), "heldout_logp", "seed",
                                         text(in->pool, "coupling=%s actnorm=none depth=%g", coupling, depth),
                                         text(in->pool, "coupling=%s actnorm=default depth=%g", coupling, depth));
    for (size_t i = 0; i < p.n; i++)
        p.d[i] = p.a[i] == p.b[i] ? 0 : p.a[i] - p.b[i];
    qsort(p.d, p.n, sizeof *p.d, ascending);
    if (p.n == 0)
        return NAN;
    const double low = p.d[(p.n - 1) / 2], high = p.d[p.n / 2];
    return low == high ? low : (low + high) / 2;
}

static struct actnorm_cell measure_cell(const struct inputs *in, const char *coupling, const char *arm, double depth)
{
    const char        *where = text(in->pool, "coupling=%s actnorm=%s depth=%g", coupling, arm, depth);
    const char        *none = text(in->pool, "coupling=%s actnorm=none depth=%g", coupling, depth);
    const struct pairs both = query_pairs(in->pool, table_of(in), "heldout_logp", "seed", where, none);
    return (struct actnorm_cell){
        .runs = query_count(table_of(in), where),
        .ok = query_count(table_of(in), text(in->pool, "%s status=ok", where)),
        .ruined = query_count(table_of(in), text(in->pool, "%s status=ruined", where)),
        .diverged = query_count(table_of(in), text(in->pool, "%s status=diverged", where)),
        .untrained_logp = median(in, "untrained_logp", where),
        .grad_norm = median(in, "grad_norm", where),
        .train = median(in, "train_logp", where),
        .heldout = query_summary(in->pool, table_of(in), "heldout_logp", where),
        .against = contest_measure(in, table_of(in), "heldout_logp", where, none),
        .difference = statistics_summary(both.d, both.n).median,
    };
}

static void measure_coupling(struct actnorm_coupling *m, const struct inputs *in, const char *coupling)
{
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth",
                                                text(in->pool, "coupling=%s", coupling));
    m->n = depths.n;
    m->depth = depths.x;
    m->loss = loss_at(in, coupling, DEEPEST);
    m->shallow = loss_at(in, coupling, SHALLOW);
    for (size_t a = 0; a < N_ARMS; a++) {
        m->cell[a] = pool_zeroed(in->pool, (m->n + 1) * sizeof *m->cell[a]);
        m->deep[a] = (struct contest){ .effect = effect_none() };
        for (size_t i = 0; i < m->n; i++) {
            m->cell[a][i] = measure_cell(in, coupling, arms[a], m->depth[i]);
            if (m->depth[i] == DEEPEST)
                m->deep[a] = m->cell[a][i].against;
        }
        if (a != NONE)
            verdict_test(in->verdicts, &m->deep[a].effect);
    }
}

static void *measure(const struct inputs *in)
{
    struct actnorm_arms *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        measure_coupling(&m->of[c], in, couplings[c]);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_arms(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "arms");
    bytes_text(table, "| coupling | ActNorm | depth | untrained log p, median | untrained gradient norm, median | ok "
                      "| ruined | diverged | trained: training rows, median | held-out rows, median [quartiles] |\n"
                      "|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t a = 0; a < N_ARMS; a++)
            for (size_t i = 0; i < m->of[c].n; i++) {
                const struct actnorm_cell *cell = &m->of[c].cell[a][i];
                const struct effect        heldout = { .value = cell->heldout.median,
                                                       .low = cell->heldout.q1,
                                                       .high = cell->heldout.q3 };
                bytes_print(table, "| %s | %s | %g | %s | %s | %zu of %zu | %zu | %zu | %s | %s |\n", couplings[c],
                            arms[a], m->of[c].depth[i], text_number(pool, 2, cell->untrained_logp),
                            text_number(pool, 2, cell->grad_norm), cell->ok, cell->runs, cell->ruined, cell->diverged,
                            text_number(pool, 3, cell->train), text_interval(pool, 3, &heldout));
            }
}

static void print_against(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "against-none");
    bytes_text(table,
               "| coupling | depth | default: higher | lower | median difference, both ok | p, alone | from data: "
               "higher | lower | median difference, both ok | p, alone |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t i = 0; i < m->of[c].n; i++) {
            bytes_print(table, "| %s | %g |", couplings[c], m->of[c].depth[i]);
            for (size_t a = DEFAULT; a <= DATA; a++) {
                const struct actnorm_cell *cell = &m->of[c].cell[a][i];
                bytes_print(table, " %zu of %zu | %zu | %s | %s |", cell->against.better, cell->against.seeds,
                            cell->against.worse, text_number(pool, 3, cell->difference),
                            text_p(pool, cell->against.effect.p));
            }
            bytes_text(table, "\n");
        }
}

static const char *deep_text(struct pool *pool, const struct actnorm_coupling *m, size_t arm)
{
    return text(pool, "at depth %d %s", DEEPEST, contest_text(pool, &m->deep[arm]));
}

/* Why the table decides nothing; NULL: it decides.  last: of the arms that the claim compares. */
static const char *too_few(struct pool *pool, const struct actnorm_coupling *m, size_t last, const char *coupling)
{
    const char *untested = NULL;
    for (size_t a = DEFAULT; a <= last && !untested; a++)
        untested = contest_untested(pool, &m->deep[a],
                                    text(pool, "%s runs of depth %d with ActNorm none and %s", coupling, DEEPEST,
                                         arms[a]));
    return untested;
}

static void claim_default_hurts(struct pieces *out, const struct actnorm_coupling *m, const char *coupling)
{
    struct pool          *pool = out->pool;
    const int             sign = effect_sign(&m->deep[DEFAULT].effect);
    const bool            compounds = m->loss > m->shallow;
    const struct contest *c = &m->deep[DEFAULT];
    const size_t          ties = c->seeds - c->better - c->worse;
    const char           *losses = text(pool, "the median loss is %s nats at depth %d, %s at depth %d",
                              isinf(m->loss) ? "infinitely many" : text_number(pool, 3, m->loss), DEEPEST,
                              isinf(m->shallow) ? "infinitely many" : text_number(pool, 3, m->shallow), SHALLOW);
    if (ties)
        losses = text(pool, "%s; %zu of %zu seeds tie at depth %d and have the loss 0", losses, ties, c->seeds,
                      DEEPEST);
    pieces_claim(
        out,
        &(struct claim){
            .name = text(pool, "default-hurts-%s", coupling),
            .title = text(pool, "with its default scale ActNorm compounds across depth and hurts: %s", coupling),
            .sentence =
                "dropped in with default scale it compounds across depth and hurts, so it is a deliberate tool, "
                "not a free add-on.",
            .rule =
                "held-out log p at depth 16, default against none: the exact sign test over seeds; a run that is not "
                "ok ranks below every run that is, and two such runs tie. The median loss at a depth is the median "
                "over all seeds of held-out log p without ActNorm less that with the default; there a run that is "
                "not ok counts as minus infinity, and two such runs have the difference 0. Supported if it is "
                "significantly lower and the median loss at depth "
                "16 is above that at depth 4; supported within depth 16 if it is lower and the loss is not above; "
                "refuted as stated if it is significantly higher; otherwise undecided. All else is description.",
            .estimate = contest_estimate(pool, &m->deep[DEFAULT], "default"),
            .effect = text(pool, "%s; %s.", deep_text(pool, m, DEFAULT), losses),
            .limit = sign < 0 && !compounds
                       ? text(pool, "at depth %d it hurts, but it does not compound: %s.", DEEPEST, losses)
                       : NULL,
            .untested = too_few(pool, m, DEFAULT, coupling),
            .rests_on = "actnorm",
            .decision = sign > 0  ? REFUTED
                      : sign == 0 ? UNDECIDED
                      : compounds ? SUPPORTED
                                  : LIMITED,
        });
}

static void claim_only_data(struct pieces *out, const struct actnorm_coupling *m, const char *coupling)
{
    struct pool *pool = out->pool;
    const int    sign = effect_sign(&m->deep[DATA].effect);
    const bool   other = effect_sign(&m->deep[DEFAULT].effect) > 0;
    pieces_claim(
        out,
        &(struct claim){
            .name = text(pool, "only-data-%s", coupling),
            .title = text(pool, "ActNorm helps only when initialised from data: %s", coupling),
            .sentence = "It helps only when data-dependently initialised (loc/scale from the first batch)",
            .rule = "held-out log p at depth 16, initialised from data against none: the same test. Supported if it is "
                    "significantly higher and the default is not; refuted as stated if it is significantly lower, or "
                    "the default is significantly higher; otherwise undecided.",
            .estimate = contest_estimate(pool, &m->deep[DATA], "from data"),
            .effect = text(pool, "from data %s; default %s.", deep_text(pool, m, DATA), deep_text(pool, m, DEFAULT)),
            .untested = too_few(pool, m, DATA, coupling),
            .rests_on = "actnorm",
            .decision = sign < 0 || other ? REFUTED
                      : sign > 0          ? SUPPORTED
                                          : UNDECIDED,
        });
}

/* "from data it helps (14 seeds better, 2 worse)": against no ActNorm at the deepest. */
static const char *arm_answer(struct pool *pool, const struct actnorm_coupling *m, size_t arm, const char *name)
{
    const struct contest *c = &m->deep[arm];
    const int             sign = effect_sign(&c->effect);
    if (c->seeds == 0)
        return text(pool, "%s was not run", name);
    return text(pool, "%s %s (%zu seeds better, %zu worse)", name,
                sign > 0   ? "it helps"
                : sign < 0 ? "it hurts"
                           : "no difference is shown",
                c->better, c->worse);
}

/* What the default does to the shallowest splines, which no claim is about; "" if that is no gain. */
static const char *shallow_text(struct pool *pool, const struct actnorm_coupling *m)
{
    const struct actnorm_cell *cell = m->n ? &m->cell[DEFAULT][0] : NULL;
    if (!cell || m->depth[0] >= DEEPEST || cell->against.better <= cell->against.worse || !(cell->difference > 0))
        return "";
    return text(pool,
                "At depth %g the default is better for splines in %zu of %zu seeds, by %s nats in the median; that is "
                "described, without a verdict.",
                m->depth[0], cell->against.better, cell->against.seeds, text_number(pool, 3, cell->difference));
}

/* "Does ActNorm help?", for the head of the report. */
static const char *answer(struct pool *pool, const struct actnorm_arms *m)
{
    const char *answers[N_COUPLINGS], *shallow = shallow_text(pool, &m->of[SPLINE]);
    bool        helps = false;
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        answers[c] = text(pool, "%s, %s", arm_answer(pool, &m->of[c], DATA, "from data"),
                          arm_answer(pool, &m->of[c], DEFAULT, "at its default scale"));
        helps = helps || effect_sign(&m->of[c].deep[DATA].effect) > 0 ||
                effect_sign(&m->of[c].deep[DEFAULT].effect) > 0;
    }
    return text(pool, "At depth %d it %s. Against no ActNorm, splines: %s; affine stacks without a clip: %s.%s%s",
                DEEPEST, helps ? "helps some stacks" : "is not shown to help", answers[SPLINE], answers[AFFINE],
                *shallow ? " " : "", shallow);
}

static void decide(struct pieces *out, const void *measured)
{
    const struct actnorm_arms *m = measured;
    struct pool               *pool = out->pool;
    const double               scale = log(2) + ACTNORM_MIN_SCALE; /* softplus(0) = log 2 */
    print_arms(out, m);
    pieces_value(out, "answer", answer(pool, m));
    print_against(out, m);
    pieces_value(out, "shallow", shallow_text(pool, &m->of[SPLINE]));
    pieces_value(out, "scale", text(pool, "%.4f", scale));
    pieces_value(out, "log-det", text(pool, "%.6f", -2 * log(scale)));
    pieces_value(out, "stretch", text(pool, "%.1f", pow(scale, -8)));
    for (size_t c = 0; c < N_COUPLINGS; c++)
        claim_default_hurts(out, &m->of[c], couplings[c]);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        claim_only_data(out, &m->of[c], couplings[c]);
}

const struct judge judge_actnorm = {
    .name = "actnorm",
    .tables = tables,
    .figures = "actnorm",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
