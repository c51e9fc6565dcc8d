/* normal_cdf.c - the logarithm of the standard normal's distribution function, and its inverse: the kernels' Mills' ratio and
 * quantile (kernels/normal_cdf.h) as plain C, one number at a time.
 *
 *   log Phi(-y) = -y^2 / 2 - (log 2 pi) / 2 + log R(y)  for y >= -3/4,  otherwise log(1 - Phi(y)) */
#define VEC_WIDTH 1

#include "elementary.h"
#include "fathom_warm.h"
#include "kernels/exponential.h"
#include "kernels/normal_cdf.h"

static const double LOG_2 = 0.69314718055994530942;

double fathom_log_normal_cdf(double z)
{
    const double exponent = -0.5 * z * z - NORMAL_HALF_LOG_2PI;
    return z <= 0.75 ? exponent + same_log(mills_ratio(-z)) : same_log1p(-same_exp(exponent) * mills_ratio(z));
}

double fathom_log_normal_quantile(double log_p)
{
    double mills;
    if (log_p > -LOG_2)
        return -fathom_log_normal_quantile(same_log(-same_expm1(log_p)));
    return log_p > -INFINITY ? -normal_tail_quantile(&mills, log_p) : log_p;
}
