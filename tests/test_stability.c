/* test_stability.c - the section on stability: hand-made tables whose verdicts are known, cells and best rates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "best_rate.h"
#include "query.h"
#include "report_world.h"
#include "run_cells.h"
#include "stability_world.h"
#include "verdict.h"

static const char survive[] = "Clipping lets a deep affine stack survive an aggressive rate, scale `affine`]",
                  survive_stable[] = "Clipping lets a deep affine stack survive an aggressive rate, scale "
                                     "`affine-log-softplus`]",
                  survive_bounded[] = "Clipping lets a deep affine stack survive an aggressive rate, scale "
                                      "`affine-2sigmoid`]",
                  best[] = "Clipping is the most reliable stabiliser, scale `affine`]",
                  best_bounded[] = "Clipping is the most reliable stabiliser, scale `affine-2sigmoid`]",
                  no_nan[] = "With a clip, depth cannot", less[] = "Affine couplings are less";

static void is(const char *title, enum decision decision) { verdict_is(title, verdict_name(decision)); }

/* The report on the world as it is now holds this. */
static void says(const char *words)
{
    write_world();
    char *text = report();
    if (!strstr(text, words))
        fail_msg("the report does not say '%s'", words);
    free(text);
}

/* ------------------------------------------------------------------------------------------------- verdicts ---- */

static void holds_in_the_good_world(void **state)
{
    (void)state;
    is(survive, SUPPORTED);
    is(survive_stable, SUPPORTED);
    is(survive_bounded, SUPPORTED);
    is(best, SUPPORTED);
    is(best_bounded, SUPPORTED);
    is(no_nan, LIMITED); /* none diverged: within what was run */
    is(less, SUPPORTED);
}

/* One scale's verdict is not another's. */
static void survival_follows_its_cell(void **state)
{
    (void)state;
    stability_rule(
        (struct stability_rule){ .coupling = "affine", .lr = "0.01", .arm = "clip", .depth = 16, .lost = 24 });
    is(survive, REFUTED);
    is(survive_stable, SUPPORTED);
    says("| `affine` | 0.01 | clip 1 | 24 of 24 | - | - | - | - |");
    stability_world = good_stability();
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.03", .arm = "clip", .lost = 24 });
    is(survive, SUPPORTED); /* another rate carries no verdict */
    stability_world = good_stability();
    stability_world.even = true; /* 12 seeds each way */
    is(survive, UNDECIDED);
    stability_rule((struct stability_rule){ .coupling = "affine", .arm = "clip", .lost = 24, .ruined = 24 });
    is(survive, REFUTED); /* ruined counts as diverged does */
    says("24 of 24 (24 ruined)");
}

/* Both arms lose the same 18 seeds; of the other 6 the clip wins all: p = 2 / 2^6 is the largest of the family, and with
 * 19 seeds lost it is 2 / 2^5. */
static void ties_are_no_evidence(void **state)
{
    (void)state;
    stability_rule((struct stability_rule){ .coupling = "affine-log-softplus", .depth = 16, .lost = 18, .score = -1 });
    stability_rule(
        (struct stability_rule){ .coupling = "affine-log-softplus", .arm = "none", .lost = 18, .score = -2 });
    is(survive_stable, SUPPORTED);
    says("| `affine-log-softplus` | 6 / 0 / 18 | 6 / 0 / 18 |");
    stability_rule((struct stability_rule){ .coupling = "affine-log-softplus", .depth = 16, .lost = 19, .score = -1 });
    stability_rule(
        (struct stability_rule){ .coupling = "affine-log-softplus", .arm = "none", .lost = 19, .score = -2 });
    is(survive_stable, UNDECIDED);
}

static void reliability_needs_all_rivals(void **state)
{
    (void)state;
    stability_rule((struct stability_rule){ .coupling = "affine", .arm = "agc", .score = -1.7 });
    stability_rule((struct stability_rule){ .coupling = "affine", .arm = "clip", .lr = "0.01", .score = -1.7 });
    is(best, UNDECIDED); /* tied with one */
    is(best_bounded, SUPPORTED);
    stability_rule((struct stability_rule){ .coupling = "affine", .arm = "rewind", .score = -1 });
    is(best, REFUTED);
    says("worse than rewind (p = ");
}

