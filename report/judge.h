/* judge.h - a judge: what it measures on its program's tables, and what it decides.
 *
 * The report has three phases (document.c).  Every judge measures a struct of its own from the tables, and registers
 * its tests.  Each family of tests is corrected together.  Then every judge decides, as a function of its struct alone, and
 * registers the pieces that REPORT.md.in names.  A new one is a file of its own, a line in judges.h, and a section of
 * REPORT.md.in.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "pieces.h"
#include "query.h"
#include "text.h"
#include "verdict.h"

/* What a judge measures on. */
struct inputs {
    const struct sources *sources;
    struct verdicts      *verdicts; /* where it registers its tests        */
    struct pool          *pool;     /* of its struct and all that it holds */
};

struct judge {
    const char          *name;    /* of the file, and of the program that writes its tables                     */
    const struct source *tables;  /* that it reads first; the first is the one of `source`.  One that belongs to
                                     another judge is not among them                                            */
    const char          *figures; /* names separated by one blank; "": none                                     */
    const char          *family;  /* of its tests (verdict.h): a section of PROTOCOL.md; NULL: of no section     */
    /* Its struct, in the pool.  A test stays where it was registered. */
    void *(*measure)(const struct inputs *in);
    /* Looks at no table. */
    void (*decide)(struct pieces *out, const void *measured);
    bool notebook; /* its program is one of the notebook's own                                   */
};

#endif
