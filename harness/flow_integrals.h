/* flow_integrals.h - the integrals of many flows' densities over the plane, on all cores: the certificate of a table's
 * runs, and of one run in the course of its training.
 */
#ifndef FLOW_INTEGRALS_H
#define FLOW_INTEGRALS_H

#include "plane_integral.h"
#include "runner.h"

struct flow_integral {
    const struct run     *run;
    double               *params;      /* [n_params], owned                                                     */
    size_t                step;        /* so many updates were made                                             */
    double                train_logp;  /* mean log p of the training rows; NaN: not finite                      */
    double                determinant; /* product over the rotations' matrices of 1 / |det|; NaN: there are none */
    struct plane_integral integral;
};

struct flow_integrals {
    struct flow_integral *list; /* [n] */
    size_t                n, room;
};

/* Adds a flow with a copy of its parameters; its numbers are not known yet. */
void flow_integrals_add(struct flow_integrals *all, const struct run *run, const double *params, size_t step);
/* Adds the run as it starts; nothing if it has no start. */
void flow_integrals_add_start(struct flow_integrals *all, const struct run *run, const struct session *session);
/* Makes the run again, and adds it at each of `parts` + 1 steps that are equally far apart, from the start to the end. */
void flow_integrals_add_course(struct flow_integrals *all, const struct run *run, const struct session *session,
                               size_t parts);

/* Computes the numbers of all.  Their rows have two columns.  The square has half side 8, or reaches twice as far as the
 * furthest training row if that is more.  tolerance, points: plane_integral_of's. */
void flow_integrals_compute(struct flow_integrals *all, const struct session *session, double tolerance, size_t points);

/* A line of a picture of the flow's density: density: [side]; x: [side][2], where: the midpoints of line `line` of side x
 * side cells of the square that holds the training rows, [-3, 3]^2 or larger. */
void flow_integrals_line(double *density, double *x, const struct flow_integral *one, const struct session *session,
                         size_t line, size_t side);
void flow_integrals_free(struct flow_integrals *all);

#endif
