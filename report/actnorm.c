/* actnorm.c - ActNorm, default and data-initialised, against none. */
#include "judge.h"

#include <math.h>

#include "constants.h"

static const struct source tables[] = {
    { .name = "actnorm",
      .columns = "coupling actnorm depth seed untrained_logp grad_norm status train_logp heldout_logp",
      .protocol = { .run = SETTINGS_CONFIRMED, .count = "seeds=16" } },
    { 0 },
};

static const char *const arms[] = { "none", "default", "data" };
enum { NONE, DEFAULT, DATA, N_ARMS };
static const char *const couplings[] = { "spline", "affine" };
enum { SPLINE, AFFINE, N_COUPLINGS };
#define DEEPEST 16 /* where each claim has its test */

/* The runs of one arm at one depth. */
struct actnorm_cell {
    size_t         runs, ok;
    double         untrained_logp, grad_norm, train; /* medians                                                */
    struct summary heldout;                          /* of the finite scores                                   */
    struct effect  against;                          /* none: signs of held-out log p, paired by seed          */
    double         difference;                       /* its median, where both are ok                          */
    size_t         pairs;
};

struct actnorm_coupling {
    size_t               n;
    double              *depth;         /* [n]         */
    struct actnorm_cell *cell[N_ARMS];  /* [n] each    */
    struct effect        deep[N_ARMS];  /* of the deepest, tested; effect_none() if there is no such depth */
    size_t               pairs[N_ARMS]; /* of it */
};

struct actnorm_arms {
    struct actnorm_coupling of[N_COUPLINGS];
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "actnorm"); }

static double median(const struct inputs *in, const char *column, const char *where)
{
    return query_summary(in->pool, table_of(in), column, where).median;
}

static struct actnorm_cell measure_cell(const struct inputs *in, const char *coupling, const char *arm, double depth)
{
    const char        *where = text(in->pool, "coupling=%s actnorm=%s depth=%g", coupling, arm, depth);
    const char        *none = text(in->pool, "coupling=%s actnorm=none depth=%g", coupling, depth);
    const struct pairs signs = query_signs(in->pool, table_of(in), "heldout_logp", "seed", where, none);
    const struct pairs both = query_pairs(in->pool, table_of(in), "heldout_logp", "seed", where, none);
    return (struct actnorm_cell){
        .runs = query_count(table_of(in), where),
        .ok = query_count(table_of(in), text(in->pool, "%s status=ok", where)),
        .untrained_logp = median(in, "untrained_logp", where),
        .grad_norm = median(in, "grad_norm", where),
        .train = median(in, "train_logp", where),
        .heldout = query_summary(in->pool, table_of(in), "heldout_logp", where),
        .against = effect_signs(signs.d, signs.n),
        .difference = statistics_summary(both.d, both.n).median,
        .pairs = signs.n,
    };
}

static void measure_coupling(struct actnorm_coupling *m, const struct inputs *in, const char *coupling)
{
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth",
                                                text(in->pool, "coupling=%s", coupling));
    m->n = depths.n;
    m->depth = depths.x;
    for (size_t a = 0; a < N_ARMS; a++) {
        m->cell[a] = pool_zeroed(in->pool, (m->n + 1) * sizeof *m->cell[a]);
        m->deep[a] = effect_none();
        for (size_t i = 0; i < m->n; i++) {
            m->cell[a][i] = measure_cell(in, coupling, arms[a], m->depth[i]);
            if (m->depth[i] == DEEPEST) {
                m->deep[a] = m->cell[a][i].against;
                m->pairs[a] = m->cell[a][i].pairs;
            }
        }
        if (a != NONE)
            verdict_test(in->verdicts, &m->deep[a]);
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
                      "| trained: training rows, median | held-out rows, median [quartiles] |\n"
                      "|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t a = 0; a < N_ARMS; a++)
            for (size_t i = 0; i < m->of[c].n; i++) {
                const struct actnorm_cell *cell = &m->of[c].cell[a][i];
                const struct effect        heldout = { .value = cell->heldout.median,
                                                       .low = cell->heldout.q1,
                                                       .high = cell->heldout.q3 };
                bytes_print(table, "| %s | %s | %g | %s | %s | %zu of %zu | %s | %s |\n", couplings[c], arms[a],
                            m->of[c].depth[i], text_number(pool, 2, cell->untrained_logp),
                            text_number(pool, 2, cell->grad_norm), cell->ok, cell->runs,
                            text_number(pool, 3, cell->train), text_interval(pool, 3, &heldout));
            }
}

static void print_against(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "against-none");
    bytes_text(table, "| coupling | depth | default: higher | lower | median difference | p, alone | from data: higher "
                      "| lower | median difference | p, alone |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t i = 0; i < m->of[c].n; i++) {
            bytes_print(table, "| %s | %g |", couplings[c], m->of[c].depth[i]);
            for (size_t a = DEFAULT; a <= DATA; a++) {
                const struct actnorm_cell *cell = &m->of[c].cell[a][i];
                bytes_print(table, " %zu of %zu | %zu | %s | %s |", cell->against.positive, cell->pairs,
                            cell->against.n - cell->against.positive, text_number(pool, 3, cell->difference),
                            text_p(pool, cell->against.p));
            }
            bytes_text(table, "\n");
        }
}

