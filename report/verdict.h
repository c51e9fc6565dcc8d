/* verdict.h - what a claim comes to: tests, corrected together, and a decision by a stated rule.
 *
 * A judge registers each of its tests before any is decided on.  Holm's method then corrects the p-values of each family
 * together, once, and writes each corrected p into its effect.  A section of PROTOCOL.md is a family; the claims that no
 * section states are one more.  So a decision accounts for every other test of its family.
 * Invariant: which tests are registered does not depend on what they found, and their order does not matter.
 *
 * A claim whose runs are not there, or whose test could not have come out otherwise, is not tested: neither supported
 * nor refuted.  One whose runs are not those that PROTOCOL.md states is exploration: it has no verdict.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "effect.h"

enum decision {
    SUPPORTED,
    LIMITED, /* supported, with a limit                                    */
    REFUTED,
    UNDECIDED,
    NOT_TESTED, /* the runs are not there, or no outcome could be significant */
    EXPLORATION /* the runs are not those that PROTOCOL.md states             */
};
const char *verdict_name(enum decision decision);

struct claim {
    const char   *name;     /* in REPORT.md.in                                                             */
    const char   *title;    /* a few words                                                                 */
    const char   *sentence; /* the notebook's own; NULL: the claim is this report's                        */
    const char   *rule;     /* in words: when it is supported, refuted, limited                            */
    const char   *estimate; /* for the list at the head: one number, with its interval; NULL: none         */
    const char   *effect;   /* all that was measured, in words                                             */
    const char   *limit;    /* one sentence; NULL if the decision needs none                               */
    const char   *untested; /* why these tables cannot test it, no full stop; NULL: they can               */
    const char   *rests_on; /* the tables that it is measured on, names separated by one blank             */
    const char   *lacking;  /* of them, those that lack what it takes; NULL: all                           */
    enum decision decision;
};

/* The tests of the report. */
struct verdicts {
    struct verdict_test {
        struct effect *effect; /* where its judge keeps it */
        const char    *family;
    } * test; /* [n] */
    size_t      n, room;
    const char *family; /* of the tests that are registered next: a section of PROTOCOL.md, or NULL */
};

/* Registers a test; *effect must stay where it is until verdicts_correct.  One that has nothing to test keeps p = 1 and
 * is none of those that are corrected together. */
void verdict_test(struct verdicts *verdicts, struct effect *effect);
/* How many tests a family has; NULL: those of no section. */
size_t verdicts_of_family(const struct verdicts *verdicts, const char *family);
/* Writes corrected and testable of each.  False: no memory. */
bool verdicts_correct(struct verdicts *verdicts);
void verdicts_free(struct verdicts *verdicts);

#endif
