/* bessel.c - I_0, from its power series and from its expansion at infinity (bessel.h).
 *
 *     I_0(z) = sum_k (z^2 / 4)^k / k!^2                                             (Abramowitz & Stegun 1964, 9.6.12)
 *     I_0(z) ~ e^z / sqrt(2 pi z) sum_k (1^2 3^2 ... (2k - 1)^2) / (k! (8z)^k)      (9.7.1)
 *
 * All terms of both are positive, so nothing cancels.  From z = 20 on the terms of the expansion fall below the
 * precision of a double before they grow again.
 */
#include "bessel.h"

#include "elementary.h"

static const double large = 20.0, negligible = 0x1p-56;

double fathom_log_bessel_i0_scaled(double z)
{
    const double two_pi = 6.283185307179586;
    double       sum = 1.0, term = 1.0;
    if (z < large) {
        for (double k = 1; term > negligible * sum; k++)
            sum += term *= z / (2 * k) * (z / (2 * k));
        return same_log(sum) - z;
    }
    for (double k = 1; term > negligible * sum; k++)
        sum += term *= (2 * k - 1) * (2 * k - 1) / (8 * k) / z;
    return same_log(sum) - 0.5 * same_log(two_pi * z);
}
