/* test_conditioner.c - the two conditioners against each other, and the dense one against a plain loop.
 *
 * The plain loop below is the ReLU network as one would write it on a blackboard, in long double.  Dense is compared
 * with it, piecewise with dense: outputs, d loss / d input and every gradient, each to 1e-13 of the largest of its row
 * (outputs, inputs) or of its weight matrix (gradients).
 */
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

static const double TOLERANCE = 1e-13;

struct shape {
    size_t n_in, n_out, width, hidden, batch;
};

static size_t fan_in(const struct shape *s, size_t layer) { return layer == 0 ? s->n_in : s->width; }
static size_t fan_out(const struct shape *s, size_t layer) { return layer == s->hidden ? s->n_out : s->width; }

static size_t n_params(const struct shape *s)
{
    size_t n = 0;
    for (size_t l = 0; l <= s->hidden; l++)
        n += fan_out(s, l) * (fan_in(s, l) + 1);
    return n;
}

/* What a conditioner makes of a batch. */
struct answer {
    double *out;      /* [batch][n_out]  */
    double *din;      /* [batch][n_in]   */
    double *gradient; /* [n_params]      */
};

static struct answer new_answer(const struct shape *s)
{
    return (struct answer){ need(s->batch * s->n_out * sizeof(double)), need(s->batch * s->n_in * sizeof(double)),
                            need(n_params(s) * sizeof(double)) };
}

static void free_answer(struct answer *a)
{
    free(a->out);
    free(a->din);
    free(a->gradient);
}

/* x: [batch][n_in], dout: [batch][n_out].  By tiles as a flow does: the last is filled up with copies of a row whose
 * upstream gradient is zero. */
static void ask(struct answer *a, const struct conditioner *c, const struct shape *s, const double *params,
                const double *x, const double *dout)
{
    void *state = c->create(s->n_in, s->n_out, s->width, s->hidden);
    double *in = need(s->n_in * STRIDE * sizeof *in), *din = need(s->n_in * STRIDE * sizeof *din);
    double *out = need(padded(s->n_out) * STRIDE * sizeof *out), *up = need(padded(s->n_out) * STRIDE * sizeof *up);
    assert_non_null(state);
    assert_int_equal(c->prepare(state, params), FATHOM_OK);
    for (size_t first = 0; first < s->batch; first += TILE) {
        const size_t live = s->batch - first < TILE ? s->batch - first : TILE;
        memset(din, 0, s->n_in * STRIDE * sizeof *din);
        for (size_t i = 0; i < TILE; i++) { /* beyond whole octets lie numbers that nobody may look at */
            const bool beyond = i >= padded(live);
            const size_t row = first + (i < live ? i : 0);
            for (size_t k = 0; k < s->n_in; k++)
                ROW(in, k)[i] = beyond ? NAN : x[row * s->n_in + k];
            for (size_t u = 0; u < s->n_out; u++)
                ROW(up, u)[i] = beyond ? NAN : i < live ? dout[row * s->n_out + u] : 0.0;
        }
        c->forward(out, in, state, padded(live));
        c->backward(din, up, state, padded(live));
        for (size_t i = 0; i < live; i++) {
            for (size_t u = 0; u < s->n_out; u++)
                a->out[(first + i) * s->n_out + u] = ROW(out, u)[i];
            for (size_t k = 0; k < s->n_in; k++)
                a->din[(first + i) * s->n_in + k] = ROW(din, k)[i];
        }
        for (size_t u = s->n_out; u < padded(s->n_out); u++)
            for (size_t i = 0; i < padded(live); i++)
                assert_true(ROW(out, u)[i] == 0.0 || isnan(ROW(out, u)[i])); /* NaN: 0 times infinity */
    }
    memset(a->gradient, 0, n_params(s) * sizeof *a->gradient);
    c->finish(a->gradient, state);
    assert_true(c->bytes(state) > n_params(s) / 2);
    c->destroy(state);
    free(in);
    free(din);
    free(out);
    free(up);
}

