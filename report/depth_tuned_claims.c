/* depth_tuned_claims.c - the claims D1 to D3 of PROTOCOL.md, decided by its rules (depth_tuned.h). */
#include "depth_tuned.h"

#include <math.h>

static const char *step_name(struct pool *pool, size_t k)
{
    return text(pool, "%g to %g", depth_tuned_depth[k], depth_tuned_depth[k + 1]);
}

struct depth_steps depth_tuned_steps(const struct depth_tuned *m, size_t training)
{
    struct depth_steps steps = { 0, 0 };
    for (size_t k = 0; k < N_STEPS; k++) {
        const int sign = effect_sign(&m->step[training][k].contest.effect);
        steps.unbroken += sign > 0 && steps.unbroken == k;
        steps.worse += sign < 0;
    }
    return steps;
}

const char *depth_tuned_untested(struct pool *pool, const struct depth_tuned *m, size_t training)
{
    const char *untested = NULL;
    for (size_t k = 0; k < N_STEPS && !untested; k++)
        untested = contest_untested(pool, &m->step[training][k].contest,
                                    text(pool, "runs at depths %s", step_name(pool, k)));
    return untested;
}

/* The steps that are worse (-1), or not significantly better or worse (0); "none". */
static const char *steps_with(struct pool *pool, const struct depth_step *step, int sign)
{
    const char *list = NULL;
    for (size_t k = 0; k < N_STEPS; k++)
        if (effect_sign(&step[k].contest.effect) == sign)
            list = text_joined(pool, list, ", ", step_name(pool, k));
    return list ? list : "none";
}

#define RULED_BY_ONE 0.1 /* so large a part of the median lies between it and the mean */

const char *depth_tuned_spread(struct pool *pool, const struct depth_tuned *m, size_t training)
{
    const struct spread *s = &m->spread[training];
    const double         apart = fabs(m->whole[training].value - s->median);
    if (!(apart >= EFFECT_MATERIAL && apart >= RULED_BY_ONE * fabs(s->median)))
        return "";
    return text(pool, " (median %s; without the seed farthest from it, at %s, the mean is %s)",
                text_number(pool, 3, s->median), text_number(pool, 3, s->far), text_number(pool, 3, s->without));
}

/* D1, one verdict per training. */
static void claim_steps(struct pieces *out, const struct depth_tuned *m, size_t training, const char *name)
{
    struct pool             *pool = out->pool;
    const struct depth_steps steps = depth_tuned_steps(m, training);
    pieces_claim(
        out,
        &(struct claim){
            .name = name,
            .title = text(pool, "each stack of more blocks fits better, %s", depth_tuned_called[training]),
            .sentence = training == NOTEBOOK ? "stacking coupling blocks steadily improves the fit. [...] Likelihood "
                                               "climbs steadily with depth"
                                             : NULL,
            .rule =
                "the deeper against the shallower, seed by seed in the exact sign-flip test of test log p, at the "
                "steps of depth 1 to 2, 2 to 4, 4 to 8 and 8 to 16. Supported if all four are significantly "
                "better, refuted as stated if one is significantly worse, otherwise supported within the depth up "
                "to which each is better, undecided if not even the first is. A run that is not ok ranks below every "
                "run that is, and two such runs tie.",
            .estimate = text(pool, "%s nats from depth 1 to 16%s", text_interval(pool, 3, &m->whole[training]),
                             depth_tuned_spread(pool, m, training)),
            .effect = text(pool,
                           "from depth 1 to 16 test log p gains %s nats in the mean%s. Steps that are significantly "
                           "worse: %s; steps without a significant difference: %s.",
                           text_interval(pool, 3, &m->whole[training]), depth_tuned_spread(pool, m, training),
                           steps_with(pool, m->step[training], -1), steps_with(pool, m->step[training], 0)),
            .limit = steps.worse > 0 ? text(pool, "worse from depth %s.", steps_with(pool, m->step[training], -1))
                   : steps.unbroken > 0 && steps.unbroken < N_STEPS
                       ? text(pool, "each step helps up to depth %g.", depth_tuned_depth[steps.unbroken])
                       : NULL,
            .untested = depth_tuned_untested(pool, m, training),
            .rests_on = "depth_tuned depth_tuned_rates",
            .decision = steps.worse > 0           ? REFUTED
                      : steps.unbroken == N_STEPS ? SUPPORTED
                      : steps.unbroken > 0        ? LIMITED
                                                  : UNDECIDED,
        });
}

