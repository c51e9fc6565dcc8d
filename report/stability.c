/* stability.c - what breaks a deep stack, and which remedy holds it: measured (stability.h). */
#include "stability.h"

#include <math.h>
#include <string.h>

#include "run_cells.h"

static const struct source tables[] = {
    { .name = "stability",
      .columns = "coupling depth lr arm seed status first_kind first_rows diverged_at acted validation_logp "
                 "heldout_logp",
      .protocol = { SETTINGS_CONFIRMED, NULL, "seeds=24" },
      .stated = true },
    { .name = "stability_cells",
      .columns = RUN_CELLS_COLUMNS,
      .protocol = { SETTINGS_CONFIRMED, NULL, "seeds=24" },
      .stated = true },
    { .name = "stability_scales",
      .columns = BEST_RATE_COLUMNS,
      .protocol = { SETTINGS_CONFIRMED, NULL, "seeds=24" },
      .stated = true },
    { 0 },
};

static const char *const kinds[N_KINDS] = { "scale-underflow", "latent-overflow", "gradient-overflow" };

/* Where clipped runs of this section are: claim S3 rests on all of them. */
static const struct clipped {
    const char *table, *where, *called;
} clipped[] = {
    { "stability", "arm=clip", "" },
    { "stability_4d", "arm=clip", " in four dimensions" },
    { "actnorm", "clip=1", " beside ActNorm" },
    /* Those with both are the runs without ActNorm of the line above. */
    { "masks", "mixing=no-flips", " without flips" },
    { "masks", "mixing=no-rotations", " without rotations" },
    { "masks", "mixing=none", " without both" },
};
enum { N_CLIPPED = sizeof clipped / sizeof *clipped };

/* ------------------------------------------------------------------------------------------------- measure ---- */

static const struct table *runs_of(const struct inputs *in) { return sources_table(in->sources, "stability"); }
static const struct table *cells_of(const struct inputs *in) { return sources_table(in->sources, "stability_cells"); }

static const char *where(struct pool *pool, const char *coupling, const char *rate, const char *arm)
{
    return text(pool, "coupling=%s depth=16 lr=%s arm=%s", coupling, rate, arm);
}

static void measure_primary(struct stability *m, const struct inputs *in)
{
    for (size_t s = 0; s < N_PRIMARY; s++)
        for (size_t r = 0; r < N_RATES; r++) {
            const char *bare = where(in->pool, stability_scale[s], stability_rate[r], "none");
            const char *clip = where(in->pool, stability_scale[s], stability_rate[r], "clip");
            m->primary[s][r][NONE] = cell_measure(cells_of(in), bare);
            m->primary[s][r][CLIP] = cell_measure(cells_of(in), clip);
            m->survival[s][r] = contest_measure(in, runs_of(in), "heldout_logp", clip, bare);
            if (r == AGGRESSIVE)
                verdict_test(in->verdicts, &m->survival[s][r].effect);
        }
}

static void measure_remedies(struct stability *m, const struct inputs *in)
{
    const char *rate = stability_rate[AGGRESSIVE];
    for (size_t s = 0; s < N_REMEDY_SCALES; s++) {
        const char *scale = stability_remedy_scale[s], *clip = where(in->pool, scale, rate, "clip");
        for (size_t k = 0; k < N_RIVALS; k++) {
            const char *rival = where(in->pool, scale, rate, stability_rival[k].arm);
            m->rival[s][k] = cell_measure(cells_of(in), rival);
            m->reliable[s][k] = contest_measure(in, runs_of(in), "heldout_logp", clip, rival);
            verdict_test(in->verdicts, &m->reliable[s][k].effect);
        }
        m->unaided[s] = contest_measure(in, runs_of(in), "heldout_logp", where(in->pool, scale, rate, "none"),
                                        where(in->pool, scale, rate, stability_rival[0].arm));
    }
}

static void measure_splines(struct stability *m, const struct inputs *in)
{
    for (size_t c = 0; c < N_CLIPS; c++) {
        const char *arm = stability_arm[c];
        for (size_t r = 0; r < N_SPLINE_RATES; r++)
            m->spline[r][c] = cell_measure(cells_of(in), where(in->pool, "spline", stability_spline_rate[r], arm));
        m->couplings[c] = contest_measure(in, runs_of(in), "status", where(in->pool, "spline", "0.03", arm),
                                          where(in->pool, "affine", "0.03", arm));
    }
    verdict_test(in->verdicts, &m->couplings[NONE].effect);
}

/* Of the runs of that coupling that meet the condition. */
static struct mechanism measure_mechanism(const struct inputs *in, const struct table *t, const char *coupling,
                                          const char *where)
{
    const char      *of = text(in->pool, "coupling=%s %s", coupling, where);
    const char      *diverged = text(in->pool, "%s status=diverged", of);
    struct mechanism m = { .coupling = coupling,
                           .runs = query_count(t, of),
                           .diverged = query_count(t, diverged),
                           .rows = query_summary(in->pool, t, "first_rows", diverged).median,
                           .step = query_summary(in->pool, t, "diverged_at", diverged).median };
    for (size_t k = 0; k < N_KINDS; k++)
        m.kind[k] = query_count(t, text(in->pool, "%s first_kind=%s", diverged, kinds[k]));
    return m;
}

