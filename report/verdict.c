/* verdict.c - tests, corrected together (verdict.h). */
#include "verdict.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"
#include "statistics.h"

const char *verdict_name(enum decision decision)
{
    static const char *const names[] = { "supported", "supported within", "refuted as stated", "undecided",
                                         "not tested" };
    return names[decision];
}

void verdict_test(struct verdicts *v, struct effect *effect)
{
    if (isnan(effect->least))
        return;
    if (v->n == v->room) {
        v->room = 2 * v->room + 64;
        v->test = realloc(v->test, v->room * sizeof *v->test);
        if (!v->test)
            exit_failed("not enough memory for the report");
    }
    v->test[v->n++] = effect;
}

/* p: [n] of all tests, corrected: [n] scratch memory.  What test i would come to if it found the most that it can, and
 * all others what they found. */
static bool correct_least(struct verdicts *v, double *p, double *corrected, size_t i)
{
    p[i] = v->test[i]->least;
    const bool good = statistics_holm(corrected, p, v->n);
    p[i] = v->test[i]->p;
    v->test[i]->testable = corrected[i] <= EFFECT_LEVEL;
    return good;
}

bool verdicts_correct(struct verdicts *v)
{
    double *p = calloc(2 * v->n + 1, sizeof *p);
    bool    good = p != NULL;
    for (size_t i = 0; i < v->n && good; i++)
        p[i] = v->test[i]->p;
    for (size_t i = 0; i < v->n && good; i++)
        good = correct_least(v, p, p + v->n, i);
    good = good && statistics_holm(p + v->n, p, v->n);
    for (size_t i = 0; i < v->n && good; i++)
        v->test[i]->corrected = p[v->n + i];
    free(p);
    return good;
}

void verdicts_free(struct verdicts *v)
{
    free(v->test);
    *v = (struct verdicts){ 0 };
}