static const char *few_seeds(struct pool *pool, const struct depth_tuned *m, const struct effect *test)
{
    if (m->seeds < CONTEST_SEEDS)
        return text(pool, "%zu seeds have runs at every depth, and fewer than %d carry no verdict", m->seeds,
                    CONTEST_SEEDS);
    return test->testable ? NULL : "too few seeds to tell";
}

static const char *signs_text(struct pool *pool, const struct effect *e)
{
    return text(pool, "%zu of %zu seeds (%s)", e->positive, e->n, text_both_p(pool, e));
}

/* D2. */
static void claim_taper(struct pieces *out, const struct depth_tuned *m)
{
    struct pool *pool = out->pool;
    const int    notebook = effect_sign(&m->taper[NOTEBOOK]), tuned = effect_sign(&m->taper[TUNED]),
              target = effect_sign(&m->target);
    const bool tapers = notebook > 0 && tuned > 0;
    pieces_claim(
        out,
        &(struct claim){
            .name = "taper",
            .title = "the gains taper as the flow saturates the target, at both rates",
            .sentence = "The gains taper as the flow saturates the target.",
            .rule = "for each seed the gain from depth 1 to 2 against that from 8 to 16, at the notebook's rate and at "
                    "the tuned one; a seed of which one of the four runs is not ok ties. And KL at depth 16 and the "
                    "tuned rate against 0.01 nats: a seed counts as above if KL less two of its standard errors is, "
                    "or if its run is not ok; as below if KL plus two is; else it ties. Exact sign tests. Refuted as "
                    "stated if a taper is significantly negative; supported if "
                    "both are positive and KL is significantly below 0.01; within the taper if KL is significantly "
                    "above; otherwise undecided.",
            .estimate = text(pool, "the first step gains %s nats more than the last, tuned",
                             text_interval(pool, 3, &m->less)),
            .effect = text(pool,
                           "the first gain is the larger in %s at the notebook's rate and in %s at the tuned one; "
                           "median KL at depth 16 is %s nats.",
                           signs_text(pool, &m->taper[NOTEBOOK]), signs_text(pool, &m->taper[TUNED]),
                           text_number(pool, 3, m->kl)),
            .limit = tapers && target > 0
                       ? text(pool, "the gains taper, but short of the target: KL is above 0.01 nats in %s.",
                              signs_text(pool, &m->target))
                       : NULL,
            .untested = few_seeds(pool, m, &m->taper[NOTEBOOK]),
            .rests_on = "depth_tuned depth_tuned_rates",
            .decision = notebook < 0 || tuned < 0 ? REFUTED
                      : tapers && target < 0      ? SUPPORTED
                      : tapers && target > 0      ? LIMITED
                                                  : UNDECIDED,
        });
}

/* D3. */
static void claim_rate(struct pieces *out, const struct depth_tuned *m)
{
    struct pool *pool = out->pool;
    const int    sign = effect_sign(&m->rate);
    pieces_claim(out, &(struct claim){
                          .name = "rate",
                          .title = "most of what depth buys at the notebook's rate is the rate",
                          .rule = "for each seed the gain from depth 1 to 16 at rate 0.003 against twice that at the "
                                  "tuned rate, in the exact sign test; a seed of which one of the four runs is not ok "
                                  "ties. Supported if significantly more, refuted as stated if significantly less, "
                                  "otherwise undecided.",
                          .estimate = text(pool, "%s of %s nats are left at the tuned rate",
                                           text_interval(pool, 3, &m->whole[TUNED]),
                                           text_number(pool, 3, m->whole[NOTEBOOK].value)),
                          .effect = text(pool,
                                         "the gain is %s nats at rate 0.003 and %s at the tuned rate; more than "
                                         "twice as large in %s.",
                                         text_interval(pool, 3, &m->whole[NOTEBOOK]),
                                         text_interval(pool, 3, &m->whole[TUNED]), signs_text(pool, &m->rate)),
                          .untested = few_seeds(pool, m, &m->rate),
                          .rests_on = "depth_tuned depth_tuned_rates",
                          .decision = sign > 0 ? SUPPORTED
                                    : sign < 0 ? REFUTED
                                               : UNDECIDED,
                      });
}

void depth_tuned_claims(struct pieces *out, const struct depth_tuned *m)
{
    claim_steps(out, m, NOTEBOOK, "notebook");
    claim_steps(out, m, TUNED, "tuned");
    claim_steps(out, m, EQUAL_PARAMS, "equal-parameters");
    claim_taper(out, m);
    claim_rate(out, m);
}
