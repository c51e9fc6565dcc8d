/* test_report.c - the report follows its tables: change a table, and the words and verdicts change with it.
 *
 * A world of synthetic tables in which every claim holds is written to a scratch folder; then one thing is made
 * otherwise, and the claim that rests on it must be told otherwise.  Also: what is missing is named, with what makes
 * it; no number that is none is printed; and every function and file that the report names is there.
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

#include "document.h"
#include "report_world.h"
#include "text.h"
#include "verdict.h"

/* ------------------------------------------------------------------------------------------------- verdicts ---- */

static void numbers_follow_the_tables(void **state)
{
    (void)state;
    write_world();
    char *text = report();
    cell_is(text, "\n| mean log p of the training rows, depth 8", "| mean and spread: supported |");
    cell_is(text, "\n| spline | 16 | 37.1 |", "| the same to the last digit |");
    cell_is(text, "\n| residual map $x + 0.3", "| supported |");
    cell_is(text, "\n| gradient norms of 8", "| supported |");
    cell_is(text, "\n| 20 | 0.5000 | p = 0.5 |", "| 50.0 % | 50.0 % | 50.0 % | 0.5 | 0.5 |");
    assert_null(strstr(text, "reproduced")); /* the words are PROTOCOL.md's */
    free(text);
    world.unseen_shift = 0.02;
    world.norm_change = 0.2;
    world.contraction_folds = true;
    write_world();
    text = report();
    cell_is(text, "\n| mean log p of the training rows, depth 8", "| mean: refuted as stated; spread: supported |");
    cell_is(text, "\n| spline | 16 | 37.1 |", "| another digit |");
    cell_is(text, "\n| gradient norms of 8", "| refuted as stated |");
    cell_is(text, "\n| residual map $x + 0.3", "| refuted as stated |");
    free(text);
}

static void fit_verdicts(void **state)
{
    static const char fit[] = "The training rows'";
    (void)state;
    verdict_is(fit, "supported");
    world.gap_growth = 0.005;
    verdict_is(fit, "supported within");
    world.gap_growth = 0.05; /* -1.48 + 0.25 is better than the truth */
    verdict_is(fit, "refuted as stated");
    world = good_world();
    world.scatter = 200; /* too much to tell: that nothing is found is no support */
    verdict_is(fit, "undecided");
    world = good_world();
    world.common_scatter = 800; /* of training and held-out rows alike: the gap is sharp, the excess is not */
    verdict_is(fit, "undecided");
}

static void gradient_verdicts(void **state)
{
    static const char grows[] = "The gradient norm grows", part[] = "The gradient norm per parameter grows",
                      order[] = "An order of magnitude";
    (void)state;
    verdict_is(grows, "supported");
    verdict_is(order, "supported"); /* 8^1.3 = 15 */
    verdict_is(part, "supported");
    world.power[0] = 0.4; /* less than the root of the parameters, which are in proportion to depth */
    verdict_is(grows, "supported");
    verdict_is(part, "refuted as stated");
    world.power[0] = 0;
    verdict_is(grows, "supported within");
    world.power[0] = -1;
    verdict_is(grows, "refuted as stated");
    world.power[1] = log(10) / log(8);
    verdict_is(order, "supported");
    world.power[1] = 0.5;
    verdict_is(order, "refuted as stated");
}

static void actnorm_verdicts(void **state)
{
    static const char hurts[] = "With its default scale ActNorm compounds across depth and hurts: spline",
                      other[] = "With its default scale ActNorm compounds across depth and hurts: affine",
                      only[] = "ActNorm helps only when initialised from data: spline";
    (void)state;
    verdict_is(hurts, verdict_name(SUPPORTED));
    verdict_is(only, verdict_name(SUPPORTED));
    world.compounds = false; /* it hurts as much at depth 4 */
    verdict_is(hurts, verdict_name(LIMITED));
    world = good_world();
    world.finish[0][0] = world.finish[1][0] = 0;
    verdict_is(hurts, verdict_name(UNDECIDED));
    verdict_is(other, verdict_name(SUPPORTED)); /* each coupling has its own */
    verdict_is(only, verdict_name(UNDECIDED));
    world = good_world();
    world.finish[0][0] = 0.1; /* the default helps */
    verdict_is(hurts, verdict_name(REFUTED));
    verdict_is(only, verdict_name(REFUTED));
    world = good_world();
    world.finish[1][0] = -0.1; /* from data it hurts */
    verdict_is(hurts, verdict_name(SUPPORTED));
    verdict_is(only, verdict_name(REFUTED));
}

