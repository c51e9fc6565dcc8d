/* figure_worlds.c - random small tables (figure_worlds.h). */
#include "figure_worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run_table.h"

/* splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t draw(struct world *w)
{
    uint64_t z = w->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

unsigned world_below(struct world *w, unsigned n) { return (unsigned)(draw(w) % n); }
double   world_uniform(struct world *w) { return (double)(draw(w) >> 11) * 0x1p-53; }

/* A score, of the world's kind. */
double world_score(struct world *w)
{
    static const double huge[] = { -1e198, -1e300, 1e17, -3e5, -1.7e308, 1e300 };
    static const double tiny[] = { 5e-324, -1e-12, 1e-300, 2e-16, -2.0, -2.0000000001 };
    enum kind           kind = w->kind == MIXED ? (enum kind)world_below(w, MIXED) : w->kind;
    switch (kind) {
    case SPREAD:
        return -10 + 12 * world_uniform(w);
    case EQUAL:
        return -1.75;
    case ZERO:
        return 0;
    case HUGE_:
        return huge[world_below(w, 6)];
    case TINY:
        return tiny[world_below(w, 6)];
    case NONE:
        return NAN;
    case SOME:
        return world_below(w, 3) ? -2 + world_uniform(w) : NAN;
    default:
        return -2 + 0.5 * world_uniform(w);
    }
}

/* A gradient norm, a density, an error: not negative. */
double world_size(struct world *w) { return fabs(world_score(w)); }

void world_new(struct world *w, unsigned number)
{
    static const unsigned known[] = { 1, 2, 4, 8, 16, 20, 3, 5, 24, 40, 31, 64, 1024 };
    enum { KNOWN = sizeof known / sizeof *known };
    *w = (struct world){ .state = 0x5eed0000u + number };
    w->kind = world_below(w, 3) ? (enum kind)world_below(w, KINDS) : ORDINARY;
    w->empty = world_below(w, 12) == 0;
    w->notebook = world_below(w, 3) == 0;
    w->seeds = 1 + world_below(w, 4);
    w->steps = 4 + world_below(w, 60);
    const unsigned n = 1 + world_below(w, DEPTHS), most = world_below(w, 3) ? 6 : KNOWN;
    while (w->n_depths < (n < most ? n : most)) {
        unsigned depth = known[world_below(w, most)];
        bool     there = false;
        for (unsigned i = 0; i < w->n_depths; i++)
            there = there || w->depths[i] == depth;
        if (!there)
            w->depths[w->n_depths++] = depth;
    }
}

struct table *world_table(struct world *w, const char *name, const char *columns)
{
    struct table *table = table_new(name, columns);
    assert_non_null(table);
    table_config(table, "program", w->experiment->program.name);
    return w->tables[w->n_tables++] = table;
}

static const struct table *table_named(const struct world *w, const char *name)
{
    for (size_t t = 0; t < w->n_tables; t++)
        if (strcmp(table_name(w->tables[t]), name) == 0)
            return w->tables[t];
    fail_msg("no table %s", name);
    return NULL;
}

static void check_columns(const struct table *table, const char *columns)
{
    char text[256] = "";
    for (size_t c = 0; c < table_columns(table); c++) {
        strcat(text, c ? " " : "");
        strcat(text, table_column_name(table, c));
    }
    assert_string_equal(text, columns);
}

void world_derive(struct world *w)
{
    char text[SUMMARY_TABLE_COLUMNS_SIZE];
    for (const struct table_plan *plan = w->experiment->tables; plan->name; plan++)
        if (plan->summary_of) {
            const struct table *source = table_named(w, plan->summary_of);
            experiment_derive(world_table(w, plan->name, experiment_columns(text, plan)), plan, source);
        } else
            check_columns(table_named(w, plan->name), plan->columns);
}

/* "status diverged_at": a run without a number has diverged, mostly. */
static void put_status(struct world *w, struct table *table, double value)
{
    const bool lost = isnan(value) && world_below(w, 4);
    table_text(table, lost ? "diverged" : world_below(w, 6) == 0 ? "ruined" : "ok");
    if (lost)
        table_count(table, world_below(w, w->steps));
    else
        table_number(table, NAN);
}

static void put_fingerprint(struct table *table) { table_text(table, "0123456789abcdef"); }

