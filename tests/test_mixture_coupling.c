/* test_mixture_coupling.c - the mixture couplings at their edges: tails, gaps, one component, the clip's ends, the way
 * back.
 *
 * The truth is the definition, in long double: F and 1 - F as sums over components of erfcl, f of expl, z by Newton's
 * iteration on the logarithm of the lesser tail.  Derivatives are central differences of that.  Nothing of the
 * library's own is used, but for the fit. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"

enum { MOST = FATHOM_COMPONENTS_MAX, MOST_OUTPUTS = 3 * MOST, SAVED = 16 + 8 * MOST };

static const long double HALF_LOG_2PI_L = 0.91893853320467274178032973640561764L;

/* ------------------------------------------------------------------------------------- the map, as it is defined ---- */

struct mixture {
    const char *coupling;
    size_t      n;
    double      raw[MOST_OUTPUTS]; /* logits, means, raw scales: the same for every row */
};

/* log(e^a + e^b) */
static long double log_add(long double a, long double b)
{
    const long double most = a > b ? a : b, least = a > b ? b : a;
    return most == -INFINITY ? most : most + log1pl(expl(least - most));
}

/* log Phi(-u), by Laplace's continued fraction (Abramowitz & Stegun 1964, 26.2.14) from 20 on */
static long double log_upper(long double u)
{
    if (u < 20.0L)
        return logl(erfcl(u / sqrtl(2.0L)) / 2.0L);
    long double fraction = 0.0L;
    for (int k = 60; k > 0; k--)
        fraction = (long double)k / (u + fraction);
    return -u * u / 2.0L - HALF_LOG_2PI_L - logl(u + fraction);
}

/* z and log dz/dx at x with the outputs `raw`, in long double */
static long double truth(long double *log_slope, const long double *raw, size_t n, long double x)
{
    long double lower = -INFINITY, upper = -INFINITY, density = -INFINITY, total = -INFINITY;
    for (size_t k = 0; k < n; k++)
        total = log_add(total, raw[k]);
    for (size_t k = 0; k < n; k++) {
        const long double log_s = 5.0L * tanhl(raw[2 * n + k]), u = (x - raw[n + k]) / expl(log_s), w = raw[k] - total;
        lower = log_add(lower, w + log_upper(-u));
        upper = log_add(upper, w + log_upper(u));
        density = log_add(density, w - log_s - u * u / 2.0L - HALF_LOG_2PI_L);
    }
    const long double tail = lower < upper ? lower : upper;
    long double       y = sqrtl(-2.0L * tail);
    for (int step = 0; step < 60; step++) { /* log Phi(-y) is concave, and y starts too far out */
        const long double log_tail = log_upper(y), slope = expl(-y * y / 2.0L - HALF_LOG_2PI_L - log_tail);
        y += (log_tail - tail) / (y > 20.0L ? y + 1.0L / y : slope);
    }
    *log_slope = density + y * y / 2.0L + HALF_LOG_2PI_L;
    return lower < upper ? -y : y;
}

/* ---------------------------------------------------------------------------------------------- the library's map ---- */

struct result {
    double z[TILE], log_det[TILE], x[TILE]; /* of the way there, or of the way back             */
    double outputs[MOST_OUTPUTS * STRIDE];  /* the outputs, then their gradient                 */
    double saved[SAVED * STRIDE];
    bool   flat;
};

static fathom_config config_of(const struct mixture *m)
{
    fathom_config config = fathom_config_default();
    config.components = m->n;
    return config;
}