static void other_verdicts(void **state)
{
    static const char bits[] = "A trained third decimal", iff[] = "A residual map";
    (void)state;
    verdict_is(bits, "supported");
    verdict_is(iff, "refuted as stated"); /* g(x) = 2 x has an inverse */
    world.growth = 0.01;
    verdict_is(bits, "refuted as stated");
    world.linear_is_lost = true;
    verdict_is(iff, "undecided");
    world.other_folds = false; /* increasing, but no formula is its inverse */
    verdict_is(iff, "undecided");
    world.contraction_folds = true;
    verdict_is(iff, "refuted as stated");
}

/* Where nothing finishes there is nothing to tell, and no "nan" is printed as if it were a number. */
static void says_no_number_that_is_none(void **state)
{
    (void)state;
    world.nothing_finishes = true;
    verdict_is("ActNorm helps only", verdict_name(UNDECIDED)); /* all runs are tied */
    verdict_is("The training rows'", "undecided");
    char *text = report();
    for (const char *at = text; (at = strstr(at, "nan")); at += 3)
        if (!isalpha((unsigned char)at[-1]) && !isalpha((unsigned char)at[3]))
            fail_msg("a nan in the report: ...%.60s...", at - 30);
    assert_null(strstr(text, "inf]"));
    assert_null(strstr(text, "(null)"));
    free(text);
}

/* An interval is said in one way, also if only one of its ends has exploded. */
static void says_intervals_alike(void **state)
{
    (void)state;
    struct pool         pool = { 0 };
    const struct effect plain = { .value = -1.5, .low = -2, .high = -1 };
    const struct effect huge = { .value = -4e5, .low = -9e5, .high = 9e4 };
    assert_string_equal(text_interval(&pool, 2, &plain), "-1.50 [-2.00, -1.00]");
    assert_string_equal(text_interval(&pool, 2, &huge), "-4.0e+05 [-9.0e+05, 9.0e+04]");
    pool_free(&pool);
}

/* The world's conditioner: 4 segments of 0, 10, 20 and 30 rows, of which a batch of 6 rows meets 3. */
static void counts_lines(void **state)
{
    (void)state;
    write_world();
    char *text = report();
    assert_non_null(strstr(text,
                           "has 4 straight lines over the training rows' range, 1 of them without a training row. "
                           "The 6 rows of a batch lie on 3 lines."));
    free(text);
}

static void same_tables_same_bytes(void **state)
{
    (void)state;
    write_world();
    char *one = report(), *two = report();
    assert_string_equal(one, two);
    free(one);
    free(two);
}

/* -------------------------------------------------------------------------------------------- what it needs ---- */

static void names_what_is_missing(void **state)
{
    static const char *const made_by[][2] = {
        { "depth_sweep", "build/depth_sweep " },
        { "truth", "build/depth_sweep " },
        { "gradient_norm", "build/gradient_norm " },
        { "residual_banach", "build/residual_inverse " },
        { "residual_linear", "build/residual_inverse " },
        { "depth_tuned", "build/depth_tuned " },
        { "depth_tuned_rates", "build/depth_tuned " },
        { "rows_summary", "build/rows " },
        { "inverse_depth", "build/inverse_depth " },
        { "depth_truth", "build/depth_truth " },
        { "gradient_depth", "build/gradient_depth " },
        { "stability", "build/stability " },
        { "stability_scales", "build/stability " },
        { "stability_4d_cells", "build/stability_4d " },
        { "divergence", "build/divergence " },
        { "actnorm", "build/actnorm " },
        { "masks", "build/masks " },
        { "effective_step", "build/effective_step " },
        { "roundoff", "build/roundoff " },
        { "residual_contraction", "build/residual_inverse " },
        { "residual_flow_rates", "build/residual_flow " },
        { "log_det_moment", "build/log_det_estimators " },
        { "conditioner", "build/conditioner " },
        { "sibling_moons_diagonal", "build/sibling_moons " },
    };
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof made_by / sizeof *made_by; i++) {
        write_world();
        snprintf(path, sizeof path, "%s/%s.tsv", world_folder, made_by[i][0]);
        assert_int_equal(unlink(path), 0);
        refuses(made_by[i][0], made_by[i][1]);
    }
}

