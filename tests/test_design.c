/* test_design.c - the list of an experiment's runs: its order, its seeds, and names of couplings. */
#include "design.h"
#include "flow_words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct options       options;
static const struct session session = { .options = &options };

static int set_options(void **state)
{
    (void)state;
    options = options_default();
    options.flow.coupling = NULL; /* the design's own */
    options.depths = (struct depth_list){ 2, { 3, 1 } };
    options.seed = 7;
    options.seeds = 2;
    return 0;
}

/* Every coupling of the library, the last one first; the outermost axis varies slowest. */
static void test_order(void **state)
{
    (void)state;
    struct coupling_level levels[32];
    const size_t          n = fathom_n_couplings();
    assert_in_range(n, 2, 32);
    for (size_t i = 0; i < n; i++)
        levels[i] = (struct coupling_level){ fathom_coupling_name(n - 1 - i), i == 0 ? 3 : 1 };
    const struct design design = {
        .nesting = { AXIS_COUPLING, AXIS_DEPTH, AXIS_SEED }, .couplings = levels, .n_couplings = n, .train = true
    };
    struct run_list runs = { 0 };
    design_list(&runs, &design, 1, &session, 1);
    assert_int_equal(runs.n, 2 * 2 * 3 + (n - 1) * 2 * 2);
    for (size_t i = 0; i < runs.n; i++) {
        const size_t level = i < 12 ? 0 : 1 + (i - 12) / 4, seeds = level == 0 ? 6 : 2;
        const size_t at = level == 0 ? i : (i - 12) % 4;
        assert_string_equal(runs.run[i].flow.coupling, levels[level].name);
        assert_int_equal(runs.run[i].flow.depth, options.depths.depth[at / seeds]);
        assert_int_equal(runs.run[i].seed, 7 + at % seeds);
        assert_true(runs.run[i].train && !runs.run[i].probe && !runs.run[i].keep_trace);
    }
    free(runs.run);
}

/* Two parts that share runs: the second's are not listed again, but what it asks of them is; each has its own depths and
 * its own number of seeds, scaled with --seeds: ceil(3 x 2 / 4) = 2 and ceil(5 x 2 / 4) = 3. */
static void test_parts(void **state)
{
    (void)state;
    static const double     rates[] = { 0.1, 0.2 };
    static const struct arm first[] = { { .name = "one", .clip = 1 } },
                            second[] = { { .name = "1", .clip = 1 }, { .name = "2", .clip = 2 } };
    const struct design parts[] = {
        { .nesting = { AXIS_RATE, AXIS_ARM, AXIS_DEPTH, AXIS_SEED },
          .depths = { 2, { 4, 8 } },
          .rates = rates,
          .n_rates = 1,
          .seeds = 3,
          .arms = first,
          .n_arms = 1,
          .train = true },
        { .nesting = { AXIS_RATE, AXIS_ARM, AXIS_DEPTH, AXIS_SEED },
          .depths = { 1, { 8 } },
          .rates = rates,
          .n_rates = 2,
          .seeds = 5,
          .arms = second,
          .n_arms = 2,
          .train = true,
          .health = true,
          .checks = true },
    };
    static const size_t seeds[] = { 7, 8, 7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9 };
    struct run_list     runs = { 0 };
    options.flow.coupling = "affine";
    design_list(&runs, parts, 2, &session, 4);
    assert_int_equal(runs.n, sizeof seeds / sizeof *seeds); /* 4, and 12 of which 2 were there */
    for (size_t i = 0; i < runs.n; i++) {
        const struct run *run = &runs.run[i];
        assert_int_equal(run->seed, seeds[i]);
        assert_int_equal(run->flow.depth, i < 2 ? 4 : 8);
        assert_int_equal(run->health, i >= 2);
        assert_int_equal(run->checks, i >= 2);
        assert_string_equal(run->arm, i < 4 ? "one" : i == 4 || (i >= 8 && i < 11) ? "1" : "2");
    }
    free(runs.run);
    options.flow.coupling = NULL;
}

/* A design's own depths stand in the place of --depths, and its arms have the mixing that they name. */
static void test_own_depths(void **state)
{
    (void)state;
    static const char      *names[] = { "full", "no-flips", "no-rotations", "none" };
    static const struct arm arms[] = { { .mixing = "none" }, { .name = "as it is" }, { .mixing = "no-flips" } };
    const struct design     design = { .nesting = { AXIS_DEPTH, AXIS_ARM, AXIS_SEED },
                                       .depths = { 3, { 5, 2, 9 } },
                                       .arms = arms,
                                       .n_arms = 3,
                                       .measure_steps = true };
    struct run_list         runs = { 0 };
    options.flow.coupling = "spline";
    design_list(&runs, &design, 1, &session, options.seeds);
    options.flow.coupling = NULL;
    assert_int_equal(runs.n, 3 * 3 * 2);
    for (size_t i = 0; i < runs.n; i++) {
        const fathom_mixing mixing[] = { FATHOM_MIXING_NONE, FATHOM_MIXING_FULL, FATHOM_MIXING_NO_FLIPS };
        assert_int_equal(runs.run[i].flow.depth, design.depths.depth[i / 6]);
        assert_int_equal(runs.run[i].flow.mixing, mixing[i / 2 % 3]);
        assert_true(runs.run[i].training.measure_steps);
    }
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(flow_mixings[i], names[i]);
    free(runs.run);
}

