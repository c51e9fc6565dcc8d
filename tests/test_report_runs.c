/* test_report_runs.c - what the report judges was run, with the protocol's settings, and could have come out otherwise.
 *
 * In a world in which every claim holds, rows are taken away, or made NaN or huge, or a setting is made another; the
 * claims that rest on them are then not tested, whatever the others say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verdict.h"
#include "report_change.h"
#include "report_world.h"

/* --------------------------------------------------------------------------------------------- runs that miss ---- */

static void needs_runs_of_depths(void **state)
{
    static const char title[] = "The training rows'";
    (void)state;
    write_world();
    static const char *const deeper[] = { "depth=2", "depth=4", "depth=8", "depth=16", "depth=20" };
    for (size_t i = 0; i < 5; i++)
        drop("depth_truth", deeper[i]);
    not_tested(title, "build/depth_truth");
    write_world();
    for (char seed[] = "seed=1"; seed[5] < '8'; seed[5]++)
        drop("depth_truth", seed);
    not_tested(title, "single run");
    world.nothing_finishes = true; /* that is another thing: they were run */
    verdict_is(title, "undecided");
}

static void needs_runs_of_gradients_and_actnorm(void **state)
{
    (void)state;
    write_world();
    drop("gradient_depth", "coupling=spline");
    not_tested("The gradient norm grows", "There is no spline flow");
    not_tested("An order of magnitude", "0 seeds have spline flows at depths 2 and 16");
    write_world();
    for (char seed[] = "seed=1"; seed[5] < '6'; seed[5]++) /* 11 of 16 are left */
        drop("gradient_depth", seed);
    not_tested("The gradient norm grows", "11 seeds have affine flows");
    not_tested("An order of magnitude", "11 seeds have spline flows");
    write_world();
    drop("actnorm", "actnorm=data");
    not_tested("ActNorm helps only", "0 seeds have spline runs of depth 16 with ActNorm none and data");
    claim_is("With its default scale", verdict_name(SUPPORTED), "");
    drop("actnorm", "actnorm=none coupling=affine");
    not_tested("With its default scale ActNorm compounds across depth and hurts: affine",
               "0 seeds have affine runs of depth 16 with ActNorm none and default");
    write_world();
    drop("actnorm", "depth=16");
    not_tested("With its default scale", "0 seeds have spline runs of depth 16");
}

static void needs_replicas(void **state)
{
    (void)state;
    write_world();
    for (char replica[] = "replica=1"; replica[8] <= '8'; replica[8]++)
        drop("depth_sweep", replica);
    for (int i = 9; i < 65; i++) {
        char one[16];
        if (i == 32) /* the world has none */
            continue;
        snprintf(one, sizeof one, "replica=%d", i);
        drop("depth_sweep", one);
    }
    not_tested("A trained third decimal", "build/roundoff");
    write_world();
    change("depth_sweep", "", "train_logp", "nan");
    change("depth_sweep", "", "status", "diverged");
    not_tested("A trained third decimal", "two replicas that are ok");
}

/* ------------------------------------------------------------------------------------ tests that cannot reject ---- */

/* A verdict on a trained number takes all of the replicas 33 to 64, and no others. */
static void needs_unseen_replicas(void **state)
{
    static const char row[] = "mean log p of the training rows, depth 8";
    (void)state;
    world.ensemble_shift = 1; /* of the replicas that are described */
    write_world();
    number_is(row, "| mean and spread: supported |");
    drop("depth_sweep", "depth=8 replica=40");
    number_is(row, "| not tested: replicas 33 to 64 are not all there; run `build/depth_sweep --replicas 65 --out");
    drop("depth_sweep", "depth=8");
    number_is(row, "| not tested: replicas 33 to 64 are not all there; run");
}

/* The reference lost none. */
static void a_lost_replica_refutes(void **state)
{
    static const char row[] = "mean log p of the training rows, depth 8";
    (void)state;
    write_world();
    change("depth_sweep", "depth=8 replica=3", "train_logp", "nan");
    number_is(row, "| mean and spread: supported |");
    change("depth_sweep", "depth=8 replica=40", "status", "ruined");
    number_is(row, "| mean and spread: refuted as stated |");
    number_is("mean log p of the training rows, depth 4", "| mean and spread: supported |");
    change("depth_sweep", "depth=8", "train_logp", "nan");
    number_is(row, "| mean and spread: refuted as stated |");
}

/* An interval so wide that it covers everything supports nothing. */
static void wide_interval_is_no_support(void **state)
{
    static const char order[] = "An order of magnitude";
    (void)state;
    world.power[1] = log(10) / log(8);
    write_world();
    claim_is(order, "supported", "");
    for (char where[] = "coupling=spline depth=16 seed=0"; where[30] < '8'; where[30]++)
        change("gradient_depth", where, "grad_norm", "2"); /* half of the seeds: a ratio below 1 */
    claim_is(order, "undecided", "");
}