/* It asks for the notebook's own tables alone, and calls the folder and its pictures as they are. */
static void the_notebook_has_an_edition(void **state)
{
    (void)state;
    char         path[128];
    struct bytes text = { 0 };
    fathom_error error = { "" };
    write_world();
    snprintf(path, sizeof path, "%s/stability.tsv", world_folder);
    assert_int_equal(remove(path), 0);
    if (!document_write(&text, EDITION_NOTEBOOK, world_folder, ".", &error))
        fail_msg("no notebook's edition: %s", error.text);
    snprintf(path, sizeof path, "Table: `%s/gradient_norm.tsv`", world_folder);
    assert_non_null(strstr(text.data, path));
    assert_non_null(strstr(text.data, "](gradient_norm.svg)"));
    assert_non_null(strstr(text.data, "| gradient norms of 8 untrained flows, with one decimal | 1.8 to 37.1 | 8 of 8 "
                                      "have the same digits | supported |"));
    assert_null(strstr(text.data, "{{"));
    assert_null(strstr(text.data, "results"));
    bytes_free(&text);
}

#define GRADIENT_COLUMNS "coupling depth seed n_params grad_norm untrained_logp"

static void names_what_is_wrong(void **state)
{
    (void)state;
    write_world();
    FILE *file = create_table("gradient_depth", GRADIENT_COLUMNS);
    fprintf(file, "affine\t4\t0.001\n");
    finish_table(file);
    refuses("line 23 has 3 columns", "build/gradient_depth ");
    file = create_table("gradient_depth", "coupling depth lr");
    fprintf(file, "affine\t4\t0.001\n");
    finish_table(file);
    refuses("no column 'seed'", "build/gradient_depth ");
    finish_table(create_table("gradient_depth", GRADIENT_COLUMNS));
    refuses("no rows", "build/gradient_depth ");
}

/* Fewer seeds and depths than usual: less is decided, and nothing fails. */
static void takes_small_tables(void **state)
{
    (void)state;
    write_world();
    FILE *file = create_table("depth_truth", "depth seed status diverged_at train_logp train_truth heldout_logp "
                                             "heldout_truth kl kl_std_error pit_ks pit_p coverage_50 coverage_90 "
                                             "coverage_99 energy_distance energy_sd");
    fprintf(file, "2\t0\tok\tnan\t-1.5\t-1.3821\t-1.6\t-1.3918\t0.2\t0.003\t0.1\t0.2\t0.5\t0.9\t0.99\t1\t1\n");
    finish_table(file);
    char *text = report();
    cell_is(text, "\n| [The training rows'", "| **not tested**");
    free(text);
}

/* ---------------------------------------------------------------------------------------- what it points to ---- */

static char *read_file(const char *path)
{
    char *text = calloc(1, 1 << 18);
    FILE *file = fopen(path, "r");
    if (!file || !text)
        fail_msg("%s: not there", path);
    const size_t size = fread(text, 1, (1 << 18) - 1, file);
    assert_true(size > 0);
    fclose(file);
    return text;
}

/* A row "| symbol | meaning | `function` | [file](file) |" of the document. */
static bool function_and_file(char function[96], char file[96], const char *row)
{
    const char *at = strstr(row, " | `");
    return row[0] == '|' && at && sscanf(at, " | `%95[a-z0-9_]` | [%95[a-z0-9_/.]](", function, file) == 2;
}

static void functions_are_in_their_files(void **state)
{
    char  *document = read_file("docs/notation.md"), function[96], file[96], plain[128], kernel[128];
    size_t n = 0, rows = 0;
    (void)state;
    const char *head = strstr(document, "| symbol | meaning | function | file |\n|---|---|---|---|\n");
    assert_non_null(head);
    for (const char *row = strchr(strchr(head, '\n') + 1, '\n') + 1; *row == '|'; row = strchr(row, '\n') + 1, rows++) {
        if (!function_and_file(function, file, row))
            fail_msg("no function and file in the row %.80s", row);
        char *text = read_file(file);
        snprintf(plain, sizeof plain, "%s(", function); /* a function, or a kernel of each instruction set */
        snprintf(kernel, sizeof kernel, "ISA(%s)(", function);
        if (!strstr(text, plain) && !strstr(text, kernel))
            fail_msg("%s: no function %s", file, function);
        free(text);
        n++;
    }
    assert_true(n > 20 && n == rows);
    free(document);
}