/* Arms name a start and what their rotations are; the others have the option's. */
static void test_starts(void **state)
{
    (void)state;
    static const struct arm arms[] = {
        { .name = "cold", .start = "rotations", .rotation = "frozen" },
        { .name = "warm", .start = "warm", .rotation = "free" },
        { .name = "as it is" },
    };
    const struct design design = {
        .nesting = { AXIS_ARM, AXIS_SEED }, .arms = arms, .n_arms = 3, .keep_first_params = true
    };
    struct run_list runs = { 0 };
    options.flow.coupling = "spline";
    options.start = FATHOM_START_WARM;
    design_list(&runs, &design, 1, &session, options.seeds);
    options.flow.coupling = NULL;
    options.start = FATHOM_START_COLD;
    assert_int_equal(runs.n, 3 * 2);
    for (size_t i = 0; i < runs.n; i++) {
        const fathom_start    start[] = { FATHOM_START_ROTATIONS, FATHOM_START_WARM, FATHOM_START_WARM };
        const fathom_rotation rotation[] = { FATHOM_ROTATION_FROZEN, FATHOM_ROTATION_FREE,
                                             FATHOM_ROTATION_HOUSEHOLDER };
        assert_int_equal(runs.run[i].start, start[i / 2]);
        assert_int_equal(runs.run[i].flow.rotation, rotation[i / 2]);
        assert_int_equal(runs.run[i].keep_params, i % 2 == 0);
    }
    free(runs.run);
}

/* Before any run: one line that names it, and exit status 1. */
static void test_unknown_coupling(void **state)
{
    (void)state;
    static const struct coupling_level levels[] = { { "affine", 1 }, { "splime", 1 } };
    static const struct design         design = { .nesting = { AXIS_COUPLING, AXIS_SEED },
                                                  .couplings = levels,
                                                  .n_couplings = 2 };
    char                               text[512] = "";
    int                                ends[2], status;
    pid_t                              child;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct run_list runs = { 0 };
        dup2(ends[1], STDERR_FILENO);
        design_list(&runs, &design, 1, &session, 1);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n, at = 0; (n = read(ends[0], text + at, sizeof text - 1 - (size_t)at)) > 0; at += n) {}
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(text, "no coupling is called 'splime'"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* A coupling flow that matches a residual one: its width is the nearest of all, its steps cost as much. */
static void test_matches_another_flow(void **state)
{
    (void)state;
    static const struct arm residual = { .name = "residual",
                                         .coupling = "spline",
                                         .block = "residual",
                                         .width = 20,
                                         .lipschitz = 0.5,
                                         .log_det = "roulette",
                                         .terms = 3,
                                         .stop = 0.25 };
    const struct arm        arms[] = {
               residual,
               { .name = "params", .coupling = "affine", .params_of = &residual },
               { .name = "work", .coupling = "affine", .params_of = &residual, .work_of = &residual }
    };
    const struct design design = {
        .nesting = { AXIS_ARM, AXIS_DEPTH }, .arms = arms, .n_arms = 3, .depths = { 1, { 2 } }, .train = true
    };
    struct run_list runs = { 0 };
    design_list(&runs, &design, 1, &session, 1);
    assert_int_equal(runs.n, 3);
    const struct run *first = &runs.run[0], *params = &runs.run[1], *work = &runs.run[2];
    assert_int_equal(first->flow.block, FATHOM_BLOCK_RESIDUAL);
    assert_int_equal(first->flow.log_det, FATHOM_LOG_DET_ROULETTE);
    assert_true(first->flow.terms == 3 && first->flow.stop == 0.25 && first->flow.lipschitz == 0.5);
    assert_int_equal(params->flow.block, FATHOM_BLOCK_COUPLING);
    assert_true(params->flow.lipschitz == 0.9); /* the option's */
    const double  target = (double)fathom_n_trained(&first->flow, NULL);
    fathom_config other = params->flow;
    const double  off = fabs((double)fathom_n_trained(&other, NULL) - target);
    for (other.width = 1; other.width < 60; other.width++)
        assert_true(fabs((double)fathom_n_trained(&other, NULL) - target) >= off);
    assert_int_equal(work->flow.width, params->flow.width);
    assert_int_equal(params->training.steps, first->training.steps);
    const double step = fathom_train_flops(&work->flow, &work->training) / (double)work->training.steps;
    assert_true(fabs(fathom_train_flops(&work->flow, &work->training) -
                     fathom_train_flops(&first->flow, &first->training)) <= step / 2);
    assert_true(work->training.steps > 2 * params->training.steps); /* 1 + D = 3 times, less what the width is off */
    free(runs.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_order),
                                        cmocka_unit_test(test_parts),
                                        cmocka_unit_test(test_starts),
                                        cmocka_unit_test(test_own_depths),
                                        cmocka_unit_test(test_unknown_coupling),
                                        cmocka_unit_test(test_matches_another_flow) };
    return cmocka_run_group_tests(tests, set_options, NULL);
}