static void run(struct result *r, const struct mixture *m, bool inverse, const double *in)
{
    const fathom_config       config = config_of(m);
    const struct transformer *t = fathom_isa_transformer(fathom_isa_find(NULL), m->coupling);
    struct volume_memory      volume_memory;
    struct volume             volume = volume_in(&volume_memory);
    double                    at[TILE];
    assert_non_null(t);
    assert_int_equal(t->n_outputs(&config), 3 * m->n);
    assert_true(t->n_saved(&config) <= SAVED);
    for (size_t k = 0; k < 3 * m->n; k++)
        for (size_t i = 0; i < TILE; i++)
            ROW(r->outputs, k)[i] = m->raw[k];
    memcpy(at, in, sizeof at);
    volume_start(&volume, TILE);
    (inverse ? t->inverse : t->forward)(at, &volume, r->outputs, r->saved, &config, TILE);
    memcpy(inverse ? r->x : r->z, at, sizeof at);
    fathom_isa_find(NULL)->log_det(r->log_det, &volume, TILE);
    r->flat = volume.flat;
}

static void run_backward(double *dx, struct result *r, const struct mixture *m, double dy, double dlog_det)
{
    const fathom_config       config = config_of(m);
    const struct transformer *t = fathom_isa_transformer(fathom_isa_find(NULL), m->coupling);
    double                    upstream[TILE];
    for (size_t i = 0; i < TILE; i++) {
        dx[i] = dy;
        upstream[i] = dlog_det;
    }
    t->backward(dx, r->outputs, r->saved, upstream, &config, TILE);
}

/* K components with logits of deviation 1, means of deviation `spread`, raw scales of deviation `scales`. */
static struct mixture some(size_t n, double spread, double scales, uint64_t seed)
{
    struct mixture m = { .coupling = "mixture", .n = n };
    draw(m.raw, seed, 1.0, n);
    draw(m.raw + n, seed + 1, spread, n);
    draw(m.raw + 2 * n, seed + 2, scales, n);
    return m;
}

static struct mixture one(double mean, double raw)
{
    return (struct mixture){ .coupling = "mixture", .n = 1, .raw = { 0.3, mean, raw } };
}

static void long_outputs(long double *raw, const struct mixture *m)
{
    for (size_t k = 0; k < 3 * m->n; k++)
        raw[k] = m->raw[k];
}

static const struct {
    size_t n;
    double spread, scales;
} shapes[] = { { 8, 0.3, 0.2 }, { 8, 2.0, 0.3 }, { 1, 1.0, 0.3 }, { 2, 3.0, 0.5 }, { 64, 2.0, 0.4 }, { 5, 20.0, 0.3 } };
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* Rows from -40 to 40, most of them near 0. */
static void place(double x[TILE])
{
    for (size_t i = 0; i < TILE; i++) {
        const double t = 2.0 * ((double)i + 0.37) / TILE - 1.0;
        x[i] = 40.0 * t * t * t;
    }
}

/* ------------------------------------------------------------------------------------------------------- tests ---- */

static void test_against_the_definition(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SHAPES; s++) {
        const struct mixture m = some(shapes[s].n, shapes[s].spread, shapes[s].scales, 10 * s);
        struct result        r;
        double               x[TILE];
        long double          raw[MOST_OUTPUTS];
        place(x);
        long_outputs(raw, &m);
        run(&r, &m, false, x);
        for (size_t i = 0; i < TILE; i++) {
            long double       log_slope;
            const long double z = truth(&log_slope, raw, m.n, x[i]);
            check_near(r.z[i], (double)z, 1e-14, fmax(1.0, fabs(x[i])), "z", i);
            check_near(r.log_det[i], (double)log_slope, 1e-13, fmax(1.0, fabs((double)log_slope)), "log dz/dx", i);
        }
    }
}

