/* test_warm_claims.c - the section on the warm start: hand-made tables whose verdicts are known, and the end points of a
 * training's losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "query.h"
#include "reach.h"
#include "report_change.h"
#include "report_world.h"
#include "verdict.h"
#include "warm_world.h"

static const char optimum[] = "A warm start lands at a better optimum]", transient[] = "A warm start sidesteps",
                  sooner[] = "A warm start is ahead the whole way]", integral[] = "A warm start keeps the density",
                  together[] = "Together, all guards", masks[] = "Alternating masks are needed beside",
                  clip[] = "The clip is needed beside", splines[] = "Spline stacks train fine";

static void is(const char *title, enum decision decision) { verdict_is(title, verdict_name(decision)); }

static void holds_in_the_good_world(void **state)
{
    (void)state;
    is(optimum, SUPPORTED);
    is(transient, SUPPORTED);
    is(sooner, SUPPORTED);
    is(integral, SUPPORTED);
    is(together, SUPPORTED);
    is(masks, SUPPORTED);
    is(clip, SUPPORTED);
    is(splines, LIMITED);
}

/* Each claim has a column of its own. */
static void the_optimum_follows_the_score(void **state)
{
    (void)state;
    warm_world.end[2] = 0;
    is(optimum, LIMITED);
    warm_world.end[0] = -.1;
    is(optimum, REFUTED);
    is(transient, SUPPORTED);
    is(sooner, SUPPORTED);
    warm_world.end[0] = warm_world.end[1] = 0;
    is(optimum, UNDECIDED);
}

/* The validation rows choose a rate for each arm by itself: warm is better at every rate, but not at its own. */
static void the_tuned_rate_counts(void **state)
{
    (void)state;
    warm_world.level[1] = .5;
    is(optimum, SUPPORTED);
    warm_world.warm_validation[0] = 2; /* so warm's is 0.001, and cold's 0.003 */
    is(optimum, REFUTED);
    warm_world = good_warm();
    warm_world.seeds = 11;
    is(optimum, NOT_TESTED);
}

static void the_transient_is_the_least_loss(void **state)
{
    (void)state;
    warm_world.largest[0] = 1;
    is(transient, REFUTED);
    is(optimum, SUPPORTED);
    warm_world.largest[0] = 0;
    is(transient, LIMITED);
}

static void sooner_is_fewer_steps(void **state)
{
    (void)state;
    warm_world.reach[1] = 100;
    is(sooner, REFUTED);
    warm_world.reach[1] = 0;
    is(sooner, LIMITED);
    warm_world.reach[1] = -1;
    is(sooner, SUPPORTED);
    warm_world.never[1] = true;
    is(sooner, REFUTED);
    is(transient, SUPPORTED);
}

/* A run that is not ok is below one that never reaches the value, and that below one that does. */
static void outcomes_rank_first(void **state)
{
    (void)state;
    warm_world.lost[0] = 24;
    is(optimum, REFUTED);
    is(transient, REFUTED);
    is(sooner, REFUTED);
}

static void one_integral_refutes(void **state)
{
    (void)state;
    warm_world.integral = 1 + 2e-6;
    is(integral, REFUTED);
    warm_world.error = 2e-6; /* it is not resolved */
    is(integral, LIMITED);
    warm_world.integral = 475;
    warm_world.error = 1e-7;
    is(integral, REFUTED);
}

/* A density that has no integral, or one without an error, is not certified, and the others still are. */
static void a_missing_integral_limits(void **state)
{
    (void)state;
    warm_world.lacking = 1;
    is(integral, LIMITED);
    warm_world.lacking = 0;
    warm_world.no_end = true;
    is(integral, LIMITED);
    warm_world.no_end = false;
    warm_world.error = NAN;
    is(integral, LIMITED);
    warm_world.integral = NAN;
    is(integral, LIMITED);
}

/* A run that never reaches the value counts in the median, as one of infinitely many steps. */
static void the_median_counts_who_never_reaches(void **state)
{
    (void)state;
    static const char row[] = "\n| spiral | mixture | 4 | 0.001 | warm |";
    static const struct {
        size_t      slow;
        const char *median;
    } cases[] = { { 0, " | 700 | " }, { 11, " | 700 | " }, { 12, " | never | " }, { 13, " | never | " } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        warm_world.slow = cases[i].slow;
        write_world();
        char *text = report();
        cell_is(text, row, cases[i].median);
        free(text);
    }
}

