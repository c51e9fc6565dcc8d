/* test_depth.c - the section on depth: hand-made tables whose verdicts are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "depth_world.h"
#include "report_world.h"
#include "verdict.h"

static const char notebook[] = "Each stack of more blocks fits better, as the notebook trains ",
                  tuned[] = "Each stack of more blocks fits better, at the tuned rate ",
                  params[] = "Each stack of more blocks fits better, at equal parameters",
                  taper[] = "The gains taper as the flow saturates the target, at both rates ",
                  rate[] = "Most of what depth buys", spline[] = "The exact inverse survives every layer, spline ",
                  affine[] = "The exact inverse survives every layer, affine ";

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
    says("239 of 240 flows are below 1e-8");
    depth_world = good_depth();
    depth_world.affine_diverged = 12; /* 12 trained flows are left */
    is(affine, SUPPORTED);
    depth_world.affine_diverged = 13;
    is(affine, LIMITED);
    says("depths 1, 2, 4 and 8, where 12 trained flows or more are left.");
}

/* Depth 1 of the notebook's numbers, on the replicas that no one has seen. */
static void trained_numbers_are_equivalent(void **state)
{
    (void)state;
    says("| 1 | 32 | 0.0000 [");
    says("| supported | 1.00 [0.74, 1.35] | ");
    world.unseen_shift = 0.0085; /* the 90 % interval reaches beyond 0.01 */
    says("| undecided | 1.00 [");
    world.unseen_shift = 0.02;
    says("| refuted as stated | 1.00 [0.74, 1.35] | ");
    world.unseen_shift = 0;
    world.unseen_outlier = 0.1; /* one draw makes the spread another */
    says("] | p = 1 | refuted as stated |");
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
        cmocka_unit_test_setup(registers_the_stated_tests, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
