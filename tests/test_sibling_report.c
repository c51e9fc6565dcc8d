/* test_sibling_report.c - the section on the sibling notebooks' numbers: hand-made tables whose words are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report_world.h"
#include "sibling_world.h"

static const char cold[] = "\n| sibling notebook: mean log p of the moons, cold start, untrained ",
                  warm[] = "\n| sibling notebook: mean log p of the moons, warm start, untrained ";

static void untrained_numbers_have_their_digits(void **state)
{
    (void)state;
    write_world();
    char *text = report();
    cell_is(text, cold, "| -4.329 | -4.329 | the same to the last digit |");
    cell_is(text, warm, "| -1.924 | -1.924 | the same to the last digit |");
    free(text);
    sibling_world.start[1] = -1.9234;
    write_world();
    text = report();
    cell_is(text, cold, "| -4.329 | -4.329 | the same to the last digit |");
    cell_is(text, warm, "| -1.924 | -1.923 | another digit |");
    free(text);
}

/* One draw beside one. */
static void trained_numbers_are_not_tested(void **state)
{
    (void)state;
    write_world();
    char *text = report();
    cell_is(text, "\n| the same after 3000 steps ", "| -1.275 | -1.2000 | not tested: one draw beside one |");
    free(text);
}

static void words_follow_the_tables(void **state)
{
    (void)state;
    write_world();
    char *text = report();
    assert_non_null(strstr(text, "\"log p\" climbs to 25.00, and"));
    assert_non_null(strstr(text, "the clip leaves 3 rows apart, by 0.550 at most"));
    free(text);
    sibling_world.free_logp = 12.5;
    sibling_world.apart = 7;
    write_world();
    text = report();
    assert_non_null(strstr(text, "\"log p\" climbs to 12.50, and"));
    assert_non_null(strstr(text, "the clip leaves 7 rows apart, by 0.550 at most"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(untrained_numbers_have_their_digits, new_world),
        cmocka_unit_test_setup(trained_numbers_are_not_tested, new_world),
        cmocka_unit_test_setup(words_follow_the_tables, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