static void files_are_there(void **state)
{
    (void)state;
    write_world();
    char  *text = report(), path[128];
    size_t n = 0;
    for (const char *at = text; (at = strchr(at, '`')); at++) {
        if (sscanf(at, "`%127[a-z0-9_/.]`", path) != 1 || !strchr(path, '/') || !strstr(path, ".c"))
            continue;
        if (access(path, R_OK) != 0)
            fail_msg("the report names %s, which is not there", path);
        n++;
    }
    assert_true(n > 10);
    free(text);
}

/* ------------------------------------------------------------------------------------------------- verdicts ---- */

/* Of four tests alike, Holm multiplies the smallest p by 4: what is significant alone is not so among many. */
static void tests_are_corrected_together(void **state)
{
    static const double d[] = { 1, 1, 1, 1, 1, 1 }, even[] = { 1, 1, -1, -1 }; /* p = 2 / 2^6 = 0.03125; 1 */
    struct verdicts     v = { 0 };
    struct effect       e = effect_signs(d, 6), others[3];
    (void)state;
    assert_int_equal(effect_sign(&e), 1);
    verdict_test(&v, &e);
    for (int i = 0; i < 3; i++) {
        others[i] = effect_signs(even, 4);
        verdict_test(&v, &others[i]);
    }
    assert_true(verdicts_correct(&v));
    assert_float_equal(e.corrected, 0.125, 1e-12);
    assert_float_equal(e.p, 0.03125, 1e-12);
    assert_int_equal(effect_sign(&e), 0);
    assert_true(others[0].corrected == 1 && others[2].corrected == 1);
    verdicts_free(&v);
}

/* In whatever order the tests are registered, each is corrected to the same bits. */
static void order_of_tests_does_not_matter(void **state)
{
    enum { N = 9 };
    double d[N][12], first[N] = { 0 };
    bool   testable[N] = { false };
    (void)state;
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 12; k++)
            d[i][k] = (k < 3 * (i % 4) ? -1 : 1) * (1 + 0.1 * (double)k) + 0.05 * (double)i;
    for (size_t step = 1; step < N; step++) { /* i step mod 9 runs through all where step and 9 share no factor */
        struct verdicts v = { 0 };
        struct effect   e[N];
        if (step % 3 == 0)
            continue;
        for (size_t i = 0; i < N; i++) {
            const size_t at = i * step % N;
            e[at] = at % 2 ? effect_mean(d[at], 12) : effect_signs(d[at], 12 - at);
            verdict_test(&v, &e[at]);
        }
        assert_int_equal(v.n, N);
        assert_true(verdicts_correct(&v));
        for (size_t i = 0; i < N; i++) {
            if (step > 1)
                assert_true(e[i].corrected == first[i] && e[i].testable == testable[i]);
            assert_true(e[i].corrected >= e[i].p);
            first[i] = e[i].corrected;
            testable[i] = e[i].testable;
        }
        verdicts_free(&v);
    }
    assert_true(first[1] != first[3] && first[0] != first[1]); /* not all 1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers_follow_the_tables, new_world),
        cmocka_unit_test_setup(fit_verdicts, new_world),
        cmocka_unit_test_setup(gradient_verdicts, new_world),
        cmocka_unit_test_setup(actnorm_verdicts, new_world),
        cmocka_unit_test_setup(other_verdicts, new_world),
        cmocka_unit_test_setup(says_no_number_that_is_none, new_world),
        cmocka_unit_test(says_intervals_alike),
        cmocka_unit_test_setup(counts_lines, new_world),
        cmocka_unit_test_setup(same_tables_same_bytes, new_world),
        cmocka_unit_test_setup(names_what_is_missing, new_world),
        cmocka_unit_test_setup(the_notebook_has_an_edition, new_world),
        cmocka_unit_test_setup(names_what_is_wrong, new_world),
        cmocka_unit_test_setup(takes_small_tables, new_world),
        cmocka_unit_test(functions_are_in_their_files),
        cmocka_unit_test_setup(files_are_there, new_world),
        cmocka_unit_test(tests_are_corrected_together),
        cmocka_unit_test(order_of_tests_does_not_matter),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
