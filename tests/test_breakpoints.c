/* test_breakpoints.c - where a conditioner of one input bends: its gradient there, and its edges, compared with the
 * bends of the plain loop. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network.h"

static double slope_at(const struct shape *s, const double *params, double x, const double *dout)
{
    long double out[MOST_WIDTH], din[1];
    plain(out, din, NULL, s, params, &x, dout);
    return (double)din[0];
}

/* Neighbouring doubles between which d loss / d x jumps, found in the plain loop by bisection: edges, their number. */
static size_t find_breakpoints(double (*edges)[2], const struct shape *s, const double *params, const double *dout,
                               size_t room)
{
    size_t       n = 0;
    const double step = 1.0 / 512;
    for (double left = -4.0; left < 4.0 && n < room; left += step) {
        double low = left, high = left + step, at_low = slope_at(s, params, low, dout);
        if (fabs(slope_at(s, params, high, dout) - at_low) < 1e-9)
            continue;
        for (double middle = low + (high - low) / 2; low < middle && middle < high; middle = low + (high - low) / 2)
            *(fabs(slope_at(s, params, middle, dout) - at_low) < 1e-9 ? &low : &high) = middle;
        edges[n][0] = low;
        edges[n++][1] = high;
    }
    return n;
}

/* On a breakpoint the value agrees, and the gradients of input and parameters are those of one of its two sides. */
static void test_on_breakpoints(void **state)
{
    (void)state;
    enum { ROOM = 256 };
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    size_t                   met = 0;
    for (size_t hidden = 1; hidden <= 3; hidden++) {
        const struct shape s = { 1, 13, 12, hidden, 1 };
        const size_t       n = n_params(&s);
        double            *params = random_params(&s, 400 + hidden), dout[13], edges[ROOM][2];
        struct answer      on = new_answer(&s), dense = new_answer(&s), side[2] = { new_answer(&s), new_answer(&s) };
        draw(dout, 401, 1.0, s.n_out);
        const size_t found = find_breakpoints(edges, &s, params, dout, ROOM);
        assert_in_range(found, 6, ROOM - 1);
        for (size_t e = 0; e < found; e++)
            for (int end = 0; end < 2; end++) {
                const double *x = &edges[e][end];
                ask(&on, isa->piecewise, &s, params, x, dout);
                ask(&dense, isa->dense, &s, params, x, dout);
                for (size_t u = 0; u < s.n_out; u++)
                    check_near(on.out[u], dense.out[u], 1e-13, max_abs(dense.out, s.n_out), "on breakpoint", e);
                bool is_side[2];
                for (int k = 0; k < 2; k++) { /* a little off: the gradients move by as little */
                    const double beside = *x + (k ? 1e-10 : -1e-10);
                    ask_plain(&side[k], &s, params, &beside, dout);
                    is_side[k] = fabs(on.din[0] - side[k].din[0]) <= 1e-12 * (1.0 + fabs(on.din[0]));
                    for (size_t p = 0; p < n; p++)
                        is_side[k] &= fabs(on.gradient[p] - side[k].gradient[p]) <= 1e-8;
                }
                if (!is_side[0] && !is_side[1])
                    fail_msg("breakpoint %a of %zu hidden layers: the gradient is neither side's", *x, hidden);
                met++;
            }
        for (int k = 0; k < 2; k++)
            free_answer(&side[k]);
        free_answer(&on);
        free_answer(&dense);
        free(params);
    }
    assert_true(met > 60);
}

/* Outputs at x and their slopes, by the conditioner itself: its derivative with each output as the loss.
 * out, slope: [n_out]. */
static void line_at(double *out, double *slope, const struct conditioner *c, const struct shape *s,
                    const double *params, double x)
{
    struct answer a = new_answer(s);
    double       *dout = need(s->n_out * sizeof *dout);
    for (size_t u = 0; u < s->n_out; u++) {
        memset(dout, 0, s->n_out * sizeof *dout);
        dout[u] = 1.0;
        ask(&a, c, s, params, &x, dout);
        out[u] = a.out[u];
        slope[u] = a.din[0];
    }
    free_answer(&a);
    free(dout);
}

