/* point.h - a trainer of one shape and what it trains on, so that a step of it can be timed. */
#ifndef POINT_H
#define POINT_H

#include "measure.h"

struct point {
    fathom_flow    *flow;
    fathom_trainer *trainer;
    double         *x;    /* [n][D]: the spiral in the plane, else a standard normal     */
    size_t          n;    /* 6 batch                                                     */
    uint32_t       *rows; /* [64][batch]: the batches of 64 steps, in turn               */
    size_t          batch, n_steps;
};

/* Without memory the point stays closed, that is, its trainer is NULL. */
void point_open(struct point *p, const fathom_isa *isa, const fathom_config *config, size_t batch);
void point_close(struct point *p);
/* p: a struct point.  One training step. */
void point_step(void *p);

#endif
