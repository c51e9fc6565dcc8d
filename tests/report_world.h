/* report_world.h - a world of synthetic tables for the report: one in which every claim holds, and knobs to make it
 * otherwise.
 */
#ifndef FATHOM_TESTS_REPORT_WORLD_H
#define FATHOM_TESTS_REPORT_WORLD_H

#include <stdbool.h>

#include "world_tables.h"

extern struct world {
    double      heldout[6];              /* mean held-out log p at depths 1, 2, 4, 8, 16, 20                      */
    double      scatter, common_scatter; /* of the seeds, as a multiple of the usual; and what it is of a seed's
                                    training and held-out score alike                                     */
    double      gap_growth;              /* of training - held-out, a depth                                       */
    double      kl_floor;                /* KL at the best depth                                                  */
    double      ensemble_shift;          /* of the trained ensemble                                               */
    double      unseen_shift, unseen_outlier; /* of replicas 33 to 64; of one of them                             */
    double      norm_change;   /* of the printed gradient norms                                         */
    double      power[2];      /* affine, spline: gradient norm grows as depth to this power            */
    double      finish[2][2];  /* default, data x spline, affine: held-out log p against none, depth 16   */
    bool        compounds;     /* the default's loss is less at depth 4 than at 16                        */
    double      masks[4];      /* held-out log p of full, no flips, no rotations, none against full       */
    double      step_power[2]; /* affine, spline: the effective step grows as depth to this power         */
    double      growth;        /* of round-off, a step                                                  */
    bool        contraction_folds, other_folds;
    bool        linear_is_lost; /* the formula of the map x + 2x does not come back */
    bool        nothing_finishes;
    const char *other_table, *other_key, *other_value; /* one setting of one table's head */
} world;

struct world good_world(void);
void         write_world(void); /* all tables of the world as it is, into the folder */

/* The report on the scratch folder; the caller frees.  Fails the test if there is none. */
char *report(void);
char *report_on(const char *folder); /* the same on other tables */
/* The first row that starts so, "\n| ...", holds this cell. */
void cell_is(const char *text, const char *row, const char *expected);
/* In the world as it is now, the claim whose title starts so has this verdict. */
void verdict_is(const char *title, const char *verdict);
/* There is no report on the folder, and one line says both. */
void refuses(const char *first, const char *second);

int new_world(void **state);   /* before each test: the good world */
int make_folder(void **state); /* once: world_folder, with links to the committed tables that are not the world's */
int remove_folder(void **state);

#endif