/* --------------------------------------------------------------------------------------- numbers that are none ---- */

static void nan_is_no_evidence(void **state)
{
    (void)state;
    write_world();
    change("depth_truth", "", "train_truth", "nan");
    change("depth_truth", "", "heldout_truth", "nan");
    not_tested("The training rows'", "There is no truth for these rows");
    write_world();
    change("density_integral", "", "integral", "nan");
    char *text = report();
    assert_null(strstr(text, "All densities integrate"));
    assert_non_null(strstr(text, "no finite number came out at depth"));
    free(text);
    write_world();
    change("residual_inverse", "", "monotone", "nan");
    number_is("residual map $x + 0.3", "| not tested: no number; run `build/residual_inverse");
    number_is("residual map $x + 0.9", "| - | not tested: no number; run");
    claim_is("A residual map", "refuted as stated", "");
    change("residual_linear", "", "formula_max_err", "nan");
    claim_is("A residual map", "undecided", "");
    change("residual_inverse", "", "lipschitz", "nan");
    change("residual_linear", "", "lipschitz", "nan");
    not_tested("A residual map", "the tables have no map");
    write_world();
    change("actnorm", "", "grad_norm", "nan");
    claim_is("With its default scale", "supported", "");
    write_world();
    change("truth", "", "std_error", "nan");
    claim_is("A trained third decimal", "supported", "");
}

/* A test without numbers has p = 1, and is none of those that are corrected together. */
static void nan_is_no_test(void **state)
{
    static const double none[] = { NAN, NAN, NAN }, one[] = { 1 }, huge[] = { 1e308, -1e308, 1e307 },
                        d[] = { 1, 1, 1, 1, 1, 1 };
    (void)state;
    struct verdicts v = { 0 };
    struct effect   a = effect_mean(none, 3), b = effect_mean(one, 1), c = effect_mean(huge, 3);
    struct effect   e = effect_signs(d, 6), few = effect_signs(d, 5), nothing = effect_none();
    struct effect  *all[] = { &a, &b, &c, &e, &few, &nothing };
    assert_true(few.p > 0.05 && !few.testable && e.testable);
    for (size_t i = 0; i < 6; i++)
        verdict_test(&v, all[i]);
    assert_int_equal(v.n, 3);
    assert_true(verdicts_correct(&v));
    assert_true(a.p == 1 && a.corrected == 1 && !a.testable && effect_sign(&a) == 0);
    assert_true(b.p == 1 && b.corrected == 1 && !b.testable && effect_sign(&b) == 0);
    assert_true(c.p <= 1 && c.corrected <= 1);
    assert_false(few.testable || e.testable); /* alone 1/32; third of three, beside p = 1 and 1/16: 3/32 */
    verdicts_free(&v);
}

/* Scores whose square is beyond the largest double. */
static void huge_scores_do_no_harm(void **state)
{
    static const char *const scores[] = { "-1e155", "-1e200", "-1e308" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        write_world();
        change("depth_sweep", "depth=8 replica=3", "train_logp", scores[i]);
        change("depth_truth", "depth=8 seed=3", "train_logp", scores[i]);
        change("depth_truth", "depth=8 seed=4", "heldout_logp", scores[i]);
        change("actnorm", "depth=8 seed=104", "heldout_logp", scores[i]);
        change("gradient_depth", "depth=8 seed=4", "grad_norm", scores[i] + 1);
        number_is("mean log p of the training rows, depth 4", "| mean and spread: supported |");
    }
}

/* --------------------------------------------------------------------------------------------------- settings ---- */

static void set_head(const char *table, const char *key, const char *value)
{
    world.other_table = table;
    world.other_key = key;
    world.other_value = value;
    write_world();
}

static void refuses_other_rows_and_programs(void **state)
{
    static const char *const of_rows[] = {
        "depth_sweep",    "truth",          "density_integral", "gradient_norm", "depth_truth",   "masks",
        "gradient_depth", "stability",      "depth_tuned",      "inverse_depth", "stability_4d",  "divergence",
        "actnorm",        "effective_step", "roundoff",         "conditioner",   "residual_flow", "log_det_estimators"
    };
    char says[64];
    (void)state;
    for (size_t i = 0; i < sizeof of_rows / sizeof *of_rows; i++) {
        snprintf(says, sizeof says, "/%s.tsv: data moons instead of ", of_rows[i]);
        set_head(of_rows[i], "data", "moons");
        refuses(says, "legal is a folder of such tables, build/");
    }
    set_head("stability_4d", "data", "spiral");
    refuses("stability_4d.tsv: data spiral instead of two_spirals_4d", "legal is");
    set_head("depth_sweep", "data", "in/rows.csv");
    refuses("depth_sweep.tsv: data in/rows.csv instead of spiral", "build/depth_sweep --out");
    set_head("depth_truth", "data", "rows");
    refuses("depth_truth.tsv: data rows", "build/depth_truth --out");
    set_head("gradient_norm", "program", "gradient_depth");
    refuses("gradient_norm.tsv: program gradient_depth instead of gradient_norm", "build/gradient_norm --out");
    set_head("roundoff", "program", "depth_sweep");
    refuses("roundoff.tsv: program depth_sweep instead of roundoff", "build/roundoff --out");
}

