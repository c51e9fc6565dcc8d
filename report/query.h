/* query.h - what the report reads from a table: numbers by condition, pairs, counts.
 *
 * A condition is text, "coupling=affine depth=16": every named column must hold that word, or a number equal to it.  A
 * cell's number is the number it holds; ok and true count as 1, ruined, diverged and false as 0, so that a mean of
 * `status` is the part of the runs that are ok.  What is no number is left out, and counted where that matters.
 *
 * Every sample lives as long as the pool.  A column that a query names must be there: the report checks that when it
 * opens its tables.
 */
#ifndef QUERY_H
#define QUERY_H

#include "pool.h"
#include "statistics.h"
#include "table.h"

struct sample {
    double *x;
    size_t  n;
};

/* The numbers of a column in the rows that meet the condition, in the table's order. */
struct sample  query_numbers(struct pool *pool, const struct table *table, const char *column, const char *where);
struct summary query_summary(struct pool *pool, const struct table *table, const char *column, const char *where);
/* The different numbers among them, ascending. */
struct sample query_distinct(struct pool *pool, const struct table *table, const char *column, const char *where);
/* The first of them; NaN if there is none. */
double query_number(const struct table *table, const char *column, const char *where);
size_t query_count(const struct table *table, const char *where);

/* Pairs of a row that meets `a` and one that meets `b` and is alike in the columns `by`, "seed depth".  d = a - b. */
struct pairs {
    double *a, *b, *d;
    size_t  n, lost; /* lost: pairs of which one has no number */
};
struct pairs query_pairs(struct pool *pool, const struct table *table, const char *column, const char *by,
                         const char *a, const char *b);

/* The same pairs for the sign-flip test of PROTOCOL.md: d is +1 if `a` has the higher number, -1 if `b` has, 0 if they
 * tie.  A row whose status is not "ok", or that has no number, ranks below every row that is; two of them tie.  Their
 * a or b is -INFINITY; none is lost. */
struct pairs query_contest(struct pool *pool, const struct table *table, const char *column, const char *by,
                           const char *a, const char *b);
/* The same where the lower number is the better one.  An ok row without a number ranks below every row that has one, and
 * above every row that is not ok; its a or b is INFINITY. */
struct pairs query_contest_least(struct pool *pool, const struct table *table, const char *column, const char *by,
                                 const char *a, const char *b);

#endif
