/* test_slabs.c - no number of a wide flow depends on how its rows are cut into slabs and tiles (kernels/tile.h).
 *
 * Numbers of a row: the same bits whether rows are given one by one, in sevens or all at once, and in any instruction
 * set.  Sums over rows: the same bits wherever the cuts are, and those of a sum in order made here. */
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
#include "first_not_finite.h"
#include "flow.h"
#include "flow_view.h"

enum { DIM = 5, N_IN = 2, COUPLINGS = 4, N = 400, MOST = N + SLAB };

static const size_t sizes[] = { 1, 47, 48, 49, 191, 192, 193, N };
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static const struct {
    const char *coupling;
    size_t      width;
} flows[] = { { "spline", 64 }, { "affine", 72 }, { "mixture", 72 } };
enum { N_FLOWS = sizeof flows / sizeof *flows };

struct wide {
    fathom_config     config;
    fathom_flow      *flow;
    fathom_workspace *ws;
    size_t            n_params;
    double           *params, *gradient; /* [n_params] */
    double            x[N * DIM];
};

static struct wide *wide_open(const char *coupling, size_t width, const struct fathom_isa *isa)
{
    struct wide *w = need(sizeof *w);
    w->config = fathom_config_default();
    w->config.dim = DIM;
    w->config.depth = COUPLINGS / 2;
    w->config.width = width;
    w->config.coupling = coupling;
    w->config.actnorm = FATHOM_ACTNORM_DATA;
    w->config.rotation = FATHOM_ROTATION_FREE;
    w->flow = fathom_flow_new(&w->config, NULL, NULL);
    assert_non_null(w->flow);
    w->ws = fathom_workspace_new(w->flow, isa);
    assert_non_null(w->ws);
    w->n_params = fathom_flow_n_params(w->flow);
    w->params = need(w->n_params * sizeof(double));
    w->gradient = need(w->n_params * sizeof(double));
    fathom_flow_init(w->params, w->flow, fathom_key_from_seed(3));
    draw(w->gradient, 4, 0.05, w->n_params);
    for (size_t k = 0; k < w->n_params; k++)
        w->params[k] += w->gradient[k];
    draw(w->x, 5, 1.0, N * DIM);
    return w;
}

static void wide_close(struct wide *w)
{
    fathom_workspace_free(w->ws);
    fathom_flow_free(w->flow);
    free(w->params);
    free(w->gradient);
    free(w);
}

static void on_wide_flows(void (*property)(struct wide *))
{
    for (size_t i = 0; i < N_FLOWS; i++) {
        struct wide *w = wide_open(flows[i].coupling, flows[i].width, fathom_isa_find(NULL));
        assert_int_equal(slab_rows(&w->config), SLAB);
        property(w);
        wide_close(w);
    }
}

/* ------------------------------------------------------------------------------------------- numbers of a row ---- */

/* out: [n][DIM + 1], a map's image and log_det. */
static void put(double *out, const double *image, const double *log_det, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * (DIM + 1), image + i * DIM, DIM * sizeof *out);
        out[i * (DIM + 1) + DIM] = log_det[i];
    }
}

static void forward(double *out, struct wide *w, const double *x, size_t n)
{
    double z[N * DIM], log_det[N];
    assert_int_equal(fathom_flow_forward(z, log_det, w->ws, w->params, x, n), FATHOM_OK);
    put(out, z, log_det, n);
}

static void find(double *x, double *log_det, struct wide *w, const double *z, size_t n)
{
    const fathom_status status = fathom_flow_inverse(x, log_det, w->ws, w->params, z, n);
    assert_true(status == FATHOM_OK || (status == FATHOM_FLAT && strcmp(w->config.coupling, "mixture") == 0));
}

static void inverse(double *out, struct wide *w, const double *z, size_t n)
{
    double x[N * DIM], log_det[N];
    find(x, log_det, w, z, n);
    put(out, x, log_det, n);
}

static void log_prob(double *out, struct wide *w, const double *x, size_t n)
{
    assert_int_equal(fathom_flow_log_prob(out, w->ws, w->params, x, n), FATHOM_OK);
}

static void jacobian(double *out, struct wide *w, const double *x, size_t n)
{
    assert_int_equal(fathom_flow_jacobian(out, w->ws, w->params, x, n), FATHOM_OK);
}

