/* pinwheel.c - five arms, each a Gaussian that is turned the further the further out it is (Johnson et al. 2016,
 * "Composing graphical models with neural networks"; Grathwohl et al. 2019, "FFJORD", toy data, whose code turns the
 * other way: its picture is the mirror image of this one, and every score is the same).
 *
 *     u = 1 + 0.3 N,   v = 0.1 N,   k = 0 .. 4 with equal chance,
 *     raw = 2 T(2 pi k / 5 + a(u)) (u, v),   a(u) = e^u / 4,   T(b) the turn by the angle b, anticlockwise.
 *
 * The turn depends on u, so the map changes area: with a'(u) = a(u) its Jacobian determinant is 4 (1 - a(u) v), which is
 * not 1, and several (u, v) of one arm may be put on the same place.  The density is a sum over them all:
 *
 *     p(raw) = 1/5 sum_k sum_(u, v) N(u; 1, 0.3^2) N(v; 0, 0.1^2) / (4 |1 - a(u) v|).
 *
 * The (u, v) of arm k are found from u alone.  With (x, y) = T(-2 pi k / 5) raw / 2 the place before the arm's own turn,
 *
 *     g(u) = u - (x cos a(u) + y sin a(u)) = 0,   v = y cos a(u) - x sin a(u),   g'(u) = 1 - a(u) v.
 *
 * All roots are found: |g''| <= a sqrt(1 + a^2) |(x, y)| says of an interval that it has no root, or that g is monotone on
 * it; if neither, it is halved.  u is sought within 12 deviations of its mean, so what is left out has the chance 4e-33.
 * Where 1 - a(u) v = 0 two roots meet, and the density is infinite on a curve; rows beyond it have the chance 1e-9.
 */
#include "data_set.h"
#include "elementary.h"
#include "kernels/kernels.h"
#include "plane_density.h"

static const double pi = 3.141592653589793, radial_sd = 0.3, tangential_sd = 0.1, rate = 0.25, scale = 2.0;

/* For |u - 1| <= 12 deviations a(u) has 25 radians.  g'' vanishes once in each pi of them, so an arm has 11 roots at
 * most. */
enum { ARMS = 5, MOST_ROOTS = 64 };
static const double most_deviations = 12.0;

static double arm_angle(int64_t arm) { return 2.0 * pi * (double)arm / ARMS; }

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All arms, then all noise.  The arm is first stored in raw. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = (double)fathom_pcg64_integer(&rng, 0, ARMS);
    for (size_t i = 0; i < n; i++) {
        const double u = 1.0 + radial_sd * fathom_pcg64_normal(&rng), v = tangential_sd * fathom_pcg64_normal(&rng);
        const double angle = arm_angle((int64_t)raw[2 * i]) + rate * same_exp(u);
        const double c = same_cos(angle), s = same_sin(angle);
        raw[2 * i] = scale * (u * c - v * s);
        raw[2 * i + 1] = scale * (u * s + v * c);
    }
    return FATHOM_OK;
}

/* ------------------------------------------------------------------------------------------------- density ---- */

struct place {
    double x, y, square; /* before the arm's own turn; x^2 + y^2           */
    size_t n;            /* terms: of all arms so far                      */
    double weight[MOST_ROOTS], exponent[MOST_ROOTS], greatest;
};

/* g and what belongs to it, at one u. */
struct trial {
    double u, a, v, g, slope;
};

static struct trial try(const struct place *p, double u)
{
    struct trial t = { .u = u, .a = rate * same_exp(u) };
    const double c = same_cos(t.a), s = same_sin(t.a);
    t.v = p->y * c - p->x * s;
    t.g = u - (p->x * c + p->y * s);
    t.slope = 1.0 - t.a * t.v;
    return t;
}

static double exponent_of(double from_mean, double v_square)
{
    return -from_mean * from_mean / (2.0 * radial_sd * radial_sd) - v_square / (2.0 * tangential_sd * tangential_sd);
}

