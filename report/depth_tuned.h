/* depth_tuned.h - what the judge of the tuned depth measures, for the files that decide on it.
 *
 * depth_tuned_cells.c names the cells, depth_tuned.c measures, depth_tuned_claims.c decides the claims D1 to D3 of
 * PROTOCOL.md, and depth_tuned_answers.c states at the head of the report what they come to.
 */
#ifndef DEPTH_TUNED_H
#define DEPTH_TUNED_H

#include "contest.h"

enum { N_STEPS = 4, N_DEPTHS = N_STEPS + 1 }; /* of depth: 1, 2, 4, 8, 16 */
extern const double depth_tuned_depth[N_DEPTHS];

/* The three trainings of D1. */
enum { NOTEBOOK, TUNED, EQUAL_PARAMS, N_TRAININGS };
/* Without a verdict: equal work, five data sets, four dimensions. */
enum { N_DESCRIBED = 7 };

extern const char *const depth_tuned_called[N_TRAININGS];

/* One step of depth: the deeper against the shallower. */
struct depth_step {
    struct contest contest; /* tested                                            */
    struct effect  gain;    /* mean gain, nats; not tested: it decides nothing */
    double         median;  /* gain                                              */
};

/* How far a mean gain rests on one seed. */
struct spread {
    double median, far, without; /* gain of the seed farthest from the median; mean gain of the others */
};

struct depth_tuned {
    struct depth_step step[N_TRAININGS][N_STEPS];
    struct effect     whole[N_TRAININGS];  /* mean gain from the least to the greatest depth; not tested          */
    struct spread     spread[N_TRAININGS]; /* of the same gains                                                  */
    struct effect     less;                /* tuned: mean of the first step's gain less the last one's; not tested */
    struct effect     taper[2];            /* of NOTEBOOK and TUNED; tested                                      */
    struct effect     target;              /* KL at the greatest depth, tuned rate, against 0.01 nats; tested     */
    struct effect     rate;                /* gain at the notebook's rate against twice the tuned one; tested     */
    size_t            seeds;               /* of these three                                                     */
    double            kl;                  /* median at the greatest depth and its tuned rate                   */
    struct summary    described[N_DESCRIBED]
                            [N_STEPS]; /* gains of each step at the tuned rate, over the seeds whose runs are ok */
    const struct table *rates;         /* depth_tuned_rates */
};

/* What the four steps of a training come to. */
struct depth_steps {
    size_t unbroken, worse; /* steps from the first on that are better; steps that are worse */
};
struct depth_steps depth_tuned_steps(const struct depth_tuned *m, size_t training);
/* Why a training carries no verdict, in words; NULL: it does. */
const char *depth_tuned_untested(struct pool *pool, const struct depth_tuned *m, size_t training);

/* " (median 0.08; without the seed farthest from it, at -0.31, the mean is 0.07)": of the gain from the least depth to the
 * greatest.  "" if mean and median differ by less than EFFECT_MATERIAL, or than a tenth of the median. */
const char *depth_tuned_spread(struct pool *pool, const struct depth_tuned *m, size_t training);

void depth_tuned_claims(struct pieces *out, const struct depth_tuned *m);
void depth_tuned_answers(struct pieces *out, const struct depth_tuned *m);

#endif
