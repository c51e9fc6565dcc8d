/* query.c - what the report reads from a table (query.h). */
#include "query.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "summary_table.h"

/* ----------------------------------------------------------------------------------------------- conditions ---- */

enum { CONDITIONS_MAX = 8, WORD_SIZE = 48 };

struct condition {
    size_t n, column[CONDITIONS_MAX];
    char   word[CONDITIONS_MAX][WORD_SIZE];
    double number[CONDITIONS_MAX]; /* NaN: a word */
    bool   never;                  /* names a column that is not there */
};

static double number_of(const char *text)
{
    char  *end;
    double value = strtod(text, &end);
    return end == text || *end ? NAN : value;
}

static struct condition parse(const struct table *table, const char *where)
{
    struct condition c = { 0 };
    char             name[WORD_SIZE];
    int              used;
    for (; c.n < CONDITIONS_MAX && sscanf(where, " %47[^= ]=%47s%n", name, c.word[c.n], &used) == 2; where += used) {
        c.never = c.never || !table_find(&c.column[c.n], table, name);
        c.number[c.n] = number_of(c.word[c.n]);
        c.n++;
    }
    return c;
}

static bool meets(const struct table *table, size_t row, const struct condition *c)
{
    bool met = !c->never;
    for (size_t i = 0; i < c->n && met; i++) {
        const char *cell = table_cell(table, row, c->column[i]);
        met = strcmp(cell, c->word[i]) == 0 || (!isnan(c->number[i]) && number_of(cell) == c->number[i]);
    }
    return met;
}

static double cell_value(const struct table *table, size_t row, size_t column)
{
    const char *cell = table_cell(table, row, column);
    if (!summary_table_counts(table, row, column))
        return NAN;
    if (strcmp(cell, "ok") == 0 || strcmp(cell, "true") == 0)
        return 1;
    if (strcmp(cell, "diverged") == 0 || strcmp(cell, "ruined") == 0 || strcmp(cell, "false") == 0)
        return 0;
    const double value = number_of(cell);
    return isfinite(value) ? value : NAN;
}

/* ------------------------------------------------------------------------------------------------- queries ------ */

struct sample query_numbers(struct pool *pool, const struct table *table, const char *name, const char *where)
{
    const struct condition c = parse(table, where);
    struct sample          s = { pool_alloc(pool, table_rows(table) * sizeof(double)), 0 };
    size_t                 column;
    if (!table_find(&column, table, name))
        return s;
    for (size_t row = 0; row < table_rows(table); row++)
        if (meets(table, row, &c)) {
            const double value = cell_value(table, row, column);
            if (!isnan(value))
                s.x[s.n++] = value;
        }
    return s;
}

