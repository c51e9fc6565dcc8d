/* canonical.h - the canonical text of a run: everything that decides its result, always written the same way.
 *
 * One line "name=value" per setting, in the order of the names' bytes, each line with its line feed.  Two texts are
 * equal exactly if all names and values are: doubles are written as %a (every bit; NaN is nan), counts in decimal,
 * hashes in hexadecimal, words with a line feed as \n, a carriage return as \r and a backslash as \\.
 */
#ifndef CANONICAL_H
#define CANONICAL_H

#include "fathom.h"
#include "sha256.h"

struct canonical *canonical_new(void); /* NULL: no memory */
void              canonical_free(struct canonical *text);

/* name: of a-z 0-9 _ . - only, at least one.  canonical_finish reports what goes wrong here. */
void canonical_word(struct canonical *text, const char *name, const char *value);
void canonical_count(struct canonical *text, const char *name, uint64_t value);
void canonical_number(struct canonical *text, const char *name, double value);
void canonical_hash(struct canonical *text, const char *name, const struct sha256 *value);

/* The text, which the caller frees; frees the builder.  NULL with one line in *error: no memory, a name that is not
 * one, or the same name twice. */
char *canonical_finish(struct canonical *text, fathom_error *error);

#endif
