/* gaussians.c - eight equal round Gaussians on a circle (Grathwohl et al. 2019, "FFJORD", toy data `8gaussians`, with
 * sqrt 2 where its code has 1.414).
 *
 *     raw = c_k + sigma N(0, I),   k = 0 .. 7 with equal chance,   sigma = 0.5 / sqrt 2,
 *     c_k = 4 / sqrt 2 (cos(k pi / 4), sin(k pi / 4)).
 */
#include "data_set.h"
#include "elementary.h"
#include "kernels/kernels.h"
#include "plane_density.h"

enum { CENTRES = 8 };
#define RADIUS 2.8284271247461903 /* 4 / sqrt 2; on the diagonals both coordinates are +-2 */
static const double centre[CENTRES][2] = { { RADIUS, 0 },  { 2, 2 },   { 0, RADIUS },  { -2, 2 },
                                           { -RADIUS, 0 }, { -2, -2 }, { 0, -RADIUS }, { 2, -2 } };
static const double sigma = 0.35355339059327379;

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All k, then all noise.  k is first stored in raw. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = (double)fathom_pcg64_integer(&rng, 0, CENTRES);
    for (size_t i = 0; i < n; i++) {
        const double *c = centre[(size_t)raw[2 * i]];
        raw[2 * i] = c[0] + sigma * fathom_pcg64_normal(&rng);
        raw[2 * i + 1] = c[1] + sigma * fathom_pcg64_normal(&rng);
    }
    return FATHOM_OK;
}

/* 1/8 sum_k 1 / (2 pi sigma^2) exp(-|raw - c_k|^2 / 2 sigma^2), sigma^2 = 1/8. */
static double log_raw(void *context, const double raw[2])
{
    static const double two_pi = 6.283185307179586, weight[CENTRES] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    const fathom_isa   *isa = context;
    double              exponent[CENTRES];
    for (int k = 0; k < CENTRES; k++) {
        const double dx = raw[0] - centre[k][0], dy = raw[1] - centre[k][1];
        exponent[k] = -4.0 * (dx * dx + dy * dy);
    }
    return isa->log_sum_exp(weight, exponent, CENTRES) - same_log(two_pi);
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    fathom_plane_log_density(logp, x, frame, n, log_raw, (void *)fathom_isa_find(NULL)); /* any: the same bits */
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_gaussians = {
    .name = "gaussians",
    .dim = 2,
    .draw = draw,
    .log_density = log_density,
    /* By the trapezoid rule, steps of 1/8 and 1/16 alike; 2.8383 if the Gaussians did not overlap. */
    .entropy = 2.831578361,
};
