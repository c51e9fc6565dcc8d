/* test_scripts.c - no figure's script computes a statistic: medians, quartiles, means, deviations and fits stand in
 * tables.  gnuplot has three ways to compute one: the variables that `stats` leaves, `fit`, and `smooth`.  What `stats`
 * says of the range of an axis (_min, _max) and of the number of rows (_records) is no statistic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <glob.h>
#include <regex.h>

#define STATISTICS                                                                                   \
    "[A-Z0-9]_(mean|stddev|ssd|skewness|kurtosis|mean_err|lo_quartile|median|up_quartile|sum|sumsq|" \
    "slope|intercept|correlation|sumxy)(_[xy])?([^a-z_]|$)"
#define COMMANDS "(^|[;{ ])(fit .* via|smooth )"

/* Lines of code that match. */
static size_t count_matches(const char *path, const regex_t *pattern)
{
    char   line[1024];
    size_t n = 0, number = 0;
    FILE  *in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        number++;
        if (line[0] != '#' && regexec(pattern, line, 0, NULL, 0) == 0) {
            print_error("%s:%zu: %s", path, number, line);
            n++;
        }
    }
    fclose(in);
    return n;
}

static void test_no_statistics(void **state)
{
    (void)state;
    glob_t  scripts;
    regex_t pattern;
    size_t  n = 0;
    assert_int_equal(regcomp(&pattern, STATISTICS "|" COMMANDS, REG_EXTENDED | REG_NOSUB), 0);
    static const char *const wrong[] = { "m = GROUP_median", "s = LAW_slope_y + 1", "print STATS_mean",
                                         "fit f(x) T via a", "plot T smooth unique" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(regexec(&pattern, wrong[i], 0, NULL, 0), 0);
    assert_int_equal(glob("plots/*.gp", 0, NULL, &scripts), 0);
    assert_true(scripts.gl_pathc > 10);
    for (size_t i = 0; i < scripts.gl_pathc; i++)
        n += count_matches(scripts.gl_pathv[i], &pattern);
    globfree(&scripts);
    regfree(&pattern);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_statistics) };
    return cmocka_run_group_tests_name("scripts", tests, NULL, NULL);
}
