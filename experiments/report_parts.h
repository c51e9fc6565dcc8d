/* report_parts.h - what the parts of the report share: the tables, the verdicts, and how a number is said.
 *
 * A part reads tables, makes its tests, and prints Markdown on report->out; whatever words depend on numbers are chosen
 * by them.  Statistics are printed with few digits, so that their last bits show nowhere.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include <stdio.h>

#include "bytes.h"
#include "question.h"
#include "stats.h"
#include "verdict.h"

enum report_table {
    DEPTH_SWEEP, TRUTH, DENSITY_INTEGRAL, GRADIENT_NORM, RESIDUAL_INVERSE, RESIDUAL_BANACH,
    DEPTH_TRUTH, GRADIENT_DEPTH, CLIPPING, ACTNORM, DEPTH20, ROUNDOFF, ROUNDOFF_FINAL, CONDITIONER,
    PRINTED, ENSEMBLE, UNTRAINED, UNTRAINED_ACTNORM,
    N_REPORT_TABLES
};

/* Nats.  A difference of scores that is not significant counts as none only if its interval lies within this. */
#define MATERIAL 0.01

/* One number of the notebook beside ours, for the list at the head. */
struct number_row {
    const char *what, *notebook, *ours, *verdict;
};
enum { NUMBERS_MAX = 64 };

struct report {
    struct bytes    *out;
    struct pool      pool;
    struct table    *table[N_REPORT_TABLES];
    struct verdicts  verdicts;
    struct number_row number[NUMBERS_MAX];
    size_t           n_numbers;
};

/* --------------------------------------------------------------------------------------------------- saying ---- */

void report_print(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text that lives as long as the report.  What is no number is "-". */
const char *say_number(struct report *report, int decimals, double value);
const char *say_short(struct report *report, double value);                  /* two significant digits */
const char *say_p(struct report *report, double p);                          /* "p = 0.02", "p < 0.0001" */
const char *say_interval(struct report *report, int decimals, const struct effect *effect); /* "0.12 [0.10, 0.14]" */
const char *say_list(struct report *report, const double *x, size_t n);      /* "1, 2 and 4" */
const char *say_depths(struct report *report, const double *x, size_t n);    /* "depths 1 and 2", or "no depth" */
#define SAY(...) pool_say(&report->pool, __VA_ARGS__)

/* ---------------------------------------------------------------------------------------------------- parts ---- */

void report_claim(struct report *report, const struct claim *claim); /* prints it, and keeps it for the head */
void report_number(struct report *report, const char *what, const char *notebook, const char *ours,
                   const char *verdict);
/* The figure, the command that makes the part again, and where its formulas are. */
void report_figure(struct report *report, const char *name, const char *caption);
void report_source(struct report *report, enum report_table table, const char *formulas);

void report_notation(struct report *report);
void report_depth_numbers(struct report *report);
void report_depth_truth(struct report *report);
void report_roundoff(struct report *report);
void report_gradient_numbers(struct report *report);
void report_gradient_depth(struct report *report);
void report_clipping(struct report *report);
void report_actnorm(struct report *report);
void report_depth20(struct report *report);
void report_residual(struct report *report);
void report_conditioner(struct report *report);

/* The table of symbols; tests look every function up in its file. */
struct notation {
    const char *symbol, *meaning, *function, *file;
};
extern const struct notation report_symbols[];
extern const size_t          report_n_symbols;

/* The whole report on `out`, from the tables of a folder and the committed numbers below home (reference/,
 * tests/reference/).  False with one line in *error, and nothing printed: a table that is missing (and what makes it),
 * is cut short, or lacks a column. */
bool report_write(FILE *out, const char *folder, const char *home, fathom_error *error);

#endif
