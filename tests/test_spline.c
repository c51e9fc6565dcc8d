/* test_spline.c - the spline where it is not smooth: at its knots, at the interval's ends, and outside.
 *
 * The knots and slopes expected are worked out here from the raw outputs, in long double, by the definition at the top
 * of lib/kernels/transformer_spline.c (Durkan et al. 2019, sec. 3.1); nothing of the library's own tables is looked at.
 */
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

enum { MOST_BINS = 17, MOST_OUTPUTS = 3 * MOST_BINS + 1 };

struct spline {
    const struct transformer *t;
    fathom_config             config;
    size_t                    bins;
    double                    raw[MOST_OUTPUTS];                  /* the same for every row */
    double                    x[MOST_BINS + 1], y[MOST_BINS + 1]; /* knots                  */
    double                    slope[MOST_BINS + 1];               /* at them                */
    double                    outputs[(MOST_OUTPUTS + 8) * STRIDE], saved[64 * STRIDE];
};

static void knots_of(double *knots, const double *raw, size_t bins, double interval)
{
    long double sum = 0, at = -(long double)interval;
    for (size_t k = 0; k < bins; k++)
        sum += expl(raw[k]);
    for (size_t k = 0; k < bins; k++) {
        knots[k] = (double)at;
        at += 1e-3L + (2.0L * interval - (long double)bins * 1e-3L) * expl(raw[k]) / sum;
    }
    knots[bins] = interval;
}

static void make_spline(struct spline *s, size_t inner_knots, double interval, double scale)
{
    s->t = fathom_isa_transformer(fathom_isa_find(NULL), "spline");
    s->config = fathom_config_default();
    s->config.knots = inner_knots;
    s->config.interval = interval;
    s->bins = inner_knots + 1;
    assert_int_equal(s->t->n_outputs(&s->config), 3 * s->bins + 1);
    assert_true(s->t->n_saved(&s->config) <= 64);
    draw(s->raw, 11 + inner_knots, scale, 3 * s->bins + 1);
    knots_of(s->x, s->raw, s->bins, interval);
    knots_of(s->y, s->raw + s->bins, s->bins, interval);
    for (size_t k = 0; k <= s->bins; k++)
        s->slope[k] = (double)(log1pl(expl(s->raw[2 * s->bins + k]) * expm1l(0.999L)) + 1e-3L);
}

/* u: [TILE] in place, log_det: [TILE] */
static void map(double *u, double *log_det, struct spline *s, bool inverse)
{
    for (size_t k = 0; k < 3 * s->bins + 1; k++)
        for (size_t i = 0; i < TILE; i++)
            ROW(s->outputs, k)[i] = s->raw[k];
    memset(log_det, 0, TILE * sizeof *log_det);
    run_transformer(s->t, inverse, u, log_det, s->outputs, s->saved, &s->config);
}

static const struct {
    size_t knots;
    double interval, scale;
} cases[] = {
    { 8, 4.0, 0.0 }, { 8, 4.0, 0.5 }, { 8, 4.0, 1.5 }, { 1, 4.0, 1.0 }, { 3, 0.7, 1.0 }, { 16, 1e3, 0.7 },
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void test_knots_and_ends(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        struct spline s;
        double        u[TILE] = { 0 }, log_det[TILE];
        make_spline(&s, cases[c].knots, cases[c].interval, cases[c].scale);
        const double interval = cases[c].interval;
        memcpy(u, s.x, (s.bins + 1) * sizeof *u);
        map(u, log_det, &s, false);
        for (size_t k = 0; k <= s.bins; k++) {
            check_near(u[k], s.y[k], 1e-13, interval, "value at knot", k);
            check_near(log_det[k], log(s.slope[k]), 1e-11, 1.0, "log-det at knot", k);
        }
        assert_true(u[0] == -interval && u[s.bins] == interval); /* the ends stay, exactly */
        memcpy(u, s.y, (s.bins + 1) * sizeof *u);
        map(u, log_det, &s, true);
        for (size_t k = 0; k <= s.bins; k++) {
            check_near(u[k], s.x[k], 1e-9, interval, "way back at knot", k);
            check_near(log_det[k], -log(s.slope[k]), 1e-9, 1.0, "log-det of the way back at knot", k);
        }
        check_near(u[0], -interval, 0.0, 1.0, "way back at the end", c);
        check_near(u[s.bins], interval, 0.0, 1.0, "way back at the end", c);
    }
}

/* Slopes from either side, by three-point one-sided differences, error h^2 f'''/3: inside they are the knot's slope,
 * beyond the ends 1. */
static void test_one_sided_slopes(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++)
        for (int side = -1; side <= 1; side += 2) {
            struct spline s;
            double        at[3][TILE] = { 0 }, log_det[TILE];
            make_spline(&s, cases[c].knots, cases[c].interval, cases[c].scale);
            for (int j = 0; j < 3; j++) {
                for (size_t k = 0; k <= s.bins; k++) {
                    double narrow = s.x[1] - s.x[0];
                    for (size_t b = 1; b < s.bins; b++)
                        narrow = fmin(narrow, s.x[b + 1] - s.x[b]);
                    at[j][k] = s.x[k] + side * j * ldexp(narrow, -16);
                }
            }
            double from[3][TILE];
            memcpy(from, at, sizeof from);
            for (int j = 0; j < 3; j++)
                map(at[j], log_det, &s, false);
            for (size_t k = 0; k <= s.bins; k++) {
                bool   outer = side < 0 ? k == 0 : k == s.bins;
                double h = (from[2][k] - from[0][k]) / 2.0;
                double slope = (4.0 * at[1][k] - 3.0 * at[0][k] - at[2][k]) / (2.0 * h);
                check_near(slope, outer ? 1.0 : s.slope[k], 1e-6, fmax(1.0, s.slope[k]),
                           side < 0 ? "slope left of knot" : "slope right of knot", k);
            }
        }
}

