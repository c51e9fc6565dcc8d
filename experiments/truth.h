/* truth.h - the density that the spiral's rows were drawn from, beside which every flow's score stands.
 *
 * Its mean log p is what a perfect flow would score; the mean of log truth - log flow over held-out rows estimates
 * KL(truth || flow), row by row, so that the rows' own scatter cancels.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include "setup.h"

struct truth {
    double *train;   /* [setup->train.n] log p of each training row; NULL if the rows are a file's          */
    double *heldout; /* [setup->heldout.n]                                                                  */
    double  train_mean, heldout_mean; /* NaN if the rows are a file's                                       */
};

/* Without memory it ends the program. */
struct truth truth_of(const struct setup *setup);
struct truth truth_none(void);
void         truth_free(struct truth *truth);

#endif
