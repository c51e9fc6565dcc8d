/* fill.h - the report as a document: REPORT.md.in, Markdown with places that are filled with the judges' pieces.
 *
 *   {{table stability.primary}}      a table of Markdown
 *   {{claim stability.bad-batch}}    title, sentence, rule, what was measured, verdict
 *   {{value roundoff.limit}}         a number, a phrase, a sentence, or paragraphs
 *   {{source stability}}             what makes the table again
 *   {{figure stability: caption}}    the picture with its caption
 *
 * There are no conditions and no loops: whatever depends on numbers is in the pieces.  A line that is nothing but a
 * place whose text is empty is left out together with the empty line behind it.  Every piece must be used, and no place
 * may name what is not there: so the document and the judges agree.
 */
#ifndef FILL_H
#define FILL_H

#include "fathom.h"
#include "pieces.h"

/* Adds the filled document to *out.  name: of the file, for the error.  False with one line in *error, "name: line 12:
 * ...": an unknown verb or name, a place that does not end on its line; or a piece that is not used. */
bool fill(struct bytes *out, const char *document, const char *name, struct pieces *pieces, fathom_error *error);

#endif
