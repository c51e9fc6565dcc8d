/* normal_cdf.c - the logarithm of the standard normal's distribution function, and its inverse.
 *
 *   Phi(z) = erfc(-z / sqrt 2) / 2;   z -> -inf:  Phi(z) = phi(z) / |z| (1 - t + 3 t^2 - 15 t^3 + ...),  t = 1 / z^2
 *
 * (Abramowitz & Stegun 1964, 7.1.2 and 26.2.12).  The series is used below -37, where erfc is about to underflow; its terms
 * up to t^5 leave an error of 2e-15, of a logarithm of -690 and less.
 *
 * The inverse is Newton's iteration.  log Phi is concave and increasing, so from a point left of the root each step ends left
 * of it as well: Phi(z) <= e^(-z^2 / 2) / 2 for z <= 0 gives such a point. */
#include <float.h>

#include "constants.h"
#include "elementary.h"
#include "fathom_warm.h"

static const double LOG_2 = 0.69314718055994530942;
static const double SQRT_HALF = 0.70710678118654752440, SERIES_BELOW = -37.0;

double fathom_log_normal_cdf(double z)
{
    if (z < SERIES_BELOW) {
        const double t = 1.0 / (z * z), sum = t * (-1.0 + t * (3.0 + t * (-15.0 + t * (105.0 - t * 945.0))));
        return -0.5 * z * z - HALF_LOG_2PI - same_log(-z) + same_log1p(sum);
    }
    if (z < 0.0)
        return same_log(0.5 * same_erfc(-SQRT_HALF * z));
    return same_log1p(-0.5 * same_erfc(SQRT_HALF * z));
}

/* d log Phi / dz = phi / Phi.  Far out, where the difference of two large numbers would lose it, |z| + 1 / |z|. */
static double slope(double z, double log_cdf)
{
    return z < SERIES_BELOW ? -z - 1.0 / z : same_exp(-0.5 * z * z - HALF_LOG_2PI - log_cdf);
}

double fathom_log_normal_quantile(double log_p)
{
    enum { STEPS = 60 }; /* six do */
    if (log_p > -LOG_2)
        return -fathom_log_normal_quantile(same_log(-same_expm1(log_p)));
    double z = -sqrt(-2.0 * (log_p + LOG_2));
    for (int i = 0; i < STEPS && z > -INFINITY; i++) {
        const double log_cdf = fathom_log_normal_cdf(z), step = (log_p - log_cdf) / slope(z, log_cdf);
        z += step;
        if (!(fabs(step) > DBL_EPSILON * (1.0 - z)))
            break;
    }
    return z;
}
