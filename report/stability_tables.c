/* stability_tables.c - what the section on stability describes without a verdict (stability.h). */
#include "stability.h"

#include <math.h>
#include <string.h>

static const char *arm_name(size_t clip) { return clip == CLIP ? "clip 1" : "no clip"; }

/* "20 / 2 / 2": seeds with the clip better, worse, and tied. */
static const char *score(struct pool *pool, const struct contest *c)
{
    return text(pool, "%zu / %zu / %zu", c->better, c->worse, c->seeds - c->better - c->worse);
}

static void print_primary(struct pieces *out, const struct stability *m)
{
    struct bytes *table = pieces_table(out, "primary");
    bytes_text(table, "| scale | rate | arm |" CELL_HEAD "\n|---|---|---|" CELL_RULE "\n");
    for (size_t s = 0; s < N_PRIMARY; s++)
        for (size_t r = 0; r < N_RATES; r++)
            for (size_t c = 0; c < N_CLIPS; c++) {
                bytes_print(table, "| `%s` | %s | %s |", stability_scale[s], stability_rate[r], arm_name(c));
                cell_print(table, out->pool, &m->primary[s][r][c]);
            }
    for (size_t r = 0; r < N_SPLINE_RATES; r++)
        for (size_t c = 0; c < N_CLIPS; c++) {
            bytes_print(table, "| spline | %s | %s |", stability_spline_rate[r], arm_name(c));
            cell_print(table, out->pool, &m->spline[r][c]);
        }
    table = pieces_table(out, "contests");
    bytes_text(table,
               "| scale | rate 0.003 | rate 0.01 (tested) | p, corrected | rate 0.03 |\n|---|---|---|---|---|\n");
    for (size_t s = 0; s < N_PRIMARY; s++)
        bytes_print(table, "| `%s` | %s | %s | %s | %s |\n", stability_scale[s], score(out->pool, &m->survival[s][LOW]),
                    score(out->pool, &m->survival[s][AGGRESSIVE]),
                    text_p(out->pool, m->survival[s][AGGRESSIVE].effect.corrected),
                    score(out->pool, &m->survival[s][HIGH]));
}

/* ---------------------------------------------------------------------------------------------- mechanism ---- */

static void print_mechanism(struct pieces *out, const struct stability *m)
{
    struct pool            *pool = out->pool;
    const struct mechanism *a = &m->clipped_affine;
    struct bytes           *table = pieces_table(out, "first");
    bytes_text(table, "| coupling | diverged | scale underflow | latent overflow | gradient overflow | step, median | "
                      "rows of the batch concerned, median |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n_mechanisms; i++) {
        const struct mechanism *one = &m->mechanism[i];
        bytes_print(table, "| `%s` | %zu of %zu | %zu | %zu | %zu | %s | %s |\n", one->coupling, one->diverged,
                    one->runs, one->kind[0], one->kind[1], one->kind[2], text_number(pool, 0, one->step),
                    text_number(pool, 0, one->rows));
    }
    pieces_value(
        out, "mechanism",
        a->diverged == 0
            ? "No clipped run of the notebook's scale diverged."
            : text(pool,
                   "Of the %zu clipped runs of the notebook's scale that diverged, the first number that was "
                   "not finite was a scale of 0 in %zu, a latent coordinate in %zu and the gradient in %zu; it "
                   "concerned %s of the batch's rows in the median.",
                   a->diverged, a->kind[0], a->kind[1], a->kind[2], text_number(pool, 0, a->rows)));
}

/* ----------------------------------------------------------------------------------------------- remedies ---- */

