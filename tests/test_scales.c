/* test_scales.c - the scales of the affine couplings: log s, its slope and s against long double out to |raw| = 1e6,
 * gradients, the way back, and the same bits with each instruction set.
 *
 * And what sets the notebook's softplus apart: where raw is very negative its log s is -inf, while the same scale with
 * log s computed stably is finite. */
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
#include "constants.h"

/* ------------------------------------------------------------------------------------------------ the truth ---- */

/* log s, and d log s / d raw in *slope */
typedef long double scale_truth(long double *slope, long double raw);

static long double sigmoid(long double x) { return 1.0L / (1.0L + expl(-x)); }
static long double log_sigmoid(long double x) { return x < 0.0L ? x - log1pl(expl(x)) : -log1pl(expl(-x)); }

static long double log_softplus(long double *slope, long double raw)
{
    const long double u = raw + SOFTPLUS_INVERSE_1;
    const long double softplus = u > 0.0L ? u + log1pl(expl(-u)) : log1pl(expl(u));
    *slope = u < -60.0L ? 1.0L : sigmoid(u) / softplus;
    return u < -60.0L ? u : logl(softplus);
}
static long double two_sigmoid(long double *slope, long double raw)
{
    *slope = sigmoid(-raw);
    return logl(2.0L) + log_sigmoid(raw);
}
static long double glow(long double *slope, long double raw)
{
    *slope = sigmoid(-(raw + 2.0L));
    return log_sigmoid(raw + 2.0L);
}
static long double two_tanh(long double *slope, long double raw)
{
    *slope = 1.0L / (coshl(raw / 2.0L) * coshl(raw / 2.0L));
    return 2.0L * tanhl(raw / 2.0L);
}
static long double freia(long double *slope, long double raw)
{
    *slope = 1.272L / (1.0L + raw * raw);
    return 1.272L * atanl(raw);
}
static long double bayesflow(long double *slope, long double raw)
{
    const long double a = 1.9L, t = raw / a, pi = acosl(-1.0L);
    *slope = 2.0L / pi / (1.0L + t * t);
    return 2.0L * a / pi * atanl(t);
}
static long double zuko(long double *slope, long double raw)
{
    const long double grown = 1.0L + fabsl(raw / logl(1e-3L));
    *slope = 1.0L / (grown * grown);
    return raw / grown;
}

static const struct {
    const char  *name;
    scale_truth *truth;
    double       least, most; /* bounds of s, which it may reach by rounding */
} scales[] = {
    { "affine-log-softplus", log_softplus, 0.0, INFINITY },
    { "affine-2sigmoid", two_sigmoid, 0.0, 2.0 },
    { "affine-glow", glow, 0.0, 1.0 },
    { "affine-tanh", two_tanh, 0.1353352832366126, 7.389056098930651 },
    { "affine-freia", freia, 0.1355990475208398, 7.374683069557054 },
    { "affine-bayesflow", bayesflow, 0.14956861922263506, 6.685894442279269 },
    { "affine-zuko", zuko, 0.001, 1000.0 },
};
enum { N_SCALES = sizeof scales / sizeof *scales };

/* ---------------------------------------------------------------------------------------------- where: raw ---- */

enum { N_TILES = 40 };

static const double sizes[] = { 0.0,   1e-300, 1e-8,  0.5,   1.0,   2.0,   5.0,   10.0, 36.0, 39.0, 40.5,     41.0,
                                300.0, 690.0,  700.0, 707.9, 708.6, 745.0, 746.0, 1e3,  1e4,  1e5,  999999.5, 1e6 };
_Static_assert(2 * sizeof sizes / sizeof *sizes == TILE, "the first tile");

/* raw: [TILE].  Tile 0: each size with both signs.  The others: draws of a size that grows to 1e6. */
static void place_raw(double *raw, size_t tile)
{
    draw(raw, 50 + tile, pow(10.0, (double)tile * 6.0 / N_TILES), TILE);
    for (size_t i = 0; i < TILE; i++)
        raw[i] = tile == 0 ? (i % 2 ? -sizes[i / 2] : sizes[i / 2]) : fmax(-1e6, fmin(1e6, raw[i]));
}

/* ------------------------------------------------------------------------------------------ what is computed ---- */

struct result {
    double y[TILE], log_det[TILE];         /* forward                                            */
    double dx[TILE], doutputs[2 * STRIDE]; /* backward: dloc, draw                               */
    double back[TILE], back_log_det[TILE]; /* inverse of y, and of the way there and back        */
    double s[TILE], log_s_slope[TILE];     /* backward with dy = 1, dlog_det = 0 and the reverse */
};

static const double locs[] = { 0.0, 0.75, -2.5 };