/* ------------------------------------------------------------------------------------------- the plain loop ---- */

enum { MOST_LAYERS = 9, MOST_WIDTH = 64 };

/* One row; out: [n_out], din: [n_in], gradient: [n_params] +=; either of the last two may be NULL. */
static void plain(long double *out, long double *din, long double *gradient, const struct shape *s,
                  const double *params, const double *x, const double *dout)
{
    long double h[MOST_LAYERS + 1][MOST_WIDTH], d[2][MOST_WIDTH];
    size_t start[MOST_LAYERS + 1], at = 0;
    for (size_t k = 0; k < s->n_in; k++)
        h[0][k] = x[k];
    for (size_t l = 0; l <= s->hidden; l++) {
        start[l] = at;
        const double *w = params + at, *b = w + fan_in(s, l) * fan_out(s, l);
        for (size_t u = 0; u < fan_out(s, l); u++) {
            long double sum = b[u];
            for (size_t k = 0; k < fan_in(s, l); k++)
                sum += (long double)w[u * fan_in(s, l) + k] * h[l][k];
            h[l + 1][u] = l < s->hidden && !(sum > 0) ? 0 : sum;
        }
        at += fan_out(s, l) * (fan_in(s, l) + 1);
    }
    for (size_t u = 0; u < s->n_out; u++) {
        out[u] = h[s->hidden + 1][u];
        d[(s->hidden + 1) % 2][u] = dout[u];
    }
    for (size_t l = s->hidden + 1; l-- > 0;) {
        const long double *above = d[(l + 1) % 2];
        for (size_t k = 0; k < fan_in(s, l); k++) {
            long double sum = 0;
            for (size_t u = 0; u < fan_out(s, l); u++)
                sum += above[u] * params[start[l] + u * fan_in(s, l) + k];
            d[l % 2][k] = l > 0 && !(h[l][k] > 0) ? 0 : sum;
        }
        for (size_t u = 0; u < fan_out(s, l) && gradient; u++) {
            for (size_t k = 0; k < fan_in(s, l); k++)
                gradient[start[l] + u * fan_in(s, l) + k] += above[u] * h[l][k];
            gradient[start[l] + fan_out(s, l) * fan_in(s, l) + u] += above[u];
        }
    }
    for (size_t k = 0; k < s->n_in; k++)
        din[k] = d[0][k];
}

static void ask_plain(struct answer *a, const struct shape *s, const double *params, const double *x,
                      const double *dout)
{
    long double out[MOST_WIDTH], din[MOST_WIDTH], *gradient = need(n_params(s) * sizeof *gradient);
    for (size_t i = 0; i < s->batch; i++) {
        plain(out, din, gradient, s, params, x + i * s->n_in, dout + i * s->n_out);
        for (size_t u = 0; u < s->n_out; u++)
            a->out[i * s->n_out + u] = (double)out[u];
        for (size_t k = 0; k < s->n_in; k++)
            a->din[i * s->n_in + k] = (double)din[k];
    }
    for (size_t k = 0; k < n_params(s); k++)
        a->gradient[k] = (double)gradient[k];
    free(gradient);
}

/* ---------------------------------------------------------------------------------------------- comparisons ---- */

/* Below the least normal number a relative error means nothing. */
static double scale_of(const double *x, size_t n) { return fmax(max_abs(x, n), DBL_MIN); }

