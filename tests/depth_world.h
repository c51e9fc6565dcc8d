/* depth_world.h - synthetic tables of the experiments on depth. */
#ifndef FATHOM_TESTS_DEPTH_WORLD_H
#define FATHOM_TESTS_DEPTH_WORLD_H

#include <stddef.h>

enum { DEPTH_NOTEBOOK, DEPTH_TUNED, DEPTH_PARAMS, DEPTH_TRAININGS }; /* width at 0.003; width at 0.01; params at 0.01 */

extern struct depth_world {
    double score[DEPTH_TRAININGS][5];  /* test log p at depths 1, 2, 4, 8, 16; of params depth 8 is the tuned one's */
    double kl;                         /* at every depth, with a standard error of 0.001                             */
    size_t seeds;                      /* 12                                                                         */
    size_t lost;                       /* so many first seeds of the tuned training are ruined at depth 16           */
    double spline_error, affine_error; /* the greatest inverse error: of one trained flow of depth 16               */
    size_t affine_diverged;            /* so many affine runs of depth 16                                           */
} depth_world;

/* Every claim holds, but that gains taper short of the target. */
struct depth_world good_depth(void);

/* depth_tuned, depth_tuned_rates, rows_summary and inverse_depth, into the folder of report_world.h. */
void write_depth(void);

#endif
