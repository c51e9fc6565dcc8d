/* text.h - numbers and lists as text.
 *
 * Statistics are printed with few digits, so that their last bits show nowhere.  What is not finite is "-".  All text
 * lives as long as the pool.
 */
#ifndef TEXT_H
#define TEXT_H

#include "effect.h"
#include "pool.h"

char *text(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *text_number(struct pool *pool, int decimals, double value);
const char *text_short(struct pool *pool, double value); /* two significant digits */
const char *text_p(struct pool *pool, double p);         /* "p = 0.02", "p < 0.0001" */
/* "p = 0.002 alone, p = 0.04 corrected": of a test beside its interval, which no correction widens. */
const char *text_both_p(struct pool *pool, const struct effect *effect);
/* "88 % [68, 97]"; "-": there is none. */
const char *text_share(struct pool *pool, size_t k, size_t n);
const char *text_interval(struct pool *pool, int decimals, const struct effect *effect); /* "0.12 [0.10, 0.14]" */
const char *text_list(struct pool *pool, const double *x, size_t n);                     /* "1, 2 and 4" */
const char *text_depths(struct pool *pool, const double *x, size_t n); /* "depths 1 and 2", or "no depth" */
/* "a b": b with the separator before it, or b alone if a is NULL. */
const char *text_joined(struct pool *pool, const char *a, const char *separator, const char *b);
/* Phrases are written so that they can stand within a sentence; this one begins it. */
const char *text_capital(struct pool *pool, const char *phrase);

#endif
