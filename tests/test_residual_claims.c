/* test_residual_claims.c - the section on residual flows: hand-made tables whose verdicts are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report_change.h"
#include "report_world.h"
#include "residual_world.h"
#include "verdict.h"

static const char spline[] = "Residual flows are more expressive per layer than coupling flows, `spline`",
                  affine[] = "Residual flows are more expressive per layer than coupling flows, `affine`",
                  bound[] = "Spectral normalisation enforces", biased[] = "A truncated log-determinant harms",
                  unbiased[] = "The unbiased roulette trains",
                  contraction[] = "A residual map is invertible iff $g$ is a "
                                  "contraction, at";

static void is(const char *title, enum decision decision) { verdict_is(title, verdict_name(decision)); }

static void holds_in_the_good_world(void **state)
{
    (void)state;
    is(spline, SUPPORTED);
    is(affine, SUPPORTED);
    is(bound, LIMITED);
    is(biased, SUPPORTED);
    is(unbiased, SUPPORTED);
    is(contraction, REFUTED); /* x + 2 x */
    char *text = report();
    assert_non_null(strstr(text, "(#residual-flows-trained)** Yes. "));
    assert_non_null(strstr(text, "2 of 2 cells the bias is inside"));
    assert_non_null(strstr(text, "Residual flows 6, ")); /* R1 4, R2 2 */
    assert_non_null(strstr(text, "| unbiased |"));
    assert_non_null(strstr(text, "| biased |")); /* 5 standard errors */
    free(text);
}

static void expressive_follows_its_arms(void **state)
{
    (void)state;
    residual_world.gain[WORLD_SPLINE][WORLD_WORK] = 0; /* scatter alone, which ties or parts both ways */
    is(spline, LIMITED);
    is(affine, SUPPORTED);
    residual_world.gain[WORLD_SPLINE][WORLD_WORK] = -0.1;
    is(spline, REFUTED);
    char *text = report();
    assert_non_null(strstr(text, "(#residual-flows-trained)** No. "));
    free(text);
    residual_world = good_residual();
    residual_world.gain[WORLD_AFFINE][WORLD_PARAMS] = -0.1;
    is(affine, REFUTED);
    residual_world.gain[WORLD_AFFINE][WORLD_PARAMS] = residual_world.gain[WORLD_AFFINE][WORLD_WORK] = 0;
    is(affine, UNDECIDED);
    residual_world = good_residual();
    residual_world.widths = 1.04; /* not equal */
    is(spline, NOT_TESTED);
    residual_world = good_residual();
    residual_world.seeds = 11;
    is(spline, NOT_TESTED);
    is(biased, NOT_TESTED);
    text = report();
    assert_non_null(strstr(text, "(#residual-flows-trained)** These tables do not answer it."));
    free(text);
}

static void one_counterexample_refutes_the_bound(void **state)
{
    (void)state;
    residual_world.before = 0.9008; /* below 1.001 L */
    is(bound, LIMITED);
    residual_world.before = 0.901;
    is(bound, REFUTED);
    write_world();
    change("residual_flow", "arm=residual", "before", "nan");
    not_tested(bound, "no residual flow finished its training");
    write_world();
    change("residual_flow", "arm=residual", "lipschitz", "nan");
    not_tested(bound, "no residual flow finished its training");
}

/* The worst run's own estimate, over L as its number is; and an inverse that did not converge is not passed over. */
static void the_bound_tells_of_the_worst_run(void **state)
{
    (void)state;
    write_world();
    change("residual_flow", "data=spiral arm=residual lr=0.01 seed=400", "by_power", "0.45");
    change("residual_flow", "data=moons arm=residual lr=0.01 seed=403", "inverse_error", "nan");
    char *text = report();
    assert_non_null(strstr(text, "the worst at 1.0003 L, where power iteration said 0.5000 L."));
    assert_non_null(strstr(text, "rows come back to within 1e-15 in 143 of 144."));
    free(text);
}

