/* document.h - the report as a whole: measure, correct, decide, fill. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "bytes.h"
#include "fathom.h"

enum edition {
    EDITION_WHOLE,   /* REPORT.md.in: every claim, on the tables that the project keeps in results/ */
    EDITION_NOTEBOOK /* NOTEBOOK.md.in: the notebook's own numbers, beside their tables             */
};

/* Adds the report to *out, from the tables of a folder, and below home report/REPORT.md.in and the committed numbers
 * (reference/, tests/reference/).  home NULL: plot_home's, looked for once the folder's tables are read.  False with one
 * line in *error, and nothing of use in *out: what sources_open, plot_home or fill refuses. */
bool document_write(struct bytes *out, enum edition edition, const char *folder, const char *home, fathom_error *error);

#endif
