/* stability_world.c - synthetic tables of the experiments on stability (stability_world.h). */
#include "stability_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "best_rate.h"
#include "report_world.h"
#include "run_cells.h"

#define RUN_COLUMNS                                                                                     \
    "coupling depth lr arm seed status first_kind first_layer first_rows diverged_at acted train_logp " \
    "validation_logp heldout_logp inverse_error condition_number dead_units params_sha256"

struct stability_world stability_world;

static const char *const scales[] = { "affine",      "affine-log-softplus", "affine-2sigmoid",  "affine-glow",
                                      "affine-tanh", "affine-freia",        "affine-bayesflow", "affine-zuko" };
static const char *const rates[] = { "0.003", "0.01", "0.03" };
static const char *const remedies[] = { "skip", "olmo", "zclip", "agc", "amsgrad", "beta2", "rewind", "actnorm" };

struct stability_world good_stability(void)
{
    return (struct stability_world){
        .rule = { { .score = -1.5 },
                  { .coupling = "affine", .lr = "0.01", .depth = 16, .score = -1.7 },
                  { .coupling = "affine-2sigmoid", .lr = "0.01", .depth = 16, .score = -1.7 },
                  { .arm = "none", .score = -2 },
                  { .arm = "clip", .score = -1.5 },
                  { .coupling = "affine", .lr = "0.03", .arm = "none", .lost = 12, .score = -2 },
                  { .coupling = "affine-2sigmoid", .arm = "clip", .score = -1.4 } },
        .n = 7,
        .seeds = 24,
        .remedy_seeds = 12,
    };
}

void stability_rule(struct stability_rule rule)
{
    assert_true(stability_world.n < STABILITY_RULES_MAX);
    stability_world.rule[stability_world.n++] = rule;
}

static bool fits(const char *of_rule, const char *word) { return !of_rule || strcmp(of_rule, word) == 0; }

static const struct stability_rule *rule_of(const char *coupling, unsigned depth, const char *lr, const char *arm)
{
    for (size_t i = stability_world.n; i > 0; i--) {
        const struct stability_rule *rule = &stability_world.rule[i - 1];
        if (fits(rule->coupling, coupling) && fits(rule->lr, lr) && fits(rule->arm, arm) &&
            (rule->depth == 0 || rule->depth == depth))
            return rule;
    }
    fail_msg("no rule for %s", coupling);
    return NULL;
}

/* With a little scatter. */
static void write_run(FILE *file, const char *coupling, unsigned depth, const char *lr, const char *arm, size_t seed)
{
    const struct stability_rule *rule = rule_of(coupling, depth, lr, arm);
    const bool                   by_turns = stability_world.even && strcmp(arm, "clip") == 0 && seed % 2;
    const double                 score = rule->score + 1e-4 * (double)(seed % 5) - (by_turns ? 1 : 0);
    fprintf(file, "%s\t%u\t%s\t%s\t%zu\t", coupling, depth, lr, arm, 100 + seed);
    if (seed < rule->ruined)
        fprintf(file, "ruined\tnone\tnan\tnan\tnan\t0.5\t-50\t-50\t-50\t1\t9\t0.1\tabc\n");
    else if (seed < rule->lost)
        fprintf(file, "diverged\tscale-underflow\t3\t2\t300\t0.5\tnan\tnan\tnan\tnan\tnan\tnan\t-\n");
    else
        fprintf(file, "ok\tnone\tnan\tnan\tnan\t0.5\t%.9f\t%.9f\t%.9f\t1e-12\t9\t0.1\tabc\n", score + 0.1,
                score + rule->validation, score);
}

static void write_cell(FILE *file, const char *coupling, unsigned depth, const char *lr, const char *arm, size_t seeds)
{
    for (size_t seed = 0; seed < seeds; seed++)
        write_run(file, coupling, depth, lr, arm, seed);
}

static void write_parts(void)
{
    static const unsigned depths[] = { 4, 8, 16, 32 };
    const size_t          scale_seeds = stability_world.seeds / 3;
    FILE                 *file = create_table("stability", RUN_COLUMNS);
    for (size_t s = 0; s < 3; s++)
        for (size_t r = 0; r < 3; r++)
            for (size_t c = 0; c < 2; c++)
                write_cell(file, scales[s], 16, rates[r], c ? "clip" : "none", stability_world.seeds);
    for (size_t s = 0; s < 8; s++)
        for (size_t d = 0; d < 4; d++)
            for (size_t r = 0; r < 3; r++)
                if (s >= 3 || depths[d] != 16)
                    write_cell(file, scales[s], depths[d], rates[r], "clip", scale_seeds);
    for (size_t s = 0; s < 3; s += 2)
        for (size_t k = 0; k < 8; k++)
            write_cell(file, scales[s], 16, "0.01", remedies[k], stability_world.remedy_seeds);
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 2; c++)
            write_cell(file, "spline", 16, r ? "0.1" : "0.03", c ? "clip" : "none", stability_world.remedy_seeds);
    finish_table(file);
}

static void write_four_dimensions(void)
{
    FILE *file = create_table("stability_4d", RUN_COLUMNS);
    for (size_t s = 0; s < 3; s += 2)
        for (size_t r = 0; r < 2; r++)
            for (size_t c = 0; c < 2; c++)
                write_cell(file, scales[s], 8, rates[r], c ? "clip" : "none", 8);
    finish_table(file);
}

static void write_divergence(void)
{
    FILE *file = create_table("divergence", "coupling depth lr clip seed status diverged_at train_logp heldout_logp");
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 2; c++)
            for (size_t seed = 0; seed < 24; seed++) {
                const bool lost = r == 0 && seed < stability_world.diverged[c];
                fprintf(file, "affine\t16\t%s\t%s\t%zu\t%s\n", rates[r], c ? "1" : "none", seed,
                        lost ? "diverged\t300\tnan\tnan" : "ok\tnan\t-1.4\t-1.5");
            }
    finish_table(file);
}

void write_stability(void)
{
    write_parts();
    write_four_dimensions();
    write_divergence();
    derive_table("stability_cells", RUN_CELLS_COLUMNS, run_cells_fill, "stability");
    derive_table("stability_scales", BEST_RATE_COLUMNS, best_rate_fill, "stability");
    derive_table("stability_4d_cells", RUN_CELLS_COLUMNS, run_cells_fill, "stability_4d");
}
