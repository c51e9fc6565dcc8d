/* residual_inverse.c - the residual maps x + a sin(b x), and the claims D7 and R3 of PROTOCOL.md, which a map x + c x
 * decides. */
#include "judge.h"

#include <math.h>

#define RECOVERED 1e-15

static const struct source tables[] = {
    { .name = "residual_inverse", .columns = "a b lipschitz monotone nonincreasing_steps banach_max_err" },
    { .name = "residual_banach", .columns = "a b iteration max_err bound" },
    { .name = "residual_linear", .columns = "slope lipschitz monotone formula_max_err banach_max_err" },
    { .name = "residual_contraction",
      .columns = "family lipschitz contraction monotone nonincreasing_steps preimages iterations promised "
                 "formula_max_err" },
    { 0 },
};

struct residual_map {
    double a, b, lipschitz;
    double monotone;        /* 1, 0, or NaN where the table has no answer                         */
    double steps;           /* that do not increase                                               */
    double error;           /* of Banach's iteration                                              */
    double found, promised; /* the iteration from which error and bound stay below 1e-15, or NaN */
};

/* T(x) = x + slope x, with the inverse y / (1 + slope). */
struct linear_map {
    double slope, lipschitz, monotone; /* NaN where the table has no answer   */
    double formula_error, error;       /* of the formula, of Banach's iteration */
};

/* A map of residual_contraction.tsv: x + L sin x, or x + L x. */
struct family_map {
    double lipschitz, monotone, preimages, iterations, promised, formula_error; /* NaN: the table has none */
};
struct family {
    size_t             n;
    struct family_map *map; /* [n] */
};