/* Every derivative of z and of log dz/dx, by x and by the 3 K outputs, where the map is not flat. */
static void test_gradients(void **state)
{
    (void)state;
    const long double h = 0x1p-20L;
    for (size_t s = 0; s < 4; s++) {
        const struct mixture m = some(shapes[s].n, shapes[s].spread, shapes[s].scales, 10 * s);
        const size_t         n_out = 3 * m.n;
        struct result        r[2];
        double               x[TILE], dx[2][TILE];
        long double          raw[MOST_OUTPUTS];
        place(x);
        long_outputs(raw, &m);
        for (int which = 0; which < 2; which++) { /* of z; of log dz/dx */
            run(&r[which], &m, false, x);
            run_backward(dx[which], &r[which], &m, which == 0, which == 1);
        }
        for (size_t i = 0; i < TILE; i += 3)
            for (size_t k = 0; k <= n_out; k++) {
                long double       log_slope[2], z[2], at = x[i], *moved = k < n_out ? &raw[k] : &at;
                const long double kept = *moved;
                for (int side = 0; side < 2; side++) {
                    *moved = kept + (side ? h : -h);
                    z[side] = truth(&log_slope[side], raw, m.n, at);
                }
                *moved = kept;
                const double expected[] = { (double)((z[1] - z[0]) / (2.0L * h)),
                                            (double)((log_slope[1] - log_slope[0]) / (2.0L * h)) };
                for (int which = 0; which < 2; which++) {
                    const double got = k < n_out ? ROW(r[which].outputs, k)[i] : dx[which][i];
                    check_near(got, expected[which], 1e-9, fmax(1.0, x[i] * x[i]), which ? "d log dz/dx" : "dz", k);
                }
            }
    }
}

/* One component is the affine map (x - mean) / s. */
static void test_one_component(void **state)
{
    (void)state;
    const long double   mean = 0.6875L;
    static const double raws[] = { 0.0, 0.1, -0.3, 0.9, -2.0, 1e6, -1e6 };
    for (size_t j = 0; j < sizeof raws / sizeof *raws; j++) {
        const struct mixture m = one((double)mean, raws[j]);
        const long double    log_s = 5.0L * tanhl(raws[j]), s = expl(log_s);
        struct result        r;
        double               x[TILE], dx[TILE];
        for (size_t i = 0; i < TILE; i++) /* u from -40 to 40, then every magnitude up to 1e8 */
            x[i] = (double)(0.7L +
                            s * (i < 32 ? 80.0L * i / 31.0L - 40.0L : (i % 2 ? 1 : -1) * powl(10.0L, (i - 31) / 2.0L)));
        run(&r, &m, false, x);
        for (size_t i = 0; i < TILE; i++) {
            const double u = (double)((x[i] - mean) / s);
            check_near(r.z[i], u, 4e-15, fmax(1.0, fabs(u)), "u", i);
            check_near(r.log_det[i], (double)-log_s, i < 32 ? 1e-13 : 1e-12, 1.0, "-log s", i);
        }
        run_backward(dx, &r, &m, 0.0, 1.0);
        for (size_t i = 0; i < 32; i++) {
            check_near(dx[i], 0.0, 1e-13, (double)(40.0L / s), "d log dz/dx / dx", i);
            check_near(ROW(r.outputs, 0)[i], 0.0, 1e-15, 1.0, "the only logit's gradient", i);
            check_near(ROW(r.outputs, 2)[i], (double)(-5.0L / powl(coshl(raws[j]), 2.0L)), 1e-11, 1.0, "draw", i);
        }
    }
}

