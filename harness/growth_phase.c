/* growth_phase.c - how fast the difference between two runs grows from round-off (growth_phase.h). */
#include "growth_phase.h"

#include <math.h>
#include <stdlib.h>

#include "statistics.h"

/* Of log value against step, from the first to the last; what is 0 is left out. */
static struct line fit(const double *step, const double *value, size_t first, size_t last)
{
    struct line line = { NAN, NAN, NAN, NAN, NAN };
    double     *x = malloc(2 * (last + 1) * sizeof *x), *y = x + last + 1;
    size_t      n = 0;
    for (size_t i = first; x && i <= last; i++)
        if (value[i] > 0) {
            x[n] = step[i];
            y[n++] = value[i];
        }
    if (n > 2)
        line = statistics_semi_log(x, y, 0.95, n);
    free(x);
    return line;
}

struct growth_phase growth_phase_find(const double *step, const double *least, const double *median,
                                      const double *greatest, size_t n)
{
    struct growth_phase phase = { NAN, NAN, NAN, NAN, NAN, NAN, 0 };
    size_t              first = 0, last = 0;
    for (size_t i = 0; i < n; i++)
        phase.largest = fmax(phase.largest, median[i]);
    while (last < n && median[last] < phase.largest / 10)
        last++;
    for (size_t i = 0; i < last; i++)
        if (median[i] < GROWTH_ROUNDING)
            first = i + 1;
    if (!(phase.largest > GROWTH_ROUNDING && last < n))
        return phase;
    const struct line line = fit(step, median, first, last);
    const double      a = fit(step, least, first, last).slope, b = fit(step, greatest, first, last).slope;
    phase.start = step[first];
    phase.saturated = step[last];
    phase.rate = line.slope;
    phase.intercept = line.intercept;
    phase.least_rate = fmin(a, b);
    phase.greatest_rate = fmax(a, b);
    return phase;
}
