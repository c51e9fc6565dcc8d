/* contest.c - two arms compared seed by seed (contest.h). */
#include "contest.h"

#include <math.h>

/* ranked: [n], -INFINITY of a run that is not ok.  *ok: how many are; returns the median of these. */
static double median_of_ok(size_t *ok, struct pool *pool, const double *ranked, size_t n)
{
    double *x = pool_alloc(pool, (n + 1) * sizeof *x);
    *ok = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(ranked[i]))
            x[(*ok)++] = ranked[i];
    return *ok ? statistics_summary(x, *ok).median : NAN;
}

static struct contest contest_of(const struct inputs *in, struct pairs p)
{
    struct contest c = { .effect = effect_signs(p.d, p.n), .seeds = p.n };
    for (size_t i = 0; i < p.n; i++) {
        c.better += p.d[i] > 0;
        c.worse += p.d[i] < 0;
    }
    c.a_heldout = median_of_ok(&c.a_ok, in->pool, p.a, p.n);
    c.b_heldout = median_of_ok(&c.b_ok, in->pool, p.b, p.n);
    return c;
}

struct contest contest_measure(const struct inputs *in, const struct table *runs, const char *column, const char *a,
                               const char *b)
{
    return contest_of(in, query_contest(in->pool, runs, column, "seed", a, b));
}

struct contest contest_measure_least(const struct inputs *in, const struct table *runs, const char *column,
                                     const char *a, const char *b)
{
    return contest_of(in, query_contest_least(in->pool, runs, column, "seed", a, b));
}

const char *contest_text(struct pool *pool, const struct contest *c)
{
    return text(pool, "better in %zu of the %zu seeds that do not tie (%s)", c->better, c->better + c->worse,
                text_both_p(pool, &c->effect));
}

const char *contest_estimate(struct pool *pool, const struct contest *c, const char *arm)
{
    if (c->better + c->worse == 0)
        return c->seeds ? "all seeds tie" : "-";
    return text(pool, "%s better in %s of the seeds", arm, text_share(pool, c->better, c->better + c->worse));
}

const char *contest_untested(struct pool *pool, const struct contest *c, const char *what)
{
    if (c->seeds < CONTEST_SEEDS)
        return text(pool, "%zu seeds have %s, and fewer than %d carry no verdict", c->seeds, what, CONTEST_SEEDS);
    return c->effect.testable ? NULL : text(pool, "too few seeds to tell: %zu have %s", c->seeds, what);
}