static void one_counterexample_is_enough(void **state)
{
    (void)state;
    stability_rule(
        (struct stability_rule){ .coupling = "affine-zuko", .lr = "0.03", .depth = 32, .arm = "clip", .lost = 1 });
    is(no_nan, REFUTED);
    says("1 of 96 `affine-zuko`");
    stability_world = good_stability();
    stability_rule((struct stability_rule){ .arm = "clip", .lost = 1, .ruined = 1, .score = -1.4 });
    is(no_nan, LIMITED); /* ruined is no NaN */
    stability_world = good_stability();
    stability_rule((struct stability_rule){ .arm = "none", .lost = 24 });
    is(no_nan, LIMITED); /* nor is a NaN without the clip */
}

/* S3 rests on the table of four dimensions, too: of depth 8, as the clipped runs that it shares a rule with. */
static void counts_four_dimensions(void **state)
{
    (void)state;
    stability_rule((struct stability_rule){ .coupling = "affine", .depth = 8, .lr = "0.01", .arm = "clip", .lost = 8 });
    is(no_nan, REFUTED);
    says("8 of 144 `affine`, 8 of 16 `affine` in four dimensions.");
    stability_world = good_stability();
    stability_rule((struct stability_rule){ .coupling = "affine", .depth = 8, .lr = "0.01", .arm = "none", .lost = 3 });
    is(no_nan, LIMITED);
    says("| `affine` | 0.01 | no clip | 3 of 8 |");
}

static void stability_goes_by_outcome(void **state)
{
    (void)state;
    stability_rule((struct stability_rule){ .coupling = "spline", .arm = "none", .score = -9 });
    is(less, SUPPORTED); /* however bad the score */
    stability_rule((struct stability_rule){ .coupling = "spline", .arm = "none", .lost = 12 });
    is(less, UNDECIDED); /* all tie */
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.03", .arm = "none" });
    is(less, REFUTED);
    stability_world = good_stability();
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.03", .arm = "none", .lost = 8 });
    is(less, SUPPORTED); /* 8 of 8: p = 2 / 2^8 is the largest of the family, which Holm takes once */
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.03", .arm = "none", .lost = 5 });
    is(less, UNDECIDED); /* 2 / 2^5 */
}

/* ---------------------------------------------------------------------------------- runs that are not stated ---- */

static void other_seeds_are_exploration(void **state)
{
    static const char *const other[][2] = { { "seeds", "2" }, { "seed", "0" }, { "steps", "40" } };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world.other_table = "stability";
        world.other_key = other[i][0];
        world.other_value = other[i][1];
        is(survive, EXPLORATION);
        is(best, EXPLORATION);
        is(no_nan, EXPLORATION);
        is(less, EXPLORATION);
        verdict_is("Each stack of more blocks", "supported"); /* what rests on other tables is judged */
    }
    says("`stability.tsv`: steps 40 instead of 1200");
    says("is *exploration* on any others");
    world.other_table = "stability_4d";
    world.other_key = "seeds";
    is(no_nan, EXPLORATION);
    is(survive, SUPPORTED);
    says("*Exploration* stands where");
}

static void few_seeds_carry_no_verdict(void **state)
{
    (void)state;
    stability_world.remedy_seeds = 11;
    is(best, NOT_TESTED);
    is(less, NOT_TESTED);
    is(survive, SUPPORTED);
    says("11 seeds have `affine` runs with clip 1 and with skip of steps that are not finite, and fewer than 12");
}

/* A family is corrected by itself. */
static void families_are_corrected_apart(void **state)
{
    static const double six[] = { 1, 1, 1, 1, 1, 1 }; /* p = 2 / 2^6 */
    struct verdicts     v = { 0 };
    struct effect       one = effect_signs(six, 6), three[3] = { one, one, one };
    (void)state;
    v.family = "Stability";
    verdict_test(&v, &one);
    v.family = NULL;
    for (size_t i = 0; i < 3; i++)
        verdict_test(&v, &three[i]);
    assert_int_equal(verdicts_of_family(&v, "Stability"), 1);
    assert_int_equal(verdicts_of_family(&v, NULL), 3);
    assert_true(verdicts_correct(&v));
    assert_float_equal(one.corrected, 0.03125, 1e-12);
    assert_float_equal(three[1].corrected, 3 * 0.03125, 1e-12);
    assert_true(one.testable && !three[0].testable);
    verdicts_free(&v);
}