static void compare(const struct answer *a, const struct answer *b, const struct shape *s, const char *what)
{
    char name[160];
    size_t at = 0;
    double largest_din = scale_of(b->din, s->batch * s->n_in);
    snprintf(name, sizeof name, "%s: %zu -> %zu x %zu -> %zu, batch %zu", what, s->n_in, s->hidden, s->width, s->n_out,
             s->batch);
    for (size_t i = 0; i < s->batch; i++) {
        const double scale = scale_of(b->out + i * s->n_out, s->n_out);
        for (size_t u = 0; u < s->n_out; u++)
            check_near(a->out[i * s->n_out + u], b->out[i * s->n_out + u], TOLERANCE, scale, name, i);
        for (size_t k = 0; k < s->n_in; k++)
            check_near(a->din[i * s->n_in + k], b->din[i * s->n_in + k], TOLERANCE, largest_din, name, i);
    }
    for (size_t l = 0; l <= s->hidden; l++) {
        const size_t weights = fan_in(s, l) * fan_out(s, l), biases = fan_out(s, l);
        const double largest_w = scale_of(b->gradient + at, weights);
        const double largest_b = scale_of(b->gradient + at + weights, biases);
        for (size_t k = 0; k < weights; k++, at++)
            check_near(a->gradient[at], b->gradient[at], TOLERANCE, largest_w, name, at);
        for (size_t k = 0; k < biases; k++, at++)
            check_near(a->gradient[at], b->gradient[at], TOLERANCE, largest_b, name, at);
    }
}

/* Weights as a flow starts with, and kinks spread over the rows. */
static double *random_params(const struct shape *s, uint64_t seed)
{
    double *params = need(n_params(s) * sizeof *params), *p = params;
    draw(params, seed, 1.0, n_params(s));
    for (size_t l = 0; l <= s->hidden; p += fan_out(s, l) * (fan_in(s, l) + 1), l++)
        for (size_t k = 0; k < fan_out(s, l) * fan_in(s, l); k++)
            p[k] *= l == 0 ? 1.0 : 1.4 / sqrt((double)fan_in(s, l));
    return params;
}

/* Piecewise and dense, and (if asked) dense and the plain loop, on these weights and rows. */
static void check_shape(const struct shape *s, const double *params, const double *x, bool with_plain, const char *what)
{
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    double *dout = need(s->batch * s->n_out * sizeof *dout);
    struct answer dense = new_answer(s);
    draw(dout, 99, 1.0, s->batch * s->n_out);
    ask(&dense, isa->mlp, s, params, x, dout);
    if (with_plain) {
        struct answer loop = new_answer(s);
        ask_plain(&loop, s, params, x, dout);
        compare(&dense, &loop, s, "dense, plain loop");
        free_answer(&loop);
    }
    if (s->n_in == 1) {
        struct answer lines = new_answer(s);
        ask(&lines, isa->piecewise, s, params, x, dout);
        compare(&lines, &dense, s, what);
        free_answer(&lines);
    }
    free_answer(&dense);
    free(dout);
}

