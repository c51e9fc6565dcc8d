/* training_course.h - the batch losses of several runs of one cell: their median and quartiles at a step. */
#ifndef TRAINING_COURSE_H
#define TRAINING_COURSE_H

#include "runner.h"
#include "table.h"

/* Rows for the n runs, which differ in seed alone: of each of the first 50 steps, and of every tenth after them, the
 * quartiles over the runs that have a finite loss there, `runs` of them; nan if there is none.  Traces must have been
 * kept. */
#define TRAINING_COURSE_COLUMNS "coupling depth lr arm step runs q1 median q3"
void training_course_put(struct table *table, const struct run *runs, const struct run_result *results, size_t n);

#endif