static void says_other_settings(void **state)
{
    static const char *const other[][3] = {
        { "steps", "4", "steps 4 instead of 1200" },
        { "lr", "1000", "lr 1000 instead of 0.003" },
        { "batch", "64", "batch 64 instead of 512" },
        { "bins", "4", "bins 4 instead of 8" },
        { "clip", "none", "clip none instead of 1" },
        { "data-size", "300", "data-size 300 instead of 3000" },
        { "coupling", "affine", "coupling affine instead of spline" },
        { "seed", "5", "seed 5 instead of 0" },
        { "depths", "1,2", "depths 1,2 instead of 1,2,4,8,16,20" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        char says[96];
        set_head("depth_truth", other[i][0], other[i][1]);
        snprintf(says, sizeof says, "Settings differ: `depth_truth.tsv` has %s; run `build/depth_truth", other[i][2]);
        char *text = report();
        claim_in(text, "The training rows'", "not tested", says);
        const char *head = strstr(text, "# Report\n\n> **These tables were made with settings that are");
        assert_non_null(head);
        assert_true(strstr(head, other[i][2]) < strstr(head, "## Verdicts"));
        free(text);
    }
    set_head("depth_sweep", "steps", "4");
    number_is("mean log p of the training rows, depth 1", "| not tested: settings differ: `depth_sweep.tsv` has steps");
    set_head("gradient_norm", "width", "8");
    number_is("gradient norms of 8 untrained flows", "| not tested: settings differ");
    set_head("gradient_norm", "depths", "2,16"); /* what a run is does not depend on which others there are */
    number_is("gradient norms of 8 untrained flows", "| 8 of 8 have the same digits | supported |");
}

/* As many seeds and replicas as there are: that is said, and judged. */
static void judges_any_number_of_seeds(void **state)
{
    (void)state;
    set_head("depth_truth", "seeds", "2");
    claim_is("The training rows'", "supported", "");
    char *text = report();
    assert_non_null(strstr(text, "> * `depth_truth.tsv`: seeds 2 instead of 16"));
    assert_null(strstr(text, "**not tested**"));
    free(text);
    set_head("depth_truth", "depths", "20,16,8,4,2,1"); /* nor does their order tell */
    text = report();
    assert_null(strstr(text, "depths 20"));
    free(text);
    set_head("depth_sweep", "replicas", "5");
    number_is("mean log p of the training rows, depth 1", "| mean and spread: supported |");
    set_head("depth_truth", "fathom", "0.9.0");
    text = report();
    assert_non_null(strstr(text, "more than one release"));
    free(text);
}

/* The settings that are asked of a table are those that `make all` gives it. */
static void committed_tables_have_the_settings(void **state)
{
    (void)state;
    char *text = report_on("results");
    assert_null(strstr(text, "settings that are not"));
    assert_null(strstr(text, "**not tested**"));
    free(text);
}

static void carriage_returns_are_named(void **state)
{
    char path[128], command[320];
    (void)state;
    write_world();
    snprintf(path, sizeof path, "%s/depth_sweep.tsv", world_folder);
    snprintf(command, sizeof command, "sed -i 's/$/\\r/' %s", path);
    assert_int_equal(system(command), 0);
    refuses("depth_sweep.tsv: line 1 ends in CR LF", "core.autocrlf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(needs_runs_of_depths, new_world),
        cmocka_unit_test_setup(needs_runs_of_gradients_and_actnorm, new_world),
        cmocka_unit_test_setup(needs_replicas, new_world),
        cmocka_unit_test_setup(needs_unseen_replicas, new_world),
        cmocka_unit_test_setup(a_lost_replica_refutes, new_world),
        cmocka_unit_test_setup(wide_interval_is_no_support, new_world),
        cmocka_unit_test_setup(nan_is_no_evidence, new_world),
        cmocka_unit_test(nan_is_no_test),
        cmocka_unit_test_setup(huge_scores_do_no_harm, new_world),
        cmocka_unit_test_setup(refuses_other_rows_and_programs, new_world),
        cmocka_unit_test_setup(says_other_settings, new_world),
        cmocka_unit_test_setup(judges_any_number_of_seeds, new_world),
        cmocka_unit_test(committed_tables_have_the_settings),
        cmocka_unit_test_setup(carriage_returns_are_named, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