static void run(struct result *r, const struct fathom_isa *isa, const char *name, const double *x, const double *raw,
                const double *dy, const double *dlog_det)
{
    const fathom_config       config = fathom_config_default();
    const struct transformer *t = fathom_isa_transformer(isa, name);
    double                    outputs[2 * STRIDE], saved[8 * STRIDE], zero[TILE] = { 0 }, one[TILE], d[2 * STRIDE];
    struct volume_memory      volume_memory;
    struct volume             volume = volume_in(&volume_memory);
    assert_non_null(t);
    assert_int_equal(t->n_outputs(&config), 2);
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < TILE; i++) {
        one[i] = 1.0;
        ROW(outputs, 0)[i] = locs[i % 3];
        ROW(outputs, 1)[i] = raw[i];
    }
    volume_start(&volume, TILE);
    memcpy(r->y, x, sizeof r->y);
    t->forward(r->y, &volume, outputs, saved, &config, TILE);
    isa->log_det(r->log_det, &volume, TILE);

    memcpy(r->dx, dy, sizeof r->dx);
    t->backward(r->dx, r->doutputs, saved, dlog_det, &config, TILE);
    memcpy(r->s, one, sizeof r->s);
    t->backward(r->s, d, saved, zero, &config, TILE);
    t->backward(zero, d, saved, one, &config, TILE);
    memcpy(r->log_s_slope, ROW(d, 1), sizeof r->log_s_slope);

    memcpy(r->back, r->y, sizeof r->back);
    t->inverse(r->back, &volume, outputs, saved, &config, TILE);
    isa->log_det(r->back_log_det, &volume, TILE);
}

/* A tile of random x, dy and dlog_det. */
struct tile {
    double x[TILE], dy[TILE], dlog_det[TILE], raw[TILE];
};

static void place(struct tile *t, size_t tile)
{
    draw(t->x, 1, 2.0, TILE);
    draw(t->dy, 2, 1.0, TILE);
    draw(t->dlog_det, 3, 1.0, TILE);
    place_raw(t->raw, tile);
}

/* property(name, truth's index, tile, result) for every scale and tile, with the best instruction set. */
static void on_all_scales(void (*property)(size_t scale, const struct tile *t, const struct result *r))
{
    for (size_t k = 0; k < N_SCALES; k++)
        for (size_t tile = 0; tile < N_TILES; tile++) {
            struct tile   t;
            struct result r;
            place(&t, tile);
            run(&r, fathom_isa_find(NULL), scales[k].name, t.x, t.raw, t.dy, t.dlog_det);
            property(k, &t, &r);
        }
}

/* Fails the test unless a = truth to n units of DBL_EPSILON times `size`. */
static void near(double a, long double truth, double n, long double size, const char *what, size_t scale, double raw)
{
    if (!(fabsl(a - truth) <= n * DBL_EPSILON * size))
        fail_msg("%s, raw = %.17g: %s is %.17g, not %.17Lg (%.3Lg epsilon)", scales[scale].name, raw, what, a, truth,
                 fabsl(a - truth) / size / DBL_EPSILON);
}

/* --------------------------------------------------------------------------------------------------- tests ---- */

/* e^x is 0 below x = -708, where it is 3.3e-308: what is no larger than this may be 0 */
static const long double TINY = 1e-307L, FLUSHED = 1e-307L / DBL_EPSILON; /* FLUSHED in epsilon */

/* log s to 4 epsilon of max(1, |log s|).  Slope and s are exponentials, or may be: their relative error is that of
 * their logarithm. */
static void log_scale(size_t k, const struct tile *t, const struct result *r)
{
    for (size_t i = 0; i < TILE; i++) {
        long double       slope;
        const long double log_s = scales[k].truth(&slope, t->raw[i]), s = expl(log_s);
        near(r->log_det[i], log_s, 4.0, fmaxl(1.0L, fabsl(log_s)), "log s", k, t->raw[i]);
        if (slope < TINY)
            assert_true(r->log_s_slope[i] >= 0.0 && r->log_s_slope[i] < 1e-300);
        else
            near(r->log_s_slope[i], slope, 8.0, slope * (1.0L + fabsl(logl(slope))), "the slope", k, t->raw[i]);
        if (s < TINY)
            assert_true(r->s[i] >= 0.0 && r->s[i] < 1e-300);
        else
            near(r->s[i], s, 8.0, s * (1.0L + fabsl(log_s)), "s", k, t->raw[i]);
        if (!(r->s[i] >= scales[k].least * (1 - 8 * DBL_EPSILON) && r->s[i] <= scales[k].most * (1 + 8 * DBL_EPSILON)))
            fail_msg("%s, raw = %.17g: s = %.17g is out of bounds", scales[k].name, t->raw[i], r->s[i]);
    }
}

static void test_log_scale(void **state)
{
    (void)state;
    on_all_scales(log_scale);
}