/* Far out everything is finite, and z is that of the component that reaches farthest. */
static void test_tails(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SHAPES; s++) {
        struct mixture m = some(shapes[s].n, shapes[s].spread, shapes[s].scales, 10 * s);
        struct result  r;
        double         x[TILE], dx[TILE];
        if (s == 1) /* weights that underflow, scales at their bounds */
            for (size_t k = 0; k < m.n; k++) {
                m.raw[k] *= 1e5;
                m.raw[2 * m.n + k] *= 1e6;
            }
        for (size_t i = 0; i < TILE; i++)
            x[i] = (i < TILE / 2 ? -1.0 : 1.0) * pow(10.0, (double)(i % (TILE / 2)) / 1.7 - 2.0);
        run(&r, &m, false, x);
        for (size_t i = 0; i < TILE; i++)
            assert_true(isfinite(r.z[i]) && isfinite(r.log_det[i]));
        run_backward(dx, &r, &m, 0.5, 0.5);
        for (size_t i = 0; i < TILE; i++) {
            assert_true(isfinite(dx[i]));
            for (size_t k = 0; k < 3 * m.n; k++)
                assert_true(isfinite(ROW(r.outputs, k)[i]));
        }
        double widest = 0.0;
        for (size_t k = 0; k < m.n; k++)
            widest = fmax(widest, exp(5.0 * tanh(m.raw[2 * m.n + k])));
        const size_t last = TILE - 1; /* x = 10^11.5 */
        check_near(r.z[last], x[last] / widest, 1e-9, fabs(x[last] / widest), "z far out", s);
    }
    struct mixture m = one(0.0, 0.0);
    struct result  r;
    double         x[TILE] = { 1e100, -1e100, 1e160, INFINITY, NAN, 0.0 };
    run(&r, &m, false, x);
    check_near(r.z[0], 1e100, 1e-15, 1e100, "z", 0);
    check_near(r.z[1], -1e100, 1e-15, 1e100, "z", 1);
    check_near(r.z[2], 1e140, 1e-15, 1e140, "where u stays", 2);
    check_near(r.z[3], 1e140, 1e-15, 1e140, "where u stays", 3);
    assert_true(isnan(r.z[4]) && isnan(r.log_det[4]) && r.z[5] == r.z[6]);
}

/* z never falls by more than rounding: near 0, across gaps, and doubles that are neighbours. */
static void test_monotone(void **state)
{
    (void)state;
    static const double widths[] = { 100.0, 1.0, 1e-13 };
    for (size_t s = 0; s < N_SHAPES; s++)
        for (size_t w = 0; w < 3; w++) {
            struct mixture m = some(shapes[s].n, shapes[s].spread * 10.0, shapes[s].scales, 10 * s);
            struct result  r;
            double         x[TILE];
            for (size_t tile = 0; tile < 8; tile++) {
                for (size_t i = 0; i < TILE; i++)
                    x[i] = (double)tile - 3.7 + widths[w] * ((double)i / TILE - 0.5);
                run(&r, &m, false, x);
                for (size_t i = 1; i < TILE; i++)
                    if (!(r.z[i] - r.z[i - 1] >= -8.0 * DBL_EPSILON * fmax(1.0, fabs(r.z[i]))))
                        fail_msg("shape %zu: z falls from %.17g to %.17g", s, r.z[i - 1], r.z[i]);
            }
        }
}

/* Between two components 2000 deviations apart z is constant; its log-det is not -inf; the way back says so. */
static void test_gap(void **state)
{
    (void)state;
    struct mixture m = { .coupling = "mixture", .n = 2, .raw = { 0.0, 0.0, -1000.0, 1000.0, 0.0, 0.0 } };
    struct result  r, back;
    double         x[TILE];
    long double    raw[6];
    long_outputs(raw, &m);
    for (size_t i = 0; i < TILE; i++)
        x[i] = 40.0 * (double)i - 950.0;
    run(&r, &m, false, x);
    for (size_t i = 0; i < TILE; i++) {
        long double log_slope;
        check_near(r.z[i], (double)truth(&log_slope, raw, 2, x[i]), 1e-15, 1.0, "z in the gap", i);
        check_near(r.log_det[i], (double)log_slope, 1e-14, fabs((double)log_slope), "log dz/dx in the gap", i);
    }
    assert_true(r.log_det[TILE / 2] < -4e5 && !r.flat);
    run(&back, &m, true, r.z);
    assert_true(back.flat);
    for (size_t i = 0; i < TILE; i++)
        x[i] = (i % 2 ? -1000.0 : 1000.0) + 0.05 * (double)i - 1.0;
    run(&r, &m, false, x);
    run(&back, &m, true, r.z);
    assert_false(back.flat);
    for (size_t i = 0; i < TILE; i++)
        check_near(back.x[i], x[i], 1e-13, 1000.0, "beside the gap", i);
}

