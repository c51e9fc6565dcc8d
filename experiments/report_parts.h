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

#define ON(table) (1u << (table)) /* what a claim rests on: a set of tables */

/* What a table's settings are instead of the protocol's, in words; NULL: nothing differs (report_settings.c). */
struct settings_found {
    const char *run;    /* what a single run is: steps, rate, width, ... */
    const char *choice; /* which runs there are: depths, couplings       */
    const char *count;  /* how many: seeds, replicas                     */
};

/* One number of the notebook beside ours, for the list at the head. */
struct number_row {
    const char *what, *notebook, *ours, *verdict;
};
enum { NUMBERS_MAX = 64 };

struct report {
    struct bytes    *out;
    const char      *folder; /* of the tables */
    struct pool      pool;
    struct table    *table[N_REPORT_TABLES];
    struct settings_found settings[N_REPORT_TABLES];
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

const char *report_table_name(enum report_table table);
const char *report_maker(enum report_table table); /* the program that writes it; NULL: a committed number */

/* Prints it, and keeps it for the head.  One that is `untested`, or rests on a table of other settings, is not tested,
 * whatever its decision, and what to run is said. */
void report_claim(struct report *report, const struct claim *claim);
/* "run `build/clipping --out results`", each program of the tables in turn. */
const char *report_what_to_run(struct report *report, unsigned tables);
/* The verdict of a single number: as given, unless the runs of the table are of other settings.  After "not tested" stands
 * what to run. */
const char *report_number_verdict(struct report *report, enum report_table table, const char *verdict);
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

/* Compares the table's head with the protocol.  False with one line in *error: another program's table, or other rows. */
bool report_settings_read(struct report *report, enum report_table which, const char *path, fathom_error *error);
/* What differs in these tables, in words; NULL: nothing.  only_runs: leaves out which runs there are. */
const char *report_settings_differ(struct report *report, unsigned tables, bool only_runs);
void report_settings_notice(struct report *report); /* at the head of the report, if anything differs */

/* The table of symbols; tests look every function up in its file. */
struct notation {
    const char *symbol, *meaning, *function, *file;
};
extern const struct notation report_symbols[];
extern const size_t          report_n_symbols;

/* The whole report on `out`, from the tables of a folder and the committed numbers below home (reference/,
 * tests/reference/).  False with one line in *error, and nothing printed: a table that is missing (and what makes it),
 * is cut short, lacks a column, or is of another program or of own rows. */
bool report_write(FILE *out, const char *folder, const char *home, fathom_error *error);

#endif
