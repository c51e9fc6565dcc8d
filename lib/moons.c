/* moons.c - two half circles that reach into each other, with noise (scikit-learn's make_moons with noise 0.1, but t is
 * drawn at random).
 *
 *     raw = c(t) + sigma N(0, I),   t ~ U(0, pi),   sigma = 0.1,
 *     c(t) = (cos t, sin t) or (1 - cos t, 1/2 - sin t), with equal chance.
 *
 * The density is the noise's, averaged over both arcs:
 *
 *     p(raw) = 1/2 sum_arcs 1/pi int_0^pi N(raw; c(t), sigma^2 I) dt,
 *
 * by Gauss-Legendre quadrature on equal panels of t.  The terms are added relative to the largest (log-sum-exp).
 */
#include <stdlib.h>

#include "data_set.h"
#include "elementary.h"
#include "gauss_legendre.h"
#include "kernels/kernels.h"
#include "plane_density.h"

static const double pi = 3.141592653589793, sigma = 0.1;

static void centre(double c[2], int64_t moon, double t)
{
    c[0] = moon == 0 ? same_cos(t) : 1.0 - same_cos(t);
    c[1] = moon == 0 ? same_sin(t) : 0.5 - same_sin(t);
}

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All t, then all moons, then all noise.  t and moon are first stored in raw. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = pi * fathom_pcg64_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        raw[2 * i + 1] = (double)fathom_pcg64_integer(&rng, 0, 2);
    for (size_t i = 0; i < n; i++) {
        double c[2];
        centre(c, (int64_t)raw[2 * i + 1], raw[2 * i]);
        raw[2 * i] = c[0] + sigma * fathom_pcg64_normal(&rng);
        raw[2 * i + 1] = c[1] + sigma * fathom_pcg64_normal(&rng);
    }
    return FATHOM_OK;
}

/* Panels of t on each arc.  Where the density is above 1e-12 of its peak, the integrand falls at most like exp(-75 t)
 * (off an arc's end) or like a normal of deviation 0.076 in t; a panel is 0.131 wide, and the rule's remainder is below
 * 1e-10 of the integral in both cases. */
enum { PANELS = 24, NODES = 2 * PANELS * ORDER };

struct quadrature {
    double            x[NODES], y[NODES], weight[NODES];
    double            exponent[NODES]; /* scratch, for one point */
    const fathom_isa *isa;             /* every set gives the same bits */
};

static void set_nodes(struct quadrature *q)
{
    const double half_width = pi / (2 * PANELS);
    for (int i = 0; i < NODES; i++) {
        const int    k = i % ORDER, panel = i / ORDER % PANELS, place = k < HALF ? HALF - 1 - k : k - HALF;
        const double a = k < HALF ? -gauss_legendre[place].abscissa : gauss_legendre[place].abscissa;
        double       c[2];
        centre(c, i / (PANELS * ORDER), (2 * panel + 1 + a) * half_width);
        q->x[i] = c[0];
        q->y[i] = c[1];
        q->weight[i] = half_width * gauss_legendre[place].weight;
    }
    q->isa = fathom_isa_find(NULL);
}

static double log_raw(void *context, const double raw[2])
{
    struct quadrature *q = context;
    const double       exponent_scale = -1.0 / (2.0 * sigma * sigma);
    for (int i = 0; i < NODES; i++) {
        const double dx = raw[0] - q->x[i], dy = raw[1] - q->y[i];
        q->exponent[i] = (dx * dx + dy * dy) * exponent_scale;
    }
    return q->isa->log_sum_exp(q->weight, q->exponent, NODES) - same_log(2.0 * pi * 2.0 * pi * sigma * sigma);
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    struct quadrature *q = malloc(sizeof *q);
    if (!q)
        return FATHOM_NO_MEMORY;
    set_nodes(q);
    fathom_plane_log_density(logp, x, frame, n, log_raw, q);
    free(q);
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_moons = {
    .name = "moons",
    .dim = 2,
    .draw = draw,
    .log_density = log_density,
    .entropy = 1.007584835, /* by the trapezoid rule, steps of 1/32 and 1/64 alike */
};
