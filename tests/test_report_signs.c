/* test_report_signs.c - claims of sign tests and of slopes: their verdicts, what they need to be tested, and that a run
 * which is not ok is the worst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"
#include "report_change.h"
#include "report_world.h"

static void masks_verdicts(void **state)
{
    static const char *const titles[] = { "", "Alternating masks", "A deep stack needs its rotations",
                                          "A deep stack needs flips or rotations" };
    (void)state;
    for (size_t k = 1; k < 4; k++) {
        world = good_world();
        verdict_is(titles[k], verdict_name(SUPPORTED));
        world.masks[k] = 0;
        verdict_is(titles[k], verdict_name(UNDECIDED));
        verdict_is(titles[k % 3 + 1], verdict_name(SUPPORTED)); /* each has its own */
        world.masks[k] = 0.1;
        verdict_is(titles[k], verdict_name(REFUTED));
        world.nothing_finishes = true; /* all are tied */
        verdict_is(titles[k], verdict_name(UNDECIDED));
    }
}

static void effective_step_verdicts(void **state)
{
    static const char affine[] = "Deeper stacks take ever-larger effective steps: affine",
                      spline[] = "Deeper stacks take ever-larger effective steps: spline";
    (void)state;
    verdict_is(affine, verdict_name(SUPPORTED));
    verdict_is(spline, verdict_name(SUPPORTED));
    world.step_power[0] = 0.102; /* the interval reaches 0.003 to either side */
    verdict_is(affine, verdict_name(SUPPORTED));
    world.step_power[0] = 0.09; /* all slopes are positive, but it is below 0.1 */
    verdict_is(affine, verdict_name(REFUTED));
    verdict_is(spline, verdict_name(SUPPORTED)); /* each has its own */
    world.step_power[0] = -0.2;
    verdict_is(affine, verdict_name(REFUTED));
}

/* A report on the tables as they are now says this. */
static void told(const char *words)
{
    char *text = report();
    if (!strstr(text, words))
        fail_msg("the report does not say '%s'", words);
    free(text);
}

/* The step per parameter shrinks, and the whole step grows: the parameters are in proportion to depth. */
static void tells_the_length_of_the_whole_step(void **state)
{
    (void)state;
    world.step_power[0] = -0.2;
    write_world();
    claim_is(
        "Deeper stacks take ever-larger effective steps: affine", verdict_name(REFUTED),
        "The length of the whole step, the effective step times the root of the number of parameters, goes as depth "
        "to the power 0.30 [0.30, 0.30].");
    told("this is the step per parameter; the length of the whole step goes as depth to the power 0.30.");
}

/* The norms go as depth itself in effective_step, and to the powers 1.2 and 1.3 in gradient_depth. */
static void explains_two_exponents(void **state)
{
    (void)state;
    write_world();
    told("are 1.00 [1.00, 1.00] (affine) and 1.00 [1.00, 1.00] (spline) here, and 1.");
    told("the intervals of the two sets of seeds do not overlap. Over depths 8, 16 and 20 alone they give 1.");
    world.power[0] = world.power[1] = 1;
    write_world();
    told("the intervals of the two sets of seeds overlap. Over depths");
    change("gradient_depth", "depth=20", "grad_norm", "4000"); /* steeper at the end */
    told(": the norm grows faster than one power of the depth");
}

/* The other two ends of the rule: slopes of both signs, and all but one negative below a wide interval. */
static void scattered_steps(void **state)
{
    static const char title[] = "Deeper stacks take ever-larger effective steps: affine";
    char              where[64];
    (void)state;
    write_world();
    for (int seed = 100; seed < 116; seed++) {
        snprintf(where, sizeof where, "coupling=affine depth=16 seed=%d", seed);
        change("effective_step", where, "update_rms", seed % 2 ? "10" : "0.05");
    }
    claim_is(title, verdict_name(UNDECIDED), "positive in 8 of 16 seeds");
    world.step_power[0] = -0.01;
    write_world();
    change("effective_step", "coupling=affine depth=16 seed=115", "update_rms", "1e9");
    claim_is(title, verdict_name(REFUTED), "positive in 1 of 16 seeds");
}

/* Two lost runs have the loss 0, and the report says how many do. */
static void counts_ties_of_the_loss(void **state)
{
    static const char title[] = "With its default scale ActNorm compounds across depth and hurts: affine";
    (void)state;
    write_world();
    claim_is(title, verdict_name(SUPPORTED), "the median loss is 0.100 nats at depth 16, 0.050 at depth 4.");
    change("actnorm", "coupling=affine depth=16 seed=100", "status", "diverged");
    claim_is(title, verdict_name(SUPPORTED), "; 1 of 16 seeds tie at depth 16 and have the loss 0.");
}

static void needs_runs_of_masks(void **state)
{
    static const char title[] = "A deep stack needs flips or";
    char              seed[32];
    (void)state;
    write_world();
    drop("masks", "mixing=none depth=8");
    not_tested(title, "no run of depth 8 with neither");
    write_world();
    drop("masks", "depth=4"); /* description */
    claim_is(title, verdict_name(SUPPORTED), "");
    for (int i = 100; i < 104; i++) {
        snprintf(seed, sizeof seed, "seed=%d", i);
        drop("masks", seed);
    }
    claim_is(title, verdict_name(SUPPORTED), "better in 12 of the 12 seeds");
    drop("masks", "seed=104");
    not_tested(title, "11 seeds have a run with rotations and flips and one with neither, and fewer than 12");
}