/* What the last coupling's conditioner reads. */
static void view_coupling(double *out, struct wide *w, const double *x, size_t n)
{
    struct conditioner_use use;
    assert_int_equal(fathom_flow_view_coupling(out, &use, w->ws, w->params, x, n, COUPLINGS - 1), FATHOM_OK);
}

static const struct {
    const char *name;
    size_t      numbers; /* per row */
    size_t      ones;    /* so many rows are given one by one, each of which costs as much as eight */
    void (*answer)(double *out, struct wide *w, const double *x, size_t n);
} functions[] = {
    { "forward", DIM + 1, N, forward },           { "inverse", DIM + 1, TILE + 1, inverse },
    { "log_prob", 1, SLAB + 1, log_prob },        { "jacobian", DIM *DIM, TILE + 1, jacobian },
    { "view_coupling", N_IN, 10, view_coupling },
};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions, MOST_NUMBERS = DIM * DIM };

static void rows_by_rows(struct wide *w)
{
    double *expected = need(N * MOST_NUMBERS * sizeof *expected), *got = need(N * MOST_NUMBERS * sizeof *got);
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        const size_t numbers = functions[f].numbers;
        functions[f].answer(expected, w, w->x, N);
        for (size_t i = 0; i + 1 < N_SIZES; i++) {
            functions[f].answer(got, w, w->x, sizes[i]);
            check_same(got, expected, sizes[i] * numbers, functions[f].name, w->config.coupling);
        }
        for (size_t each = 1; each <= 7; each += 6) {
            const size_t n = each == 1 ? functions[f].ones : N;
            for (size_t i = 0; i < n; i += each)
                functions[f].answer(got + i * numbers, w, w->x + i * DIM, n - i < each ? n - i : each);
            check_same(got, expected, n * numbers, functions[f].name, each == 1 ? "one by one" : "in sevens");
        }
    }
    free(expected);
    free(got);
}

static void test_rows(void **state)
{
    (void)state;
    on_wide_flows(rows_by_rows);
}

/* Draws are what the inverse makes of the base's. */
static void draws(struct wide *w)
{
    double x[N * DIM], z[N * DIM], expected[N * DIM];
    for (size_t i = 0; i < N_SIZES; i++) {
        const size_t n = sizes[i];
        assert_int_equal(fathom_flow_sample(x, w->ws, w->params, fathom_key_from_seed(6), n), FATHOM_OK);
        fathom_normal(z, fathom_key_from_seed(6), n * DIM);
        for (size_t k = 0; k < n * DIM; k++)
            z[k] = z[k] * fathom_flow_base_scale(w->params, DIM, k % DIM) + w->params[k % DIM];
        for (size_t first = 0; first < n; first += 7)
            find(expected + first * DIM, NULL, w, z + first * DIM, n - first < 7 ? n - first : 7);
        check_same(x, expected, n * DIM, "draws", w->config.coupling);
    }
}

static void test_draws(void **state)
{
    (void)state;
    on_wide_flows(draws);
}

/* The least and the greatest log scale of rows are those of their parts. */
static void scales(struct wide *w)
{
    for (size_t i = 0; i < N_SIZES; i++) {
        double least = INFINITY, greatest = -INFINITY, ends[2];
        for (size_t first = 0; first < sizes[i]; first += 7) {
            const size_t n = sizes[i] - first < 7 ? sizes[i] - first : 7;
            assert_int_equal(fathom_flow_view_log_scale(&ends[0], &ends[1], w->ws, w->params, w->x + first * DIM, n),
                             FATHOM_OK);
            least = fmin(least, ends[0]);
            greatest = fmax(greatest, ends[1]);
        }
        assert_int_equal(fathom_flow_view_log_scale(&ends[0], &ends[1], w->ws, w->params, w->x, sizes[i]), FATHOM_OK);
        check_same(&ends[0], &least, 1, "least log scale", w->config.coupling);
        check_same(&ends[1], &greatest, 1, "greatest log scale", w->config.coupling);
    }
}

static void test_scales(void **state)
{
    (void)state;
    on_wide_flows(scales);
}

/* ------------------------------------------------------------------------------------------- sums over rows ---- */

/* A batch of n rows in another order, each counted once to thrice, behind `before` rows that count 0 times. */
static void place(uint32_t *rows, uint32_t *counts, size_t n, size_t before)
{
    for (size_t i = 0; i < before + n; i++) {
        rows[i] = (uint32_t)(i < before ? i % N : (7 * (i - before) + 3) % N);
        counts[i] = i < before ? 0 : 1 + (uint32_t)(i - before) % 3;
    }
}

