/* data_check.h - warnings about rows that a flow can be trained on, but whose score means less than it seems.
 *
 * None of these is an error: the rows are numbers, and training succeeds.  But the score has no bound, or a single row
 * determines it.  Each notice states the finding and its consequence.
 *
 *   few values    A density on the plane has no bound on a line.  So where a column takes few values, or one value in
 *                 many rows, log p has no bound, and grows with depth and training.
 *   dependence    The same, where columns determine each other: the rows lie in a subspace of fewer dimensions.
 *   far value     One value far from all others (-999 for a missing one) determines the column's deviation.  In that
 *                 scale all other rows are one point.
 *   far held-out  A held-out row far from the training rows determines the mean held-out log p by itself.
 */
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include "fathom.h"

enum notice_kind {
    NOTICE_FEW_VALUES,  /* few values, above  */
    NOTICE_DEPENDENCE,  /* dependence         */
    NOTICE_FAR_VALUE,   /* far value          */
    NOTICE_FAR_HELDOUT, /* far held-out       */
    NOTICE_KINDS        /* how many there are */
};

/* At most so many notices per kind.  The last one counts the rest: "and 7 more columns likewise". */
enum { NOTICES_PER_KIND = 4, NOTICE_SIZE = 400 };

struct notice {
    enum notice_kind kind;
    size_t           column;            /* from 0; of a dependence, the first that takes part */
    char             text[NOTICE_SIZE]; /* one line, without the file's name                  */
};

struct notices {
    size_t        n;
    struct notice list[NOTICE_KINDS * NOTICES_PER_KIND];
};

/* Checks the training rows and the held-out ones (possibly none), both in standardised coordinates, and fills
 * *notices, in the order of the kinds and then of the columns.  names: [dim] of the columns, or NULL; places: [dim],
 * the column's number in the file, from 1, or NULL: 1, 2, ...  False: not enough memory.
 *
 * The rules, of n training rows:
 *   few values    n >= 10, and: each value occurs 10 times on average; or one value is in a tenth of the rows (and at
 *                 least 5); or all are whole numbers, of which each occurs twice on average.
 *   dependence    n <= D; or the correlation matrix has an eigenvalue of at most 1e-10: a direction in which the rows
 *                 deviate by 1e-5 of their columns' own deviation, the least that ActNorm divides by.
 *   far value     n >= 10, and the furthest value, in a tenth of the rows at most, is more than 20 deviations from the
 *                 others' mean and 3 times as far as any of them; or more than 10, and the middle half of the rows lies
 *                 within a tenth of the column's deviation.  Mean and deviation are the others': a single row among n
 *                 can exceed a deviation that includes it only sqrt(n - 1) times.  Of 300 samples of 3000 x 2 numbers
 *                 none did that if they were normal or exponential, 6 if log-normal, 22 if Student's t with three
 *                 degrees of freedom, and all if Cauchy, which has no deviation.
 *   far held-out  more than 10 training deviations out and 3 times as far as any training row. */
bool data_check(struct notices *notices, const fathom_dataset *train, const fathom_dataset *heldout,
                const char *const *names, const size_t *places);

#endif
