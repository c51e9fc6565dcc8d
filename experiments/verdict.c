/* verdict.c - claims and their tests (verdict.h). */
#include "verdict.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "leave.h"
#include "stats.h"

const char *decision_name(enum decision decision)
{
    static const char *const names[] = {"supported", "supported with a limit", "refuted", "undecided", "not tested"};
    return names[decision];
}

/* The first round keeps the test; the second gives what it comes to among all.  least: the least p that the test could
 * have had. */
static void count_test(struct verdicts *v, struct effect *e, double least)
{
    e->corrected = e->p;
    e->testable = least <= VERDICT_LEVEL;
    if (v->second) {
        const bool known = v->next < v->n;
        e->corrected = known ? v->corrected[v->next] : 1;
        e->testable = known && v->reach[v->next] <= VERDICT_LEVEL;
        v->next += known;
        return;
    }
    if (v->n == v->room) {
        v->room = 2 * v->room + 64;
        v->p = realloc(v->p, v->room * sizeof *v->p);
        v->least = realloc(v->least, v->room * sizeof *v->least);
        if (!v->p || !v->least)
            leave_failed("not enough memory for the report");
    }
    v->p[v->n] = e->p;
    v->least[v->n++] = least;
}

/* reach[i]: what test i would come to if it said the most that it can, and all others what they say. */
static bool correct_least(struct verdicts *v, double *scratch)
{
    bool good = true;
    for (size_t i = 0; i < v->n && good; i++) {
        const double own = v->p[i];
        v->p[i] = v->least[i];
        good = stats_holm(scratch, v->p, v->n);
        v->p[i] = own;
        v->reach[i] = scratch[i];
    }
    return good;
}

bool verdicts_correct(struct verdicts *v)
{
    double *scratch = calloc(v->n + 1, sizeof *scratch);
    v->second = true;
    v->next = 0;
    v->n_claims = 0;
    v->corrected = calloc(v->n + 1, sizeof *v->corrected);
    v->reach = calloc(v->n + 1, sizeof *v->reach);
    const bool good = scratch && v->corrected && v->reach && correct_least(v, scratch) &&
                      stats_holm(v->corrected, v->p, v->n);
    free(scratch);
    return good;
}

bool verdicts_heard_all(const struct verdicts *v) { return v->second && v->next == v->n; }

void verdicts_free(struct verdicts *v)
{
    free(v->p);
    free(v->corrected);
    free(v->least);
    free(v->reach);
    *v = (struct verdicts){0};
}

struct effect effect_mean(const double *d, size_t n)
{
    struct effect e = {.n = n, .value = NAN, .low = NAN, .high = NAN, .p = 1, .corrected = 1};
    if (n == 0)
        return e;
    const struct summary s = stats_summary(d, n);
    if (!isfinite(s.mean)) /* one that is no number: there is no mean, and nothing to test */
        return e;
    e.value = s.mean;
    if (n < 2)
        return e;
    const double reach = gsl_cdf_tdist_Pinv(0.975, (double)(n - 1)) * s.std_error;
    e.low = s.mean - reach;
    e.high = s.mean + reach;
    if (!isfinite(s.sd))
        e.p = 1;
    else if (s.sd > 0)
        e.p = stats_paired_t(d, n).p;
    else /* all alike: t is infinite, or there is nothing to see */
        e.p = s.mean != 0 ? 0 : 1;
    return e;
}

struct effect verdict_mean(struct verdicts *v, const double *d, size_t n)
{
    struct effect e = effect_mean(d, n);
    if (n > 1 && isfinite(e.value))
        count_test(v, &e, 0); /* t has no bound */
    return e;
}

struct effect verdict_signs(struct verdicts *v, const double *d, size_t n)
{
    const struct paired_test test = stats_sign_test(d, n);
    struct effect e = {.n = test.n, .positive = (size_t)test.statistic, .low = NAN, .high = NAN, .p = test.p,
                       .corrected = test.p};
    e.value = test.n ? 2 * test.statistic / (double)test.n - 1 : 0;
    if (n > 0)
        count_test(v, &e, stats_sign_least(n)); /* any of the n pairs could have differed */
    return e;
}

int effect_sign(const struct effect *e)
{
    if (!(e->corrected <= VERDICT_LEVEL))
        return 0;
    return e->value > 0 ? 1 : -1;
}

bool effect_between(const struct effect *e, double low, double high)
{
    return e->low > low && e->high < high; /* false for NaN */
}

void verdict_claim(struct verdicts *v, const struct claim *claim)
{
    if (!v->second)
        return;
    if (v->n_claims == CLAIMS_MAX)
        leave_failed("the report has room for %d claims", CLAIMS_MAX);
    v->claim[v->n_claims++] = *claim;
}