/* -mean log p, from each row's own, in the order that flow.c states. */
static double mean_loss(struct wide *w, const uint32_t *rows, const uint32_t *counts, size_t n)
{
    double logp[N], total[8] = { 0 }, drawn = 0.0;
    log_prob(logp, w, w->x, N);
    for (size_t i = 0; i < n; i++) {
        total[i % 8] += counts[i] * logp[rows[i]];
        drawn += counts[i];
    }
    return -((((total[0] + total[1]) + (total[2] + total[3])) + ((total[4] + total[5]) + (total[6] + total[7]))) /
             drawn);
}

/* Rows that count 0 times add zeros to every sum, and eight of them move each row by eight.  So they move the cuts
 * alone.  The sums' size is checked against gradients of single rows, which no cut touches. */
static void sums(struct wide *w)
{
    static const size_t before[] = { 8, TILE, SLAB - 8 };
    double             *expected = need(2 * w->n_params * sizeof *expected), *of_row = expected + w->n_params;
    uint32_t            rows[MOST], counts[MOST];
    for (size_t i = 0; i < N_SIZES; i++) {
        double       loss, again;
        const size_t n = sizes[i];
        place(rows, counts, n, 0);
        assert_int_equal(fathom_flow_nll(&loss, expected, w->ws, w->params, w->x, rows, counts, n), FATHOM_OK);
        again = mean_loss(w, rows, counts, n);
        check_same(&loss, &again, 1, "loss", w->config.coupling);
        for (size_t b = 0; b < sizeof before / sizeof *before; b++) {
            place(rows, counts, n, before[b]);
            assert_int_equal(fathom_flow_nll(&again, w->gradient, w->ws, w->params, w->x, rows, counts, before[b] + n),
                             FATHOM_OK);
            check_same(&again, &loss, 1, "loss, cut elsewhere", w->config.coupling);
            check_same(w->gradient, expected, w->n_params, "gradient, cut elsewhere", w->config.coupling);
        }
        if (n != TILE + 1 && n != SLAB + 1)
            continue;
        double drawn = 0.0;
        place(rows, counts, n, 0);
        memset(w->gradient, 0, w->n_params * sizeof *w->gradient);
        for (size_t r = 0; r < n; r++) {
            assert_int_equal(fathom_flow_nll(&again, of_row, w->ws, w->params, w->x, rows + r, NULL, 1), FATHOM_OK);
            for (size_t k = 0; k < w->n_params; k++)
                w->gradient[k] += counts[r] * of_row[k];
            drawn += counts[r];
        }
        const double scale = max_abs(expected, w->n_params);
        for (size_t k = 0; k < w->n_params; k++)
            check_near(expected[k], w->gradient[k] / drawn, 1e-13, scale, "gradient", k);
    }
    free(expected);
}

static void test_sums(void **state)
{
    (void)state;
    on_wide_flows(sums);
}

/* ------------------------------------------------------------------------------------- what looks at all rows ---- */

/* alive: [hidden][width], set where a unit of this conditioner is above 0 at one of the inputs, [n][N_IN]. */
static void mark(bool *alive, const struct wide *w, const double *params, const double *inputs, size_t n)
{
    const size_t width = w->config.width;
    double       h[128], next[128];
    for (size_t i = 0; i < n; i++) {
        const double *own = params;
        size_t        fan_in = N_IN;
        memcpy(h, inputs + i * N_IN, sizeof *h * N_IN);
        for (size_t l = 0; l < w->config.hidden; l++, own += width * (fan_in + 1), fan_in = width) {
            for (size_t u = 0; u < width; u++) {
                next[u] = own[width * fan_in + u];
                for (size_t k = 0; k < fan_in; k++)
                    next[u] += own[u * fan_in + k] * h[k];
                alive[l * width + u] |= next[u] > 0.0;
                next[u] = next[u] > 0.0 ? next[u] : 0.0;
            }
            memcpy(h, next, width * sizeof *h);
        }
    }
}