/* y = x s + loc;  dx = dy s;  dloc = dy;  draw = (dy x s + dlog_det) d log s / d raw */
static void gradient(size_t k, const struct tile *t, const struct result *r)
{
    for (size_t i = 0; i < TILE; i++) {
        long double       slope;
        const long double log_s = scales[k].truth(&slope, t->raw[i]), s = expl(log_s), x = t->x[i], dy = t->dy[i];
        const long double lost = 8.0L + fabsl(log_s) + fabsl(logl(fmaxl(slope, TINY))); /* in epsilon */
        const long double y = x * s + locs[i % 3], dlog_s = dy * x * s + t->dlog_det[i];
        near(r->y[i], y, lost, fabsl(x * s) + fabs(locs[i % 3]) + FLUSHED, "y", k, t->raw[i]);
        near(r->dx[i], dy * s, lost, fabsl(dy * s) + FLUSHED, "dx", k, t->raw[i]);
        near(ROW(r->doutputs, 1)[i], dlog_s * slope, lost, (fabsl(dy * x * s) + fabs(t->dlog_det[i])) * slope + FLUSHED,
             "draw", k, t->raw[i]);
        assert_true(ROW(r->doutputs, 0)[i] == t->dy[i]);
    }
}

static void test_gradient(void **state)
{
    (void)state;
    on_all_scales(gradient);
}

/* Wherever 1e-300 < s < 1e300.  y has the rounding of x s + loc, so x has that over s. */
static size_t returned;

static void round_trip(size_t k, const struct tile *t, const struct result *r)
{
    for (size_t i = 0; i < TILE; i++) {
        long double       slope;
        const long double s = expl(scales[k].truth(&slope, t->raw[i])), size = fabs(t->x[i]) + fabs(locs[i % 3]) / s;
        assert_true(r->back_log_det[i] == 0.0);
        if (s <= 1e-300L || s >= 1e300L)
            continue;
        near(r->back[i], t->x[i], 4.0, size, "x", k, t->raw[i]);
        returned++;
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    returned = 0;
    on_all_scales(round_trip);
    assert_true(returned > N_SCALES * N_TILES * TILE * 3 / 4);
}

/* Every number, and those that are none, with the bits of plain C. */
static void test_same_bits(void **state)
{
    (void)state;
    static const double odd[] = { NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, 5e-324 };
    for (size_t k = 0; k < N_SCALES; k++)
        for (size_t tile = 0; tile < N_TILES; tile++) {
            struct tile   t;
            struct result expected, r;
            place(&t, tile);
            for (size_t i = 0; i < sizeof odd / sizeof *odd && tile == 1; i++)
                t.raw[7 * i] = odd[i];
            run(&expected, fathom_isa_find("ref"), scales[k].name, t.x, t.raw, t.dy, t.dlog_det);
            for (size_t set = 0; set < N_ISAS; set++) {
                const fathom_isa *isa = fathom_isa_find(isa_names[set]);
                if (!isa)
                    continue; /* not on this machine */
                run(&r, isa, scales[k].name, t.x, t.raw, t.dy, t.dlog_det);
                check_same((const double *)&r, (const double *)&expected, sizeof r / sizeof(double), isa_names[set],
                           scales[k].name);
            }
            assert_true(tile != 1 || (isnan(expected.y[0]) && isnan(expected.log_det[0])));
        }
}

/* The notebook's softplus underflows: log s = -inf, and a gradient that is not finite.  With log s computed stably the
 * scale is the same, log s = raw + softplus^-1(1), and its slope is 1.  Above, both are the same map. */
static void test_underflow(void **state)
{
    (void)state;
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    size_t                   underflows = 0;
    for (size_t tile = 0; tile < N_TILES; tile++) {
        struct tile   t;
        struct result plain, stable;
        place(&t, tile);
        run(&plain, isa, "affine", t.x, t.raw, t.dy, t.dlog_det);
        run(&stable, isa, "affine-log-softplus", t.x, t.raw, t.dy, t.dlog_det);
        for (size_t i = 0; i < TILE; i++) {
            assert_true(isfinite(stable.log_det[i]) && isfinite(ROW(stable.doutputs, 1)[i]));
            if (t.raw[i] + SOFTPLUS_INVERSE_1 < -708.0) {
                assert_true(plain.log_det[i] == -INFINITY && !isfinite(ROW(plain.doutputs, 1)[i]));
                assert_true(plain.s[i] == 0.0 && stable.s[i] == 0.0 && stable.log_s_slope[i] == 1.0);
                assert_true(stable.log_det[i] == t.raw[i] + SOFTPLUS_INVERSE_1);
                underflows++;
            } else {
                const double size = fmax(1.0, fabs(stable.log_det[i]));
                check_near(stable.log_det[i], plain.log_det[i], 8 * DBL_EPSILON, size, "log s", i);
                check_near(stable.s[i], plain.s[i], 8 * DBL_EPSILON, size * plain.s[i], "s", i);
            }
        }
    }
    assert_true(underflows > TILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_scale), cmocka_unit_test(test_gradient),  cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_underflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
