/* test_stability_text.c - what the section on stability says beside its verdicts: hand-made tables whose words are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report_world.h"
#include "stability_world.h"

/* The report on the world as it is now holds this. */
static void says(const char *words)
{
    write_world();
    char *text = report();
    if (!strstr(text, words))
        fail_msg("the report does not say '%s'", words);
    free(text);
}

/* Beside the verdict, which is by log p, stands how many survive. */
static void says_who_survives(void **state)
{
    (void)state;
    says(
        "| **supported**: as many runs survive with the clip (24 of 24) as without (24 of 24); what differs is log p.");
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.01", .arm = "clip", .lost = 5 });
    says("fewer runs survive with the clip (19 of 24) than without (24 of 24).");
    stability_rule((struct stability_rule){ .coupling = "affine", .lr = "0.01", .arm = "none", .lost = 6 });
    says("more runs survive with the clip (19 of 24) than without (18 of 24).");
    stability_world = good_stability();
    stability_world.even = true;
    says("| **undecided**: as many runs survive with the clip (24 of 24) as without (24 of 24).");
}

/* What is in every step, or is a layer, acts on no share of the steps. */
static void shares_are_of_what_acts(void **state)
{
    (void)state;
    says("| `affine` | AGC | 12 of 12 | -1.700 | 50 % |");
    says("| `affine` | AMSGrad | 12 of 12 | -1.700 | - |");
    says("| `affine` | beta2 0.95 | 12 of 12 | -1.700 | - |");
    says("| `affine` | ActNorm from data | 12 of 12 | -1.700 | - |");
}

/* Against the next best scale. */
static void says_how_sure_the_choice_is(void **state)
{
    (void)state;
    says("The choice between it and the next, `affine`, is clear: seed by seed, the mean over the depths of its "
         "validation log p less that of the other is 0.100 [0.100, 0.100] nats, above 0 in 8 of 8 seeds.");
    stability_rule((struct stability_rule){ .coupling = "affine-glow", .arm = "clip", .score = -1.4 });
    says("The choice between it and the next, `affine-glow`, is not clear: seed by seed, ");
}

static void tells_what_the_clip_does_in_four_dimensions(void **state)
{
    (void)state;
    says("Clip 1 loses 0 of 32 runs (0 ruined, 0 diverged), and in 0 of 4 cells every run; without it 0 of 32 are lost "
         "(0 ruined, 0 diverged). So the clip changes nothing in that. Of 32 pairs of the same scale, rate and seed "
         "that "
         "both ended, the clipped run has the higher log p of the training rows in 32.");
    stability_rule((struct stability_rule){
        .coupling = "affine", .depth = 8, .lr = "0.01", .arm = "clip", .lost = 8, .ruined = 6, .score = -1.5 });
    says("Clip 1 loses 8 of 32 runs (6 ruined, 2 diverged), and in 1 of 4 cells every run; without it 0 of 32 are lost "
         "(0 ruined, 0 diverged). So the clip does harm here.");
    says(" Of 30 pairs of the same scale, rate and seed that both ended, the clipped run has the higher log p of the "
         "training rows in 24: more often than not it fits the training rows better");
    stability_rule((struct stability_rule){ .depth = 8, .arm = "none", .lost = 7, .score = -1 });
    says("So the clip helps here.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_who_survives, new_world),
        cmocka_unit_test_setup(shares_are_of_what_acts, new_world),
        cmocka_unit_test_setup(says_how_sure_the_choice_is, new_world),
        cmocka_unit_test_setup(tells_what_the_clip_does_in_four_dimensions, new_world),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
