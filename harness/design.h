/* design.h - the runs of an experiment, as data.
 *
 * A design is a factorial plan (Fisher 1935): every level of every axis with every level of every other, in a stated
 * nesting.  The order of the runs is the order of the rows of the experiment's tables.
 */
#ifndef DESIGN_H
#define DESIGN_H

#include "run.h"

enum axis {
    AXIS_END,      /* ends the list of a design's axes                                       */
    AXIS_DATA,     /* the design's rows, or those that --data names: a data set's name replaces
                      the names of the design's, a file all of them                        */
    AXIS_COUPLING, /* the design's couplings, or the one that --coupling names               */
    AXIS_DEPTH,    /* the design's depths, or --depths                                       */
    AXIS_RATE,     /* the design's peak learning rates                                       */
    AXIS_ARM,      /* the design's arms                                                      */
    AXIS_SEED,     /* --seed, --seed + 1, ...: --seeds of them, or the design's number scaled
                      with --seeds, times the coupling's factor                              */
    AXIS_REPLICA   /* 0 .. --replicas - 1                                                    */
};

/* A level of AXIS_ARM: the difference between runs that agree in all else.  A member that is 0 or NULL keeps the
 * option's value. */
struct arm {
    const char *name;
    const char *actnorm;         /* "none", "default" or "data"                                                     */
    const char *rotation;        /* "householder", "frozen" or "free"                                               */
    const char *start;           /* "cold", "rotations" or "warm"                                                   */
    const char *mixing;          /* "full", "no-flips", "no-rotations" or "none"                                    */
    const char *stabiliser;      /* fathom_stabiliser_name; all but "clip" act without a clip                       */
    double      clip;            /* global norm; INFINITY: no clip                                                  */
    size_t      equal_params;    /* a depth: the width is the one whose number of parameters is nearest to that of
                                     such a flow at the option's width, of two the smaller                       */
    size_t      equal_work;      /* a depth: as many steps as cost nearest to what the option's steps cost such a flow
                                     at the option's width (fathom_train_flops)                                  */
    size_t      steps_factor;    /* so many times the option's steps                                              */
    size_t      evaluate_every;  /* of struct run                                                                 */
    const char *coupling;        /* fathom_coupling_name                                                            */
    const char *block, *log_det; /* flow_words.h                                                                   */
    size_t      terms;           /* of the log-det                                                                  */
    double      stop, lipschitz; /* of the log-det; L of a residual block                                          */
    const struct arm *params_of; /* the width is the one whose number of trained parameters is nearest to that of such a
                                     flow of this arm, of two the smaller                                          */
    const struct arm *work_of;   /* as many steps as cost nearest to what the option's cost such a flow of this arm */
    size_t            width, bins; /* units of a hidden layer; inner knots of the spline                              */
};

/* A level of AXIS_DATA: rows of a named data set; size 0: --data-size of them. */
struct data_level {
    const char *name;
    size_t      size;
};

struct coupling_level {
    const char *name;
    size_t      seeds_factor; /* multiplies --seeds, unless --coupling names one */
};

enum trace { TRACE_NONE, TRACE_ALL, TRACE_FIRST /* of each depth's first seed, replica 0 */ };

struct design {
    enum axis                    nesting[8]; /* outermost first, ends with AXIS_END */
    const struct data_level     *data;       /* [n_data]                            */
    size_t                       n_data;
    const struct coupling_level *couplings; /* [n_couplings]                       */
    size_t                       n_couplings;
    struct depth_list            depths; /* n = 0: --depths                     */
    const double                *rates;  /* [n_rates]                           */
    size_t                       n_rates;
    size_t                       seeds; /* at the default --seeds; 0: --seeds    */
    const struct arm            *arms;  /* [n_arms]                            */
    size_t                       n_arms;
    bool                         probe, train, keep_params;
    bool                         keep_first_params;  /* of each cell's first seed, replica 0   */
    bool                         measure_steps;      /* fills update_rms                    */
    bool                         validation, health; /* what is measured of a trained flow (run.h) */
    bool                         checks;             /* likewise                                   */
    bool                         untrained_health;   /* and of the untrained one                   */
    enum trace                   trace;
};

struct run_list {
    struct run *run; /* [n], to be freed */
    size_t      n, room;
};

/* Opens the rows that the designs, [n], name, and draws validation rows if one of them needs these; before their runs
 * are listed. */
void design_open_rows(struct session *session, const struct design *designs, size_t n);

/* Adds the runs of the designs, [n], the parts of one experiment, to the empty list: their union, in the order of first
 * listing.  A run that an earlier part has listed, alike in all that decides its result, is not listed again (it keeps
 * its first arm's name); it measures and keeps whatever any part needs.  A part that states its own number of seeds has
 * ceil(seeds x --seeds / default_seeds) of them.  Ends the program if memory is short, or if the library lacks one of
 * the couplings. */
void design_list(struct run_list *runs, const struct design *designs, size_t n, const struct session *session,
                 size_t default_seeds);

#endif
