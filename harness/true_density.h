/* true_density.h - the density that the rows were drawn from, the reference for every flow's score.
 *
 * Its mean log p is the score of a perfect flow; the mean of log truth - log flow over held-out rows estimates
 * KL(truth || flow), row by row, so that the rows' own scatter cancels.
 */
#ifndef TRUE_DENSITY_H
#define TRUE_DENSITY_H

#include "session.h"

struct true_density {
    double *train;   /* [session->train.n] log p of each training row; NULL if no density is known         */
    double *heldout; /* [session->heldout.n]                                                                  */
    double  train_mean, heldout_mean; /* NaN if no density is known                                       */
};

/* Ends the program if memory is short. */
struct true_density true_density_of(const struct session *session);
struct true_density true_density_none(void);
void                true_density_free(struct true_density *truth);

#endif