static const struct { size_t n_in, n_out, width, hidden; } shapes[] = {
    { 1, 28, 24, 2 }, { 1, 4, 24, 2 },  { 1, 28, 24, 0 }, { 1, 3, 1, 1 },  { 1, 13, 5, 1 },  { 1, 28, 33, 3 },
    { 1, 7, 11, 4 },  { 1, 56, 17, 2 }, { 2, 28, 24, 2 }, { 2, 5, 3, 0 },  { 3, 13, 7, 1 },  { 5, 56, 33, 3 },
    { 4, 9, 10, 4 },  { 1, 28, 24, 1 }, { 1, 28, 64, 2 },
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void test_shapes(void **state)
{
    (void)state;
    static const size_t batches[] = { 1, 63, 64, 65, 127, 128, 129, 512, 4096 };
    for (size_t i = 0; i < N_SHAPES; i++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            const struct shape s = { shapes[i].n_in, shapes[i].n_out, shapes[i].width, shapes[i].hidden, batches[b] };
            double *params = random_params(&s, 100 + i), *x = need(s.batch * s.n_in * sizeof *x);
            draw(x, 200 + b, 1.5, s.batch * s.n_in);
            check_shape(&s, params, x, s.batch <= 512, "piecewise, dense");
            free(params);
            free(x);
        }
}

/* Weights that a table of lines might stumble over. */
static void test_hard_weights(void **state)
{
    (void)state;
    enum { ZERO_FIRST, ZERO_ALL, ZERO_UNITS, COINCIDENT, TWINS, DENORMAL, TINY, DEAD, HUGE_INPUTS, N_KINDS };
    static const char *const names[] = { "first weights zero", "all zero", "some units zero", "coincident breakpoints",
                                         "twin units", "denormal weights", "tiny weights", "dead units",
                                         "inputs times 1e8" };
    for (size_t hidden = 1; hidden <= 4; hidden++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            const struct shape s = { 1, 13, 9, hidden, 512 };
            const size_t width = s.width;
            double *params = random_params(&s, 300 + hidden), *w = params, *b = w + width, x[512];
            draw(x, 301, kind == HUGE_INPUTS ? 1e8 : 1.5, s.batch);
            for (size_t u = 0; u < width; u++)
                switch (kind) {
                case ZERO_FIRST: w[u] = 0.0; break;
                case ZERO_UNITS: w[u] = u % 3 == 0 ? 0.0 : w[u], b[u] = u % 2 ? 0.0 : b[u]; break;
                case COINCIDENT: b[u] = -0.5 * w[u]; break; /* all at x = 1/2 */
                case TWINS:      w[u] = w[u / 2], b[u] = b[u / 2]; break;
                case DENORMAL:   w[u] = ldexp(w[u], u % 2 ? -1060 : -1030); break;
                case TINY:       w[u] *= u % 2 ? -1e-8 : 1e-12; break; /* breakpoints far from all rows */
                case DEAD:       b[u] = -100.0; break;
                default:         break;
                }
            if (kind == ZERO_ALL)
                memset(params, 0, n_params(&s) * sizeof *params);
            check_shape(&s, params, x, true, names[kind]);
            free(params);
        }
}

/* Tent maps, one on top of another, fold [0, 1] into 2^hidden segments: far more than units, so that a table of any
 * guessed size must grow. */
static void test_many_segments(void **state)
{
    (void)state;
    const struct shape s = { 1, 5, 2, 8, 4096 };
    double *params = random_params(&s, 600), *x = need(s.batch * sizeof *x), *p = params;
    const double first[4] = { 1.0, 1.0, 0.0, -0.5 }, tent[6] = { 2.0, -4.0, 2.0, -4.0, 0.0, -0.5 };
    memcpy(p, first, sizeof first);
    p += 4;
    for (size_t l = 1; l < s.hidden; l++, p += 6)
        memcpy(p, tent, sizeof tent);
    fathom_uniform(x, fathom_key_from_seed(601), -0.1, 1.1, s.batch);
    check_shape(&s, params, x, true, "tent maps");
    free(params);
    free(x);
}

/* ---------------------------------------------------------------------------------------------- breakpoints ---- */

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
    size_t n = 0;
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
    size_t met = 0;
    for (size_t hidden = 1; hidden <= 3; hidden++) {
        const struct shape s = { 1, 13, 12, hidden, 1 };
        const size_t n = n_params(&s);
        double *params = random_params(&s, 400 + hidden), dout[13], edges[ROOM][2];
        struct answer on = new_answer(&s), dense = new_answer(&s), side[2] = { new_answer(&s), new_answer(&s) };
        draw(dout, 401, 1.0, s.n_out);
        const size_t found = find_breakpoints(edges, &s, params, dout, ROOM);
        assert_in_range(found, 6, ROOM - 1);
        for (size_t e = 0; e < found; e++)
            for (int end = 0; end < 2; end++) {
                const double *x = &edges[e][end];
                ask(&on, isa->piecewise, &s, params, x, dout);
                ask(&dense, isa->mlp, &s, params, x, dout);
                for (size_t u = 0; u < s.n_out; u++)
                    check_near(on.out[u], dense.out[u], TOLERANCE, max_abs(dense.out, s.n_out), "on breakpoint", e);
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
    double *dout = need(s->n_out * sizeof *dout);
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

/* The edges that it tells of are all of them, and only they: straight in between, bent at each. */
static void test_edges(void **state)
{
    (void)state;
    enum { ROOM = 256, N_OUT = 5 };
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    size_t n = 99;
    for (size_t hidden = 0; hidden <= 3; hidden++) {
        const struct shape s = { 1, N_OUT, 12, hidden, 1 };
        double *params = random_params(&s, 700 + hidden), dout[N_OUT], bends[ROOM][2];
        void *network = isa->piecewise->create(1, N_OUT, s.width, hidden);
        assert_int_equal(isa->piecewise->prepare(network, params), FATHOM_OK);
        const double *edges = isa->piecewise->edges(&n, network);
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
        edges = isa->piecewise->edges(&n, network);
        for (size_t e = 1; e < n; e++)
            assert_true(edges[e - 1] < edges[e]);
        assert_true(hidden == 0 || (n > 0 && n <= (hidden - 1) * s.width * 2 + 1));
        isa->piecewise->destroy(network);

        void *dense = isa->mlp->create(1, N_OUT, s.width, hidden);
        assert_int_equal(isa->mlp->prepare(dense, params), FATHOM_OK);
        assert_null(isa->mlp->edges(&n, dense));
        assert_int_equal(n, 0);
        isa->mlp->destroy(dense);
        free(params);
    }
}

/* Not finite: both let NaN through to the outputs of that row alone, and both come to an end. */
static void test_not_finite(void **state)
{
    (void)state;
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    const struct conditioner *const both[] = { isa->mlp, isa->piecewise };
    const struct shape s = { 1, 13, 9, 2, 65 };
    double *params = random_params(&s, 500), kept_params[2 * 9], x[65], dout[65 * 13];
    struct answer good = new_answer(&s), bad = new_answer(&s);
    memcpy(kept_params, params, sizeof kept_params);
    draw(x, 501, 1.5, s.batch);
    draw(dout, 502, 1.0, s.batch * s.n_out);
    for (int c = 0; c < 2; c++) {
        const double kept = x[7];
        ask(&good, both[c], &s, params, x, dout);
        x[7] = NAN;
        ask(&bad, both[c], &s, params, x, dout);
        x[7] = kept;
        for (size_t i = 0; i < s.batch; i++)
            for (size_t u = 0; u < s.n_out; u++)
                if (i == 7)
                    assert_true(isnan(bad.out[i * s.n_out + u]));
                else
                    check_same(bad.out + i * s.n_out + u, good.out + i * s.n_out + u, 1, both[c]->name, "beside NaN");
        params[0] = NAN, params[s.width] = -1.0; /* of a unit that its offset alone would switch off */
        ask(&bad, both[c], &s, params, x, dout);
        for (size_t i = 0; i < s.batch * s.n_out; i++)
            assert_true(isnan(bad.out[i]));
        memcpy(params, kept_params, 2 * s.width * sizeof *params);
        for (size_t p = 0; p < n_params(&s); p += 5) { /* in any of the parameters */
            static const double values[] = { NAN, INFINITY, -INFINITY, 1e300 };
            const double was = params[p];
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                params[p] = values[v];
                ask(&bad, both[c], &s, params, x, dout);
                if (v == 0 && p >= n_params(&s) - s.n_out * (s.width + 1)) { /* of the last layer: seen by each row */
                    bool seen = false;
                    for (size_t u = 0; u < s.n_out; u++)
                        seen |= isnan(bad.out[u]);
                    assert_true(seen);
                }
            }
            params[p] = was;
        }
    }
    free_answer(&good);
    free_answer(&bad);
    free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_hard_weights),
        cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_on_breakpoints),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
