/* effective_step.c - do deeper stacks take larger steps?  The effective step against depth, beside the gradient norm. */
#include "contest.h"
#include "slopes.h"

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
enum { AFFINE, SPLINE, N_COUPLINGS };

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
    struct effect     length;      /* of the same, of the whole step: rms x root of the number of parameters */
    struct effect     norm;        /* the mean for the untrained gradient norm                               */
    /* The same of the table gradient_depth: over the same depths, over all of its own, over the upper half of these. */
    struct effect other_seeds, all_depths, upper_depths;
};

struct steps {
    size_t               n;
    double              *depth; /* [n] */
    struct step_coupling of[N_COUPLINGS];
    struct sample        all; /* depths of gradient_depth */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "effective_step"); }

/* Half the power of the depth as which the number of parameters goes; NaN if it is not known at every depth. */
static double root_of_parameters(const struct inputs *in, const struct course *step)
{
    const struct course parameters = { sources_table(in->sources, "gradient_depth"), "n_params", step->where,
                                       step->depths };
    const struct sample slopes = slopes_of(in, &parameters); /* the same of each seed */
    return slopes.n ? slopes.x[0] / 2 : NAN;
}

/* The untrained norm, in this table and in that of more seeds and depths, over the same depths and over the upper half
 * of all. */
static void measure_norms(struct step_coupling *c, const struct inputs *in, const struct course *step)
{
    struct course norm = *step;
    norm.column = "grad_norm";
    c->norm = slopes_mean(in, &norm);
    norm.table = sources_table(in->sources, "gradient_depth");
    c->other_seeds = slopes_mean(in, &norm);
    norm.depths = query_distinct(in->pool, norm.table, "depth", step->where);
    c->all_depths = slopes_mean(in, &norm);
    const size_t lower = norm.depths.n / 2;
    norm.depths.x += lower;
    norm.depths.n -= lower;
    c->upper_depths = slopes_mean(in, &norm);
}

static void measure_coupling(struct step_coupling *c, const struct inputs *in, const struct steps *m,
                             const char *coupling)
{
    const char         *all = text(in->pool, "coupling=%s", coupling);
    const struct course step = { table_of(in), "update_rms", all, { m->depth, m->n } };
    const struct sample slopes = slopes_of(in, &step);
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
    c->seeds = query_distinct(in->pool, table_of(in), "seed", all).n;
    c->left = slopes.n;
    c->mean = c->length = effect_mean(slopes.x, slopes.n);
    c->signs = effect_signs(slopes.x, slopes.n);
    verdict_test(in->verdicts, &c->signs);
    const double root = root_of_parameters(in, &step);
    c->length.value += root;
    c->length.low += root;
    c->length.high += root;
    measure_norms(c, in, &step);
}

static void *measure(const struct inputs *in)
{
    struct steps       *m = pool_zeroed(in->pool, sizeof *m);
    const struct sample depths = query_distinct(in->pool, table_of(in), "depth", "");
    m->n = depths.n;
    m->depth = depths.x;
    m->all = query_distinct(in->pool, sources_table(in->sources, "gradient_depth"), "depth", "");
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
    return text(
        pool,
        "the effective step, which is per parameter, goes as depth to the power %s, from depth 1 to %g a factor "
        "of %s; its slope is positive in %zu of %zu seeds (%s); %zu of %zu seeds are left out, since a run "
        "diverged. The length of the whole step, the effective step times the root of the number of "
        "parameters, goes as depth to the power %s. The untrained gradient norm goes as depth to the power "
        "%s.",
        text_interval(pool, 3, &c->mean), DEEPEST, text_number(pool, 2, pow(DEEPEST, c->mean.value)), c->signs.positive,
        c->left, text_both_p(pool, &c->signs), c->seeds - c->left, c->seeds, text_interval(pool, 2, &c->length),
        text_interval(pool, 2, &c->norm));
}

/* "1.12 [0.96, 1.29] (affine) and 1.10 [0.96, 1.24] (spline)" */
static const char *both(struct pool *pool, const struct effect *affine, const struct effect *spline)
{
    return text(pool, "%s (affine) and %s (spline)", text_interval(pool, 2, affine), text_interval(pool, 2, spline));
}

static bool apart(const struct effect *a, const struct effect *b) { return a->low > b->high || b->low > a->high; }
static bool above(const struct effect *a, const struct effect *b) { return a->low > b->high; }

/* Why the exponents of the gradient norm are not those of gradient_depth; "" if there is nothing to compare. */
static const char *norms_text(struct pool *pool, const struct steps *m)
{
    const struct step_coupling *a = &m->of[AFFINE], *s = &m->of[SPLINE];
    const size_t                lower = m->all.n / 2;
    if (isnan(a->other_seeds.low) || isnan(s->other_seeds.low) || isnan(a->norm.low) || isnan(s->norm.low))
        return "";
    return text(pool,
                "The last column is the norm of *Gradients and depth*, with the same definition and on the same rows "
                "of the spiral. Its "
                "exponents, means over the seeds, are %s here, and %s there. Here are %zu seeds and %s; there are %zu "
                "other seeds and depths "
                "up to %g. Over the depths of this section those seeds give %s, and the intervals of the two sets of "
                "seeds %s. Over %s alone they give %s%s.",
                both(pool, &a->norm, &s->norm), both(pool, &a->all_depths, &s->all_depths), a->seeds,
                text_depths(pool, m->depth, m->n), a->other_seeds.n, m->all.x[m->all.n - 1],
                both(pool, &a->other_seeds, &s->other_seeds),
                apart(&a->norm, &a->other_seeds) || apart(&s->norm, &s->other_seeds) ? "do not overlap" : "overlap",
                text_depths(pool, m->all.x + lower, m->all.n - lower), both(pool, &a->upper_depths, &s->upper_depths),
                above(&a->upper_depths, &a->other_seeds) && above(&s->upper_depths, &s->other_seeds)
                    ? ": the norm grows faster than one power of the depth, so the exponent depends on the range"
                    : "");
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
                         "negative; otherwise undecided. With fewer than %d such seeds it is not tested.",
                         NO_GROWTH, CONTEST_SEEDS),
            .estimate = text(pool, "step per parameter ~ depth to the power %s", text_interval(pool, 2, &c->mean)),
            .effect = effect_text(pool, c),
            .limit = isfinite(c->length.value)
                       ? text(pool,
                              "this is the step per parameter; the length of the whole step goes as depth to the "
                              "power %s.",
                              text_number(pool, 2, c->length.value))
                       : NULL,
            .untested = untested(pool, c, coupling),
            .rests_on = "effective_step",
            .decision = decision_of(c),
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct steps *m = measured;
    print_depths(out, m);
    pieces_value(out, "norms", norms_text(out->pool, m));
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
