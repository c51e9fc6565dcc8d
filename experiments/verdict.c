/* verdict.c - claims and their tests (verdict.h). */
#include "verdict.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "leave.h"
#include "stats.h"

const char *decision_name(enum decision decision)
{
    static const char *const names[] = {"supported", "supported with a limit", "refuted", "undecided"};
    return names[decision];
}

/* The p-value as it counts in this round. */
static double hear(struct verdicts *v, double p)
{
    if (v->second)
        return v->next < v->n ? v->corrected[v->next++] : 1;
    if (v->n == v->room) {
        v->room = 2 * v->room + 64;
        v->p = realloc(v->p, v->room * sizeof *v->p);
        if (!v->p)
            leave_failed("not enough memory for the report");
    }
    v->p[v->n++] = p;
    return p;
}

bool verdicts_correct(struct verdicts *v)
{
    v->second = true;
    v->next = 0;
    v->n_claims = 0;
    v->corrected = calloc(v->n + 1, sizeof *v->corrected);
    return v->n > 0 && v->corrected && stats_holm(v->corrected, v->p, v->n);
}

bool verdicts_heard_all(const struct verdicts *v) { return v->second && v->next == v->n; }

void verdicts_free(struct verdicts *v)
{
    free(v->p);
    free(v->corrected);
    *v = (struct verdicts){0};
}

struct effect effect_mean(const double *d, size_t n)
{
    struct effect e = {.n = n, .value = NAN, .low = NAN, .high = NAN, .p = 1, .corrected = 1};
    if (n == 0)
        return e;
    const struct summary s = stats_summary(d, n);
    e.value = s.mean;
    if (n < 2)
        return e;
    const double reach = gsl_cdf_tdist_Pinv(0.975, (double)(n - 1)) * s.std_error;
    e.low = s.mean - reach;
    e.high = s.mean + reach;
    if (s.sd > 0)
        e.p = stats_paired_t(d, n).p;
    else /* all alike: t is infinite, or there is nothing to see */
        e.p = s.mean != 0 ? 0 : 1;
    return e;
}

struct effect verdict_mean(struct verdicts *v, const double *d, size_t n)
{
    struct effect e = effect_mean(d, n);
    e.corrected = hear(v, e.p);
    return e;
}

struct effect verdict_signs(struct verdicts *v, const double *d, size_t n)
{
    const struct paired_test test = stats_sign_test(d, n);
    struct effect e = {.n = test.n, .positive = (size_t)test.statistic, .low = NAN, .high = NAN, .p = test.p};
    e.value = test.n ? 2 * test.statistic / (double)test.n - 1 : 0;
    e.corrected = hear(v, e.p);
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