/* Some units are alive at one row alone: those at the ends of tiles and slabs are far off, the others near 0. */
static void dead_units(struct wide *w)
{
    size_t some = 0;
    for (size_t k = 0; k < N * DIM; k++)
        w->x[k] *= 0.01;
    for (size_t i = 0; i < N_SIZES * DIM; i++)
        w->x[(sizes[i / DIM] - 1) * DIM + i % DIM] *= 3000.0;
    for (size_t i = 0; i < N_SIZES; i++) {
        size_t dead[FATHOM_HIDDEN_MAX], expected[FATHOM_HIDDEN_MAX] = { 0 }, coupling = 0;
        assert_int_equal(fathom_flow_dead_units(dead, w->ws, w->params, w->x, sizes[i]), FATHOM_OK);
        for (size_t l = 0; l < w->flow->n_layers; l++) {
            bool                   alive[FATHOM_HIDDEN_MAX * 128] = { false };
            double                 inputs[N * N_IN];
            struct conditioner_use use;
            if (strcmp(w->flow->layers[l].name, "coupling") != 0)
                continue;
            assert_int_equal(fathom_flow_view_coupling(inputs, &use, w->ws, w->params, w->x, sizes[i], coupling++),
                             FATHOM_OK);
            mark(alive, w, w->params + w->flow->layers[l].offset, inputs, sizes[i]);
            for (size_t u = 0; u < w->config.hidden * w->config.width; u++)
                expected[u / w->config.width] += !alive[u];
        }
        for (size_t l = 0; l < w->config.hidden; l++) {
            assert_int_equal(dead[l], expected[l]);
            some += sizes[i] > TILE ? dead[l] : 0;
        }
    }
    assert_true(some > 0);
}

static void test_dead_units(void **state)
{
    (void)state;
    on_wide_flows(dead_units);
}

/* Rows that are not finite, at the ends of tiles and slabs. */
static void first_not_finite(struct wide *w)
{
    static const size_t bad[] = { 0, TILE - 1, TILE, 100, SLAB - 1, SLAB, N - 1 };
    uint32_t            rows[N], counts[N];
    for (size_t i = 0; i < N; i++)
        rows[i] = (uint32_t)i, counts[i] = (uint32_t)(i * i + 1);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
        w->x[bad[b] * DIM + b % DIM] = b % 2 ? INFINITY : NAN;
    for (size_t i = 0; i < N_SIZES; i++) {
        fathom_first first = { 0 };
        size_t       expected = 0;
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
            expected += bad[b] < sizes[i] ? counts[bad[b]] : 0;
        assert_int_equal(fathom_flow_first_not_finite(&first, w->gradient, w->ws, w->params, w->x, rows, counts,
                                                      sizes[i]),
                         FATHOM_OK);
        assert_int_equal(first.kind, FATHOM_FIRST_LATENT_OVERFLOW);
        assert_int_equal(first.layer, 0);
        assert_int_equal(first.rows, expected);
    }
}

static void test_first_not_finite(void **state)
{
    (void)state;
    on_wide_flows(first_not_finite);
}

/* The second block's ActNorm has the mean, summed in order, and the deviation of what the first block makes of the rows. */
static void actnorm(struct wide *w)
{
    fathom_config config = w->config;
    config.depth = 1;
    fathom_flow      *one = fathom_flow_new(&config, NULL, NULL);
    fathom_workspace *ws = fathom_workspace_new(one, fathom_isa_find(NULL));
    uint32_t          rows[N], counts[N];
    double            z[N * DIM];
    assert_non_null(ws);
    place(rows, counts, N, 0);
    for (size_t i = 1; i < N_SIZES; i++) {
        const size_t n = sizes[i];
        assert_int_equal(fathom_flow_actnorm_init(w->params, w->ws, w->x, rows, n), FATHOM_OK);
        assert_int_equal(fathom_flow_forward(z, NULL, ws, w->params, w->x, N), FATHOM_OK);
        const double *own = w->params + fathom_flow_n_params(one);
        for (size_t d = 0; d < DIM; d++) {
            double sum = 0.0, square = 0.0;
            for (size_t k = 0; k < n; k++)
                sum += z[rows[k] * DIM + d];
            sum /= (double)n;
            for (size_t k = 0; k < n; k++)
                square += (z[rows[k] * DIM + d] - sum) * (z[rows[k] * DIM + d] - sum);
            check_same(&own[d], &sum, 1, "mean", config.coupling);
            check_near(log1p(exp(own[DIM + d])) + 1e-5, sqrt(square / (double)n), 1e-12, 1.0, "deviation", n);
        }
    }
    fathom_workspace_free(ws);
    fathom_flow_free(one);
}

static void test_actnorm(void **state)
{
    (void)state;
    on_wide_flows(actnorm);
}

