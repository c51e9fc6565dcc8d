/* flow_integrals.h - the integrals of many flows' densities over the plane, on all cores: the certificate of a table's
 * runs, and of one run in the course of its training.  The session's store keeps them, so that none is computed twice.
 */
#ifndef FLOW_INTEGRALS_H
#define FLOW_INTEGRALS_H

#include "plane_integral.h"
#include "runner.h"

struct flow_integral {
    const struct run     *run;
    double               *params;      /* [n_params], owned; NULL: a course whose numbers were all in the store */
    size_t                step;        /* so many updates were made                                             */
    double                train_logp;  /* mean log p of the training rows; NaN: not finite                      */
    double                determinant; /* product over the rotations' matrices of 1 / |det|; NaN: there are none */
    struct plane_integral integral;
    char                 *text;  /* in the store (kept_numbers.h), owned; NULL: there is no store */
    bool                  known; /* train_logp, determinant and integral are                      */
};

struct flow_integrals {
    double                tolerance; /* plane_integral_of's, as points; the caller sets both first */
    size_t                points;
    struct flow_integral *list; /* [n] */
    size_t                n, room;
};

/* Adds a flow with a copy of its parameters; its numbers are known if the store has them. */
void flow_integrals_add(struct flow_integrals *all, const struct run *run, const struct session *session,
                        const double *params, size_t step);
/* Adds the run as it starts; nothing if it has no start. */
void flow_integrals_add_start(struct flow_integrals *all, const struct run *run, const struct session *session);
/* Adds the run at each of `parts` + 1 steps that are equally far apart, from the start to the end; to where it diverged,
 * if it did.  Makes the run again unless the numbers of all of them are known. */
void flow_integrals_add_course(struct flow_integrals *all, const struct run *run, const struct session *session,
                               size_t parts);

/* Computes the numbers that are not known, and keeps each as it ends.  Their rows have two columns.  The square has half
 * side 8, or reaches twice as far as the furthest training row if that is more. */
void flow_integrals_compute(struct flow_integrals *all, const struct session *session);

/* A line of a picture of the density of a flow whose parameters are there: density: [side]; x: [side][2], where: the midpoints of line `line` of side x
 * side cells of the square that holds the training rows, [-3, 3]^2 or larger. */
void flow_integrals_line(double *density, double *x, const struct flow_integral *one, const struct session *session,
                         size_t line, size_t side);
void flow_integrals_free(struct flow_integrals *all);

#endif
