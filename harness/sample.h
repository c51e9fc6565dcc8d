/* sample.h - some of an experiment's runs, drawn at random, made again and compared with its tables.
 *
 * A table with a row per run has its rows in the order of the runs, so a run that is drawn names its row.  The draw is a
 * function of the seed, the program and the number of runs: those with the smallest SHA-256 of "seed program number".
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "experiment.h"

/* Makes --sample of the runs again, without a store, and compares each cell of their rows with DIR/<table>.tsv.  On
 * standard output a line for each row that differs, and at the end "sample <program>: <same> of <made> rows the same, of
 * <all>".  Writes no file.  EXIT_DONE, or EXIT_FAILED if a row differs; a table that is not there, or was made with other
 * settings, ends the program. */
int sample_check(const struct experiment *experiment, const struct session *session, const struct run_list *runs,
                 const struct true_density *truth);

#endif
