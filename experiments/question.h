/* question.h - what the report asks of a table: numbers by condition, pairs, counts.
 *
 * A condition is text, "coupling=affine depth=16": every named column must hold that word, or a number equal to it.  A
 * cell's number is the number it holds; ok and true count as 1, diverged and false as 0, so that a mean of `status` is
 * the part of the runs that finished.  What is no number is left out, and counted where that matters.
 *
 * Everything handed out lives until the pool is freed.  A column that a question names must be there: the report
 * checks that when it opens its tables.
 */
#ifndef QUESTION_H
#define QUESTION_H

#include "table.h"

/* Memory that is freed together.  Without memory it ends the program. */
struct pool {
    void  **block;
    size_t  n, room;
};
void *pool_alloc(struct pool *pool, size_t bytes);
char *pool_say(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void  pool_free(struct pool *pool);

struct sample {
    double *x;
    size_t  n;
};

/* The numbers of a column in the rows that meet the condition, in the table's order. */
struct sample question_numbers(struct pool *pool, const struct table *table, const char *column, const char *where);
/* The different numbers among them, ascending. */
struct sample question_distinct(struct pool *pool, const struct table *table, const char *column, const char *where);
/* The first of them; NaN if there is none. */
double question_number(const struct table *table, const char *column, const char *where);
size_t question_count(const struct table *table, const char *where);

/* Pairs of a row that meets `a` and one that meets `b` and is alike in the columns `by`, "seed depth".  d = a - b. */
struct pairs {
    double *a, *b, *d;
    size_t  n, lost; /* lost: pairs of which one has no number */
};
struct pairs question_pairs(struct pool *pool, const struct table *table, const char *column, const char *by,
                            const char *a, const char *b);

#endif
