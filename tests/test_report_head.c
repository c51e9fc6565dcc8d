/* test_report_head.c - the head of the report: its answers, and a line per claim with one estimate.
 *
 * A table that says otherwise changes the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depth_world.h"
#include "effect.h"
#include "report_change.h"
#include "report_world.h"
#include "stability_world.h"
#include "text.h"

/* In the tables as they are now, the line that begins so says this. */
static void answers(const char *question, const char *words)
{
    char begin[96], *text = report();
    snprintf(begin, sizeof begin, "\n* **%s** ", question);
    const char *line = strstr(text, begin), *found = line ? strstr(line, words) : NULL;
    if (!found || found > strchr(line + 1, '\n'))
        fail_msg("expected '%s' in the answer %.400s", words, line ? line : "(there is none)");
    assert_true(line < strstr(text, "## Verdicts"));
    free(text);
}

static void answers_what_depth_buys(void **state)
{
    static const char question[] = "Does depth help?";
    (void)state;
    write_world();
    answers(question, "Yes, less and less, on the spiral: at the notebook's rate, 0.003, test log p gains 0.350 [");
    answers(question, "] nats from depth 1 to 16, 0.210 of them in the first step. Every step helps significantly.");
    depth_world.score[DEPTH_NOTEBOOK][4] = -1.2; /* the last step gains most */
    write_world();
    answers(question, "Yes, on the spiral: at the");
    depth_world.score[DEPTH_NOTEBOOK][3] = -1.56;
    write_world();
    answers(question, "Each step up to depth 4 helps significantly; the next does not.");
    depth_world.score[DEPTH_NOTEBOOK][3] = -1.6;
    write_world();
    answers(question, "1 of the 4 steps significantly hurts.");
    depth_world.score[DEPTH_NOTEBOOK][1] = -1.85;
    depth_world.score[DEPTH_NOTEBOOK][3] = -1.56;
    write_world();
    answers(question, "That is not shown, on the spiral: ");
    answers(question, "Not even the first step helps significantly.");
    depth_world.seeds = 11;
    write_world();
    answers(question, "These tables do not answer it.");
}

static void answers_what_is_left_at_a_tuned_rate(void **state)
{
    static const char question[] = "How much at a tuned rate?";
    (void)state;
    write_world();
    answers(question, "0.115 [");
    answers(question,
            "] nats from depth 1 to 16, 0.080 of them in the first step: 33 % of the gain at 0.003. Most of the "
            "notebook's gain is the rate. Every step helps significantly. At equal parameters: 0.130 [");
    depth_world.score[DEPTH_TUNED][0] = -1.85;
    write_world();
    answers(question, "Most of the notebook's gain is depth. ");
    depth_world = good_depth();
    depth_world.score[DEPTH_PARAMS][4] = -1.7;
    write_world();
    answers(question, "1 of the 4 steps significantly hurts.");
    world.other_table = "depth_tuned";
    world.other_key = "seed";
    world.other_value = "0"; /* exploration */
    write_world();
    answers(question, "These tables do not answer it.");
    answers("Does depth help?", "These tables do not answer it.");
}

static void answers_what_breaks(void **state)
{
    static const char question[] = "What breaks deep affine stacks?", scale[] = "Which scale, then?";
    (void)state;
    write_world();
    answers(question,
            "A scale that underflows to 0, so that its logarithm is minus infinity. With the notebook's scale, "
            "softplus, 12 of 312 runs diverged; that was the first number that is not finite in 12 of them, in "
            "the median in 2 rows of a batch of 512. With the logarithm computed stably 0 of 216 runs diverged, "
            "with the bounded scale 2 sigmoid 0 of 312.");
    answers(scale, "`affine-2sigmoid`: 8 of 8 scales keep every run at depths 4, 8, 16 and 32");
    change("stability", "coupling=affine status=diverged", "first_kind", "gradient-overflow");
    answers(question, "A gradient that overflows. ");
    change("stability", "coupling=affine status=diverged seed=100", "first_kind", "latent-overflow");
    answers(question,
            "Most often a gradient that overflows. With the notebook's scale, softplus, 12 of 312 runs diverged; "
            "that was the first number that is not finite in 11 of them");
    stability_world.rule[5].lost = 0;
    write_world();
    answers(question, "No run with the notebook's scale diverged.");
    stability_rule((struct stability_rule){ .coupling = "affine-2sigmoid", .depth = 32, .arm = "clip", .lost = 1 });
    stability_rule((struct stability_rule){ .coupling = "affine-glow", .arm = "clip", .score = -1.45 });
    write_world();
    answers(scale, "`affine-glow`: 7 of 8 scales");
}

static void answers_what_actnorm_does(void **state)
{
    static const char question[] = "Does ActNorm help?";
    (void)state;
    write_world();
    answers(
        question,
        "At depth 16 it helps some stacks. Against no ActNorm, splines: from data it helps (16 seeds better, 0 worse), "
        "at its default scale it hurts (0 seeds better, 16 worse);");
    world.finish[1][0] = world.finish[1][1] = 0;
    write_world();
    answers(question, "At depth 16 it is not shown to help.");
    world.finish[0][0] = 0.1;
    write_world();
    answers(question,
            "At depth 4 the default is better for splines in 16 of 16 seeds, by 0.050 nats in the median; that "
            "is described, without a verdict.");
    world.finish[0][0] = 0;
    write_world();
    answers(question, "splines: from data no difference is shown (8 seeds better, 8 worse)");
}

