/* cell.c - one row of a table of cells, and two cells compared seed by seed (cell.h). */
#include "cell.h"

#include <math.h>

static size_t count_in(const struct table *table, const char *column, const char *where)
{
    const double n = query_number(table, column, where);
    return n > 0 ? (size_t)n : 0;
}

struct cell cell_measure(const struct table *table, const char *where)
{
    return (struct cell){
        .runs = count_in(table, "runs", where),
        .ok = count_in(table, "ok", where),
        .ruined = count_in(table, "ruined", where),
        .diverged = count_in(table, "diverged", where),
        .heldout_q1 = query_number(table, "heldout_q1", where),
        .heldout = query_number(table, "heldout", where),
        .heldout_q3 = query_number(table, "heldout_q3", where),
        .validation = query_number(table, "validation", where),
        .inverse_error = query_number(table, "inverse_error", where),
        .condition_number = query_number(table, "condition_number", where),
        .dead_units = query_number(table, "dead_units", where),
        .acted = query_number(table, "acted", where),
    };
}

const char *cell_lost(struct pool *pool, const struct cell *cell)
{
    if (cell->runs == 0)
        return "not run";
    const char *lost = text(pool, "%zu of %zu", cell->runs - cell->ok, cell->runs);
    return cell->ruined ? text(pool, "%s (%zu ruined)", lost, cell->ruined) : lost;
}

const char *cell_heldout(struct pool *pool, const struct cell *cell)
{
    if (!isfinite(cell->heldout))
        return "-";
    return text(pool, "%s [%s, %s]", text_number(pool, 3, cell->heldout), text_number(pool, 3, cell->heldout_q1),
                text_number(pool, 3, cell->heldout_q3));
}

const char *cell_share(struct pool *pool, double share)
{
    return isfinite(share) ? text(pool, "%.3g %%", 100 * share) : "-";
}

void cell_print(struct bytes *table, struct pool *pool, const struct cell *cell)
{
    bytes_print(table, " %s | %s | %s | %s | %s |\n", cell_lost(pool, cell), cell_heldout(pool, cell),
                text_short(pool, cell->inverse_error), text_short(pool, cell->condition_number),
                cell_share(pool, cell->dead_units));
}

/* ------------------------------------------------------------------------------------------------ contests ---- */

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
