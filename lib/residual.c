/* residual.c - the notebook's residual map T(x) = x + g(x), g(x) = a sin(b x), and its inverse by Banach's iteration.
 *
 * T has an inverse if g is a contraction, that is if its Lipschitz number |a b| is below 1: then y - g(x) maps any two
 * points closer together by that factor, and its fixed point, the inverse, is approached from anywhere with error
 * <= |a b|^k times the first (Banach 1922; Behrmann, Grathwohl, Chen, Duvenaud & Jacobsen 2019, "Invertible residual
 * networks", theorem 1 and algorithm 1).  The converse fails: |a b| >= 1 does not by itself make T fold over.
 *
 * Invariant: sin is SLEEF's, the same bits on every machine; every map here is applied point by point.
 */
#include <math.h>

#include "elementary.h"
#include "fathom_certificate.h"

static double residual(double x, double a, double b) { return a * same_sin(b * x); }

double fathom_residual_lipschitz(double a, double b) { return fabs(a * b); /* sup |g'| = sup |a b cos(b x)| */ }

void fathom_residual_forward(double *y, const double *x, double a, double b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + residual(x[i], a, b);
}

/* Of a map of any dimension. */
size_t fathom_banach_steps(double lipschitz)
{
    if (!(lipschitz > 0.0 && lipschitz < 1.0))
        return lipschitz == 0.0 ? 1 : SIZE_MAX;
    const double steps = same_log(1e-12) / same_log(lipschitz);
    return (size_t)steps + ((double)(size_t)steps < steps);
}

size_t fathom_nonincreasing_steps(const double *y, size_t n)
{
    size_t count = 0;
    for (size_t i = 1; i < n; i++)
        if (!(y[i] > y[i - 1])) /* NaN counts: it is no increase */
            count++;
    return count;
}

/* max_i |x_i - truth_i|, NaN if one of them is. */
static double max_distance(const double *x, const double *truth, size_t n)
{
    double max = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double distance = fabs(x[i] - truth[i]);
        if (!(distance <= max))
            max = distance;
        if (max != max)
            break;
    }
    return max;
}

void fathom_residual_inverse(double *x, double *max_error, const double *y, const double *truth, double a, double b,
                             size_t iterations, size_t n)
{
    const bool measure = max_error != NULL && truth != NULL;

    for (size_t i = 0; i < n; i++)
        x[i] = y[i];
    if (measure)
        max_error[0] = max_distance(x, truth, n);
    for (size_t k = 1; k <= iterations; k++) {
        for (size_t i = 0; i < n; i++)
            x[i] = y[i] - residual(x[i], a, b);
        if (measure)
            max_error[k] = max_distance(x, truth, n);
    }
}

/* T(x) - y */
static double excess(double x, double y, double a, double b) { return x + residual(x, a, b) - y; }

/* The root between low and high, at which the excess has other signs or is 0 at low, by bisection to the last bits. */
static double root(double low, double high, double y, double a, double b)
{
    const bool below = excess(low, y, a, b) < 0;
    if (excess(low, y, a, b) == 0)
        return low;
    for (double middle = low + (high - low) / 2; middle > low && middle < high; middle = low + (high - low) / 2)
        if ((excess(middle, y, a, b) < 0) == below)
            low = middle;
        else
            high = middle;
    return high;
}

size_t fathom_residual_preimages(double *x, double y, double a, double b, size_t room)
{
    enum { CELLS = 4096 };
    const double reach = fabs(a) * (1 + 1.0 / CELLS) + 1.0 / CELLS, step = 2 * reach / CELLS;
    size_t       n = 0;
    if (!(fabs(y) <= 1e300) || !(reach <= 1e300)) /* NaN too */
        return 0;
    for (size_t i = 0; i < CELLS; i++) {
        const double low = y - reach + (double)i * step, high = y - reach + (double)(i + 1) * step;
        const double at_low = excess(low, y, a, b), at_high = excess(high, y, a, b);
        if (!(at_low == 0 || (at_low < 0 && at_high > 0) || (at_low > 0 && at_high < 0)))
            continue;
        if (n < room)
            x[n] = root(low, high, y, a, b);
        n++;
    }
    return n;
}

double fathom_residual_promise(double lipschitz, double tolerance)
{
    return lipschitz == 0 ? 0 : lipschitz > 0 && lipschitz < 1 ? same_log(tolerance) / same_log(lipschitz) : NAN;
}