/* Own rows have no held-out rows by default. */
static double heldout(struct world *w, bool there) { return there ? world_score(w) : NAN; }

/* ------------------------------------------------------------------------------ the tables of each program ---- */

void fill_depth_sweep(struct world *w)
{
    struct table  *sweep = world_table(w, "depth_sweep",
                                       "coupling depth seed replica n_params status diverged_at train_logp heldout_logp "
                                        "params_sha256");
    struct table  *loss = world_table(w, "loss", "depth step loss grad_norm lr");
    struct table  *truth = world_table(w, "truth", "rows n mean_logp std_error");
    const unsigned replicas = 1 + world_below(w, 4);
    for (unsigned d = 0; d < w->n_depths && !w->empty; d++) {
        for (unsigned i = 0; i < w->seeds * replicas; i++) {
            double value = world_score(w);
            table_text(sweep, "affine");
            table_count(sweep, w->depths[d]);
            table_count(sweep, 7 + i / replicas);
            table_count(sweep, i % replicas);
            table_count(sweep, 2704);
            put_status(w, sweep, value);
            table_number(sweep, value);
            table_number(sweep, world_score(w));
            put_fingerprint(sweep);
        }
        for (unsigned s = 0, end = world_below(w, 3) ? w->steps : world_below(w, w->steps); s < end; s++) {
            table_count(loss, w->depths[d]);
            table_count(loss, s);
            table_number(loss, -world_score(w));
            table_number(loss, world_size(w));
            table_number(loss, 1e-3);
        }
    }
    for (int i = 0; i < 2; i++) {
        table_text(truth, i ? "heldout" : "train");
        table_count(truth, 3000);
        table_number(truth, -1.38);
        table_number(truth, 0.01);
    }
}

void fill_density(struct world *w)
{
    struct table  *plane = world_table(w, "density", "depth x y density");
    struct table  *integral = world_table(w, "density_integral",
                                          "depth integral coarse_integral train_logp params_sha256");
    struct table  *rows = world_table(w, "spiral", "x0 x1");
    const unsigned side = 4 + world_below(w, 12);
    const double   half = world_below(w, 2) ? 3 : 1 + world_below(w, 3000);
    for (unsigned d = 0; d < w->n_depths && !w->empty; d++) {
        for (unsigned cell = 0; cell < side * side; cell++) {
            table_count(plane, w->depths[d]);
            table_number(plane, half * ((2 * (cell % side) + 1.0) / side - 1));
            table_number(plane, half * ((2 * (cell / side) + 1.0) / side - 1));
            table_number(plane, world_size(w));
        }
        table_count(integral, w->depths[d]);
        table_number(integral, world_size(w));
        table_number(integral, world_size(w));
        table_number(integral, world_score(w));
        put_fingerprint(integral);
    }
    for (unsigned i = 0, n = 2 * (2 + world_below(w, 20)); i < n; i++)
        table_number(rows, half * (2 * world_uniform(w) - 1));
}

void fill_gradient_norm(struct world *w)
{
    struct table  *table = world_table(w, "gradient_norm", "coupling depth seed n_params untrained_logp grad_norm");
    const unsigned couplings = 1 + world_below(w, 3);
    for (unsigned c = 1; c <= 2; c++)
        for (unsigned i = 0; i < w->n_depths * w->seeds && couplings & c && !w->empty; i++) {
            table_text(table, c == 1 ? "affine" : "spline");
            table_count(table, w->depths[i / w->seeds]);
            table_count(table, i % w->seeds);
            table_count(table, 2804);
            table_number(table, world_score(w));
            table_number(table, world_size(w));
        }
}

void fill_gradient_depth(struct world *w)
{
    struct table  *table = world_table(w, "gradient_depth", "coupling depth seed n_params untrained_logp grad_norm");
    const unsigned couplings = 1 + world_below(w, 3);
    for (unsigned c = 1; c <= 2; c++)
        for (unsigned i = 0; i < w->n_depths * w->seeds && couplings & c && !w->empty; i++) {
            table_text(table, c == 1 ? "affine" : "spline");
            table_count(table, w->depths[i / w->seeds]);
            table_count(table, i % w->seeds);
            table_count(table, 2804);
            table_number(table, world_score(w));
            table_number(table, world_size(w));
        }
}