static void print_remedies(struct pieces *out, const struct stability *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "remedies");
    bytes_text(
        table,
        "| scale | remedy | ok | held-out log p, median | share of steps it acts on, median | clip 1 better / worse / "
        "tied | p, corrected |\n|---|---|---|---|---|---|---|\n");
    for (size_t s = 0; s < N_REMEDY_SCALES; s++) {
        const char           *scale = stability_remedy_scale[s];
        const struct contest *first = &m->reliable[s][0], *bare = &m->unaided[s];
        const size_t          primary = s == 0 ? AFFINE : TWO_SIGMOID;
        bytes_print(table, "| `%s` | none | %zu of %zu | %s | - | | |\n", scale, bare->a_ok, bare->seeds,
                    text_number(pool, 3, bare->a_heldout));
        bytes_print(table, "| `%s` | clip 1 | %zu of %zu | %s | %s | | |\n", scale, first->a_ok, first->seeds,
                    text_number(pool, 3, first->a_heldout),
                    cell_share(pool, m->primary[primary][AGGRESSIVE][CLIP].acted));
        for (size_t k = 0; k < N_RIVALS; k++) {
            const struct contest *c = &m->reliable[s][k];
            bytes_print(table, "| `%s` | %s | %zu of %zu | %s | %s | %s | %s |\n", scale, stability_rival[k].name,
                        c->b_ok, c->seeds, text_number(pool, 3, c->b_heldout),
                        stability_rival[k].acts ? cell_share(pool, m->rival[s][k].acted) : "-", score(pool, c),
                        text_p(pool, c->effect.corrected));
        }
    }
}

/* ------------------------------------------------------------------------------------------------- scales ---- */

static void print_scales(struct pieces *out, const struct stability *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "scales");
    bytes_text(table, "| scale |");
    for (size_t d = 0; d < m->depths.n; d++)
        bytes_print(table, " depth %g |", m->depths.x[d]);
    bytes_text(table, "\n|---|");
    for (size_t d = 0; d < m->depths.n; d++)
        bytes_text(table, "---|");
    bytes_text(table, "\n");
    for (size_t s = 0; s < m->recommendation.n; s++) {
        bytes_print(table, "| `%s` |", m->recommendation.scale[s].coupling);
        for (size_t d = 0; d < m->depths.n; d++) {
            const char  *at = text(pool, "coupling=%s depth=%g best=1", m->recommendation.scale[s].coupling,
                                   m->depths.x[d]);
            const double runs = query_number(m->scales, "runs", at), ok = query_number(m->scales, "ok", at);
            if (isnan(runs))
                bytes_text(table, " not run |");
            else
                bytes_print(table, " %s%g of %g%s; %s; %s; %g |", ok < runs ? "**" : "", runs - ok, runs,
                            ok < runs ? "**" : "", text_number(pool, 3, query_number(m->scales, "heldout", at)),
                            text_short(pool, query_number(m->scales, "inverse_error", at)),
                            query_number(m->scales, "lr", at));
        }
        bytes_text(table, "\n");
    }
}

/* The other scales that hold and come close, each with its mean; NULL: none. */
static const char *close_to(struct pool *pool, const struct recommendation *r)
{
    const struct scale_record *best = &r->scale[r->chosen];
    const char                *list = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct scale_record *one = &r->scale[i];
        if (i != r->chosen && one->ok == one->runs && best->validation - one->validation <= EFFECT_MATERIAL)
            list = text_joined(pool, list, ", ",
                               text(pool, "`%s` (%s)", one->coupling, text_number(pool, 3, one->validation)));
    }
    return list;
}

/* How sure the choice is: against the next best scale, seed by seed; "" if there is none. */
static const char *margin_text(struct pool *pool, const struct stability *m)
{
    if (m->runner_up == m->recommendation.n || m->margin.n < 2)
        return "";
    const struct effect *e = &m->margin;
    return text(
        pool,
        " The choice between it and the next, `%s`, is %s: seed by seed, the mean over the depths of its validation "
        "log p less that of the other is %s nats, above 0 in %zu of %zu seeds.",
        m->recommendation.scale[m->runner_up].coupling,
        e->low > 0    ? "clear"
        : e->high < 0 ? "one of the median, which the mean contradicts"
                      : "not clear",
        text_interval(pool, 3, e), m->margin_better, e->n);
}

