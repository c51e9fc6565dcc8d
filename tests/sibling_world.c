/* sibling_world.c - synthetic tables of the sibling notebooks' numbers (sibling_world.h). */
#include "sibling_world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report_world.h"

struct sibling_world sibling_world;

struct sibling_world good_sibling(void)
{
    return (struct sibling_world){ .start = { -4.3294, -1.9238 }, .free_logp = 25, .apart = 3 };
}

void write_sibling(void)
{
    static const char *const mixtures[] = { "mixture-clipped", "mixture" };
    static const char *const arms[] = { "cold\t%s\thouseholder\t0.003", "warm\t%s\tfrozen\t0.001",
                                        "warm\t%s\tfree\t0.001" };
    FILE                    *file = create_table(
                           "sibling_moons", "start coupling rotation peak_lr status start_logp start_integral final_logp final_integral "
                                                               "final_coarse_integral log_det");
    for (size_t m = 0; m < 2; m++)
        for (size_t a = 0; a < 3; a++) {
            const bool free = a == 2;
            fprintf(file, arms[a], mixtures[m]);
            fprintf(file, "\tok\t%.9g\t1\t%.9g\t%s\t%s\n", sibling_world.start[a > 0],
                    free ? sibling_world.free_logp : -1.2, free ? "3e11\t3e11" : "1\t1", free ? "-35" : "0");
        }
    finish_table(file);
    file = create_table("sibling_moons_diagonal",
                        "coupling median quantile_999 greatest apart greatest_latent logp_median logp_greatest");
    fprintf(file, "mixture-clipped\t7e-16\t6e-15\t0.55\t%g\t5.3\t9e-16\t4e-14\n", sibling_world.apart);
    fprintf(file, "mixture\t7e-16\t6e-15\t8e-15\t0\t5.3\t9e-16\t4e-14\n");
    finish_table(file);
}