/* Medians with the range, of the four seeds at 0.03, and apart from the contest's rows. */
static void blocks_and_numbers_are_described(void **state)
{
    (void)state;
    write_world();
    change("residual_flow", "arm=residual depth=2 seed=403", "status", "ruined");
    char *text = report();
    cell_is(text, "\n| blocks | 1 | 0.9 |", "| 4 of 4 | -3.850 [-4.000, -3.700] |");
    cell_is(text, "\n| blocks | 2 | 0.9 |", "| 3 of 4 | -3.400 [-3.500, -3.300] |");
    cell_is(text, "\n| blocks | 4 | 0.9 |", "| 4 of 4 | -3.000 [-3.000, -3.000] |"); /* not the tuned rate's -2 */
    cell_is(text, "\n| Lipschitz number | 4 | 0.5 |", "| 4 of 4 | -3.050 [-3.200, -2.900] |");
    cell_is(text, "\n| trained by 2 terms, exact traces | 4 | 0.9 |", "| 4 of 4 | -2.000 [-2.000, -2.000] |");
    assert_non_null(strstr(text, "\n| spiral | residual | 4 | 48 |"));
    assert_null(strstr(text, "\n| spiral | residual | 1 |"));
    assert_null(strstr(text, "\n| spiral | residual-0.5 |"));
    free(text);
}

/* Of the contractions of which the tables have an answer. */
static void an_unknown_map_is_not_increasing(void **state)
{
    (void)state;
    write_world();
    change("residual_inverse", "a=0.3", "monotone", "nan");
    change("residual_contraction", "family=sine lipschitz=0.5", "monotone", "nan");
    char *text = report();
    assert_non_null(strstr(text, "0 of 0 contractions are increasing; $x"));
    assert_non_null(strstr(text, "0 of 0 contractions are increasing, and"));
    free(text);
}

static void a_roulette_without_a_number_is_not_tested(void **state)
{
    (void)state;
    write_world();
    change("log_det_roulette", "distribution=geometric matrix=LQ", "z", "nan");
    char *text = report();
    cell_is(text, "\n| geometric, random J", "| not tested |");
    cell_is(text, "\n| Poisson, random J", "| no finite variance |");
    free(text);
}

static void estimates_follow_their_signs(void **state)
{
    (void)state;
    residual_world.truncated = 0.1;
    is(biased, REFUTED);
    is(unbiased, REFUTED);
    residual_world.truncated = residual_world.roulette = 0;
    is(biased, UNDECIDED);
    is(unbiased, UNDECIDED);
}

/* Whatever score stands beside it. */
static void lost_runs_rank_last(void **state)
{
    (void)state;
    write_world();
    change("residual_flow", "data=spiral arm=residual lr=0.01", "status", "ruined");
    claim_is(spline, verdict_name(REFUTED), "worse at equal parameters and at equal work.");
    change("residual_flow", "data=spiral arm=spline-params", "status", "diverged");
    change("residual_flow", "data=spiral arm=spline-work", "status", "diverged");
    claim_is(spline, verdict_name(UNDECIDED), ""); /* all tie */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(holds_in_the_good_world, new_world),
        cmocka_unit_test_setup(expressive_follows_its_arms, new_world),
        cmocka_unit_test_setup(one_counterexample_refutes_the_bound, new_world),
        cmocka_unit_test_setup(the_bound_tells_of_the_worst_run, new_world),
        cmocka_unit_test_setup(blocks_and_numbers_are_described, new_world),
        cmocka_unit_test_setup(an_unknown_map_is_not_increasing, new_world),
        cmocka_unit_test_setup(a_roulette_without_a_number_is_not_tested, new_world),
        cmocka_unit_test_setup(estimates_follow_their_signs, new_world),
        cmocka_unit_test_setup(lost_runs_rank_last, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
