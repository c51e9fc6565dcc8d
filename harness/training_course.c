/* training_course.c - the batch losses of several runs of one cell (training_course.h). */
#include "training_course.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"
#include "run_table.h"
#include "statistics.h"

enum { FIRST = 50, EVERY = 10 /* steps */ };

void training_course_put(struct table *table, const struct run *runs, const struct run_result *results, size_t n)
{
    double *loss = malloc((n + 1) * sizeof *loss);
    if (!loss)
        exit_failed("not enough memory for the losses");
    for (size_t step = 0; step < runs->training.steps; step += step < FIRST ? 1 : EVERY) {
        size_t finite = 0;
        for (size_t i = 0; i < n; i++)
            if (results[i].loss && isfinite(results[i].loss[step]))
                loss[finite++] = results[i].loss[step];
        const struct summary s = finite ? statistics_summary(loss, finite)
                                        : (struct summary){ .q1 = NAN, .median = NAN, .q3 = NAN };
        run_table_put(table, "coupling depth lr arm", runs, NULL, NULL);
        table_count(table, step);
        table_count(table, finite);
        table_number(table, s.q1);
        table_number(table, s.median);
        table_number(table, s.q3);
    }
    free(loss);
}
