/* depth_tuned_answers.c - the head of the report: does depth help, and how much at a tuned rate (depth_tuned.h).
 *
 * The answers follow from the claims D1 to D3.  Where these carry no verdict, there is no answer.
 */
#include "depth_tuned.h"

#include <math.h>

#define NO_ANSWER "These tables do not answer it."

/* Which steps of a training help, in one sentence. */
static const char *steps_text(struct pool *pool, const struct depth_tuned *m, size_t training)
{
    const struct depth_steps steps = depth_tuned_steps(m, training);
    if (steps.worse > 0)
        return text(pool, "%zu of the %d steps significantly hurt%s.", steps.worse, N_STEPS,
                    steps.worse == 1 ? "s" : "");
    if (steps.unbroken == N_STEPS)
        return "Every step helps significantly.";
    if (steps.unbroken == 0)
        return "Not even the first step helps significantly.";
    return text(pool, "%s helps significantly; the next does not.",
                steps.unbroken == 1 ? "The first step"
                                    : text(pool, "Each step up to depth %g", depth_tuned_depth[steps.unbroken]));
}

/* "Does depth help?" */
static const char *whether(struct pool *pool, const struct depth_tuned *m)
{
    const struct effect *whole = &m->whole[NOTEBOOK];
    if (depth_tuned_untested(pool, m, NOTEBOOK) || isnan(whole->low))
        return NO_ANSWER;
    return text(pool,
                "%s, on the spiral: at the notebook's rate, 0.003, test log p %s %s nats from depth 1 to 16, %s of "
                "them in the first "
                "step. %s",
                depth_tuned_steps(m, NOTEBOOK).unbroken == 0                                ? "That is not shown"
                : effect_sign(&m->taper[NOTEBOOK]) > 0 && effect_sign(&m->taper[TUNED]) > 0 ? "Yes, less and less"
                                                                                            : "Yes",
                whole->value > 0 ? "gains" : "changes by", text_interval(pool, 3, whole),
                text_number(pool, 3, m->step[NOTEBOOK][0].gain.value), steps_text(pool, m, NOTEBOOK));
}

/* "How much at a tuned rate?" */
static const char *how_much(struct pool *pool, const struct depth_tuned *m)
{
    const struct effect *whole = &m->whole[TUNED];
    const int            rate = effect_sign(&m->rate);
    const double         left = whole->value / m->whole[NOTEBOOK].value;
    if (depth_tuned_untested(pool, m, TUNED) || isnan(whole->low))
        return NO_ANSWER;
    const char *answer = text(pool, "%s nats from depth 1 to 16, %s of them in the first step%s. %s%s",
                              text_interval(pool, 3, whole), text_number(pool, 3, m->step[TUNED][0].gain.value),
                              left > 0 && left < 1 ? text(pool, ": %.0f %% of the gain at 0.003", 100 * left) : "",
                              rate > 0   ? "Most of the notebook's gain is the rate. "
                              : rate < 0 ? "Most of the notebook's gain is depth. "
                                         : "",
                              steps_text(pool, m, TUNED));
    if (depth_tuned_untested(pool, m, EQUAL_PARAMS) || isnan(m->whole[EQUAL_PARAMS].low))
        return answer;
    return text(pool, "%s At equal parameters: %s nats%s. %s", answer, text_interval(pool, 3, &m->whole[EQUAL_PARAMS]),
                depth_tuned_spread(pool, m, EQUAL_PARAMS), steps_text(pool, m, EQUAL_PARAMS));
}

void depth_tuned_answers(struct pieces *out, const struct depth_tuned *m)
{
    const bool stated = !sources_other(out->sources, "depth_tuned depth_tuned_rates", false);
    pieces_value(out, "whether", stated ? whether(out->pool, m) : NO_ANSWER);
    pieces_value(out, "how-much", stated ? how_much(out->pool, m) : NO_ANSWER);
}