void fill_depth_truth(struct world *w)
{
    struct table *table = world_table(w, "depth_truth",
                                      "depth seed status diverged_at train_logp train_truth "
                                      "heldout_logp heldout_truth kl kl_std_error pit_ks pit_p coverage_50 coverage_90 "
                                      "coverage_99 energy_distance energy_sd params_sha256");
    const bool    spiral = world_below(w, 3), heldout_rows = spiral || world_below(w, 2);
    const double  farther = world_below(w, 2) ? 1 : -10; /* from the truth, in nats */
    for (unsigned i = 0; i < w->n_depths * w->seeds && !w->empty; i++) {
        double value = world_score(w);
        table_count(table, w->depths[i / w->seeds]);
        table_count(table, i % w->seeds);
        put_status(w, table, value);
        table_number(table, value);
        table_number(table, spiral ? -1.38 : NAN);
        table_number(table, heldout(w, heldout_rows));
        table_number(table, spiral ? -1.39 : NAN);
        table_number(table, spiral ? farther * world_score(w) : NAN);
        table_number(table, spiral ? world_size(w) : NAN);
        for (unsigned k = 0; k < 7; k++) /* the checks of the density */
            table_number(table, world_uniform(w));
        put_fingerprint(table);
    }
}

void fill_actnorm(struct world *w)
{
    static const char *const arms[] = { "none", "default", "data" };
    struct table            *table = world_table(w, "actnorm",
                                                 "coupling actnorm depth lr clip seed untrained_logp grad_norm status "
                                                            "diverged_at first_kind first_rows train_logp heldout_logp params_sha256");
    struct table            *loss = world_table(w, "actnorm_loss", "actnorm depth step loss");
    const bool               heldout_rows = world_below(w, 2);
    for (unsigned i = 0; i < 6 && !w->empty; i++)
        for (unsigned d = 0, a = i % 3, affine = i / 3; d < w->n_depths; d++) {
            for (unsigned s = 0; s < w->seeds; s++) {
                double value = world_score(w);
                table_text(table, affine ? "affine" : "spline");
                table_text(table, arms[a]);
                table_count(table, w->depths[d]);
                table_setting(table, affine ? 0.01 : 0.003);
                table_text(table, affine ? "none" : "1");
                table_count(table, s);
                table_number(table, world_score(w));
                table_number(table, world_size(w));
                put_status(w, table, value);
                table_text(table, "none");
                table_number(table, NAN);
                table_number(table, value);
                table_number(table, heldout(w, heldout_rows));
                put_fingerprint(table);
            }
            for (unsigned s = 0; s < w->steps && !affine; s++) {
                table_text(loss, arms[a]);
                table_count(loss, w->depths[d]);
                table_count(loss, s);
                table_number(loss, -world_score(w));
            }
        }
}

/* A row of a table of runs on stability. */
static void put_stability_run(struct world *w, struct table *table, const char *coupling, unsigned depth,
                              const char *lr, const char *arm, unsigned seed, bool heldout_rows)
{
    static const char *const kinds[] = { "scale-underflow", "latent-overflow", "gradient-overflow" };
    const double             value = world_score(w);
    const char *const        status = !isnan(value) ? "ok" : world_below(w, 4) ? "diverged" : "ruined";
    const bool               diverged = strcmp(status, "diverged") == 0;
    table_text(table, coupling);
    table_count(table, depth);
    table_text(table, lr);
    table_text(table, arm);
    table_count(table, 100 + seed);
    table_text(table, status);
    table_text(table, diverged ? kinds[world_below(w, 3)] : "none");
    table_number(table, diverged ? world_below(w, 16) : NAN);
    table_number(table, diverged ? 1 + world_below(w, 9) : NAN);
    table_number(table, diverged ? world_below(w, w->steps) : NAN);
    table_number(table, world_uniform(w));
    table_number(table, value);
    table_number(table, heldout_rows ? value - 0.1 : NAN);
    table_number(table, heldout(w, heldout_rows));
    table_number(table, world_size(w));
    table_number(table, world_size(w));
    table_number(table, world_uniform(w));
    put_fingerprint(table);
}

