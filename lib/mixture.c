/* mixture.c - a mixture of Gaussians on the line: density, distribution function, and the map to a standard normal.
 *
 *   f(x) = sum_k w_k phi(u_k) / s_k,  F(x) = sum_k w_k Phi(u_k),  u_k = (x - m_k) / s_k
 *   z(x) = Phi^-1(F(x)),  dz/dx = f(x) / phi(z)
 *
 * Sums over components are of exponentials of logarithms, the greatest taken out, so that tails do not underflow.  z is
 * computed from the smaller of log F and log(1 - F).
 *
 * z(x) lies between the least and the greatest u_k, because F(x) is a mean of the Phi(u_k).  So the x of a given z lies
 * between the least and the greatest m_k + s_k z, which is where the inverse begins. */
#include <float.h>

#include "constants.h"
#include "elementary.h"
#include "fathom_warm.h"

double fathom_mixture_mean(const fathom_mixture *mixture)
{
    double sum = 0.0;
    for (size_t k = 0; k < mixture->n; k++)
        sum += mixture->weight[k] * mixture->mean[k];
    return sum;
}

double fathom_mixture_sd(const fathom_mixture *mixture)
{
    const double mean = fathom_mixture_mean(mixture);
    double       sum = 0.0;
    for (size_t k = 0; k < mixture->n; k++) {
        const double from = mixture->mean[k] - mean, sd = mixture->sd[k];
        sum += mixture->weight[k] * (sd * sd + from * from);
    }
    return sqrt(sum);
}

/* log sum_k e^(t_k); t: [n] */
static double log_sum(const double *t, size_t n)
{
    double greatest = -INFINITY, sum = 0.0;
    for (size_t k = 0; k < n; k++)
        greatest = t[k] > greatest ? t[k] : greatest;
    if (greatest == -INFINITY)
        return greatest;
    for (size_t k = 0; k < n; k++)
        sum += same_exp(t[k] - greatest);
    return greatest + same_log(sum);
}

double fathom_mixture_log_density(const fathom_mixture *mixture, double x)
{
    double t[FATHOM_COMPONENTS_MAX];
    for (size_t k = 0; k < mixture->n; k++) {
        const double u = (x - mixture->mean[k]) / mixture->sd[k];
        t[k] = same_log(mixture->weight[k]) - same_log(mixture->sd[k]) - HALF_LOG_2PI - 0.5 * u * u;
    }
    return log_sum(t, mixture->n);
}

/* sign 1: log F(x), -1: log(1 - F(x)) */
static double log_tail(const fathom_mixture *mixture, double x, double sign)
{
    double t[FATHOM_COMPONENTS_MAX];
    for (size_t k = 0; k < mixture->n; k++)
        t[k] = same_log(mixture->weight[k]) + fathom_log_normal_cdf(sign * ((x - mixture->mean[k]) / mixture->sd[k]));
    return log_sum(t, mixture->n);
}

double fathom_mixture_log_cdf(const fathom_mixture *mixture, double x) { return log_tail(mixture, x, 1.0); }
double fathom_mixture_log_survival(const fathom_mixture *mixture, double x) { return log_tail(mixture, x, -1.0); }

double fathom_mixture_gaussianise(const fathom_mixture *mixture, double x)
{
    const double lower = log_tail(mixture, x, 1.0), upper = log_tail(mixture, x, -1.0);
    return lower < upper ? fathom_log_normal_quantile(lower) : -fathom_log_normal_quantile(upper);
}

double fathom_mixture_degaussianise(const fathom_mixture *mixture, double z)
{
    enum { STEPS = 200 };
    double low = mixture->mean[0] + mixture->sd[0] * z, high = low;
    for (size_t k = 1; k < mixture->n; k++) {
        const double x = mixture->mean[k] + mixture->sd[k] * z;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    double x = 0.5 * low + 0.5 * high;
    for (int i = 0; i < STEPS; i++) {
        const double own = fathom_mixture_gaussianise(mixture, x), excess = own - z, size = fabs(z);
        if (!(fabs(excess) > DBL_EPSILON * (size > 1.0 ? size : 1.0)))
            break;
        low = excess < 0.0 ? x : low;
        high = excess < 0.0 ? high : x;
        const double slope = same_exp(fathom_mixture_log_density(mixture, x) + HALF_LOG_2PI + 0.5 * own * own);
        double       next = x - excess / slope;
        if (!(next > low && next < high))
            next = 0.5 * low + 0.5 * high;
        if (next == x || next == low || next == high)
            break;
        x = next;
    }
    return x;
}

double fathom_mixture_quantile(const fathom_mixture *mixture, double p)
{
    if (!(p > 0.0 && p < 1.0))
        return NAN;
    const double z = p < 0.5 ? fathom_log_normal_quantile(same_log(p)) : -fathom_log_normal_quantile(same_log1p(-p));
    return fathom_mixture_degaussianise(mixture, z);
}