/* A seed is left out if one of its runs diverged; a ruined run was trained to the end. */
static void needs_whole_trainings(void **state)
{
    static const char title[] = "Deeper stacks take ever-larger effective steps: affine";
    char              where[64];
    (void)state;
    write_world();
    change("effective_step", "depth=16", "status", "ruined");
    claim_is(title, verdict_name(SUPPORTED), "positive in 16 of 16 seeds");
    for (int seed = 100; seed < 104; seed++) {
        snprintf(where, sizeof where, "coupling=affine depth=16 seed=%d", seed);
        change("effective_step", where, "status", "diverged");
        change("effective_step", where, "update_rms", "1e-9"); /* of its start */
    }
    claim_is(title, verdict_name(SUPPORTED), "positive in 12 of 12 seeds");
    claim_is(title, verdict_name(SUPPORTED), "4 of 16 seeds are left out");
    change("effective_step", "coupling=affine depth=1 seed=104", "status", "diverged");
    not_tested(title, "11 affine seeds have a whole training at every depth");
    drop("effective_step", "coupling=affine");
    not_tested(title, "0 affine seeds");
}

/* ActNorm's test at depth 16 takes 12 seeds as well. */
static void needs_seeds_of_actnorm(void **state)
{
    static const char title[] = "ActNorm helps only when initialised from data: affine";
    char              where[64];
    (void)state;
    write_world();
    for (int seed = 100; seed < 104; seed++) {
        snprintf(where, sizeof where, "coupling=affine depth=16 seed=%d", seed);
        drop("actnorm", where);
    }
    claim_is(title, verdict_name(SUPPORTED), "better in 12 of the 12 seeds");
    drop("actnorm", "coupling=affine depth=16 seed=104");
    not_tested(title, "11 seeds have affine runs of depth 16 with ActNorm none and default");
}

/* A run that is not ok lies below every score, and two of them are tied. */
static void runs_that_are_not_ok_are_worst(void **state)
{
    static const char masks[] = "A deep stack needs flips or";
    (void)state;
    write_world();
    change("masks", "mixing=full depth=8", "status", "diverged"); /* whatever score stands beside it */
    claim_is(masks, verdict_name(REFUTED), "worse in 16");
    change("masks", "mixing=none depth=8", "status", "ruined");
    claim_is(masks, verdict_name(UNDECIDED), "worse in 0");
    change("masks", "mixing=full depth=8", "status", "ok");
    claim_is(masks, verdict_name(SUPPORTED), "better in 16 of the 16 seeds");
}

/* Claim S3 of PROTOCOL.md rests on these runs, too. */
static void clipped_runs_count(void **state)
{
    static const char title[] = "With a clip, depth cannot";
    (void)state;
    write_world();
    claim_is(title, verdict_name(LIMITED), "");
    change("masks", "mixing=none depth=4 seed=103", "status", "diverged");
    claim_is(title, verdict_name(REFUTED), "1 of 32 `spline` without both");
    write_world();
    change("actnorm", "coupling=spline depth=4 seed=103 actnorm=data", "status", "diverged");
    claim_is(title, verdict_name(REFUTED), "1 of 144 `spline` beside ActNorm");
    write_world();
    change("actnorm", "coupling=affine", "status", "diverged"); /* without a clip */
    claim_is(title, verdict_name(LIMITED), "");
}

static void other_seeds_are_exploration(void **state)
{
    static const struct {
        const char *table, *title;
    } claims[] = { { "masks", "Alternating masks" },
                   { "actnorm", "ActNorm helps only when initialised from data: affine" },
                   { "effective_step", "Deeper stacks take ever-larger effective steps: spline" } };
    static const char *const heads[][2] = { { "seed", "0" }, { "seeds", "8" }, { "batch", "256" } };
    (void)state;
    for (size_t c = 0; c < 3; c++)
        for (size_t h = 0; h < 3; h++) {
            world = good_world();
            world.other_table = claims[c].table;
            world.other_key = heads[h][0];
            world.other_value = heads[h][1];
            verdict_is(claims[c].title, verdict_name(EXPLORATION));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(masks_verdicts, new_world),
        cmocka_unit_test_setup(effective_step_verdicts, new_world),
        cmocka_unit_test_setup(tells_the_length_of_the_whole_step, new_world),
        cmocka_unit_test_setup(explains_two_exponents, new_world),
        cmocka_unit_test_setup(scattered_steps, new_world),
        cmocka_unit_test_setup(counts_ties_of_the_loss, new_world),
        cmocka_unit_test_setup(needs_runs_of_masks, new_world),
        cmocka_unit_test_setup(needs_whole_trainings, new_world),
        cmocka_unit_test_setup(needs_seeds_of_actnorm, new_world),
        cmocka_unit_test_setup(clipped_runs_count, new_world),
        cmocka_unit_test_setup(other_seeds_are_exploration, new_world),
        cmocka_unit_test_setup(runs_that_are_not_ok_are_worst, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
