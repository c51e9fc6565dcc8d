/* test_report_signs.c - claims of sign tests and of slopes: their verdicts, what they need to be tested, and that a run
 * which ended early is the worst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

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

/* From depth 1 to 32: 1.5 is a power of 0.117, and 1.1 one of 0.0275. */
static void effective_step_verdicts(void **state)
{
    static const char title[] = "Deeper stacks take";
    (void)state;
    verdict_is(title, verdict_name(SUPPORTED));
    world.step_power[0] = 0.1;
    verdict_is(title, verdict_name(LIMITED));
    world.step_power[1] = 0.1;
    verdict_is(title, verdict_name(UNDECIDED));
    world.step_power[1] = 0.02;
    verdict_is(title, verdict_name(REFUTED));
    world.step_power[0] = 0.2; /* one stack does, the other does not */
    verdict_is(title, verdict_name(LIMITED));
    world.step_power[0] = world.step_power[1] = -0.2;
    verdict_is(title, verdict_name(REFUTED));
}

static void needs_runs_of_masks_and_steps(void **state)
{
    static const char masks[] = "A deep stack needs flips or", steps[] = "Deeper stacks take";
    char              seed[16];
    (void)state;
    write_world();
    drop("masks", "mixing=none depth=8");
    not_tested(masks, "no run of depth 8 with neither");
    write_world();
    drop("masks", "depth=4"); /* description */
    claim_is(masks, verdict_name(SUPPORTED), "");
    for (int i = 3; i < 16; i++) {
        snprintf(seed, sizeof seed, "seed=%d", 100 + i);
        drop("masks", seed);
    }
    not_tested(masks, "Too few runs to tell: 3 pairs");
    write_world();
    drop("effective_step", "coupling=spline");
    not_tested(steps, "two spline seeds");
    write_world();
    change("effective_step", "coupling=affine depth=32", "status", "diverged"); /* five depths are left */
    change("effective_step", "coupling=affine depth=32", "update_rms", "1e6");
    claim_is(steps, verdict_name(SUPPORTED), "");
    change("effective_step", "coupling=affine depth=1", "update_rms", "nan");
    change("effective_step", "coupling=affine depth=2", "update_rms", "nan");
    change("effective_step", "coupling=affine depth=4", "update_rms", "nan");
    not_tested(steps, "two affine seeds");
}

/* A run that is not ok lies below every score, and two of them are tied. */
static void runs_that_end_early_are_worst(void **state)
{
    static const char masks[] = "A deep stack needs flips or";
    (void)state;
    write_world();
    change("masks", "mixing=full depth=8", "status", "diverged"); /* whatever score stands beside it */
    claim_is(masks, verdict_name(REFUTED), "lower in 16");
    change("masks", "mixing=none depth=8", "status", "diverged");
    claim_is(masks, verdict_name(UNDECIDED), "lower in 0");
    change("masks", "mixing=full depth=8", "status", "ok");
    claim_is(masks, verdict_name(SUPPORTED), "higher in 16 of 16 seeds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(masks_verdicts, new_world),
        cmocka_unit_test_setup(effective_step_verdicts, new_world),
        cmocka_unit_test_setup(needs_runs_of_masks_and_steps, new_world),
        cmocka_unit_test_setup(runs_that_end_early_are_worst, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
