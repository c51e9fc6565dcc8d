/* stability_world.h - synthetic tables of the experiments on stability, by rules for their cells. */
#ifndef FATHOM_TESTS_STABILITY_WORLD_H
#define FATHOM_TESTS_STABILITY_WORLD_H

#include <stdbool.h>
#include <stddef.h>

/* What the runs of some cells come to; NULL and 0: of any coupling, rate, arm, depth.  The last rule that fits holds. */
struct stability_rule {
    const char *coupling, *lr, *arm;
    unsigned    depth;
    unsigned    lost, ruined; /* so many of the first runs are not ok; so many of the first of these are ruined */
    double      score;        /* held-out log p of the others, about                                           */
    double      validation;   /* their validation log p beyond that                                            */
};

enum { STABILITY_RULES_MAX = 16 };
extern struct stability_world {
    struct stability_rule rule[STABILITY_RULES_MAX];
    size_t                n;
    size_t                seeds, remedy_seeds; /* 24 and 12                                             */
    bool                  even;                /* the clip wins and loses by turns                      */
    size_t                diverged[2];         /* divergence: of 24 without and with the clip, rate 0.003 */
} stability_world;

/* Every claim holds: the clip is best everywhere, and half of the affine runs diverge at rate 0.03 without it. */
struct stability_world good_stability(void);
void                   stability_rule(struct stability_rule rule); /* adds one */

/* stability, stability_cells, stability_scales, stability_4d, stability_4d_cells and divergence, into the folder of
 * report_world.h. */
void write_stability(void);

#endif
