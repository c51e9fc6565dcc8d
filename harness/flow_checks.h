/* flow_checks.h - the checks of density_checks.h, made of a trained flow.
 *
 * Its latent rows are compared with its base, its own draws with the rows.
 */
#ifndef FLOW_CHECKS_H
#define FLOW_CHECKS_H

#include "density_checks.h"
#include "fathom.h"

enum {
    FLOW_CHECKS_DRAWS = 19999, /* for the quantiles of log p; with one more, each level is a whole number of draws */
    FLOW_CHECKS_ENERGY_ROWS = 2000 /* of the energy distance: the first draws, and the first of the rows, or all */
};

struct flow_checks {
    double pit_ks; /* largest Kolmogorov-Smirnov distance over the latent coordinates, in the base's units: each margin
                      by itself, not their dependence; NaN if a coordinate of a row is                             */
    double pit_p;  /* min(1, D x the least of the D coordinates' p), after Bonferroni: as a test of all margins      */
    double coverage[DENSITY_LEVELS]; /* density_coverage; NaN if log p of a row or a draw is, or without an inverse  */
    double energy_distance;          /* of standardised rows; NaN if a draw is not finite, without an inverse, or of
                                        fewer than two rows                                                         */
    double energy_sd;                /* struct energy: its scatter if the flow were the truth                       */
};

extern const struct flow_checks flow_checks_none; /* all NaN */

/* The rows are to be fresh: of rows that the flow was trained on the checks are too kind.  rows: at least one.  seed, below
 * 2^63: the draws are those of the key of seed + 2^63, with which nothing else is drawn.  FATHOM_OK or
 * FATHOM_NO_MEMORY. */
fathom_status flow_checks_measure(struct flow_checks *checks, fathom_workspace *ws, const double *params,
                                  const fathom_dataset *rows, uint64_t seed);

#endif