/* The certified integral of the frozen run stands beside the ablation; each arm has its distance, and what warm is to it. */
static void the_table_and_the_ablation_say_what_they_measure(void **state)
{
    (void)state;
    warm_world.largest[1] = 1;
    write_world();
    char *text = report();
    cell_is(text, "\n**A score that is no likelihood.**",
            "integrates to 475.0; 1 over the product of the matrices' |det| is "
            "475.1. Frozen, log p is -1.300 and the integral 1.0000000.");
    cell_is(text, "\n| spiral | mixture | 4 | 0.003 | cold |", "| 24 / 0 | 0 / 24 | 24 / 0 |");
    cell_is(text, "\n| spiral | mixture | 4 | 0.003 | cold |", "24 of 24 | - | -3.000 |");
    cell_is(text, "\n| spiral | mixture | 4 | 0.003 | warm |", "24 of 24 | 0 | -3.000 |");
    free(text);
}

static void guards_follow_their_cells(void **state)
{
    (void)state;
    warm_world.guard[1][2] = -1; /* without masks as good */
    is(masks, LIMITED);
    is(clip, SUPPORTED);
    warm_world.guard[1][2] = -.5; /* better */
    is(masks, REFUTED);
    is(together, SUPPORTED);
    warm_world.guard[0][0] = -.5; /* none is better */
    is(together, REFUTED);
}

/* "Trainable" is more than "better": a run of `all` that is not ok costs a coupling, half of them the sentence. */
static void trainable_is_ok(void **state)
{
    (void)state;
    warm_world.guard_lost[2][1] = 1;
    is(together, LIMITED);
    warm_world.guard_lost[2][1] = 7;
    write_world();
    claim_is(together, verdict_name(REFUTED), "with `affine-bayesflow` 5 of 12 runs are ok with all four, 12 of 12");
    is(splines, LIMITED);
    warm_world.plain_lost = 1;
    is(splines, REFUTED);
}

static void few_steps_have_no_end_point(void **state)
{
    (void)state;
    double loss[120];
    for (size_t i = 0; i < 120; i++)
        loss[i] = i < 60 ? 2 : 1;
    assert_true(isnan(reach_final(loss, 99)));
    assert_true(reach_final(loss, 120) == 1);
    assert_true(reach_final(loss, 100) == 1);
    /* The window of the batches 36 to 85 has 25 of each, a median of 1.5; the next one more of the lower. */
    assert_int_equal(reach_steps(loss, 1.5, 120), 85);
    assert_int_equal(reach_steps(loss, 1, 120), 86);
    assert_int_equal(reach_steps(loss, 2, 120), REACH_WINDOW);
    assert_int_equal(reach_steps(loss, 0.9, 120), 0);
    loss[70] = NAN;
    assert_int_equal(reach_steps(loss, 1, 120), 0);
    loss[70] = INFINITY;
    assert_true(isnan(reach_final(loss, 100)));
}

static void the_largest_loss_is_of_numbers(void **state)
{
    (void)state;
    const double loss[] = { 3, NAN, 2, NAN }, none[] = { NAN, NAN }, far[] = { 3, INFINITY, NAN, 2 };
    assert_true(reach_largest(loss, 4) == 3);
    assert_true(reach_largest(loss + 1, 2) == 2);
    assert_true(reach_largest(far, 4) == INFINITY);
    assert_true(isnan(reach_largest(none, 2)));
    assert_true(isnan(reach_largest(loss, 0)));
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup(test, new_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(holds_in_the_good_world),
        IN_WORLD(the_optimum_follows_the_score),
        IN_WORLD(the_tuned_rate_counts),
        IN_WORLD(the_transient_is_the_least_loss),
        IN_WORLD(sooner_is_fewer_steps),
        IN_WORLD(outcomes_rank_first),
        IN_WORLD(one_integral_refutes),
        IN_WORLD(guards_follow_their_cells),
        IN_WORLD(a_missing_integral_limits),
        IN_WORLD(the_median_counts_who_never_reaches),
        IN_WORLD(the_table_and_the_ablation_say_what_they_measure),
        IN_WORLD(trainable_is_ok),
        cmocka_unit_test(few_steps_have_no_end_point),
        cmocka_unit_test(the_largest_loss_is_of_numbers),
    };
    return cmocka_run_group_tests_name("warm_claims", tests, make_folder, remove_folder);
}
