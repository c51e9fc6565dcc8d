/* verdict.c - tests, each family corrected together (verdict.h). */
#include "verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "statistics.h"

const char *verdict_name(enum decision decision)
{
    static const char *const names[] = { "supported", "supported within", "refuted as stated",
                                         "undecided", "not tested",       "exploration" };
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
    v->test[v->n++] = (struct verdict_test){ effect, v->family };
}

static bool same_family(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

size_t verdicts_of_family(const struct verdicts *v, const char *family)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++)
        n += same_family(v->test[i].family, family);
    return n;
}

/* The tests of one family: [n], with their p, and scratch memory: [n] each. */
struct family {
    struct effect **effect;
    double         *p, *corrected;
    size_t          n;
};

/* What test i would come to if it found the most that it can, and all others what they found. */
static bool correct_least(struct family *f, size_t i)
{
    f->p[i] = f->effect[i]->least;
    const bool good = statistics_holm(f->corrected, f->p, f->n);
    f->p[i] = f->effect[i]->p;
    f->effect[i]->testable = f->corrected[i] <= EFFECT_LEVEL;
    return good;
}

static bool correct(struct family *f)
{
    bool good = true;
    for (size_t i = 0; i < f->n; i++)
        f->p[i] = f->effect[i]->p;
    for (size_t i = 0; i < f->n && good; i++)
        good = correct_least(f, i);
    good = good && statistics_holm(f->corrected, f->p, f->n);
    for (size_t i = 0; i < f->n && good; i++)
        f->effect[i]->corrected = f->corrected[i];
    return good;
}

/* The family of test `first`, if that is the first of it. */
static void gather(struct family *f, const struct verdicts *v, size_t first)
{
    f->n = 0;
    for (size_t i = 0; i < first; i++)
        if (same_family(v->test[i].family, v->test[first].family))
            return;
    for (size_t i = first; i < v->n; i++)
        if (same_family(v->test[i].family, v->test[first].family))
            f->effect[f->n++] = v->test[i].effect;
}

bool verdicts_correct(struct verdicts *v)
{
    struct family f = { calloc(v->n + 1, sizeof *f.effect), calloc(v->n + 1, sizeof *f.p),
                        calloc(v->n + 1, sizeof *f.corrected), 0 };
    bool          good = f.effect && f.p && f.corrected;
    for (size_t i = 0; i < v->n && good; i++) {
        gather(&f, v, i);
        good = correct(&f);
    }
    free(f.effect);
    free(f.p);
    free(f.corrected);
    return good;
}

void verdicts_free(struct verdicts *v)
{
    free(v->test);
    *v = (struct verdicts){ 0 };
}