static void print_recommendation(struct pieces *out, const struct stability *m)
{
    struct pool                 *pool = out->pool;
    const struct recommendation *r = &m->recommendation;
    if (r->n == 0) {
        pieces_value(out, "recommendation", "There is nothing to recommend a scale by.");
        return;
    }
    const struct scale_record *best = &r->scale[r->chosen];
    const char                *near = r->holding ? close_to(pool, r) : NULL;
    if (best->ok == 0)
        pieces_value(out, "recommendation", "**At the best rates all runs are lost.**");
    else if (r->holding == 0)
        pieces_value(out, "recommendation",
                     text(pool, "**No scale keeps every run at its best rates. `%s` loses the fewest: %zu of %zu.**",
                          best->coupling, best->runs - best->ok, best->runs));
    else
        pieces_value(
            out, "recommendation",
            text(pool,
                 "**Recommended: `%s`.** %zu of %zu scales keep every run at their best rates, at %s. Of these "
                 "it has the highest mean over the depths of the median validation log p: %s.%s%s%s%s",
                 best->coupling, r->holding, r->n, text_depths(pool, m->depths.x, m->depths.n),
                 text_number(pool, 3, best->validation),
                 near ? text(pool, " Within %g nats of it: ", EFFECT_MATERIAL) : "", near ? near : "", near ? "." : "",
                 margin_text(pool, m)));
}

/* ---------------------------------------------------------------------------------- for the head of the report ---- */

static const struct mechanism *mechanism_of(const struct stability *m, size_t scale)
{
    for (size_t i = 0; i < m->n_mechanisms; i++)
        if (strcmp(m->mechanism[i].coupling, stability_scale[scale]) == 0)
            return &m->mechanism[i];
    return NULL;
}

/* "What breaks deep affine stacks?" */
static const char *what_breaks(struct pool *pool, const struct stability *m)
{
    static const char *const kinds[N_KINDS] = { "a scale that underflows to 0, so that its logarithm is minus infinity",
                                                "a latent coordinate that overflows", "a gradient that overflows" };
    const struct mechanism  *a = mechanism_of(m, AFFINE), *stable = mechanism_of(m, LOG_SOFTPLUS),
                           *bounded = mechanism_of(m, TWO_SIGMOID);
    size_t most = 0;
    if (!a || a->diverged == 0)
        return "No run with the notebook's scale diverged.";
    for (size_t k = 0; k < N_KINDS; k++)
        most = a->kind[k] > a->kind[most] ? k : most;
    const char *by = stable && stable->diverged > 0
                       ? text(pool, " (first a latent coordinate overflowed in %zu, the gradient in %zu)",
                              stable->kind[1], stable->kind[2])
                       : "";
    const char *others = stable && bounded
                           ? text(pool,
                                  " With the logarithm computed stably %zu of %zu runs diverged%s, with the bounded "
                                  "scale 2 sigmoid %zu of %zu.",
                                  stable->diverged, stable->runs, by, bounded->diverged, bounded->runs)
                           : "";
    return text(
        pool,
        "%s. With the notebook's scale, softplus, %zu of %zu runs diverged; that was the first number that is not "
        "finite in %zu of them, in the median in %s rows of a batch of 512.%s",
        text_capital(pool, a->kind[most] < a->diverged ? text(pool, "most often %s", kinds[most]) : kinds[most]),
        a->diverged, a->runs, a->kind[most], text_number(pool, 0, a->rows), others);
}

/* "Which scale?" */
static const char *which_scale(struct pool *pool, const struct stability *m)
{
    const struct recommendation *r = &m->recommendation;
    if (r->n == 0)
        return "There are no runs to recommend a scale by.";
    const struct scale_record *best = &r->scale[r->chosen];
    return r->holding
             ? text(pool,
                    "`%s`: %zu of %zu scales keep every run at %s (clip 1, best rate), and of these it has the "
                    "best median fit.%s",
                    best->coupling, r->holding, r->n, text_depths(pool, m->depths.x, m->depths.n), margin_text(pool, m))
             : text(pool, "No scale keeps every run; `%s` loses the fewest, %zu of %zu.", best->coupling,
                    best->runs - best->ok, best->runs);
}

void stability_tables(struct pieces *out, const struct stability *m)
{
    print_primary(out, m);
    print_mechanism(out, m);
    print_remedies(out, m);
    print_scales(out, m);
    print_recommendation(out, m);
    pieces_value(out, "what-breaks", what_breaks(out->pool, m));
    pieces_value(out, "which-scale", which_scale(out->pool, m));
}