/* Each bin is increasing and stays between its knots, values next to a knot are next to its value, and back. */
static void test_across_the_knots(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        struct spline s;
        make_spline(&s, cases[c].knots, cases[c].interval, cases[c].scale);
        for (size_t k = 0; k <= s.bins; k++) {
            double u[TILE], x[TILE], log_det[TILE];
            for (int i = 0; i < TILE; i++) /* 33 doubles about the knot, and steps of growing size */
                x[i] = i < 33 ? s.x[k] + (i - 16) * 0x1p-52 * fmax(1.0, fabs(s.x[k]))
                              : s.x[k] + (i % 2 ? 1 : -1) * ldexp(cases[c].interval, -10 - (i - 33));
            memcpy(u, x, sizeof u);
            map(u, log_det, &s, false);
            for (int i = 0; i < TILE; i++)
                check_near(u[i], s.y[k], 2.0 * fmax(1.0, exp(fabs(log_det[i]))) * fmax(1.0, s.slope[k]),
                           fabs(x[i] - s.x[k]) + 1e-13 * cases[c].interval, "beside knot", k);
            map(u, log_det, &s, true);
            for (int i = 0; i < TILE; i++)
                check_near(u[i], x[i], 1e-9, cases[c].interval, "way back beside knot", k);
        }
    }
}

/* Outside: the identity, log-det 0, and no gradient of any output; dx = dy. */
static void test_outside(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        const double  b = cases[c].interval, far[] = { nextafter(b, INFINITY), b * 1.5, 1e10, 1e300, INFINITY };
        struct spline s;
        double        u[TILE], x[TILE], log_det[TILE], dx[TILE], dy[TILE], dlog_det[TILE];
        make_spline(&s, cases[c].knots, b, cases[c].scale);
        for (size_t i = 0; i < TILE; i++)
            x[i] = (i % 2 ? 1.0 : -1.0) * far[i / 2 % 5];
        for (int way = 0; way < 2; way++) {
            memcpy(u, x, sizeof u);
            map(u, log_det, &s, way == 0);
            check_same(u, x, TILE, "outside", "value");
            for (size_t i = 0; i < TILE; i++)
                check_near(log_det[i], 0.0, 0.0, 1.0, "log-det outside", i);
        }
        draw(dy, 1, 1.0, TILE);
        draw(dlog_det, 2, 1.0, TILE);
        memcpy(dx, dy, sizeof dx);
        s.t->backward(dx, s.outputs, s.saved, dlog_det, &s.config, TILE);
        check_same(dx, dy, TILE, "outside", "dx");
        for (size_t k = 0; k < 3 * s.bins + 1; k++)
            for (size_t i = 0; i < TILE; i++)
                check_near(ROW(s.outputs, k)[i], 0.0, 0.0, 1.0, "gradient of an output outside", k);
    }
}

/* At the ends the value is clamped where it is tied, and a clip shares its gradient: half of it, as in jnp.clip. */
static void test_gradient_at_the_ends(void **state)
{
    (void)state;
    struct spline s;
    make_spline(&s, 8, 4.0, 0.5);
    for (int end = 0; end < 2; end++) {
        double u[TILE], log_det[TILE], dx[TILE], dlog_det[TILE] = { 0 };
        for (size_t i = 0; i < TILE; i++) {
            u[i] = end ? 4.0 : -4.0;
            dx[i] = 1.0;
        }
        map(u, log_det, &s, false);
        s.t->backward(dx, s.outputs, s.saved, dlog_det, &s.config, TILE);
        check_near(dx[0], 0.5 * s.slope[end ? s.bins : 0], 1e-12, 1.0, "dx at end", (size_t)end);
    }
}

/* Zero outputs are the identity, and what is NaN stays so. */
static void test_identity_and_nan(void **state)
{
    (void)state;
    struct spline s;
    double        u[TILE], x[TILE], log_det[TILE];
    make_spline(&s, 8, 4.0, 0.0);
    draw(x, 3, 2.0, TILE);
    memcpy(u, x, sizeof u);
    map(u, log_det, &s, false);
    for (size_t i = 0; i < TILE; i++) {
        check_near(u[i], x[i], 1e-14, 4.0, "identity", i);
        check_near(log_det[i], 0.0, 1e-14, 1.0, "identity's log-det", i);
    }
    u[5] = NAN;
    map(u, log_det, &s, false);
    assert_true(isnan(u[5]) && !isnan(u[4]) && !isnan(u[6]));
    for (size_t k = 0; k < 3 * s.bins + 1; k++) { /* a NaN of the conditioner in any output that the row needs */
        const double kept = s.raw[k];
        s.raw[k] = NAN;
        memcpy(u, x, sizeof u);
        u[0] = -3.9, u[1] = 3.9;
        map(u, log_det, &s, false);
        if (k < 2 * s.bins)
            assert_true(isnan(u[0]) && isnan(u[1]));
        s.raw[k] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knots_and_ends),       cmocka_unit_test(test_one_sided_slopes),
        cmocka_unit_test(test_across_the_knots),     cmocka_unit_test(test_outside),
        cmocka_unit_test(test_gradient_at_the_ends), cmocka_unit_test(test_identity_and_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
