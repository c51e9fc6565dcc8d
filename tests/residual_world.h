/* residual_world.h - synthetic tables of residual_flow and log_det_estimators. */
#ifndef FATHOM_TESTS_RESIDUAL_WORLD_H
#define FATHOM_TESTS_RESIDUAL_WORLD_H

#include <stddef.h>

enum { WORLD_SPLINE, WORLD_AFFINE, WORLD_COUPLINGS };
enum { WORLD_PARAMS, WORLD_WORK, WORLD_EQUAL };

extern struct residual_world {
    double gain[WORLD_COUPLINGS][WORLD_EQUAL]; /* test log p of the residual flow less that of the coupling flow   */
    double widths;                             /* parameters of the coupling flows, of the residual flow's         */
    double before;                             /* the Lipschitz number that one training left, L being 0.9          */
    double truncated, roulette;                /* test log p less that of the exact log-determinant                */
    size_t seeds;                              /* 12                                                               */
} residual_world;

/* Every claim holds; of the bound within the runs. */
struct residual_world good_residual(void);

/* Both programs' tables, into the folder of report_world.h. */
void write_residual_flows(void);

#endif
