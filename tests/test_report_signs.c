/* test_report_signs.c - claims of sign tests and of slopes: what they need to be tested, and that a run which ended early
 * is the worst.
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

static void needs_runs_of_masks_and_steps(void **state)
{
    static const char masks[] = "Alternating masks", steps[] = "Deeper stacks take";
    char              seed[16];
    (void)state;
    write_world();
    drop("masks", "mixing=none depth=8");
    not_tested(masks, "no run of depth 8");
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
    static const char masks[] = "Alternating masks";
    (void)state;
    write_world();
    change("masks", "mixing=full depth=8", "status", "diverged"); /* whatever score stands beside it */
    claim_is(masks, verdict_name(REFUTED), "lower in 16");
    change("masks", "mixing=none depth=8", "status", "diverged");
    claim_is(masks, verdict_name(UNDECIDED), "lower in 0");
    change("masks", "mixing=full depth=8", "status", "ok");
    claim_is(masks, verdict_name(SUPPORTED), "in 16 of 16 seeds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(needs_runs_of_masks_and_steps, new_world),
        cmocka_unit_test_setup(runs_that_end_early_are_worst, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
