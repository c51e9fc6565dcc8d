/* effective_step.c - do deeper stacks take larger steps?  The effective step against depth, beside the gradient norm. */
#include "cell.h"

#include <math.h>

static const struct source tables[] = {
    { .name = "effective_step",
      .columns = "coupling depth seed grad_norm status update_rms",
      .protocol = { SETTINGS_CONFIRMED "lr=0.003 clip=none actnorm=none", "coupling=both depths=1,2,4,8,16",
                    "seeds=16" },
      .stated = true },
    { 0 },
};

/* A step that goes as depth to a lower power is none that grows: twice the depth lengthens it by less than 7 %. */
#define NO_GROWTH 0.1
#define DEEPEST 16.0

static const char *const couplings[] = { "affine", "spline" };
enum { N_COUPLINGS = 2 };

struct step_cell {
    size_t         runs, ruined, diverged;
    struct summary step, norm; /* step: of the runs that did not diverge */
};

/* A slope is that of log u against log depth, of one seed, over all depths. */
struct step_coupling {
    struct step_cell *cell;        /* [n], a depth each                               */
    size_t            seeds, left; /* left: those of which no run diverged            */
    struct effect     signs;       /* of the slopes of these; tested                  */
    struct effect     mean;        /* of the same slopes, with its interval           */
    struct effect     norm;        /* the mean for the untrained gradient norm        */
};

struct steps {
    size_t               n;
    double              *depth; /* [n] */
    struct step_coupling of[N_COUPLINGS];
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "effective_step"); }

/* slope: of each of n seeds that has the number at every depth; returns how many. */
static size_t find_slopes(double *slope, const struct inputs *in, const struct steps *m, const char *column,
                          const char *where, const struct sample *seeds)
{
    double *y = pool_alloc(in->pool, (m->n + 1) * sizeof *y);
    size_t  n = 0;
    for (size_t s = 0; s < seeds->n && m->n > 1; s++) {
        size_t points = 0;
        for (size_t i = 0; i < m->n; i++) {
            y[i] = query_number(table_of(in), column,
                                text(in->pool, "%s depth=%g seed=%.0f", where, m->depth[i], seeds->x[s]));
            points += y[i] > 0;
        }
        if (points == m->n)
            slope[n++] = statistics_log_log(m->depth, y, 0.95, m->n).slope;
    }
    return n;
}

static void measure_coupling(struct step_coupling *c, const struct inputs *in, const struct steps *m,
                             const char *coupling)
{
    const char         *all = text(in->pool, "coupling=%s", coupling);
    const struct sample seeds = query_distinct(in->pool, table_of(in), "seed", all);
    double             *slope = pool_alloc(in->pool, (seeds.n + 1) * sizeof *slope);
    c->cell = pool_zeroed(in->pool, (m->n + 1) * sizeof *c->cell);
    for (size_t i = 0; i < m->n; i++) {
        const char *at = text(in->pool, "%s depth=%g", all, m->depth[i]);
        c->cell[i] = (struct step_cell){
            .runs = query_count(table_of(in), at),
            .ruined = query_count(table_of(in), text(in->pool, "%s status=ruined", at)),
            .diverged = query_count(table_of(in), text(in->pool, "%s status=diverged", at)),
            .step = query_summary(in->pool, table_of(in), "update_rms", at),
            .norm = query_summary(in->pool, table_of(in), "grad_norm", at),
        };
    }
    c->seeds = seeds.n;
    c->norm = effect_mean(slope, find_slopes(slope, in, m, "grad_norm", all, &seeds));
    c->left = find_slopes(slope, in, m, "update_rms", all, &seeds);
    c->mean = effect_mean(slope, c->left);
    c->signs = effect_signs(slope, c->left);
    verdict_test(in->verdicts, &c->signs);
}

