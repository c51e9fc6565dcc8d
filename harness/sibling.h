/* sibling.h - the rows and the warm start of the notebooks "RBIG warm-start for coupling flows" and "Coupling <-> diagonal
 * equivalence", for the programs that compute their numbers again.
 *
 * Rows and mixtures come from other libraries (make_moons and GaussianMixture of scikit-learn).  reference/warm.py makes
 * them, and reference/ holds them; they are found as the figures' scripts are (plot.h).
 */
#ifndef SIBLING_H
#define SIBLING_H

#include <stddef.h>

#include "fathom_warm.h"

enum { SIBLING_BLOCKS = 4, SIBLING_COMPONENTS = 8 };

/* One block of the diagonal solution. */
struct sibling_block {
    double axes[2][2];                      /* the rotation: row d makes coordinate d                              */
    double bias[2][3 * SIBLING_COMPONENTS]; /* of coordinate d: logits, means, raw scales, as a coupling has them  */
};

struct sibling_moons {
    double              *x; /* [n][2], standardised */
    size_t               n;
    struct sibling_block block[SIBLING_BLOCKS];
};

/* The rows of reference/moons_<n>.tsv and the fit of reference/moons_<n>_fit.tsv.  Ends the program with one line if one is
 * not there, or not whole. */
struct sibling_moons sibling_moons_read(size_t n);
void                 sibling_moons_free(struct sibling_moons *moons);

/* What the notebooks' flows are: 4 blocks, mixtures of 8 components, conditioners 1 -> 64 -> 64 -> 24. */
fathom_config sibling_config(const char *coupling, fathom_rotation rotation);

/* params: [n_params] of such a flow whose rotation is a matrix: the diagonal solution, hidden layers drawn from `key` as
 * the notebooks' library draws them: key -> split into a key per block, that -> split into one per coupling. */
void sibling_warm(double *params, const struct sibling_moons *moons, fathom_key key);

/* z: [n][2], log_p: [n]: the diagonal flow itself, z = Phi^-1(F(.)) of each coordinate in each block, without a clip. */
void sibling_diagonal(double *z, double *log_p, const struct sibling_moons *moons);

#endif