struct summary query_summary(struct pool *pool, const struct table *table, const char *name, const char *where)
{
    const struct sample s = query_numbers(pool, table, name, where);
    return statistics_summary(s.x, s.n);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct sample query_distinct(struct pool *pool, const struct table *table, const char *name, const char *where)
{
    struct sample s = query_numbers(pool, table, name, where);
    size_t        n = 0;
    qsort(s.x, s.n, sizeof *s.x, ascending);
    for (size_t i = 0; i < s.n; i++)
        if (n == 0 || s.x[i] != s.x[n - 1])
            s.x[n++] = s.x[i];
    s.n = n;
    return s;
}

double query_number(const struct table *table, const char *name, const char *where)
{
    const struct condition c = parse(table, where);
    size_t                 column;
    if (table_find(&column, table, name))
        for (size_t row = 0; row < table_rows(table); row++)
            if (meets(table, row, &c) && !isnan(cell_value(table, row, column)))
                return cell_value(table, row, column);
    return NAN;
}

size_t query_count(const struct table *table, const char *where)
{
    const struct condition c = parse(table, where);
    size_t                 n = 0;
    for (size_t row = 0; row < table_rows(table); row++)
        n += meets(table, row, &c);
    return n;
}

static bool alike(const struct table *table, size_t row, size_t other, const size_t *by, size_t n_by)
{
    bool same = true;
    for (size_t i = 0; i < n_by && same; i++)
        same = strcmp(table_cell(table, row, by[i]), table_cell(table, other, by[i])) == 0;
    return same;
}

typedef double read_cell(const struct table *table, size_t row, size_t column);

static struct pairs pairs_of(struct pool *pool, const struct table *table, const char *name, const char *by,
                             const char *where_a, const char *where_b, read_cell *value)
{
    const struct condition a = parse(table, where_a), b = parse(table, where_b);
    const size_t           bytes = table_rows(table) * sizeof(double);
    struct pairs           p = { pool_alloc(pool, bytes), pool_alloc(pool, bytes), pool_alloc(pool, bytes), 0, 0 };
    size_t                *others = pool_alloc(pool, table_rows(table) * sizeof *others), n_others = 0;
    size_t                 column, by_column[CONDITIONS_MAX], n_by = 0;
    char                   word[WORD_SIZE];
    int                    used;
    for (; n_by < CONDITIONS_MAX && sscanf(by, " %47s%n", word, &used) == 1; by += used)
        if (!table_find(&by_column[n_by++], table, word))
            return p;
    if (!table_find(&column, table, name))
        return p;
    for (size_t row = 0; row < table_rows(table); row++)
        if (meets(table, row, &b))
            others[n_others++] = row;
    for (size_t i = 0; i < table_rows(table); i++) {
        if (!meets(table, i, &a))
            continue;
        for (size_t k = 0; k < n_others; k++)
            if (alike(table, i, others[k], by_column, n_by)) {
                p.a[p.n] = value(table, i, column);
                p.b[p.n] = value(table, others[k], column);
                p.d[p.n] = p.a[p.n] - p.b[p.n];
                if (isnan(p.d[p.n]))
                    p.lost++;
                else
                    p.n++;
                break;
            }
    }
    return p;
}

struct pairs query_pairs(struct pool *pool, const struct table *table, const char *name, const char *by,
                         const char *where_a, const char *where_b)
{
    return pairs_of(pool, table, name, by, where_a, where_b, cell_value);
}

/* Finite below every score, so that two of them tie. */
static const double not_ok = -DBL_MAX, no_number = -DBL_MAX / 2;

static bool is_ok(const struct table *table, size_t row)
{
    size_t status;
    return !table_find(&status, table, "status") || strcmp(table_cell(table, row, status), "ok") == 0;
}

static double rank_value(const struct table *table, size_t row, size_t column)
{
    const double value = is_ok(table, row) ? cell_value(table, row, column) : NAN;
    return isnan(value) ? not_ok : value;
}

static double least_value(const struct table *table, size_t row, size_t column)
{
    const double value = cell_value(table, row, column);
    return !is_ok(table, row) ? not_ok : isnan(value) ? no_number : -value;
}

static void compare(struct pairs *p)
{
    for (size_t i = 0; i < p->n; i++) {
        p->d[i] = (p->a[i] > p->b[i]) - (p->a[i] < p->b[i]);
        p->a[i] = p->a[i] == not_ok ? -INFINITY : p->a[i];
        p->b[i] = p->b[i] == not_ok ? -INFINITY : p->b[i];
    }
}

struct pairs query_contest(struct pool *pool, const struct table *table, const char *name, const char *by,
                           const char *where_a, const char *where_b)
{
    struct pairs p = pairs_of(pool, table, name, by, where_a, where_b, rank_value);
    compare(&p);
    return p;
}

static double turned(double ranked) { return isinf(ranked) ? ranked : ranked == no_number ? INFINITY : -ranked; }

struct pairs query_contest_least(struct pool *pool, const struct table *table, const char *name, const char *by,
                                 const char *where_a, const char *where_b)
{
    struct pairs p = pairs_of(pool, table, name, by, where_a, where_b, least_value);
    compare(&p);
    for (size_t i = 0; i < p.n; i++) {
        p.a[i] = turned(p.a[i]);
        p.b[i] = turned(p.b[i]);
    }
    return p;
}
