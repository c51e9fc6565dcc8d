/* stabiliser_rewind.c - back to before the fault, and past the batches that led to it (Chowdhery et al. 2022, "PaLM",
 * sec. 5.1: restart from a checkpoint some 100 steps before the spike and leave out 200 to 500 batches).
 *
 * If the loss or the norm is not finite, parameters, m and v (and with these Adam's t, of its bias correction) become
 * what they were 20 updates before, and the next 40 batches are not used; at most ten times, then the run has diverged.
 * The schedule counts the updates made, also those that were undone: it never goes back.  (PaLM's went back with the
 * checkpoint.)  The last 20 states are kept.  With fewer updates since the start, or since the last rewind, it goes back
 * to the state then.
 *
 * The batches that are not used are gone: a run ends with its last batch, and has made fewer updates than steps. */
#include "stabiliser.h"

#include <stdlib.h>
#include <string.h>

enum { BACK = 20, UNUSED = 40, MOST_REWINDS = 10 };

struct history {
    size_t  n;              /* padded(n_params)                                  */
    size_t  first;          /* place of the oldest state                         */
    size_t  kept;           /* states, <= BACK                                   */
    size_t  rewinds;        /* so far                                            */
    size_t  unused;         /* batches that will not be used                     */
    double  power[BACK][2]; /* beta1^t, beta2^t                             */
    double *state;          /* [BACK][3][n]: parameters, m, v                    */
};

static void destroy(void *state)
{
    struct history *h = state;
    if (h)
        free(h->state);
    free(h);
}

static void *create(const fathom_flow *flow, const fathom_train_options *options)
{
    (void)options;
    struct history *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->n = padded(fathom_flow_n_params(flow));
    h->state = malloc(BACK * 3 * h->n * sizeof *h->state);
    if (!h->state) {
        destroy(h);
        return NULL;
    }
    return h;
}

static void keep(struct history *h, const struct adam *adam)
{
    const size_t place = (h->first + h->kept) % BACK; /* the oldest, if all are taken */
    double      *state = h->state + place * 3 * h->n;
    memcpy(state, adam->params, h->n * sizeof *state);
    memcpy(state + h->n, adam->m, h->n * sizeof *state);
    memcpy(state + 2 * h->n, adam->v, h->n * sizeof *state);
    h->power[place][0] = adam->beta1_power;
    h->power[place][1] = adam->beta2_power;
    if (h->kept < BACK)
        h->kept++;
    else
        h->first = (h->first + 1) % BACK;
}

/* Back to the oldest state.  Those behind it are undone: none is kept. */
static void restore(struct adam *adam, struct history *h)
{
    const double *state = h->state + h->first * 3 * h->n;
    if (h->kept == 0)
        return;
    memcpy(adam->params, state, h->n * sizeof *state);
    memcpy(adam->m, state + h->n, h->n * sizeof *state);
    memcpy(adam->v, state + 2 * h->n, h->n * sizeof *state);
    adam->beta1_power = h->power[h->first][0];
    adam->beta2_power = h->power[h->first][1];
    h->kept = 0;
}

static bool passes(void *state)
{
    struct history *h = state;
    if (h->unused == 0)
        return false;
    h->unused--;
    return true;
}

static enum decision decide(struct step *step, double *gradient, struct adam *adam, void *state)
{
    (void)gradient;
    struct history *h = state;
    if (step_is_finite(step)) {
        keep(h, adam);
        return STEP_UPDATES;
    }
    if (h->rewinds == MOST_REWINDS)
        return STEP_ENDS;
    h->rewinds++;
    h->unused = UNUSED;
    restore(adam, h);
    step->acted = true;
    return STEP_LEFT_OUT;
}

const struct stabiliser stabiliser_rewind = {
    .name = "rewind",
    .counts_updates = true,
    .create = create,
    .destroy = destroy,
    .passes = passes,
    .decide = decide,
};