/* There and back to 1e-10 out to 40 and, in x's own size, to 1e10; or `flat`. */
static void test_way_back(void **state)
{
    (void)state;
    size_t flat = 0, n = 0;
    for (size_t s = 0; s < N_SHAPES; s++)
        for (uint64_t seed = 0; seed < 8; seed++)
            for (int far = 0; far < 2; far++, n++) {
                struct mixture m = some(shapes[s].n, shapes[s].spread, shapes[s].scales, 100 + 10 * seed);
                struct result  r, back;
                double         x[TILE];
                place(x);
                for (size_t i = 0; i < TILE && far; i++)
                    x[i] *= pow(10.0, (double)(i % 9));
                run(&r, &m, false, x);
                run(&back, &m, true, r.z);
                flat += back.flat;
                for (size_t i = 0; i < TILE && !back.flat; i++) {
                    check_near(back.x[i], x[i], 1e-10, fmax(1.0, fabs(x[i])), "there and back", i);
                    check_near(back.log_det[i], -r.log_det[i], 1e-9, 1.0, "log-det there and back", i);
                }
            }
    if (flat > n / 6) /* the last shape has gaps */
        fail_msg("%zu of %zu mixtures are flat", flat, n);
}

/* The outputs fitted to a mixture give that mixture, whose map fathom_mixture_gaussianise computes on its own; a deviation
 * too small for tanh becomes e^-4.99, and a weight of 0 nothing. */
static void test_fit(void **state)
{
    (void)state;
    const fathom_mixture mixture = {
        5, { 0.3, 0.2, 0.5, 0.0, 0.0 }, { -1.0, 2.0, 0.5, 100.0, -30.0 }, { 0.7, 20.0, 0.01, 1.0, 3.0 }
    };
    struct mixture      m = { .coupling = "mixture", .n = 5 };
    const fathom_config config = config_of(&m);
    struct result       r;
    double              x[TILE];
    place(x);
    assert_int_equal(fathom_isa_transformer(fathom_isa_find(NULL), "mixture")->fit(m.raw, &mixture, &config),
                     FATHOM_OK);
    run(&r, &m, false, x);
    for (size_t i = 0; i < TILE; i++)
        check_near(r.z[i], fathom_mixture_gaussianise(&mixture, x[i]), 1e-13, fmax(1.0, fabs(x[i])), "the fit", i);
    const fathom_mixture narrow = { 5, { 1.0 }, { 0.0 }, { 1e-9, 1.0, 1.0, 1.0, 1.0 } };
    assert_int_equal(fathom_isa_transformer(fathom_isa_find(NULL), "mixture")->fit(m.raw, &narrow, &config), FATHOM_OK);
    for (size_t k = 0; k < 15; k++)
        assert_true(isfinite(m.raw[k]));
    run(&r, &m, false, x);
    check_near(r.log_det[TILE / 2], 4.99, 1e-12, 1.0, "log dz/dx of the narrowest", 0);
}

/* The clipped form: inside it is the other; outside z is constant, its log-det is log f - log phi(z) all the same, and of
 * the gradient only that of log f is left. */