/* The edges are exactly the bends: the outputs are straight between two edges, and bend at each. */
static void test_edges(void **state)
{
    (void)state;
    enum { ROOM = 256, N_OUT = 5 };
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    size_t                   n = 99;
    for (size_t hidden = 0; hidden <= 3; hidden++) {
        const struct shape s = { 1, N_OUT, 12, hidden, 1 };
        double            *params = random_params(&s, 700 + hidden), dout[N_OUT], bends[ROOM][2];
        void              *network = isa->piecewise->create(1, N_OUT, s.width, hidden, TILE);
        assert_int_equal(isa->piecewise->prepare(network, params), FATHOM_OK);
        const double *edges = conditioner_edges(&n, isa->piecewise, network);
        assert_in_range(n, hidden * s.width / 2, hidden * s.width * 2);

        double low[N_OUT], middle[N_OUT], high[N_OUT], unused[N_OUT], slope[N_OUT], slope_before[N_OUT];
        for (size_t i = 0; i <= n; i++) {
            const double a = i > 0 ? edges[i - 1] : n ? edges[0] - 2.0 : -1.0, b = i < n ? edges[i] : a + 2.0;
            assert_true(a < b);
            line_at(low, unused, isa->piecewise, &s, params, a);
            line_at(high, unused, isa->piecewise, &s, params, b);
            line_at(middle, slope, isa->piecewise, &s, params, a + (b - a) / 2);
            double jump = 0.0;
            for (size_t u = 0; u < N_OUT; u++) {
                const double size = fmax(max_abs(low, N_OUT), max_abs(high, N_OUT));
                check_near(middle[u], (low[u] + high[u]) / 2, 1e-14, size, "middle of a segment", i);
                check_near((high[u] - low[u]) / (b - a), slope[u], 1e-14, size / (b - a), "slope of a segment", i);
                jump = i ? fmax(jump, fabs(slope[u] - slope_before[u])) : 0.0;
            }
            if (i > 0 && !(jump > 1e-6))
                fail_msg("edge %zu of %zu, at %a: no output's slope jumps there by more than %g", i - 1, n, a, jump);
            memcpy(slope_before, slope, sizeof slope);
        }

        draw(dout, 701, 1.0, N_OUT);
        const size_t found = find_breakpoints(bends, &s, params, dout, ROOM);
        for (size_t bend = 0; bend < found; bend++) {
            double nearest = INFINITY;
            for (size_t e = 0; e < n; e++)
                nearest = fmin(nearest, fabs(edges[e] - bends[bend][0]));
            if (!(nearest < 1e-12))
                fail_msg("the plain loop bends at %a, and the nearest edge is %g off", bends[bend][0], nearest);
        }
        for (size_t u = 1; u < s.width && hidden > 0; u++) { /* all of the first layer's units bend at one place */
            params[u] = params[0];
            params[s.width + u] = params[s.width];
        }
        assert_int_equal(isa->piecewise->prepare(network, params), FATHOM_OK);
        edges = conditioner_edges(&n, isa->piecewise, network);
        for (size_t e = 1; e < n; e++)
            assert_true(edges[e - 1] < edges[e]);
        assert_true(hidden == 0 || (n > 0 && n <= (hidden - 1) * s.width * 2 + 1));
        isa->piecewise->destroy(network);

        void *dense = isa->dense->create(1, N_OUT, s.width, hidden, TILE);
        assert_int_equal(isa->dense->prepare(dense, params), FATHOM_OK);
        assert_null(conditioner_edges(&n, isa->dense, dense));
        assert_int_equal(n, 0);
        isa->dense->destroy(dense);
        free(params);
    }
}

/* The batch together, and each row by itself. */
static void check_company(const struct shape *one, const double *params, const double *x, size_t n, const char *what)
{
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    const struct shape       all = { one->n_in, one->n_out, one->width, one->hidden, n };
    struct answer            together = new_answer(&all), alone = new_answer(one);
    double                  *dout = need(n * one->n_out * sizeof *dout);
    draw(dout, 405, 1.0, n * one->n_out);
    ask(&together, isa->piecewise, &all, params, x, dout);
    for (size_t i = 0; i < n; i++) {
        ask(&alone, isa->piecewise, one, params, x + i, dout + i * one->n_out);
        check_same(together.out + i * one->n_out, alone.out, one->n_out, what, "outputs in a batch");
        check_same(together.din + i, alone.din, 1, what, "d loss / d input in a batch");
    }
    free(dout);
    free_answer(&together);
    free_answer(&alone);
}

/* In any batch a row has the bits that it has alone: on an edge, beside one, far out, NaN. */
static void test_company(void **state)
{
    (void)state;
    enum { ROOM = 512 };
    static const double       odd[] = { 0.0,    -0.0,  0x1p-1040, 1e99,     -1e99,     1e101,
                                        -1e101, 1e200, -1e200,    INFINITY, -INFINITY, NAN };
    const struct conditioner *piecewise = fathom_isa_find(NULL)->piecewise;
    for (size_t hidden = 0; hidden <= 3; hidden++) {
        const struct shape one = { 1, 28, 24, hidden, 1 };
        double            *params = random_params(&one, 406 + hidden), x[ROOM];
        void              *network = piecewise->create(one.n_in, one.n_out, one.width, one.hidden, TILE);
        size_t             n_edges, n = 0;
        assert_non_null(network);
        assert_int_equal(piecewise->prepare(network, params), FATHOM_OK);
        const double *edges = piecewise->edges(&n_edges, network);
        for (size_t e = 0; e < n_edges && n + 4 <= ROOM; e++) {
            const size_t far = (7 * e) % n_edges; /* and not in their order */
            x[n++] = edges[far];
            x[n++] = nextafter(edges[far], -INFINITY);
            x[n++] = nextafter(edges[far], INFINITY);
            x[n++] = odd[e % (sizeof odd / sizeof *odd)];
        }
        if (n > 0)
            check_company(&one, params, x, n, "edges");
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) { /* a whole tile and a short one of the same */
            for (size_t i = 0; i < TILE + 16; i++)
                x[i] = odd[k];
            check_company(&one, params, x, TILE + 16, "a tile of one number");
        }
        piecewise->destroy(network);
        free(params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_breakpoints),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_company),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
