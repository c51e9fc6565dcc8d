/* figure_worlds.h - random small tables, as the programs give them: what test_figures draws.
 *
 * The values are what runs may leave: ordinary, equal, zero, huge, tiny, NaN here or everywhere; depths in any
 * order, one row, no row at all.
 */
#ifndef FATHOM_TESTS_FIGURE_WORLDS_H
#define FATHOM_TESTS_FIGURE_WORLDS_H

#include "experiment.h"

enum { DEPTHS = 7 };

enum kind { ORDINARY, SPREAD, EQUAL, ZERO, HUGE_, TINY, NONE, SOME, MIXED, KINDS };

struct world {
    uint64_t                 state;
    enum kind                kind;
    bool                     empty, notebook;
    unsigned                 depths[DEPTHS], n_depths, seeds, steps;
    const struct experiment *experiment;
    struct table            *tables[EXPERIMENT_TABLES_MAX];
    size_t                   n_tables;
};

/* World `number`, without tables: all of it follows from the number. */
void world_new(struct world *w, unsigned number);

/* Random numbers of a world's kind: any, not negative; of any world: from [0, 1), a whole number below n. */
double   world_score(struct world *w);
double   world_size(struct world *w);
double   world_uniform(struct world *w);
unsigned world_below(struct world *w, unsigned n);
/* A new table of the world. */
struct table *world_table(struct world *w, const char *name, const char *columns);

/* The tables of an experiment that are not made from others. */
void fill_depth_sweep(struct world *w);
void fill_density(struct world *w);
void fill_gradient_norm(struct world *w);
void fill_gradient_depth(struct world *w);
void fill_depth_truth(struct world *w);
void fill_actnorm(struct world *w);
void fill_stability(struct world *w); /* and stability_4d */
void fill_nothing(struct world *w);   /* of a program without figures */
void fill_conditioner(struct world *w);
void fill_roundoff(struct world *w);
void fill_residual_inverse(struct world *w);
void fill_warm_start(struct world *w);
void fill_residual_flow(struct world *w);
void fill_log_det_estimators(struct world *w);
void fill_runs(struct world *w); /* those that no function fills */

/* The tables that the program makes from others, by its own functions.  The others must have the columns of its plan. */
void world_derive(struct world *w);

#endif