struct residual_inverse {
    size_t               n;
    struct residual_map *map; /* [n] */
    struct linear_map    linear;
    struct family        sines, lines;
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

static struct linear_map measure_linear(const struct inputs *in)
{
    const struct table *table = sources_table(in->sources, "residual_linear");
    return (struct linear_map){
        .slope = query_number(table, "slope", ""),
        .lipschitz = query_number(table, "lipschitz", ""),
        .monotone = query_number(table, "monotone", ""),
        .formula_error = query_number(table, "formula_max_err", ""),
        .error = query_number(table, "banach_max_err", ""),
    };
}

static struct family measure_family(const struct inputs *in, const char *name)
{
    const struct table *table = sources_table(in->sources, "residual_contraction");
    const struct sample lipschitz = query_numbers(in->pool, table, "lipschitz", text(in->pool, "family=%s", name));
    struct family       family = { lipschitz.n, pool_zeroed(in->pool, lipschitz.n * sizeof *family.map) };
    for (size_t i = 0; i < family.n; i++) {
        const char *where = text(in->pool, "family=%s lipschitz=%.17g", name, lipschitz.x[i]);
        family.map[i] = (struct family_map){
            .lipschitz = lipschitz.x[i],
            .monotone = query_number(table, "monotone", where),
            .preimages = query_number(table, "preimages", where),
            .iterations = query_number(table, "iterations", where),
            .promised = query_number(table, "promised", where),
            .formula_error = query_number(table, "formula_max_err", where),
        };
    }
    return family;
}

static void *measure(const struct inputs *in)
{
    const struct table      *table = sources_table(in->sources, "residual_inverse");
    const struct sample      as = query_numbers(in->pool, table, "a", "");
    const struct sample      bs = query_numbers(in->pool, table, "b", "");
    struct residual_inverse *m = pool_zeroed(in->pool, sizeof *m);
    m->linear = measure_linear(in);
    m->sines = measure_family(in, "sine");
    m->lines = measure_family(in, "linear");
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
        return verdict_name(map->monotone == 1 && map->error <= RECOVERED ? SUPPORTED : REFUTED);
    return verdict_name(map->monotone == 1 ? REFUTED : SUPPORTED);
}

/* The numbers in the notebook's titles. */
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

/* D7.  Of the maps with a sine only a contraction that is not increasing would be a counterexample. */
static void claim_iff(struct pieces *out, const struct residual_inverse *m)
{
    struct pool             *pool = out->pool;
    const struct linear_map *g = &m->linear;
    const bool               needless = g->lipschitz >= 1 && g->monotone == 1 && g->formula_error <= RECOVERED;
    size_t                   contractions = 0, rise = 0, fold = 0;
    for (size_t i = 0; i < m->n; i++) {
        contractions += m->map[i].lipschitz < 1;
        rise += m->map[i].lipschitz < 1 && m->map[i].monotone == 1;
        fold += m->map[i].lipschitz < 1 && m->map[i].monotone == 0;
    }
    const char *linear = text(pool, "$g(x) = %g x$, with Lipschitz number %g, has the inverse $y / %g$", g->slope,
                              g->lipschitz, 1 + g->slope);
    pieces_claim(
        out,
        &(struct claim){
            .name = "iff",
            .title = "a residual map is invertible iff $g$ is a contraction",
            .sentence = "it is invertible only if $g$ is a contraction. [...] Residual map is invertible iff $g$ is a "
                        "contraction",
            .rule =
                "it falls by one counterexample; there is no test. A map of the tables that is a contraction and "
                "not increasing, or that is not a contraction and has an inverse by its formula: refuted as stated; "
                "neither: undecided.",
            .estimate = isnan(g->formula_error) ? NULL
                                                : text(pool, "$x + %s x$: its inverse misses by %s at most",
                                                       text_short(pool, g->slope), text_short(pool, g->formula_error)),
            .effect = text(pool,
                           "%zu of %zu contractions are increasing; $x + %s x$ %s, its formula comes back to within "
                           "%s, Banach's iteration misses by %s. In doubles a formula counts as an inverse if it "
                           "comes back to within %g.",
                           rise, rise + fold, text_short(pool, g->slope),
                           g->monotone == 1 ? "is increasing" : "is not known to increase",
                           text_short(pool, g->formula_error), text_short(pool, g->error), RECOVERED),
            .limit = needless && fold ? text(pool, "a contraction folds over, and %s.", linear)
                   : needless         ? text(pool, "%s.", linear)
                   : fold             ? "a contraction folds over."
                                      : NULL,
            .untested = contractions || !isnan(g->lipschitz) ? NULL : "the tables have no map",
            .rests_on = "residual_inverse residual_linear",
            .decision = needless || fold ? REFUTED : UNDECIDED,
        });
}

/* ------------------------------------------------------------------------------------- contraction numbers ---- */

/* What refutes "iff" among the maps of both families. */
struct against {
    size_t                   maps, contractions;
    size_t                   rise, fold; /* contractions known to increase, known not to               */
    size_t                   within;     /* contractions within Banach's bound                         */
    const struct family_map *needless;   /* no contraction, and the formula comes back                 */
};

static void look_at(struct against *found, const struct family *family)
{
    for (size_t i = 0; i < family->n; i++) {
        const struct family_map *map = &family->map[i];
        const bool               contraction = map->lipschitz < 1;
        found->maps++;
        found->contractions += contraction;
        found->rise += contraction && map->monotone == 1;
        found->fold += contraction && map->monotone == 0;
        found->within += contraction && map->iterations <= ceil(map->promised);
        if (!contraction && map->monotone == 1 && map->formula_error <= RECOVERED)
            found->needless = map;
    }
}

/* R3: D7 again, at more contraction numbers. */
static void claim_contraction(struct pieces *out, const struct residual_inverse *m)
{
    struct pool   *pool = out->pool;
    struct against found = { 0 };
    look_at(&found, &m->sines);
    look_at(&found, &m->lines);
    const char *slope = found.needless ? text_short(pool, found.needless->lipschitz) : NULL;
    const char *needless = slope ? text(pool, "$x + %s x$ is no contraction's map and has an inverse", slope) : NULL;
    pieces_claim(
        out,
        &(struct claim){
            .name = "contraction",
            .title = "a residual map is invertible iff $g$ is a contraction, at numbers from 0.1 to 1.3",
            .sentence = "Residual map is invertible iff $g$ is a contraction",
            .rule = "it falls by one counterexample; there is no test. A map that is a contraction and not increasing, "
                    "or that is no contraction and has an inverse by its formula, to 1e-15: refuted as stated; "
                    "neither: undecided.",
            .estimate = needless,
            .effect = text(pool,
                           "%zu of %zu contractions are increasing, and Banach's iteration reaches 1e-12 of its first "
                           "error within the promised number of steps at %zu of %zu.",
                           found.rise, found.rise + found.fold, found.within, found.contractions),
            .limit = needless && found.fold ? text(pool, "a contraction folds over, and %s.", needless)
                   : needless               ? text(pool, "%s.", needless)
                   : found.fold             ? "a contraction folds over."
                                            : NULL,
            .untested = found.maps ? NULL : "the table has no map",
            .rests_on = "residual_contraction",
            .decision = needless || found.fold ? REFUTED : UNDECIDED,
        });
}

static void table_contraction(struct pieces *out, const struct family *sines)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "numbers");
    bytes_text(table, "| $L$ of $x + L \\sin x$ | increasing | pre-images of $\\pi$ | iterations to 1e-12 | promised "
                      "|\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sines->n; i++) {
        const struct family_map *map = &sines->map[i];
        bytes_print(table, "| %g | %s | %s | %s | %s |\n", map->lipschitz,
                    isnan(map->monotone) ? "-"
                    : map->monotone == 1 ? "yes"
                                         : "no",
                    text_number(pool, 0, map->preimages), text_number(pool, 0, map->iterations),
                    text_number(pool, 0, ceil(map->promised)));
    }
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
    table_contraction(out, &m->sines);
    claim_contraction(out, m);
}

const struct judge judge_residual_inverse = {
    .name = "residual_inverse",
    .tables = tables,
    .figures = "residual_inverse banach residual_convergence residual_cobweb residual_folds",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