static void test_clip(void **state)
{
    (void)state;
    struct mixture m = one(0.0, 0.0), clipped = m;
    struct result  r, other, back;
    double         x[TILE], dx[TILE];
    const double   end = 4.75342430882289895734; /* -Phi^-1(1e-6) */
    clipped.coupling = "mixture-clipped";
    for (size_t i = 0; i < TILE; i++)
        x[i] = 0.5 * ((double)i - TILE / 2.0 + 0.5);
    run(&r, &clipped, false, x);
    run(&other, &m, false, x);
    for (size_t i = 0; i < TILE; i++) {
        const bool outside = fabs(x[i]) > end;
        check_near(r.z[i], outside ? copysign(end, x[i]) : x[i], 1e-11, 1.0, "clipped z", i);
        check_near(r.log_det[i], outside ? (end * end - x[i] * x[i]) / 2.0 : 0.0, 1e-10, 1.0, "log f - log phi", i);
        if (!outside)
            check_same(&r.z[i], &other.z[i], 1, "mixture-clipped", "inside");
    }
    run_backward(dx, &r, &clipped, 1.0, 1.0);
    for (size_t i = 0; i < TILE; i++) {
        const bool outside = fabs(x[i]) > end;
        check_near(dx[i], outside ? -x[i] : 1.0, 1e-13, 12.0, "dx, clipped", i);
        check_near(ROW(r.outputs, 1)[i], outside ? x[i] : -1.0, 1e-13, 12.0, "dmean, clipped", i);
    }
    run(&back, &clipped, true, r.z);
    for (size_t i = 0; i < TILE; i++)
        check_near(back.x[i], r.z[i], 1e-10, 1.0, "way back of the clip", i);
    for (size_t i = 0; i < TILE; i++)
        x[i] = i == 7 ? 4.76 : 0.0;
    run(&back, &clipped, true, x);
    assert_true(back.flat);
    check_near(back.x[7], end, 1e-10, 1.0, "beyond the end", 7);
}

/* --------------------------------------------------------------------------------------- the density's integral ---- */

/* The integral of phi(z) dz/dx over the line by the trapezoidal rule, z the image of x under the maps one after the other.
 * The rule is exact to rounding for sums of Gaussians that are wide enough for its step. */
static double integral(const struct mixture *maps, size_t n_maps)
{
    enum { TILES = 200 };
    const double  step = 0.04;
    struct result r;
    double        sum = 0.0;
    for (size_t tile = 0; tile < TILES; tile++) {
        double z[TILE], log_p[TILE] = { 0 };
        for (size_t i = 0; i < TILE; i++)
            z[i] = step * ((double)(tile * TILE + i) - TILES / 2.0 * TILE);
        for (size_t map = 0; map < n_maps; map++) {
            run(&r, &maps[map], false, z);
            memcpy(z, r.z, sizeof z);
            for (size_t i = 0; i < TILE; i++)
                log_p[i] += r.log_det[i];
        }
        for (size_t i = 0; i < TILE; i++)
            sum += step * exp(log_p[i] - z[i] * z[i] / 2.0 - (double)HALF_LOG_2PI_L);
    }
    return sum;
}

/* A cold mixture's density integrates to 1, also behind another mixture.  A clipped map behind which a map of deviation s
 * follows loses what that map's density f has beyond the clip's ends +-e, but for f(e) / phi(e) times the 2e-6 outside. */
static void test_integral(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        const struct mixture maps[] = { some(8, 0.3, 0.2, seed), some(8, 0.3, 0.2, 90 + seed) };
        check_near(integral(maps, 1), 1.0, 1e-12, 1.0, "the integral over the line", seed);
        check_near(integral(maps, 2), 1.0, 1e-6, 1.0, "the integral of two maps", seed);
    }
    struct mixture maps[] = { one(0.0, 0.0), one(0.0, atanh(0.4)) };
    check_near(integral(maps, 2), 1.0, 1e-12, 1.0, "the integral, not clipped", 0);
    maps[0].coupling = "mixture-clipped";
    const double e = 4.75342430882289895734, s = exp(2.0);
    const double outside = 2e-6 * exp((e * e - e * e / (s * s)) / 2.0) / s;
    check_near(integral(maps, 2), erf(e / s / sqrt(2.0)) + outside, 1e-3, 1.0, "the integral, clipped", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_definition),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_one_component),
        cmocka_unit_test(test_tails),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_way_back),

        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_clip),
        cmocka_unit_test(test_integral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