/* One per coupling of the table, [*n], in its order. */
static struct mechanism *measure_mechanisms(size_t *n, const struct inputs *in, const struct table *t,
                                            const char *where)
{
    struct mechanism *list = NULL;
    size_t            coupling, room = 0;
    *n = 0;
    for (size_t row = 0; row < table_rows(t) && table_find(&coupling, t, "coupling"); row++) {
        const char *word = table_cell(t, row, coupling);
        size_t      known = 0;
        while (known < *n && strcmp(list[known].coupling, word) != 0)
            known++;
        if (known < *n)
            continue;
        list = pool_grown(in->pool, list, *n, &room, sizeof *list);
        list[(*n)++] = measure_mechanism(in, t, word, where);
    }
    return list;
}

static void measure_clipped(struct stability *m, const struct inputs *in)
{
    for (size_t i = 0; i < N_CLIPPED; i++) {
        size_t                  n;
        const struct mechanism *of = measure_mechanisms(&n, in, sources_table(in->sources, clipped[i].table),
                                                        clipped[i].where);
        for (size_t k = 0; k < n; k++) {
            m->clipped += of[k].runs;
            m->clipped_diverged += of[k].diverged;
            if (of[k].diverged)
                m->clipped_of = text_joined(in->pool, m->clipped_of, ", ",
                                            text(in->pool, "%zu of %zu `%s`%s", of[k].diverged, of[k].runs,
                                                 of[k].coupling, clipped[i].called));
        }
    }
}

/* Of one seed at the best rates: validation log p, mean over the depths; NaN: a run has none. */
static double validation_of(const struct inputs *in, const struct stability *m, const char *coupling, double seed)
{
    double sum = 0;
    for (size_t d = 0; d < m->depths.n; d++) {
        const char  *at = text(in->pool, "coupling=%s depth=%g", coupling, m->depths.x[d]);
        const double lr = query_number(m->scales, "lr", text(in->pool, "%s best=1", at));
        sum += query_number(runs_of(in), "validation_logp",
                            text(in->pool, "%s lr=%g arm=clip seed=%.0f status=ok", at, lr, seed));
    }
    return sum / (double)m->depths.n;
}

/* Of the other scales that keep every run, the one with the highest mean; r->n: there is none. */
static size_t next_best(const struct recommendation *r)
{
    size_t next = r->n;
    for (size_t i = 0; i < r->n; i++)
        if (i != r->chosen && r->scale[i].ok == r->scale[i].runs &&
            (next == r->n || r->scale[i].validation > r->scale[next].validation))
            next = i;
    return next;
}

static void measure_margin(struct stability *m, const struct inputs *in)
{
    const struct recommendation *r = &m->recommendation;
    m->runner_up = r->holding > 1 ? next_best(r) : r->n;
    m->margin = effect_none();
    m->margin_better = 0;
    if (m->runner_up == r->n)
        return;
    const char         *best = r->scale[r->chosen].coupling, *next = r->scale[m->runner_up].coupling;
    const struct sample seeds = query_distinct(in->pool, runs_of(in), "seed", text(in->pool, "coupling=%s", best));
    double             *d = pool_alloc(in->pool, (seeds.n + 1) * sizeof *d);
    size_t              n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        const double margin = validation_of(in, m, best, seeds.x[s]) - validation_of(in, m, next, seeds.x[s]);
        if (!isnan(margin))
            d[n++] = margin;
        m->margin_better += margin > 0;
    }
    m->margin = effect_mean(d, n);
}

static void *measure(const struct inputs *in)
{
    struct stability *m = pool_zeroed(in->pool, sizeof *m);
    m->pool = in->pool;
    measure_primary(m, in);
    measure_remedies(m, in);
    measure_splines(m, in);
    m->mechanism = measure_mechanisms(&m->n_mechanisms, in, runs_of(in), "");
    m->clipped_affine = measure_mechanism(in, runs_of(in), "affine", "arm=clip");
    measure_clipped(m, in);
    m->scales = sources_table(in->sources, "stability_scales");
    m->recommendation = best_rate_recommend(m->scales);
    m->depths = query_distinct(in->pool, m->scales, "depth", "");
    measure_margin(m, in);
    return m;
}

static void decide(struct pieces *out, const void *measured)
{
    stability_tables(out, measured);
    stability_claims(out, measured);
}

const struct judge judge_stability = {
    .name = "stability",
    .tables = tables,
    .figures = "stability stability_remedies stability_first",
    .family = "Stability",
    .measure = measure,
    .decide = decide,
};