/* The root between lo and hi, where g is monotone: Newton's steps, and halves where one would leave the interval. */
static void add_root(struct place *p, double lo, double hi, bool lo_below)
{
    struct trial t = try(p, 0.5 * (lo + hi));
    for (int i = 0; i < 100 && t.g != 0.0; i++) {
        if ((t.g < 0.0) == lo_below)
            lo = t.u;
        else
            hi = t.u;
        const double newton = t.u - t.g / t.slope, next = newton > lo && newton < hi ? newton : 0.5 * (lo + hi);
        const double step = fabs(next - t.u);
        t = try(p, next);
        if (step < 1e-15 * (1.0 + fabs(next)))
            break;
    }
    if (p->n == MOST_ROOTS)
        return;
    p->exponent[p->n] = exponent_of(t.u - 1.0, t.v * t.v);
    p->weight[p->n] = 1.0 / fabs(t.slope);
    p->greatest = p->exponent[p->n] > p->greatest ? p->exponent[p->n] : p->greatest;
    p->n++;
}

/* The greatest exponent that a root between lo and hi may have: u^2 + v^2 = x^2 + y^2. */
static double best_exponent(const struct place *p, double lo, double hi)
{
    const double from_mean = lo > 1.0 ? lo - 1.0 : hi < 1.0 ? 1.0 - hi : 0.0;
    const double u_square = lo * lo > hi * hi ? lo * lo : hi * hi;
    return exponent_of(from_mean, p->square > u_square ? p->square - u_square : 0.0);
}

/* Adds all roots between lo and hi that are not negligible beside those found before: e^-45 is below the precision of a
 * double.  `halvings` ends the search at a place where two roots meet. */
static void add_roots(struct place *p, const struct trial *lo, const struct trial *hi, int halvings)
{
    const double negligible = 45.0, half = 0.5 * (hi->u - lo->u);
    if (best_exponent(p, lo->u, hi->u) < p->greatest - negligible)
        return;
    const struct trial middle = try(p, lo->u + half);
    const double       bend = hi->a * sqrt((1.0 + hi->a * hi->a) * p->square); /* |g''| at most */
    const bool         lo_below = lo->g < 0.0, hi_below = hi->g < 0.0;
    if (fabs(middle.slope) > bend * half) { /* monotone */
        if (lo_below != hi_below)
            add_root(p, lo->u, hi->u, lo_below);
    } else if (fabs(middle.g) <= half * (fabs(middle.slope) + 0.5 * half * bend) && halvings > 0) {
        add_roots(p, lo, &middle, halvings - 1);
        add_roots(p, &middle, hi, halvings - 1);
    }
}

static double log_raw(void *context, const double raw[2])
{
    const fathom_isa *isa = context;
    const double      square = (raw[0] * raw[0] + raw[1] * raw[1]) / (scale * scale), radius = sqrt(square);
    const double      far = radius + 1e-9 * (1.0 + radius); /* |u| <= radius, but for rounding */
    const double      low = 1.0 - most_deviations * radial_sd, high = 1.0 + most_deviations * radial_sd;
    struct place      p = { .square = square, .greatest = -INFINITY };
    if (!(square < INFINITY))
        return -INFINITY;
    for (int64_t arm = 0; arm < ARMS; arm++) {
        const double c = same_cos(arm_angle(arm)), s = same_sin(arm_angle(arm));
        p.x = (raw[0] * c + raw[1] * s) / scale;
        p.y = (raw[1] * c - raw[0] * s) / scale;
        const struct trial first = try(&p, -far > low ? -far : low), last = try(&p, far < high ? far : high);
        add_roots(&p, &first, &last, 48);
    }
    for (; p.n % 8 != 0; p.n++) { /* log_sum_exp takes eight terms at a time */
        p.weight[p.n] = 0.0;
        p.exponent[p.n] = -INFINITY;
    }
    return isa->log_sum_exp(p.weight, p.exponent, p.n) -
           same_log(ARMS * scale * scale * 2.0 * pi * radial_sd * tangential_sd);
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    fathom_plane_log_density(logp, x, frame, n, log_raw, (void *)fathom_isa_find(NULL)); /* any: the same bits */
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_pinwheel = {
    .name = "pinwheel",
    .dim = 2,
    .draw = draw,
    .log_density = log_density,
    /* The mean of -log p over (u, v), by the trapezoid rule, steps of 1/24, 1/48 and 1/96 deviations alike. */
    .entropy = 2.317788036,
};
