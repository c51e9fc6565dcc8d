/* stability.h - what the judge of stability measures, for the files that decide on it and print it.
 *
 * stability_cells.c names the cells, stability.c measures, stability_claims.c decides the claims S1 to S4 of PROTOCOL.md,
 * stability_tables.c prints what is described without a verdict.
 */
#ifndef STABILITY_H
#define STABILITY_H

#include "best_rate.h"
#include "cell.h"
#include "contest.h"

enum { AFFINE, LOG_SOFTPLUS, TWO_SIGMOID, N_PRIMARY }; /* scales of the primary cells           */
enum { LOW, AGGRESSIVE, HIGH, N_RATES };               /* 0.003, 0.01, 0.03                     */
enum { NONE, CLIP, N_CLIPS };                          /* arms                                  */
enum { N_REMEDY_SCALES = 2, N_RIVALS = 8, N_KINDS = 3, N_SPLINE_RATES = 2 };

extern const char *const stability_scale[N_PRIMARY]; /* as in the tables                      */
extern const char *const stability_rate[N_RATES];
extern const char *const stability_arm[N_CLIPS];
extern const char *const stability_remedy_scale[N_REMEDY_SCALES];
extern const struct rival {
    const char *arm, *name;
    bool        acts; /* on some steps and not on others: it has a share of steps */
} stability_rival[N_RIVALS];
extern const char *const stability_spline_rate[N_SPLINE_RATES];

/* Diverged runs of one coupling, all arms and cells: what was not finite first. */
struct mechanism {
    const char *coupling;
    size_t      runs, diverged, kind[N_KINDS]; /* scale underflow, latent overflow, gradient overflow */
    double      rows, step;                    /* medians over the diverged: rows concerned, step     */
};

struct stability {
    struct cell    primary[N_PRIMARY][N_RATES][N_CLIPS];
    struct contest survival[N_PRIMARY][N_RATES];        /* clip 1 against none; tested at AGGRESSIVE   */
    struct contest reliable[N_REMEDY_SCALES][N_RIVALS]; /* clip 1 against each rival; tested           */
    struct cell    rival[N_REMEDY_SCALES][N_RIVALS];
    struct contest unaided[N_REMEDY_SCALES]; /* no clip against the first rival: the outcomes of no clip are shown */
    struct cell    spline[N_SPLINE_RATES][N_CLIPS];
    struct contest couplings[N_CLIPS]; /* spline against affine, rate 0.03; tested without clip */

    size_t            n_mechanisms, clipped, clipped_diverged; /* clipped: of every table that S3 rests on */
    const char       *clipped_of;                              /* "15 of 24 `affine`, ...": of those that diverged */
    struct mechanism *mechanism;                               /* [n_mechanisms], a coupling each          */
    struct mechanism  clipped_affine;                          /* of arm clip alone                         */

    const struct table   *scales; /* BEST_RATE_COLUMNS */
    struct recommendation recommendation;
    size_t                runner_up;     /* of its scales; recommendation.n: no other keeps every run              */
    struct effect         margin;        /* of the recommended over that one: mean over the seeds; not tested     */
    size_t                margin_better; /* seeds in which it is above 0                                          */
    struct sample         depths;
    struct pool          *pool;
};

/* Registers the claims; the tables and values. */
void stability_claims(struct pieces *out, const struct stability *m);
void stability_tables(struct pieces *out, const struct stability *m);

#endif