static void registers_the_stated_tests(void **state)
{
    (void)state;
    says("Stability has\n29 tests"); /* S1 3, S2 16, S4 1; S5 and S6 2 each, S7 3, S8 2 */
}

/* ------------------------------------------------------------------------------------------------- contests ---- */

/* Rows of one seed each: what two arms came to. */
static void ranks_by_outcome_then_score(void **state)
{
    static const char *const fate[][4] = {
        { "ok", "-1", "ok", "-2" },           /* +1 */
        { "ok", "-3", "ok", "-2" },           /* -1 */
        { "ok", "-2", "ok", "-2" },           /*  0 */
        { "ok", "-900", "ruined", "-50" },    /* +1: whatever its score */
        { "diverged", "nan", "ok", "-2" },    /* -1 */
        { "diverged", "nan", "ruined", "-9" } /*  0 */
    };
    static const double expected[] = { 1, -1, 0, 1, -1, 0 }, by_outcome[] = { 0, 0, 0, 1, -1, 0 };
    struct table       *table = table_new("t", "arm seed status heldout_logp");
    struct pool         pool = { 0 };
    (void)state;
    for (size_t i = 0; i < 6; i++)
        for (size_t arm = 0; arm < 2; arm++) {
            table_text(table, arm ? "b" : "a");
            table_count(table, i);
            table_text(table, fate[i][2 * arm]);
            table_text(table, fate[i][2 * arm + 1]);
        }
    const struct pairs p = query_contest(&pool, table, "heldout_logp", "seed", "arm=a", "arm=b");
    const struct pairs q = query_contest(&pool, table, "status", "seed", "arm=a", "arm=b");
    assert_int_equal(p.n, 6);
    assert_int_equal(q.n, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(p.d[i] == expected[i] && q.d[i] == by_outcome[i]);
    pool_free(&pool);
    table_free(table);
}

/* ------------------------------------------------------------------------------------- cells and best rates ---- */

#define RUNS                                                                                                    \
    "coupling depth lr arm seed status validation_logp heldout_logp inverse_error condition_number dead_units " \
    "acted first_kind first_rows"

static void add_run(struct table *table, const char *coupling, const char *depth, const char *lr, const char *status,
                    double validation, double heldout)
{
    const bool not_finite = strcmp(status, "diverged") == 0 ||
                            strcmp(status, "ruined") == 0; /* ruined after a rewind */
    table_text(table, coupling);
    table_text(table, depth);
    table_text(table, lr);
    table_text(table, "clip");
    table_count(table, table_rows(table));
    table_text(table, status);
    table_number(table, validation);
    table_number(table, heldout);
    table_number(table, heldout < -2 ? NAN : 1e-9);
    table_number(table, 5);
    table_number(table, 0.25);
    table_number(table, 0.5);
    table_text(table, not_finite ? "latent-overflow" : "none");
    table_number(table, not_finite ? 3 : NAN);
}

static double number(const struct table *table, size_t row, const char *column)
{
    size_t at;
    assert_true(table_find(&at, table, column));
    return table_cell_number(table, row, at);
}

static void cells_count_and_rank(void **state)
{
    struct table *runs = table_new("runs", RUNS);
    (void)state;
    add_run(runs, "affine", "4", "0.01", "ok", -1.0, -1.1);
    add_run(runs, "affine", "4", "0.01", "ok", -2.0, -2.1);
    add_run(runs, "affine", "8", "0.01", "ok", -3.0, -3.1);
    add_run(runs, "affine", "4", "0.01", "ruined", -70, -70);
    add_run(runs, "affine", "4", "0.01", "diverged", NAN, NAN);
    add_run(runs, "affine", "4", "0.01", "ok", -1.5, -1.6);
    struct run_cells cells = run_cells_of(runs, SIZE_MAX);
    assert_int_equal(cells.n, 2);
    const struct run_cell *c = &cells.cell[0];
    assert_true(c->runs == 5 && c->ok == 3 && c->ruined == 1 && c->diverged == 1 && c->latent_overflow == 1);
    assert_true(c->validation == -2.0); /* -inf -inf -2 -1.5 -1 */
    assert_true(c->heldout == -1.6 && c->heldout_q1 == -1.85 && c->first_rows == 3);
    assert_true(c->inverse_error == 1e-9 && isinf(c->inverse_error_max));
    free(cells.cell);
    cells = run_cells_of(runs, 2); /* the first two of each */
    assert_true(cells.cell[0].runs == 2 && cells.cell[0].ok == 2 && cells.cell[0].validation == -1.5);
    free(cells.cell);
    table_free(runs);
}

/* Two runs at each rate; the held-out rows would choose otherwise. */
static void validation_chooses_the_rate(void **state)
{
    struct table *runs = table_new("runs", RUNS), *scales = table_new("scales", BEST_RATE_COLUMNS);
    (void)state;
    static const char *const lr[] = { "0.03", "0.01", "0.003" }; /* the table's order is another */
    static const double      validation[] = { -1.5, -1.4, -1.4 }, heldout[] = { -1.0, -1.2, -1.3 };
    for (size_t r = 0; r < 3; r++)
        for (size_t run = 0; run < 2 + r; run++) /* only two of each count */
            add_run(runs, "affine", "4", lr[r], "ok", run < 2 ? validation[r] : -0.1, heldout[r]);
    for (size_t run = 0; run < 2; run++) {
        add_run(runs, "affine-tanh", "4", "0.003", run ? "ok" : "diverged", run ? -1.0 : NAN, run ? -1.0 : NAN);
        add_run(runs, "affine-tanh", "4", "0.01", "ok", -5, -5);
        add_run(runs, "affine-glow", "4", "0.003", "diverged", NAN, NAN);
        add_run(runs, "affine-glow", "4", "0.01", run ? "ok" : "ruined", -1, -1);
        add_run(runs, "spline", "4", "0.01", "ok", 9, 9); /* takes no part */
    }
    best_rate_fill(scales, runs);
    static const double expected[][3] = { { 0.003, 1, 2 }, { 0.01, 0, 2 },  { 0.03, 0, 2 }, { 0.003, 0, 1 },
                                          { 0.01, 1, 2 },  { 0.003, 1, 0 }, { 0.01, 0, 1 } };
    assert_int_equal(table_rows(scales), 7);
    for (size_t row = 0; row < 7; row++)
        if (number(scales, row, "lr") != expected[row][0] || number(scales, row, "best") != expected[row][1] ||
            number(scales, row, "ok") != expected[row][2] || number(scales, row, "runs") != 2)
            fail_msg("row %zu: lr %g best %g ok %g of %g", row, number(scales, row, "lr"), number(scales, row, "best"),
                     number(scales, row, "ok"), number(scales, row, "runs"));
    table_free(runs);
    table_free(scales);
}

/* Rows of a file have no validation rows beside them. */
static void nothing_chooses_without_validation(void **state)
{
    struct table *runs = table_new("runs", RUNS), *scales = table_new("scales", BEST_RATE_COLUMNS);
    struct table *title = table_new("title", BEST_RATE_TITLE_COLUMNS);
    (void)state;
    add_run(runs, "affine", "4", "0.003", "ok", NAN, -1);
    add_run(runs, "affine", "4", "0.01", "ruined", NAN, -9);
    best_rate_fill(scales, runs);
    assert_int_equal(table_rows(scales), 2);
    assert_true(number(scales, 0, "best") == 0 && number(scales, 1, "best") == 0);
    assert_int_equal(best_rate_recommend(scales).n, 0);
    best_rate_title(title, scales);
    assert_int_equal(table_rows(title), 0);
    table_free(runs);
    table_free(scales);
    table_free(title);
}

static void add_scale(struct table *scales, const char *coupling, const char *depth, size_t ok, double validation)
{
    const double numbers[] = { validation, NAN, NAN, NAN, NAN, NAN };
    table_text(scales, coupling);
    table_text(scales, depth);
    table_text(scales, "0.01");
    table_count(scales, 1);
    table_count(scales, 8);
    table_count(scales, ok);
    table_count(scales, 0);
    table_count(scales, 8 - ok);
    for (size_t i = 0; i < 6; i++)
        table_number(scales, numbers[i]);
}

static void recommends_what_holds_and_fits(void **state)
{
    struct table *scales = table_new("scales", BEST_RATE_COLUMNS), *title = table_new("title", BEST_RATE_TITLE_COLUMNS);
    (void)state;
    add_scale(scales, "affine", "4", 8, -1.0); /* fits best, but loses a run */
    add_scale(scales, "affine", "32", 7, -1.0);
    add_scale(scales, "affine-tanh", "4", 8, -1.2); /* mean -1.4 */
    add_scale(scales, "affine-tanh", "32", 8, -1.6);
    add_scale(scales, "affine-zuko", "4", 8, -1.3); /* mean -1.35 */
    add_scale(scales, "affine-zuko", "32", 8, -1.4);
    struct recommendation r = best_rate_recommend(scales);
    assert_true(r.n == 3 && r.holding == 2);
    assert_string_equal(r.scale[r.chosen].coupling, "affine-zuko");
    assert_true(fabs(r.scale[r.chosen].validation + 1.35) < 1e-12 && r.scale[r.chosen].deepest == 32);
    best_rate_title(title, scales);
    assert_string_equal(table_cell(title, 0, 2), "With clip 1, 2 of 3 scales lose no run at any depth up to 32.");
    assert_string_equal(table_cell(title, 1, 2), "Of them, affine-zuko fits best.");
    table_free(scales);
    table_free(title);

    scales = table_new("scales", BEST_RATE_COLUMNS);
    add_scale(scales, "affine", "4", 3, NAN);
    add_scale(scales, "affine-tanh", "4", 7, -9); /* none holds: the most ok runs */
    r = best_rate_recommend(scales);
    assert_true(r.holding == 0);
    assert_string_equal(r.scale[r.chosen].coupling, "affine-tanh");
    table_free(scales);
    scales = table_new("scales", BEST_RATE_COLUMNS);
    title = table_new("title", BEST_RATE_TITLE_COLUMNS);
    add_scale(scales, "affine", "4", 0, NAN);
    best_rate_title(title, scales);
    assert_string_equal(table_cell(title, 1, 2), "At the best rates all runs are lost.");
    table_free(scales);
    table_free(title);
    scales = table_new("scales", BEST_RATE_COLUMNS);
    assert_int_equal(best_rate_recommend(scales).n, 0);
    table_free(scales);
}

static void the_report_recommends(void **state)
{
    (void)state;
    says("**Recommended: `affine-2sigmoid`.** 8 of 8 scales keep every run at their best rates, at depths 4, 8, 16 and "
         "32.");
    stability_rule(
        (struct stability_rule){ .coupling = "affine-2sigmoid", .depth = 32, .arm = "clip", .lost = 1, .score = -1 });
    says("**Recommended: `affine`.** 7 of 8");
    stability_rule((struct stability_rule){ .arm = "clip", .depth = 32, .lost = 8 });
    says("**No scale keeps every run at its best rates. `affine` loses the fewest: 8 of 32.**");
}

/* The notebook's stack has its committed counts; ours are the world's. */
static void compares_divergence(void **state)
{
    (void)state;
    stability_world.diverged[0] = 24;
    says("| 0.003 | no clip |");
    says("24 of 24 |");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(holds_in_the_good_world, new_world),
        cmocka_unit_test_setup(survival_follows_its_cell, new_world),
        cmocka_unit_test_setup(ties_are_no_evidence, new_world),
        cmocka_unit_test_setup(reliability_needs_all_rivals, new_world),
        cmocka_unit_test_setup(one_counterexample_is_enough, new_world),
        cmocka_unit_test_setup(counts_four_dimensions, new_world),
        cmocka_unit_test_setup(stability_goes_by_outcome, new_world),
        cmocka_unit_test_setup(other_seeds_are_exploration, new_world),
        cmocka_unit_test_setup(few_seeds_carry_no_verdict, new_world),
        cmocka_unit_test(families_are_corrected_apart),
        cmocka_unit_test_setup(registers_the_stated_tests, new_world),
        cmocka_unit_test(ranks_by_outcome_then_score),
        cmocka_unit_test(cells_count_and_rank),
        cmocka_unit_test(validation_chooses_the_rate),
        cmocka_unit_test(nothing_chooses_without_validation),
        cmocka_unit_test(recommends_what_holds_and_fits),
        cmocka_unit_test_setup(the_report_recommends, new_world),
        cmocka_unit_test_setup(compares_divergence, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
