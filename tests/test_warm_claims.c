/* test_warm_claims.c - the section on the warm start: hand-made tables whose verdicts are known, and the end points of a
 * training's losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "query.h"
#include "reach.h"
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
    is(together, REFUTED);
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
        IN_WORLD(holds_in_the_good_world), IN_WORLD(the_optimum_follows_the_score),
        IN_WORLD(the_tuned_rate_counts),   IN_WORLD(the_transient_is_the_least_loss),
        IN_WORLD(sooner_is_fewer_steps),   IN_WORLD(outcomes_rank_first),
        IN_WORLD(one_integral_refutes),    IN_WORLD(guards_follow_their_cells),
        IN_WORLD(trainable_is_ok),         cmocka_unit_test(few_steps_have_no_end_point),
        cmocka_unit_test(the_largest_loss_is_of_numbers),
    };
    return cmocka_run_group_tests_name("warm_claims", tests, make_folder, remove_folder);
}
