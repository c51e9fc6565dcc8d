/* reach.c - how a training goes, by the losses of its batches (reach.h). */
#include "reach.h"

#include <math.h>
#include <stdlib.h>

#include "run_table.h"
#include "tuned_rate.h"

/* Of a window of losses; NaN if one is not finite. */
static double median(const double *loss)
{
    double sorted[REACH_WINDOW];
    for (size_t i = 0; i < REACH_WINDOW; i++) {
        if (!isfinite(loss[i]))
            return NAN;
        sorted[i] = loss[i];
    }
    return tuned_rate_median(sorted, REACH_WINDOW);
}

double reach_final(const double *loss, size_t steps)
{
    return steps >= 2 * REACH_WINDOW ? median(loss + steps - REACH_WINDOW) : NAN;
}

size_t reach_steps(const double *loss, double value, size_t steps)
{
    for (size_t end = REACH_WINDOW; end <= steps; end++) {
        const double now = median(loss + end - REACH_WINDOW);
        if (isnan(now))
            return 0;
        if (now <= value)
            return end;
    }
    return 0;
}

double reach_largest(const double *loss, size_t steps)
{
    double most = NAN;
    for (size_t i = 0; i < steps; i++)
        if (isinf(loss[i]))
            return INFINITY;
        else if (isnan(most) || loss[i] > most)
            most = loss[i];
    return most;
}

void reach_put(struct table *table, const struct run *run, const struct run_result *result,
               const struct run_result *other, const struct session *session)
{
    const size_t steps = run->training.steps;
    const bool   ok = result->status == FATHOM_OK;
    const double value = other && other->status == FATHOM_OK ? reach_final(other->loss, steps) : NAN;
    const size_t reach = ok && !isnan(value) ? reach_steps(result->loss, value, steps) : 0;
    run_table_put(table, "data coupling depth lr arm seed status", run, result, session);
    table_number(table, result->loss ? result->loss[0] : NAN);
    table_number(table, result->loss ? reach_largest(result->loss, steps) : NAN);
    table_number(table, value);
    table_text(table, isnan(value) ? "-" : reach ? "yes" : "no");
    table_number(table, reach ? (double)reach : NAN);
}