/* A warm start leaves the conditioners' outputs constant.  So what it fits does not depend on their width, and a narrow
 * flow, whose rows pass in tiles, has the same ActNorms, matrices and biases. */
static void test_warm_start(void **state)
{
    (void)state;
    static const size_t widths[] = { 24, 64, 72 };
    for (size_t i = 3; i < N_SIZES; i += 2) {
        double fitted[3][2000], distance[3];
        size_t n_fitted[3] = { 0 };
        for (size_t k = 0; k < 3; k++) {
            struct wide *w = wide_open("mixture", widths[k], fathom_isa_find(NULL));
            assert_int_equal(slab_rows(&w->config), k == 0 ? TILE : SLAB);
            assert_int_equal(fathom_flow_warm_start(w->params, w->ws, w->x, NULL, sizes[i], FATHOM_START_WARM,
                                                    &distance[k]),
                             FATHOM_OK);
            for (size_t l = 0; l < w->flow->n_layers; l++) {
                const size_t n_out = (DIM - N_IN) * 3 * w->config.components, from = w->flow->layers[l].offset;
                const size_t end = l + 1 < w->flow->n_layers ? w->flow->layers[l + 1].offset : w->n_params;
                const size_t first = strcmp(w->flow->layers[l].name, "coupling") == 0 ? end - n_out : from;
                assert_in_range(n_fitted[k] + end - first, 0, 2000);
                memcpy(fitted[k] + n_fitted[k], w->params + first, (end - first) * sizeof **fitted);
                n_fitted[k] += end - first;
            }
            wide_close(w);
            assert_int_equal(n_fitted[k], n_fitted[0]);
            check_same(fitted[k], fitted[0], n_fitted[k], "fitted", k == 1 ? "width 64" : "width 72");
            check_same(&distance[k], &distance[0], 1, "distance", k == 1 ? "width 64" : "width 72");
        }
    }
}

/* ------------------------------------------------------------------------------------------ instruction sets ---- */

/* Everything that this flow makes of n rows, or fewer.  Returns how many numbers. */
static size_t all_of(double *out, const char *coupling, size_t width, const struct fathom_isa *isa, size_t n)
{
    struct wide *w = wide_open(coupling, width, isa);
    uint32_t     rows[N], counts[N];
    double      *at = out;
    place(rows, counts, n, 0);
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        const size_t here = functions[f].ones < n ? functions[f].ones : n;
        functions[f].answer(at, w, w->x, here);
        at += here * functions[f].numbers;
    }
    assert_int_equal(fathom_flow_sample(at, w->ws, w->params, fathom_key_from_seed(6), n), FATHOM_OK);
    at += n * DIM;
    assert_int_equal(fathom_flow_nll(at, at + 1, w->ws, w->params, w->x, rows, counts, n), FATHOM_OK);
    at += 1 + w->n_params;
    assert_int_equal(fathom_flow_view_log_scale(at, at + 1, w->ws, w->params, w->x, n), FATHOM_OK);
    at += 2;
    assert_int_equal(fathom_flow_actnorm_init(w->params, w->ws, w->x, rows, n), FATHOM_OK);
    memcpy(at, w->params, w->n_params * sizeof *at);
    at += w->n_params;
    wide_close(w);
    return (size_t)(at - out);
}

static void test_sets(void **state)
{
    (void)state;
    const size_t room = 1 << 18, n = SLAB + 1;
    double      *expected = need(room * sizeof *expected), *got = need(room * sizeof *got);
    for (size_t f = 0; f < N_FLOWS; f++) {
        const size_t numbers = all_of(expected, flows[f].coupling, flows[f].width, fathom_isa_find("ref"), n);
        assert_in_range(numbers, 1, room);
        for (int i = 0; i < N_ISAS; i++) {
            const struct fathom_isa *isa = fathom_isa_find(isa_names[i]);
            if (!isa || strcmp(isa_names[i], "ref") == 0)
                continue; /* tests/test_isa.c names what is not there */
            assert_int_equal(all_of(got, flows[f].coupling, flows[f].width, isa, n), numbers);
            check_same(got, expected, numbers, flows[f].coupling, isa_names[i]);
        }
    }
    free(expected);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_draws),      cmocka_unit_test(test_scales),
        cmocka_unit_test(test_sums),    cmocka_unit_test(test_dead_units), cmocka_unit_test(test_first_not_finite),
        cmocka_unit_test(test_actnorm), cmocka_unit_test(test_warm_start), cmocka_unit_test(test_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
