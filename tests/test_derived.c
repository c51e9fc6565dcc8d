/* test_derived.c - tables that experiments make from others, and the fits behind them, on rows whose answer is known.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "depth_law.h"
#include "experiment.h"
#include "growth_phase.h"

extern const struct experiment depth_sweep, depth_truth, gradient_depth, roundoff;

static void near(double value, double expected, double relative, const char *what)
{
    if (!(fabs(value - expected) <= relative * fabs(expected)))
        fail_msg("%s: %.17g should be %.17g", what, value, expected);
}

/* The experiment's table of this name, made from `source`. */
static struct table *derive(const struct experiment *experiment, const char *name, const struct table *source)
{
    char text[SUMMARY_TABLE_COLUMNS_SIZE];
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++)
        if (strcmp(plan->name, name) == 0) {
            struct table *table = table_new(name, experiment_columns(text, plan));
            experiment_derive(table, plan, source);
            assert_true(table_whole(table));
            return table;
        }
    fail_msg("no table %s", name);
    return NULL;
}

static double number(const struct table *table, size_t row, const char *column)
{
    size_t at;
    assert_true(table_find(&at, table, column));
    return table_cell_number(table, row, at);
}

static const char *word(const struct table *table, size_t row, const char *column)
{
    size_t at;
    assert_true(table_find(&at, table, column));
    return table_cell(table, row, at);
}

/* ------------------------------------------------------------------------------------------------- the fits ---- */

static void test_depth_law(void **state)
{
    (void)state;
    const double     depth[] = { 1, 2, 4, 8 }, power[] = { 3, 6, 12, 24 }, doubling[] = { 2, 4, 16, 256 };
    struct depth_law law = depth_law_fit(depth, power, 4); /* 3 depth */
    near(law.power.slope, 1, 1e-14, "power");
    near(law.power.intercept, log(3), 1e-14, "level");
    assert_true(law.power_misfit < 1e-14);
    assert_true(law.exponential_misfit > 0.1);
    law = depth_law_fit(depth, doubling, 4); /* 2^depth */
    near(law.exponential.slope, M_LN2, 1e-14, "exponential");
    assert_true(law.exponential_misfit < 1e-14);

    /* Log residuals of a level line through 1, e and 1, by depths -1, 0, 1 beside the middle: 1/3, -2/3, 1/3. */
    const double even[] = { 1, 2, 3 }, bent[] = { 1, M_E, 1 };
    law = depth_law_fit(even, bent, 3);
    near(law.exponential_misfit, sqrt(6.0 / 27), 1e-14, "misfit");

    const double zero[] = { 3, 0, 12, 24 }, none[] = { 3, 6, NAN, 24 };
    assert_true(isnan(depth_law_fit(depth, zero, 4).power.slope));
    assert_true(isnan(depth_law_fit(depth, none, 4).power_misfit));
    assert_true(isnan(depth_law_fit(depth, power, 2).power.slope));
}

/* Round-off up to step 9, then e^(step / 2) up to step 49, then level. */
static double difference_at(size_t step)
{
    return step < 10 ? 1e-15 : 1e-14 * exp(0.5 * (double)(step < 50 ? step : 50));
}

static void test_growth_phase(void **state)
{
    (void)state;
    double step[100], least[100], median[100], greatest[100];
    for (size_t i = 0; i < 100; i++) {
        step[i] = (double)i;
        median[i] = difference_at(i);
        least[i] = median[i] * exp(-0.01 * (double)i);
        greatest[i] = median[i] * exp(0.01 * (double)i);
    }
    struct growth_phase p = growth_phase_find(step, least, median, greatest, 100);
    /* At step 10 it is 1e-14 e^5 = 1.5e-12; at step 46 e^-2, above a tenth, of the largest; at step 45 e^-2.5, below. */
    near(p.start, 10, 0, "start");
    near(p.saturated, 46, 0, "saturated");
    near(p.rate, 0.5, 1e-12, "rate");
    near(p.intercept, log(1e-14), 1e-12, "intercept");
    near(p.least_rate, 0.49, 1e-12, "rate of the least");
    near(p.greatest_rate, 0.51, 1e-12, "rate of the greatest");
    near(p.largest, 1e-14 * exp(25), 1e-14, "largest");

    p = growth_phase_find(step, least, median, greatest, 10); /* nothing but round-off */
    assert_true(isnan(p.start) && isnan(p.rate));
    near(p.largest, 1e-15, 0, "largest of round-off");
    p = growth_phase_find(step, least, median, greatest, 0);
    assert_true(isnan(p.rate) && p.largest == 0);
}

/* ----------------------------------------------------------------------------------------------- the tables ---- */

static struct table *growth_rows(void)
{
    struct table *rows = table_new("roundoff", "depth step least median greatest");
    for (size_t depth = 2; depth <= 4; depth += 2)
        for (size_t step = 0; step < 100; step++) {
            const double d = depth == 4 && step >= 20 ? NAN : difference_at(step); /* of depth 4 all diverge */
            table_count(rows, depth);
            table_count(rows, step);
            table_number(rows, d / 2);
            table_number(rows, d);
            table_number(rows, step == 1 ? 0 : d * 2);
        }
    return rows;
}