static void put_replay(struct world *w, struct table *table, unsigned seed)
{
    for (unsigned step = 0, end = 1 + world_below(w, w->steps); step < end; step++) {
        table_text(table, "affine");
        table_count(table, 16);
        table_text(table, "0.01");
        table_text(table, "clip");
        table_count(table, seed);
        table_count(table, step);
        table_number(table, world_score(w));
        table_number(table, world_size(w));
        table_number(table, world_score(w));
        table_number(table, world_size(w));
    }
}

void fill_stability(struct world *w)
{
    static const char *const scales[] = { "affine", "affine-2sigmoid", "affine-bayesflow", "spline" };
    static const char *const rates[] = { "0.003", "0.01", "0.03" }, *const arms[] = { "clip", "none", "skip", "zclip" };
    const struct table_plan *plan = w->experiment->tables;
    struct table            *runs = world_table(w, plan->name, plan->columns);
    const unsigned n_scales = 1 + world_below(w, 4), n_rates = 1 + world_below(w, 3), n_arms = 1 + world_below(w, 4);
    const bool     heldout_rows = world_below(w, 2);
    for (unsigned i = 0; i < n_scales * w->n_depths * n_rates * n_arms * w->seeds && !w->empty; i++)
        put_stability_run(w, runs, scales[i / w->seeds / n_arms / n_rates / w->n_depths],
                          w->depths[i / w->seeds / n_arms / n_rates % w->n_depths],
                          rates[i / w->seeds / n_arms % n_rates], arms[i / w->seeds % n_arms], i % w->seeds,
                          heldout_rows);
    for (; plan->name; plan++)
        if (plan->fill) {
            struct table *first = world_table(w, plan->name, plan->columns);
            for (unsigned seed = 0, replayed = world_below(w, 4); seed < replayed && !w->empty; seed++)
                put_replay(w, first, 100 + seed);
        }
}

void fill_nothing(struct world *w)
{
    for (const struct table_plan *plan = w->experiment->tables; plan->name; plan++)
        world_table(w, plan->name, plan->columns);
}

void fill_conditioner(struct world *w)
{
    static const char *const outputs[] = { "raw_width", "raw_height", "raw_slope" };
    struct table            *table = world_table(w, "conditioner",
                                                 "output segment low high rows batch_rows slope low_value "
                                                            "high_value");
    const unsigned           n_outputs = world_below(w, 2) ? 3 : 1, segments = 1 + world_below(w, 30);
    const double             width = world_below(w, 4) ? 0.2 : 1e3 * world_uniform(w);
    for (unsigned o = 0; o < n_outputs && !w->empty; o++)
        for (unsigned s = 0; s < segments; s++) {
            table_text(table, n_outputs == 1 ? "raw_scale" : outputs[o]);
            table_count(table, s);
            table_number(table, -2 + width * s);
            table_number(table, -2 + width * (s + 1));
            table_count(table, world_below(w, 5000) * world_below(w, 2));
            table_count(table, world_below(w, 50) * world_below(w, 2));
            table_number(table, world_score(w));
            table_number(table, world_score(w));
            table_number(table, world_score(w));
        }
}

void fill_roundoff(struct world *w)
{
    struct table  *table = world_table(w, "roundoff", "depth step least median greatest");
    struct table  *final = world_table(w, "roundoff_final",
                                       "depth replica status train_logp heldout_logp params_sha256");
    const unsigned replicas = 2 + world_below(w, 4);
    const double   rate = world_uniform(w);
    for (unsigned d = 0; d < w->n_depths && !w->empty; d++) {
        for (unsigned s = 0, end = world_below(w, 3) ? 10 * w->steps : world_below(w, w->steps); s < end; s++) {
            double value = w->kind == ORDINARY ? 1e-16 * exp(rate * s) * (1 + world_uniform(w)) : world_size(w);
            table_count(table, w->depths[d]);
            table_count(table, s);
            table_number(table, 0.5 * value);
            table_number(table, value);
            table_number(table, 2 * value);
        }
        for (unsigned r = 0; r < replicas; r++) {
            double value = world_score(w);
            table_count(final, w->depths[d]);
            table_count(final, r);
            table_text(final, isnan(value) ? "diverged" : "ok");
            table_number(final, value);
            table_number(final, world_score(w));
            put_fingerprint(final);
        }
    }
}
