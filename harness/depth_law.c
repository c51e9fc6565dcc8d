/* depth_law.c - how something grows with depth (depth_law.h). */
#include "depth_law.h"

#include <math.h>
#include <stdlib.h>

static double misfit(const double *x, const double *y, struct line line, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double r = y[i] - line.intercept - line.slope * x[i];
        sum += r * r;
    }
    return sqrt(sum / (double)n);
}

struct depth_law depth_law_fit(const double *depth, const double *mean, size_t n)
{
    const struct line none = { NAN, NAN, NAN, NAN, NAN };
    struct depth_law  law = { none, none, NAN, NAN };
    double           *log_depth = calloc(2 * n + 1, sizeof *log_depth), *log_mean = log_depth + n;
    bool              usable = log_depth && n > 2;
    for (size_t i = 0; i < n && usable; i++) {
        log_depth[i] = log(depth[i]);
        log_mean[i] = log(mean[i]);
        usable = isfinite(log_depth[i]) && isfinite(log_mean[i]);
    }
    if (usable) {
        law.power = statistics_line(log_depth, log_mean, 0.95, n);
        law.exponential = statistics_line(depth, log_mean, 0.95, n);
        law.power_misfit = misfit(log_depth, log_mean, law.power, n);
        law.exponential_misfit = misfit(depth, log_mean, law.exponential, n);
    }
    free(log_depth);
    return law;
}
