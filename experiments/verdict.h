/* verdict.h - what a claim comes to: tests, corrected together, and a decision by a stated rule.
 *
 * The report is written twice.  The first time its tests are only collected; Holm's method then corrects all their
 * p-values together, and the second time each test hears its corrected one.  So a decision knows of every other test in
 * the report, and none is made by hand.  Invariant: which tests are made does not depend on what they say.
 *
 * A claim whose runs are not there, or whose test could not have come out otherwise, is not tested: neither supported
 * nor refuted.  A test without numbers is not made: its p is 1, and it is none of those that are corrected together.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#define VERDICT_LEVEL 0.05

enum decision { SUPPORTED, LIMITED, REFUTED, UNDECIDED, NOT_TESTED };
const char *decision_name(enum decision decision);

struct claim {
    const char   *title;    /* a few words                                                  */
    const char   *sentence; /* the notebook's own; NULL: the claim is this report's          */
    const char   *rule;     /* in words: when it is supported, refuted, limited              */
    const char   *effect;   /* the size of it, with an interval                              */
    const char   *limit;    /* one sentence; NULL if the decision needs none                 */
    const char   *untested; /* why these tables cannot test it, no full stop; NULL: they can */
    unsigned      rests_on; /* the tables that it is measured on, a set of bits             */
    unsigned      lacking;  /* of them, those that lack what it takes; 0: all               */
    enum decision decision;
};

enum { CLAIMS_MAX = 64 };

struct verdicts {
    double      *p, *corrected; /* [n]: all tests, in the order in which they were made */
    double      *least;         /* [n]: the least p that so many runs could have given   */
    double      *reach;         /* [n]: that one corrected, beside the other tests' own p */
    size_t       n, room, next;
    bool         second;        /* the p-values are known; next: the one to hear        */
    struct claim claim[CLAIMS_MAX];
    size_t       n_claims;
};

/* Ends the first round: corrects, and starts the second.  False: no memory. */
bool verdicts_correct(struct verdicts *v);
bool verdicts_heard_all(const struct verdicts *v); /* the second round made the tests of the first */
void verdicts_free(struct verdicts *v);

/* A mean difference with its 95 % interval (Student), or a count of discordant pairs; and its test. */
struct effect {
    size_t n;              /* differences; of a count: discordant pairs        */
    size_t positive;       /* of a count                                       */
    double value, low, high;
    double p, corrected;   /* two-sided; no evidence at all is 1, never NaN    */
    bool   testable;       /* some outcome of so many runs would be significant */
};

/* Is the mean of d zero?  Student's t of the n differences.  No test of fewer than two, or of one that is not finite. */
struct effect verdict_mean(struct verdicts *v, const double *d, size_t n);
/* Are positive and negative d equally likely?  The exact sign test, zeros left out. */
struct effect verdict_signs(struct verdicts *v, const double *d, size_t n);
/* The mean with its interval, and no test: for a table. */
struct effect effect_mean(const double *d, size_t n);

/* 1: significantly above zero; -1: significantly below; 0: neither. */
int effect_sign(const struct effect *effect);

/* The whole interval lies between low and high.  That no difference was found is no evidence of none: a claim that is
 * supported by there being none asks this as well. */
bool effect_between(const struct effect *effect, double low, double high);

void verdict_claim(struct verdicts *v, const struct claim *claim); /* kept in the second round */

#endif
