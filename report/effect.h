/* effect.h - what a test found: a size with its 95 % interval, and its p.
 *
 * A mean difference has an interval (Student); a count of discordant pairs has none.  p is two-sided.  That no
 * difference was found is no evidence of none: a claim of none takes effect_between as well.
 */
#ifndef EFFECT_H
#define EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#define EFFECT_LEVEL 0.05 /* significant: a corrected p of at most this */
/* Nats.  A difference of scores that is not significant counts as none only if its interval lies within this. */
#define EFFECT_MATERIAL 0.01

struct effect {
    size_t n;        /* differences; of a count: discordant pairs                                        */
    size_t positive; /* of a count                                                                       */
    double value, low, high;
    double p;         /* alone; no evidence at all is 1, never NaN                                       */
    double least;     /* the least p that so many runs could have given; NaN: there is nothing to test   */
    double corrected; /* together with all tests of the report; until verdicts_correct, p                */
    bool   testable;  /* some outcome of so many runs would be significant                               */
};

struct effect effect_none(void); /* no numbers: every value NaN, p = 1 */
/* Is the mean of d zero?  Student's t of the n differences.  Of fewer than two, or if the mean is not finite, there is
 * nothing to test. */
struct effect effect_mean(const double *d, size_t n);
/* Are positive and negative d equally likely?  The exact sign test, zeros left out. */
struct effect effect_signs(const double *d, size_t n);

/* k of n, as a share, with its exact interval (Clopper & Pearson 1934, Biometrika 26).  Nothing is tested. */
struct effect effect_share(size_t k, size_t n);

/* 1: significantly above zero; -1: significantly below; 0: neither. */
int effect_sign(const struct effect *effect);
/* The whole interval lies between low and high. */
bool effect_between(const struct effect *effect, double low, double high);

#endif
