/* design.h - the runs of an experiment, as data.
 *
 * A design is a factorial plan (Fisher 1935): every level of every axis with every level of every other, in a stated
 * nesting.  The order of the runs is the order of the rows of the experiment's tables.
 */
#ifndef DESIGN_H
#define DESIGN_H

#include "runner.h"

enum axis {
    AXIS_END,      /* ends the list of a design's axes                                       */
    AXIS_COUPLING, /* the design's couplings, or the one that --coupling names               */
    AXIS_DEPTH,    /* the design's depths, or if it has none --depths                        */
    AXIS_RATE,     /* the design's peak learning rates                                       */
    AXIS_ARM,      /* the design's arms                                                      */
    AXIS_SEED,     /* --seed, --seed + 1, ...: --seeds of them, times the coupling's factor  */
    AXIS_REPLICA   /* 0 .. --replicas - 1                                                    */
};

/* A level of AXIS_ARM: the difference between runs that agree in all else.  A member that is 0 or NULL keeps the
 * option's value. */
struct arm {
    const char *name;
    const char *actnorm;          /* "none", "default" or "data"                                                     */
    const char *mixing;           /* "full", "no-flips", "no-rotations" or "none"                                    */
    double      clip;             /* global norm; INFINITY: no clip                                                  */
    size_t      width, bins;      /* units of a hidden layer; inner knots of the spline                              */
    bool        skip;             /* steps that are not finite are left out                                          */
    const char *only_if_diverged; /* the name of an arm: this one is run only where that one diverged; elsewhere
                                     it takes that one's result, which is the same to the last bit               */
};

struct coupling_level {
    const char *name;
    size_t      seeds_factor; /* multiplies --seeds, unless --coupling names one */
};

enum trace { TRACE_NONE, TRACE_ALL, TRACE_FIRST /* of each depth's first seed, replica 0 */ };

struct design {
    enum axis                    nesting[8]; /* outermost first, ends with AXIS_END */
    const struct coupling_level *couplings;  /* [n_couplings]                       */
    size_t                       n_couplings;
    const size_t                *depths; /* [n_depths]; NULL: those of --depths */
    size_t                       n_depths;
    const double                *rates; /* [n_rates]                           */
    size_t                       n_rates;
    const struct arm            *arms; /* [n_arms]                            */
    size_t                       n_arms;
    bool                         probe, train, keep_params;
    bool                         measure_steps; /* the effective step of training (fathom_train_options) */
    enum trace                   trace;
};

struct run_list {
    struct run *run; /* [n], to be freed */
    size_t      n, room;
};

/* Adds the design's runs to the list.  Ends the program if memory is short, or if the library lacks one of the design's
 * couplings. */
void design_list(struct run_list *runs, const struct design *design, const struct session *session);

#endif
