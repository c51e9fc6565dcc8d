/* test_depth.c - the section on depth: hand-made tables whose verdicts are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depth_world.h"
#include "report_change.h"
#include "report_world.h"
#include "verdict.h"

static const char notebook[] = "Each stack of more blocks fits better, as the notebook trains",
                  tuned[] = "Each stack of more blocks fits better, at the tuned rate",
                  params[] = "Each stack of more blocks fits better, at equal parameters",
                  taper[] = "The gains taper as the flow saturates the target, at both rates",
                  rate[] = "Most of what depth buys", spline[] = "The exact inverse survives every layer, spline",
                  affine[] = "The exact inverse survives every layer, affine";

static void is(const char *title, enum decision decision) { verdict_is(title, verdict_name(decision)); }

static void says(const char *words)
{
    write_world();
    char *text = report();
    if (!strstr(text, words))
        fail_msg("the report does not say '%s'", words);
    free(text);
}

static void holds_in_the_good_world(void **state)
{
    (void)state;
    is(notebook, SUPPORTED);
    is(tuned, SUPPORTED);
    is(params, SUPPORTED);
    is(taper, LIMITED); /* short of the target */
    is(rate, SUPPORTED);
    is(spline, SUPPORTED);
    is(affine, SUPPORTED);
}

/* A change of one training's scores changes its verdict and no other's. */
static void steps_follow_their_scores(void **state)
{
    (void)state;
    depth_world.score[DEPTH_TUNED][4] = -1.49; /* as depth 8, but for scatter that has no sign */
    is(tuned, LIMITED);
    says("each step helps up to depth 8.");
    is(notebook, SUPPORTED);
    depth_world.score[DEPTH_TUNED][4] = -1.6;
    is(tuned, REFUTED);
    is(params, SUPPORTED);
    depth_world = good_depth();
    depth_world.score[DEPTH_NOTEBOOK][1] = depth_world.score[DEPTH_NOTEBOOK][0];
    is(notebook, UNDECIDED); /* not even the first */
    depth_world = good_depth();
    depth_world.score[DEPTH_PARAMS][4] = -1.7;
    is(params, REFUTED);
    is(tuned, SUPPORTED);
}

/* Ruined runs rank below all; 12 of 12 make the deepest worse. */
static void ruined_runs_lose(void **state)
{
    (void)state;
    depth_world.lost = 5; /* the median, and so the rate, is that of the others */
    is(tuned, LIMITED);
    is(notebook, SUPPORTED);
    says("7 / 5 / 0");
}

static void gains_taper(void **state)
{
    (void)state;
    depth_world.kl = 0.002;
    is(taper, SUPPORTED);
    depth_world.kl = 0.011; /* within two standard errors of 0.01 */
    is(taper, UNDECIDED);
    depth_world = good_depth();
    depth_world.score[DEPTH_NOTEBOOK][4] = -1.2;
    is(taper, REFUTED);
}

static void rate_takes_most(void **state)
{
    (void)state;
    depth_world.score[DEPTH_TUNED][0] = -1.85;
    is(rate, REFUTED);
    is(taper, LIMITED);
}

static void few_seeds_carry_no_verdict(void **state)
{
    (void)state;
    depth_world.seeds = 11;
    is(notebook, NOT_TESTED);
    is(taper, NOT_TESTED);
    is(rate, NOT_TESTED);
}

static void one_inverse_is_enough(void **state)
{
    (void)state;
    depth_world.spline_error = 1.1e-8;
    is(spline, REFUTED);
    is(affine, SUPPORTED);
    says("239 of 240 flows are below 1e-8, untrained and trained;");
    says(" 0 of 120 trainings diverged and are left out.");
    depth_world = good_depth();
    depth_world.affine_diverged = 12; /* 12 trained flows are left */
    is(affine, SUPPORTED);
    depth_world.affine_diverged = 13;
    is(affine, LIMITED);
    says("depths 1, 2, 4 and 8, where 12 trained flows or more are left.");
    says(" 13 of 120 trainings diverged and are left out.");
    says("| affine | 16 | 24 of 24 | 1e-14 | 2 | 11 of 11 | 1e-13 | 9 | 13 |");
}

/* Depth 1 of the notebook's numbers, on the replicas that no one has seen. */
static void trained_numbers_are_equivalent(void **state)
{
    (void)state;
    says("| 1 | 32 | 0.0000 [");
    says(" corrected | supported | 1.00 [0.74, 1.35] | ");
    world.unseen_shift = 0.0085; /* the 90 % interval reaches beyond 0.01 */
    says("| undecided | 1.00 [");
    world.unseen_shift = 0.02;
    says("| refuted as stated | 1.00 [0.74, 1.35] | ");
    world.unseen_shift = 0;
    world.unseen_outlier = 0.1; /* one draw makes the spread another */
    says("] | p = 1 alone, p = 1 corrected | refuted as stated |");
}