static void *measure(const struct inputs *in)
{
    struct steps       *m = pool_zeroed(in->pool, sizeof *m);
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", "");
    m->n = depths.n;
    m->depth = depths.x;
    for (size_t c = 0; c < N_COUPLINGS; c++)
        measure_coupling(&m->of[c], in, m, couplings[c]);
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static void print_depths(struct pieces *out, const struct steps *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "depths");
    bytes_text(table, "| coupling | depth | runs | ruined | diverged | effective step: median [quartiles] | untrained "
                      "gradient norm: median [quartiles] |\n|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++)
        for (size_t i = 0; i < m->n; i++) {
            const struct step_cell *cell = &m->of[c].cell[i];
            const struct effect     step = { .value = cell->step.median, .low = cell->step.q1, .high = cell->step.q3 };
            const struct effect     norm = { .value = cell->norm.median, .low = cell->norm.q1, .high = cell->norm.q3 };
            bytes_print(table, "| %s | %g | %zu | %zu | %zu | %s | %s |\n", couplings[c], m->depth[i], cell->runs,
                        cell->ruined, cell->diverged, text_interval(pool, 3, &step), text_interval(pool, 1, &norm));
        }
}

static enum decision decision_of(const struct step_coupling *c)
{
    const int sign = effect_sign(&c->signs);
    if (c->mean.high < NO_GROWTH) /* false for NaN */
        return REFUTED;
    if (sign > 0 && c->mean.low > 0)
        return SUPPORTED;
    return sign < 0 ? REFUTED : UNDECIDED;
}

static const char *effect_text(struct pool *pool, const struct step_coupling *c)
{
    return text(pool,
                "the effective step goes as depth to the power %s, from depth 1 to %g a factor of %s; its slope is "
                "positive in %zu of %zu seeds (%s); %zu of %zu seeds are left out, since a run diverged. The untrained "
                "gradient norm goes as depth to the power %s.",
                text_interval(pool, 3, &c->mean), DEEPEST, text_number(pool, 2, pow(DEEPEST, c->mean.value)),
                c->signs.positive, c->left, text_both_p(pool, &c->signs), c->seeds - c->left, c->seeds,
                text_interval(pool, 2, &c->norm));
}

static const char *untested(struct pool *pool, const struct step_coupling *c, const char *coupling)
{
    if (c->left >= CONTEST_SEEDS && c->signs.testable)
        return NULL;
    return text(pool, "%zu %s seeds have a whole training at every depth, and fewer than %d carry no verdict", c->left,
                coupling, CONTEST_SEEDS);
}

static void claim_larger(struct pieces *out, const struct step_coupling *c, const char *coupling)
{
    struct pool *pool = out->pool;
    pieces_claim(
        out,
        &(struct claim){
            .name = text(pool, "larger-%s", coupling),
            .title = text(pool, "deeper stacks take ever-larger effective steps: %s", coupling),
            .sentence = "With a fixed learning rate that means deeper stacks take ever-larger effective steps, so the "
                        "occasional batch can blow training up.",
            .rule = text(pool,
                         "rate 0.003, no clip; of each seed of which no run diverged, the slope of the effective step "
                         "against depth, both logarithmic. Refuted as stated if the 95 %% interval of the mean slope "
                         "lies below %g; otherwise supported if the slopes are significantly positive by the exact "
                         "sign test and the interval lies above 0; refuted as stated if they are significantly "
                         "negative; otherwise undecided.",
                         NO_GROWTH),
            .estimate = text(pool, "step ~ depth to the power %s", text_interval(pool, 2, &c->mean)),
            .effect = effect_text(pool, c),
            .untested = untested(pool, c, coupling),
            .rests_on = "effective_step",
            .decision = decision_of(c),
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct steps *m = measured;
    print_depths(out, m);
    for (size_t c = 0; c < N_COUPLINGS; c++)
        claim_larger(out, &m->of[c], couplings[c]);
}

const struct judge judge_effective_step = {
    .name = "effective_step",
    .tables = tables,
    .figures = "effective_step",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