static const char *deep_text(struct pool *pool, const struct actnorm_arms *m, size_t arm)
{
    const char *both = NULL;
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        const struct effect *e = &m->of[c].deep[arm];
        both = text_joined(pool, both, "; ",
                           text(pool, "%s, depth %d: higher in %zu of %zu seeds, lower in %zu (%s)", couplings[c],
                                DEEPEST, e->positive, m->of[c].pairs[arm], e->n - e->positive,
                                text_p(pool, e->corrected)));
    }
    return both;
}

/* Of how many couplings the arm is significantly higher (sign 1) or lower (-1) than none. */
static size_t n_couplings(const struct actnorm_arms *m, size_t arm, int sign)
{
    size_t n = 0;
    for (size_t c = 0; c < N_COUPLINGS; c++)
        n += effect_sign(&m->of[c].deep[arm]) == sign;
    return n;
}

/* "of spline stacks only." */
static const char *only_of(struct pool *pool, const struct actnorm_arms *m, size_t arm, int sign)
{
    return text(pool, "of %s stacks only.", couplings[effect_sign(&m->of[SPLINE].deep[arm]) == sign ? SPLINE : AFFINE]);
}

/* Why the table cannot tell; last: of the arms that the claim compares. */
static const char *too_few(struct pool *pool, const struct actnorm_arms *m, size_t last)
{
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t a = DEFAULT; a <= last; a++)
            if (m->of[c].pairs[a] == 0)
                return text(pool, "there is no %s run of depth %d with ActNorm none and %s", couplings[c], DEEPEST,
                            arms[a]);
            else if (!m->of[c].deep[a].testable)
                return text(pool, "too few runs to tell: %zu %s pairs", m->of[c].pairs[a], couplings[c]);
    return NULL;
}

static void claim_default_hurts(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool *pool = out->pool;
    const size_t lower = n_couplings(m, DEFAULT, -1), higher = n_couplings(m, DEFAULT, 1);
    pieces_claim(
        out, &(struct claim){
                 .name = "default-hurts",
                 .title = "with its default scale ActNorm compounds across depth and hurts",
                 .sentence =
                     "dropped in with default scale it compounds across depth and hurts, so it is a deliberate tool, "
                     "not a free add-on.",
                 .rule = "held-out log p at depth 16, default against none, of each coupling the exact sign test over "
                         "seeds; runs that are not ok are tied at the worst. Refuted as stated if it is significantly "
                         "higher for a coupling; otherwise supported if it is significantly lower for both, within one "
                         "coupling if for that one alone, and undecided if for neither. All else is description.",
                 .effect = text(pool, "%s.", deep_text(pool, m, DEFAULT)),
                 .limit = lower == 1 && !higher ? only_of(pool, m, DEFAULT, -1) : NULL,
                 .untested = too_few(pool, m, DEFAULT),
                 .rests_on = "actnorm",
                 .decision = higher               ? REFUTED
                           : lower == N_COUPLINGS ? SUPPORTED
                           : lower                ? LIMITED
                                                  : UNDECIDED,
             });
}

static void claim_only_data(struct pieces *out, const struct actnorm_arms *m)
{
    struct pool *pool = out->pool;
    const size_t higher = n_couplings(m, DATA, 1), lower = n_couplings(m, DATA, -1);
    const size_t other = n_couplings(m, DEFAULT, 1);
    pieces_claim(
        out,
        &(struct claim){
            .name = "only-data",
            .title = "ActNorm helps only when initialised from data",
            .sentence = "It helps only when data-dependently initialised (loc/scale from the first batch)",
            .rule = "the same test, data-initialised against none. Refuted as stated if it is significantly lower for "
                    "a coupling, or the default is significantly higher for one; otherwise supported if it is "
                    "significantly higher for both, within one coupling if for that one alone, and undecided if for "
                    "neither.",
            .effect = text(pool, "from data: %s. Default: %s.", deep_text(pool, m, DATA), deep_text(pool, m, DEFAULT)),
            .limit = higher == 1 && !lower && !other ? only_of(pool, m, DATA, 1) : NULL,
            .untested = too_few(pool, m, DATA),
            .rests_on = "actnorm",
            .decision = lower || other        ? REFUTED
                      : higher == N_COUPLINGS ? SUPPORTED
                      : higher                ? LIMITED
                                              : UNDECIDED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct actnorm_arms *m = measured;
    struct pool               *pool = out->pool;
    const double               scale = log(2) + ACTNORM_MIN_SCALE; /* softplus(0) = log 2 */
    print_arms(out, m);
    print_against(out, m);
    pieces_value(out, "scale", text(pool, "%.4f", scale));
    pieces_value(out, "log-det", text(pool, "%.6f", -2 * log(scale)));
    pieces_value(out, "stretch", text(pool, "%.1f", pow(scale, -8)));
    claim_default_hurts(out, m);
    claim_only_data(out, m);
}

const struct judge judge_actnorm = {
    .name = "actnorm",
    .tables = tables,
    .figures = "actnorm",
    .measure = measure,
    .decide = decide,
};