static void test_roundoff_tables(void **state)
{
    (void)state;
    struct table *rows = growth_rows(), *rate = derive(&roundoff, "roundoff_rate", rows);
    assert_int_equal(table_rows(rate), 2);
    near(number(rate, 0, "depth"), 2, 0, "depth");
    near(number(rate, 0, "steps"), 100, 0, "steps");
    near(number(rate, 0, "start"), 10, 0, "start");
    near(number(rate, 0, "saturated"), 46, 0, "saturated");
    assert_string_equal(word(rate, 0, "rate"), "0.5");
    assert_string_equal(word(rate, 0, "tenfold"), "4.60517"); /* 2 log 10 */
    near(number(rate, 1, "steps"), 20, 0, "steps before all diverge");
    table_free(rate);

    struct table *windows = derive(&roundoff, "roundoff_windows", rows);
    assert_int_equal(table_rows(windows), 13 + 3); /* 100 steps, and 20 */
    near(number(windows, 0, "step"), 3.5, 0, "the mean of steps 0 to 7");
    assert_string_equal(word(windows, 0, "median"), "1e-15");
    /* Seven of 2e-15, and a zero that counts as 2^-53. */
    near(number(windows, 0, "greatest"), exp((7 * log(2e-15) + log(0x1p-53)) / 8), 1e-5, "geometric mean");
    near(number(windows, 12, "step"), 97.5, 0, "the mean of steps 96 to 99");
    near(number(windows, 15, "depth"), 4, 0, "the other depth");
    near(number(windows, 15, "step"), 17.5, 0, "the mean of steps 16 to 19");
    table_free(windows);
    table_free(rows);
}

static void test_gradient_law_table(void **state)
{
    (void)state;
    struct table *rows = table_new("gradient_depth", "coupling depth seed grad_norm");
    for (size_t c = 0; c < 2; c++)
        for (size_t depth = 1; depth <= 4 - c; depth++)
            for (size_t seed = 0; seed < 4; seed++) { /* the geometric mean is that of seed 2; seed 0 is not whole */
                table_text(rows, c ? "spline" : "affine");
                table_count(rows, depth);
                table_count(rows, seed);
                const double own = seed == 0 ? (depth == 1 ? 1e9 : 0) : pow(8, (double)seed - 2);
                const double bend = pow((double)depth, (double)seed - 2); /* no two seeds have one slope */
                table_number(rows, own * (c ? exp((double)depth) : pow((double)depth, 2) * bend));
            }
    struct table *law = derive(&gradient_depth, "gradient_depth_law", rows);
    assert_int_equal(table_rows(law), 4);
    assert_string_equal(word(law, 0, "coupling"), "affine");
    assert_string_equal(word(law, 0, "law"), "power");
    assert_string_equal(word(law, 0, "depths"), "4");
    assert_string_equal(word(law, 0, "slope"), "2");
    assert_string_equal(word(law, 3, "coupling"), "spline");
    assert_string_equal(word(law, 3, "law"), "exponential");
    assert_string_equal(word(law, 3, "depths"), "3");
    assert_string_equal(word(law, 3, "slope"), "1");
    table_free(law);
    table_free(rows);
}

static void test_loss_mean_table(void **state)
{
    (void)state;
    struct table *rows = table_new("loss", "depth step loss grad_norm lr");
    for (size_t depth = 1; depth <= 2; depth++)
        for (size_t step = 0; step < 30; step++) {
            table_count(rows, depth);
            table_count(rows, step);
            table_number(rows, depth == 2 && step > 0 ? NAN : (double)(step * depth)); /* depth 2 diverges */
            table_number(rows, 1);
            table_number(rows, 1e-3);
        }
    struct table *mean = derive(&depth_sweep, "loss_mean", rows);
    assert_int_equal(table_rows(mean), 31);
    near(number(mean, 3, "n"), 4, 0, "as many as there are");
    near(number(mean, 3, "loss"), 1.5, 0, "mean of 0 to 3");
    near(number(mean, 3, "step"), 1.5, 0, "middle of steps 0 to 3");
    near(number(mean, 29, "n"), 25, 0, "a whole window");
    near(number(mean, 29, "loss"), 17, 0, "mean of 5 to 29");
    near(number(mean, 29, "step"), 17, 0, "middle of steps 5 to 29");
    near(number(mean, 30, "depth"), 2, 0, "the other depth starts anew");
    assert_true(number(mean, 30, "loss") == 0);
    table_free(mean);
    table_free(rows);
}

static void test_over_fit_table(void **state)
{
    (void)state;
    struct table *rows = table_new("depth_truth", "depth seed status train_logp train_truth kl");
    const double  scores[2][3] = { { -1.25, -1.5, 0.125 }, { NAN, -1.5, NAN } };
    for (size_t i = 0; i < 2; i++) {
        table_count(rows, 8);
        table_count(rows, i);
        table_text(rows, i ? "diverged" : "ok");
        for (size_t c = 0; c < 3; c++)
            table_number(rows, scores[i][c]);
    }
    struct table *over = derive(&depth_truth, "depth_truth_over_fit", rows);
    assert_int_equal(table_rows(over), 2);
    near(number(over, 0, "over_fit"), 0.375, 0, "(flow - truth) + KL");
    assert_string_equal(word(over, 1, "seed"), "1");
    assert_string_equal(word(over, 1, "status"), "diverged");
    assert_string_equal(word(over, 1, "over_fit"), "nan");
    table_free(over);
    table_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth_law),       cmocka_unit_test(test_growth_phase),
        cmocka_unit_test(test_roundoff_tables), cmocka_unit_test(test_gradient_law_table),
        cmocka_unit_test(test_loss_mean_table), cmocka_unit_test(test_over_fit_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
