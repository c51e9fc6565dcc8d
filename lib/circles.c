/* circles.c - two circles about one centre, with noise (Grathwohl et al. 2019, "FFJORD", toy data: scikit-learn's
 * make_circles with factor 1/2 and noise 0.08, times 3; but the angle is drawn at random).
 *
 *     raw = 3 (R (cos t, sin t) + 0.08 N(0, I)),   t ~ U(0, 2 pi),   R = 1 or 1/2 with equal chance.
 *
 * With the radii 3R = 3 and 3/2, sigma = 0.24 and r = |raw|, the noise's average over a circle is a Bessel function:
 *
 *     p(raw) = 1/2 sum_R 1 / (2 pi sigma^2) exp(-(r - 3R)^2 / 2 sigma^2) e^-z I_0(z),   z = 3R r / sigma^2.
 */
#include "bessel.h"
#include "data_set.h"
#include "elementary.h"
#include "kernels/kernels.h"
#include "plane_density.h"

static const double two_pi = 6.283185307179586, radius[2] = { 3.0, 1.5 }, sigma = 0.24;

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All t, then all circles, then all noise.  t and circle are first stored in raw. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = two_pi * fathom_pcg64_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        raw[2 * i + 1] = (double)fathom_pcg64_integer(&rng, 0, 2);
    for (size_t i = 0; i < n; i++) {
        const double t = raw[2 * i], r = radius[(size_t)raw[2 * i + 1]];
        raw[2 * i] = r * same_cos(t) + sigma * fathom_pcg64_normal(&rng);
        raw[2 * i + 1] = r * same_sin(t) + sigma * fathom_pcg64_normal(&rng);
    }
    return FATHOM_OK;
}

static double log_raw(void *context, const double raw[2])
{
    static const double weight[8] = { 1, 1 }; /* log_sum_exp takes eight terms */
    const fathom_isa   *isa = context;
    const double        variance = sigma * sigma, r = sqrt(raw[0] * raw[0] + raw[1] * raw[1]);
    double              exponent[8];
    for (int k = 0; k < 8; k++)
        exponent[k] = -INFINITY;
    for (int k = 0; k < 2; k++) {
        const double d = r - radius[k];
        exponent[k] = -d * d / (2.0 * variance) + fathom_log_bessel_i0_scaled(radius[k] * r / variance);
    }
    return isa->log_sum_exp(weight, exponent, 8) - same_log(2.0 * two_pi * variance);
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    fathom_plane_log_density(logp, x, frame, n, log_raw, (void *)fathom_isa_find(NULL)); /* any: the same bits */
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_circles = {
    .name = "circles",
    .dim = 2,
    .draw = draw,
    .log_density = log_density,
    .entropy = 3.268135712, /* by the trapezoid rule, steps of 1/16 and 1/32 alike */
};
