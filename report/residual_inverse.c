/* residual_inverse.c - the residual maps x + a sin(b x): contractions are recovered, others fold over. */
#include "judge.h"

#include <math.h>

#define RECOVERED 1e-15

static const struct source tables[] = {
    { .name = "residual_inverse", .columns = "a b lipschitz monotone nonincreasing_steps banach_max_err" },
    { .name = "residual_banach", .columns = "a b iteration max_err bound" },
    { 0 },
};

struct residual_map {
    double a, b, lipschitz;
    double monotone;        /* 1, 0, or NaN where the table has no answer                         */
    double steps;           /* that do not increase                                               */
    double error;           /* of Banach's iteration                                              */
    double found, promised; /* the iteration from which error and bound stay below 1e-15, or NaN */
};

struct residual_inverse {
    size_t               n;
    struct residual_map *map; /* [n] */
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

/* The first iteration from which the column stays at or below the limit, or NaN. */
static double first_below(const struct inputs *in, const char *column, const char *map, double limit)
{
    const struct table *table = sources_table(in->sources, "residual_banach");
    const struct sample iteration = query_numbers(in->pool, table, "iteration", map);
    double              first = NAN;
    for (size_t i = iteration.n; i-- > 0;) {
        const double value = query_number(table, column, text(in->pool, "%s iteration=%g", map, iteration.x[i]));
        if (!(value <= limit))
            break;
        first = iteration.x[i];
    }
    return first;
}

static void *measure(const struct inputs *in)
{
    const struct table      *table = sources_table(in->sources, "residual_inverse");
    const struct sample      as = query_numbers(in->pool, table, "a", "");
    const struct sample      bs = query_numbers(in->pool, table, "b", "");
    struct residual_inverse *m = pool_zeroed(in->pool, sizeof *m);
    m->n = as.n < bs.n ? as.n : bs.n;
    m->map = pool_zeroed(in->pool, m->n * sizeof *m->map);
    for (size_t i = 0; i < m->n; i++) {
        const char *where = text(in->pool, "a=%.17g b=%.17g", as.x[i], bs.x[i]);
        m->map[i] = (struct residual_map){
            .a = as.x[i],
            .b = bs.x[i],
            .lipschitz = query_number(table, "lipschitz", where),
            .monotone = query_number(table, "monotone", where),
            .steps = query_number(table, "nonincreasing_steps", where),
            .error = query_number(table, "banach_max_err", where),
            .found = first_below(in, "max_err", where, RECOVERED),
            .promised = first_below(in, "bound", where, RECOVERED),
        };
    }
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

/* A recovery without a finite error is none. */
static const char *judge_map(const struct residual_map *map)
{
    if (isnan(map->lipschitz) || isnan(map->monotone))
        return "not tested: no number";
    if (map->lipschitz < 1)
        return map->monotone == 1 && map->error <= RECOVERED ? "reproduced" : "not reproduced";
    return map->monotone == 1 ? "not reproduced" : "reproduced";
}

/* What the notebook's titles have. */
static const char *printed_lipschitz(const struct residual_map *map)
{
    return map->a == 0.3 && map->b == 1.0 ? "0.30" : map->a == 0.9 && map->b == 1.5 ? "1.35" : "-";
}

static void decide_map(struct pieces *out, struct bytes *table, const struct residual_map *map)
{
    struct pool *pool = out->pool;
    const char  *verdict = pieces_number_verdict(out, "residual_inverse", judge_map(map));
    bytes_print(table, "| %g | %g | %s | %s | %s | %s | %s | %s |\n", map->a, map->b, printed_lipschitz(map),
                text_number(pool, 2, map->lipschitz),
                isnan(map->monotone) ? "-"
                : map->monotone == 1 ? "yes"
                                     : "no",
                isnan(map->steps) ? "-" : text(pool, "%g", map->steps), text_short(pool, map->error), verdict);
    pieces_number(out, text(pool, "residual map $x + %g \\sin(%g x)$", map->a, map->b),
                  fabs(map->a * map->b) < 1 ? "invertible, recovered to machine precision" : "folds over",
                  isnan(map->monotone) ? "-"
                  : map->monotone == 0 ? "folds over"
                                       : text(pool, "increasing, recovered to %s", text_short(pool, map->error)),
                  verdict);
}

static void claim_iff(struct pieces *out, const struct residual_inverse *m)
{
    size_t contractions = 0, invertible = 0, others = 0, folded = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct residual_map *map = &m->map[i];
        const bool                 known = !isnan(map->lipschitz) && !isnan(map->monotone);
        contractions += known && map->lipschitz < 1;
        invertible += known && map->lipschitz < 1 && map->monotone == 1 && map->error <= RECOVERED;
        others += known && map->lipschitz >= 1;
        folded += known && map->lipschitz >= 1 && map->monotone == 0;
    }
    const bool good = invertible == contractions, folds = folded == others;
    pieces_claim(
        out,
        &(struct claim){
            .name = "iff",
            .title = "a residual map is invertible iff $g$ is a contraction",
            .sentence = "it is invertible only if $g$ is a contraction. [...] Residual map is invertible iff $g$ is a "
                        "contraction",
            .rule = "refuted if a contraction of the table is not increasing or is not recovered to 1e-15; otherwise "
                    "supported within a range, for *if* is a theorem and *only if* has the counterexample $g(x) = 2x$.",
            .estimate = text(out->pool, "%zu of %zu contractions recovered", invertible, contractions),
            .effect = text(out->pool,
                           "%zu of %zu contractions are increasing and recovered; %zu of %zu other maps fold over%s.",
                           invertible, contractions, folded, others,
                           folds ? "" : ", and one is increasing without being a contraction"),
            .limit = good ? "*if* holds, and *only if* falls with $g(x) = 2x$." : NULL,
            .untested = contractions ? NULL : "the table has no contraction",
            .rests_on = "residual_inverse",
            .decision = good ? LIMITED : REFUTED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct residual_inverse *m = measured;
    struct bytes                  *table = pieces_table(out, "maps");
    const char                    *iterations = NULL;
    bytes_text(table, "| $a$ | $b$ | Lip, notebook's title | ours | monotone | steps that do not increase | Banach "
                      "error after 60 iterations | verdict |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct residual_map *map = &m->map[i];
        decide_map(out, table, map);
        if (map->lipschitz < 1)
            iterations = text_joined(out->pool, iterations, "\n\n",
                                     text(out->pool,
                                          "For a = %g, b = %g the error stays below 1e-15 from iteration "
                                          "%s on; the bound promises it from %s on.",
                                          map->a, map->b, text_number(out->pool, 0, map->found),
                                          text_number(out->pool, 0, map->promised)));
    }
    pieces_value(out, "iterations", iterations ? iterations : "");
    claim_iff(out, m);
}

const struct judge judge_residual_inverse = {
    .name = "residual_inverse",
    .tables = tables,
    .figures = "residual_inverse banach",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