static void answers_whether_decimals_count(void **state)
{
    static const char question[] = "Can I trust a third decimal?";
    (void)state;
    write_world();
    answers(question, "No. 64 runs that differ by one part in 1e15");
    world.growth = 0.01;
    write_world();
    answers(question, "Yes: here round-off does not reach it.");
}

/* The scatter is that of the many draws of depth_sweep, not of the nine that are followed step by step. */
static void scatter_is_of_many_draws(void **state)
{
    (void)state;
    write_world();
    change("depth_sweep", "depth=4 replica=31", "train_logp", "-1.0");
    answers("Can I trust a third decimal?", "deviation of up to 0.05");
    change("roundoff_final", "", "train_logp", "-1");
    answers("Can I trust a third decimal?", "deviation of up to 0.05");
}

/* A row has three cells; the estimate has one interval at most, the link leads to the claim's section. */
static void one_number_a_cell(void **state)
{
    size_t n = 0;
    (void)state;
    write_world();
    char       *text = report();
    const char *own = strstr(text, "### What this report claims of its own");
    assert_non_null(own);
    for (const char *row = text; (row = strstr(row, "\n| [")); row++) {
        char         estimate[256], name[96], anchor[128];
        const char  *link = strstr(row, "](#"), *cell = strstr(row, ") | "), *end = strstr(cell, " | **");
        const char  *interval = NULL;
        const size_t length = (size_t)(end - cell - 4);
        assert_true(link && cell && end && end < strchr(row + 1, '\n') && length > 0 && length < sizeof estimate);
        snprintf(estimate, sizeof estimate, "%.*s", (int)length, cell + 4);
        if ((interval = strchr(estimate, '[')) && strchr(interval + 1, '['))
            fail_msg("two intervals: %s", estimate);
        assert_int_equal(sscanf(link, "](#%95[a-z0-9_.-])", name), 1);
        snprintf(anchor, sizeof anchor, "<a id=\"%s\"></a>\n**Claim: ", name);
        if (!strstr(text, anchor))
            fail_msg("no section %s", name);
        n++;
    }
    assert_true(n > 20);
    const char *steps = strstr(text, "\n| [Each stack"), *bits = strstr(text, "\n| [A trained third decimal");
    assert_true(steps < own && bits > own);
    assert_true(strstr(text, "\n| [A deep stack needs its rotations") > own); /* the notebook has no such sentence */
    free(text);
}

/* An interval that no correction widens has both p-values beside it. */
static void says_both_p(void **state)
{
    struct pool         pool = { 0 };
    const struct effect effect = { .p = 0.01, .corrected = 0.04 };
    (void)state;
    assert_string_equal(text_both_p(&pool, &effect), "p = 0.01 alone, p = 0.04 corrected");
    pool_free(&pool);
    write_world();
    char *text = report();
    for (const char *at = text; (at = strstr(at, " alone, p ")); at++)
        assert_non_null(memmem(at, 40, " corrected", 10));
    claim_in(text, "Each stack", "supported", "");
    claim_in(text, "The gains taper", "supported within", " corrected)");
    claim_in(text, "The gradient norm grows", "supported", " corrected)");
    claim_in(text, "Deeper stacks take", "supported", " corrected)");
    assert_non_null(strstr(text, "| p, alone | p, corrected |"));
    free(text);
}

/* 0 of n: the upper end is 1 - 0.025^(1/n).  Of 8 of 10 the ends are those of the tables of Clopper & Pearson (1934). */
static void shares_have_exact_intervals(void **state)
{
    struct pool pool = { 0 };
    (void)state;
    const struct effect none = effect_share(0, 20), all = effect_share(20, 20), some = effect_share(8, 10);
    assert_true(none.value == 0 && none.low == 0 && all.value == 1 && all.high == 1);
    assert_float_equal(none.high, 1 - pow(0.025, 1 / 20.), 1e-12);
    assert_float_equal(all.low, pow(0.025, 1 / 20.), 1e-12);
    assert_float_equal(some.low, 0.444, 5e-4);
    assert_float_equal(some.high, 0.975, 5e-4);
    assert_string_equal(text_share(&pool, 8, 10), "80 % [44, 97]");
    assert_string_equal(text_share(&pool, 0, 1000), "0.0 % [0.0, 0.4]");
    assert_string_equal(text_share(&pool, 0, 0), "-");
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_what_depth_buys, new_world),
        cmocka_unit_test_setup(answers_what_is_left_at_a_tuned_rate, new_world),
        cmocka_unit_test_setup(answers_what_breaks, new_world),
        cmocka_unit_test_setup(answers_what_actnorm_does, new_world),
        cmocka_unit_test_setup(answers_whether_decimals_count, new_world),
        cmocka_unit_test_setup(scatter_is_of_many_draws, new_world),
        cmocka_unit_test_setup(one_number_a_cell, new_world),
        cmocka_unit_test_setup(says_both_p, new_world),
        cmocka_unit_test(shares_have_exact_intervals),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
