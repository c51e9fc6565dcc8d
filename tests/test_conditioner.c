/* test_conditioner.c - the two conditioners against each other, and the dense one against a plain loop.
 *
 * Dense is compared with the loop of lib/kernels/conditioner_plain.h, piecewise with dense: outputs, d loss / d input
 * and every gradient, each to 1e-13 of the largest of its row (outputs, inputs) or of its weight matrix (gradients).
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

#include "network.h"

static const double TOLERANCE = 1e-13;

/* Below the least normal number a relative error means nothing. */
static double scale_of(const double *x, size_t n) { return fmax(max_abs(x, n), DBL_MIN); }

static void compare(const struct answer *a, const struct answer *b, const struct shape *s, const char *what)
{
    char   name[160];
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

/* Piecewise and dense, and (if asked) dense and the plain loop, on these weights and rows. */
static void check_shape(const struct shape *s, const double *params, const double *x, bool with_plain, const char *what)
{
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    double                  *dout = need(s->batch * s->n_out * sizeof *dout);
    struct answer            dense = new_answer(s);
    draw(dout, 99, 1.0, s->batch * s->n_out);
    ask(&dense, isa->dense, s, params, x, dout);
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

static const struct {
    size_t n_in, n_out, width, hidden;
} shapes[] = {
    { 1, 28, 24, 2 }, { 1, 4, 24, 2 },  { 1, 28, 24, 0 }, { 1, 3, 1, 1 },   { 1, 13, 5, 1 },  { 1, 28, 33, 3 },
    { 1, 7, 11, 4 },  { 1, 56, 17, 2 }, { 2, 28, 24, 2 }, { 2, 5, 3, 0 },   { 3, 13, 7, 1 },  { 5, 56, 33, 3 },
    { 4, 9, 10, 4 },  { 1, 28, 24, 1 }, { 1, 28, 64, 2 }, { 4, 30, 64, 2 }, { 2, 6, 200, 2 },
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void test_shapes(void **state)
{
    (void)state;
    static const size_t batches[] = { 1, 63, 64, 65, TILE - 1, TILE, TILE + 1, SLAB, SLAB + 49, 512, 4096 };
    for (size_t i = 0; i < N_SHAPES; i++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            const struct shape s = { shapes[i].n_in, shapes[i].n_out, shapes[i].width, shapes[i].hidden, batches[b] };
            double            *params = random_params(&s, 100 + i), *x = need(s.batch * s.n_in * sizeof *x);
            draw(x, 200 + b, 1.5, s.batch * s.n_in);
            check_shape(&s, params, x, s.batch <= 512, "piecewise, dense");
            free(params);
            free(x);
        }
}

/* Weights that are hard for a table of lines. */
static void test_hard_weights(void **state)
{
    (void)state;
    enum { ZERO_FIRST, ZERO_ALL, ZERO_UNITS, COINCIDENT, TWINS, DENORMAL, TINY, DEAD, HUGE_INPUTS, N_KINDS };
    static const char *const names[] = { "first weights zero",     "all zero",   "some units zero",
                                         "coincident breakpoints", "twin units", "denormal weights",
                                         "tiny weights",           "dead units", "inputs times 1e8" };
    for (size_t hidden = 1; hidden <= 4; hidden++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            const struct shape s = { 1, 13, 9, hidden, 512 };
            const size_t       width = s.width;
            double            *params = random_params(&s, 300 + hidden), *w = params, *b = w + width, x[512];
            draw(x, 301, kind == HUGE_INPUTS ? 1e8 : 1.5, s.batch);
            for (size_t u = 0; u < width; u++)
                switch (kind) {
                case ZERO_FIRST:
                    w[u] = 0.0;
                    break;
                case ZERO_UNITS:
                    w[u] = u % 3 == 0 ? 0.0 : w[u], b[u] = u % 2 ? 0.0 : b[u];
                    break;
                case COINCIDENT:
                    b[u] = -0.5 * w[u];
                    break; /* all at x = 1/2 */
                case TWINS:
                    w[u] = w[u / 2], b[u] = b[u / 2];
                    break;
                case DENORMAL:
                    w[u] = ldexp(w[u], u % 2 ? -1060 : -1030);
                    break;
                case TINY:
                    w[u] *= u % 2 ? -1e-8 : 1e-12;
                    break; /* breakpoints far from all rows */
                case DEAD:
                    b[u] = -100.0;
                    break;
                default:
                    break;
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
    double            *params = random_params(&s, 600), *x = need(s.batch * sizeof *x), *p = params;
    const double       first[4] = { 1.0, 1.0, 0.0, -0.5 }, tent[6] = { 2.0, -4.0, 2.0, -4.0, 0.0, -0.5 };
    memcpy(p, first, sizeof first);
    p += 4;
    for (size_t l = 1; l < s.hidden; l++, p += 6)
        memcpy(p, tent, sizeof tent);
    fathom_uniform(x, fathom_key_from_seed(601), -0.1, 1.1, s.batch);
    check_shape(&s, params, x, true, "tent maps");
    free(params);
    free(x);
}

/* Not finite: with both, NaN reaches the outputs of its own row only, and both return. */
static void test_not_finite(void **state)
{
    (void)state;
    const struct fathom_isa        *isa = fathom_isa_find(NULL);
    const struct conditioner *const both[] = { isa->dense, isa->piecewise };
    const struct shape              s = { 1, 13, 9, 2, 65 };
    double                         *params = random_params(&s, 500), kept_params[2 * 9], x[65], dout[65 * 13];
    struct answer                   good = new_answer(&s), bad = new_answer(&s);
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
        params[0] = NAN, params[s.width] = -1.0; /* of a unit whose bias would switch it off */
        ask(&bad, both[c], &s, params, x, dout);
        for (size_t i = 0; i < s.batch * s.n_out; i++)
            assert_true(isnan(bad.out[i]));
        memcpy(params, kept_params, 2 * s.width * sizeof *params);
        for (size_t p = 0; p < n_params(&s); p += 5) { /* in any of the parameters */
            static const double values[] = { NAN, INFINITY, -INFINITY, 1e300 };
            const double        was = params[p];
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
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