/* A mean that one seed decides is told, with the median; the runs of depth 8 stand once. */
static void one_seed_rules_a_mean(void **state)
{
    static const char among[] = "without the seed farthest from it";
    (void)state;
    write_world();
    char *text = report();
    assert_null(strstr(text, among));
    cell_is(text, "\n| width | 8 | 24 | 1200 |", "| 12 of 12 |");
    cell_is(text, "\n| params | 16 | 24 | 1200 |", "| 12 of 12 |");
    assert_null(strstr(text, "\n| params | 8 |"));
    cell_is(text, "\n| 3000 | 4 | 1200 ", "| 0.100 | - | 1.100 | - | 2.100 | - | 4 of 4 |");
    free(text);
    change("depth_tuned", "arm=params depth=16 lr=0.01 seed=205", "test_logp", "-2.98");
    claim_is(params, verdict_name(SUPPORTED),
             "nats in the mean (median 0.130; without the seed farthest from it, at -1.37");
    text = report();
    cell_is(text, "\n* **How much at a tuned rate?**", " nats (median 0.130; without the seed farthest");
    free(text);
}

/* Own claims stand in a table of their own: D1 at the tuned rate and at equal parameters, D3, and D4 per parameter. */
static void own_claims_stand_apart(void **state)
{
    static const char *const own[] = { tuned, params, rate, "The gradient norm per parameter grows" };
    static const char *const notebooks[] = { notebook, taper, spline, "The gradient norm grows", "A residual map" };
    char                     row[160];
    (void)state;
    write_world();
    char       *text = report();
    const char *head = strstr(text, "### What this report claims of its own"), *at;
    assert_non_null(head);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        snprintf(row, sizeof row, "\n| [%s", own[i]);
        at = strstr(text, row);
        assert_true(at > head);
    }
    for (size_t i = 0; i < sizeof notebooks / sizeof *notebooks; i++) {
        snprintf(row, sizeof row, "\n| [%s", notebooks[i]);
        at = strstr(text, row);
        assert_true(at && at < head);
    }
    free(text);
}

/* Where nothing is ok all seeds tie, and no NaN is printed. */
static void nothing_finishes(void **state)
{
    (void)state;
    write_world();
    for (size_t k = 0; k < 3; k++)
        change("depth_tuned", "", k == 0 ? "test_logp" : k == 1 ? "kl" : "kl_std_error", "nan");
    change("depth_tuned", "", "status", "diverged");
    for (size_t k = 0; k < 3; k++)
        change("depth_tuned_rates", "", k == 0 ? "test" : k == 1 ? "kl" : "validation", "nan");
    claim_is(notebook, verdict_name(UNDECIDED), "without a significant difference: 1 to 2, 2 to 4, 4 to 8, 8 to 16");
    claim_is(taper, verdict_name(UNDECIDED), "");
    claim_is(rate, verdict_name(UNDECIDED), "");
}

static void other_seeds_are_exploration(void **state)
{
    static const char *const of[][2] = { { "depth_tuned", notebook }, { "depth_tuned_rates", tuned },
                                         { "depth_tuned", rate },     { "depth_tuned", taper },
                                         { "inverse_depth", affine }, { "gradient_depth", "The gradient norm grows" } };
    (void)state;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        world.other_table = of[i][0];
        world.other_key = "seed";
        world.other_value = "0";
        is(of[i][1], EXPLORATION);
    }
}

/* All tests that the section states, and no other, are one family. */
static void registers_the_stated_tests(void **state)
{
    (void)state;
    says("Depth 29, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(holds_in_the_good_world, new_world),
        cmocka_unit_test_setup(steps_follow_their_scores, new_world),
        cmocka_unit_test_setup(ruined_runs_lose, new_world),
        cmocka_unit_test_setup(gains_taper, new_world),
        cmocka_unit_test_setup(rate_takes_most, new_world),
        cmocka_unit_test_setup(few_seeds_carry_no_verdict, new_world),
        cmocka_unit_test_setup(one_inverse_is_enough, new_world),
        cmocka_unit_test_setup(trained_numbers_are_equivalent, new_world),
        cmocka_unit_test_setup(one_seed_rules_a_mean, new_world),
        cmocka_unit_test_setup(own_claims_stand_apart, new_world),
        cmocka_unit_test_setup(nothing_finishes, new_world),
        cmocka_unit_test_setup(other_seeds_are_exploration, new_world),
        cmocka_unit_test_setup(registers_the_stated_tests, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
