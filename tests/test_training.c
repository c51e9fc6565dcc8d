/* test_training.c - configuration, schedule, clip, ActNorm from data, and sampling.
 *
 * A training step is worked out again here from the paper (Kingma & Ba 2015, algorithm 1, in its textbook form) and the
 * library's gradient; everything else has an exact answer or a bound with a reason.
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
#include "model.h"

enum { N = 600 };

static fathom_dataset spiral;

static int make_spiral(void **state)
{
    (void)state;
    return fathom_spiral(&spiral, 0, N, NULL) == FATHOM_OK ? 0 : -1;
}

static int free_spiral(void **state)
{
    (void)state;
    fathom_dataset_free(&spiral);
    return 0;
}

/* -------------------------------------------------------------------------------------------- configuration ---- */

static void test_bad_configurations(void **state)
{
    (void)state;
    const fathom_config good = fathom_config_default();
    fathom_config       bad[32];
    size_t              n = 0;
#define BAD(field, value) (bad[n] = good, bad[n++].field = (value))
    BAD(dim, 0), BAD(dim, 1), BAD(dim, 65), BAD(depth, 0), BAD(depth, 1025), BAD(coupling, NULL);
    BAD(coupling, "cubic"), BAD(coupling, ""), BAD(knots, 0), BAD(knots, 257), BAD(interval, 0.0);
    BAD(interval, -1.0), BAD(interval, NAN), BAD(interval, INFINITY), BAD(interval, 2e6), BAD(interval, 0.0045);
    BAD(width, 0), BAD(width, 1025), BAD(hidden, 9), BAD(actnorm, (fathom_actnorm)7), BAD(dim, SIZE_MAX);
    BAD(mixing, (fathom_mixing)4), BAD(rotation, (fathom_rotation)3), BAD(components, 0), BAD(components, 65);
#undef BAD
    for (size_t i = 0; i < n; i++) {
        fathom_error  error = { "" };
        fathom_status status = FATHOM_OK;
        assert_null(fathom_flow_new(&bad[i], &status, &error));
        assert_int_equal(status, FATHOM_BAD_ARGUMENT);
        if (strlen(error.text) < 10 || strchr(error.text, '\n'))
            fail_msg("bad configuration %zu: the message is '%s'", i, error.text);
        assert_null(fathom_flow_new(&bad[i], NULL, NULL)); /* neither is needed */
        fathom_error counting = { "" };
        assert_int_equal(fathom_n_params(&bad[i], &counting), 0);
        assert_string_equal(counting.text, error.text);
    }
    fathom_config edge[] = { good, good, good, good, good, good, good };
    edge[0].knots = 1, edge[0].interval = 0.00101;
    edge[1].hidden = 0, edge[1].width = 1;
    edge[2].hidden = 8, edge[2].width = 2, edge[2].dim = 3;
    edge[3].dim = 64, edge[3].width = 2;
    edge[4].knots = 256, edge[4].interval = 1e6;
    edge[5].coupling = "mixture", edge[5].components = 1;
    edge[6].coupling = "mixture", edge[6].components = 64, edge[6].dim = 3;
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        fathom_status status = FATHOM_NO_MEMORY;
        double        x[64], z[64], log_det, back[64];
        fathom_flow  *flow = fathom_flow_new(&edge[i], &status, NULL);
        assert_non_null(flow);
        assert_int_equal(status, FATHOM_OK);
        fathom_workspace *ws = fathom_workspace_new(flow, fathom_isa_find(NULL));
        assert_non_null(ws);
        double *params = need(fathom_flow_n_params(flow) * sizeof *params);
        fathom_flow_init(params, flow, fathom_key_from_seed(1));
        draw(x, 1, i == 0 ? 0.0005 : 1.0, 64);
        assert_int_equal(fathom_flow_forward(z, &log_det, ws, params, x, 1), FATHOM_OK); /* one sample */
        const bool far = edge[i].interval > FATHOM_INVERSE_INTERVAL; /* no way back: no answer that looks like one */
        assert_int_equal(fathom_flow_inverse(back, NULL, ws, params, z, 1), far ? FATHOM_BAD_ARGUMENT : FATHOM_OK);
        for (size_t d = 0; d < edge[i].dim && !far; d++)
            check_near(back[d], x[d], 1e-9, 1.0, "one sample there and back, edge", i);
        assert_true(isfinite(log_det));
        fathom_workspace_free(ws);
        fathom_flow_free(flow);
        free(params);
    }
}

/* The count without a flow is the flow's own, for every coupling and shape. */
static void test_n_params(void **state)
{
    (void)state;
    static const size_t dims[] = { 2, 3, 7 }, depths[] = { 1, 2, 9 }, knots[] = { 1, 8 }, widths[] = { 1, 24 };
    size_t              counted = 0;
    for (size_t i = 0; i < fathom_n_couplings() * 3 * 3 * 2 * 2 * 3 * 3; i++) {
        size_t        k = i;
        fathom_config config = fathom_config_default();
        config.dim = dims[k % 3], k /= 3;
        config.depth = depths[k % 3], k /= 3;
        config.hidden = k % 3, k /= 3;
        config.actnorm = (fathom_actnorm)(k % 3), k /= 3;
        config.knots = knots[k % 2], k /= 2;
        config.width = widths[k % 2], k /= 2;
        config.coupling = fathom_coupling_name(k);
        fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
        assert_non_null(flow);
        assert_int_equal(fathom_n_params(&config, NULL), fathom_flow_n_params(flow));
        counted += fathom_flow_n_params(flow) > 0;
        fathom_flow_free(flow);
    }
    assert_true(counted >= 2 * 324);
    fathom_config affine = fathom_config_default();
    affine.coupling = "affine";
    assert_int_equal(fathom_n_params(&affine, NULL), 1404); /* as the reference counts */
}

/* The flow's word for its coupling outlives the caller's. */
static void test_config_is_copied(void **state)
{
    (void)state;
    char          name[] = "affine";
    fathom_config config = fathom_config_default();
    config.coupling = name;
    fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
    assert_non_null(flow);
    memset(name, 'x', strlen(name));
    assert_string_equal(fathom_flow_config(flow)->coupling, "affine");
    assert_int_equal(fathom_flow_n_params(flow), 1404);
    fathom_flow_free(flow);
    fathom_flow_free(NULL);
    fathom_workspace_free(NULL);
    fathom_trainer_free(NULL);
}

/* ------------------------------------------------------------------------------------------------- schedule ---- */

/* Both versions: up along a cosine to the peak at 30 % (rounded down), down towards peak / 2.5e5. */
static void test_schedule(void **state)
{
    (void)state;
    static const size_t lengths[] = { 4, 5, 6, 7, 10, 33, 1200, 5000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const size_t steps = lengths[i], turn = (size_t)(0.3 * (double)steps);
        const double peak = 0.05, pi = acos(-1.0);
        double      *exact = need(steps * sizeof *exact), *single = need(steps * sizeof *single);
        fathom_schedule(exact, steps, peak, false);
        fathom_schedule(single, steps, peak, true);
        check_near(exact[0], peak / 25, 1e-15, peak, "first rate", steps);
        check_near(exact[turn], peak, 1e-15, peak, "peak rate", steps);
        assert_true(single[turn] == max_abs(single, steps) && exact[turn] == max_abs(exact, steps));
        for (size_t s = 0; s < steps; s++) {
            double from = s < turn ? peak / 25 : peak, to = s < turn ? peak : peak / 2.5e5;
            double part = s < turn ? (double)s / (double)turn : (double)(s - turn) / (double)(steps - turn);
            double rate = to + (from - to) * (1 + cos(pi * part)) / 2;
            check_near(exact[s], rate, 1e-14, peak, "rate of step", s);
            check_near(single[s], rate, 2e-7, peak, "single-precision rate of step", s);
            assert_true(exact[s] > 0 && single[s] > 0);
        }
        free(exact);
        free(single);
    }
}

/* -------------------------------------------------------------------------------------------- steps by hand ---- */

/* The batch's distinct rows along the curve, and how often each is there: their number. */
static size_t count_rows(uint32_t *distinct, uint32_t *counts, const uint32_t *rows, size_t n, const uint32_t *order)
{
    size_t found = 0;
    for (size_t k = 0; k < N; k++) {
        uint32_t times = 0;
        for (size_t i = 0; i < n; i++)
            times += rows[i] == order[k];
        if (times > 0) {
            distinct[found] = order[k];
            counts[found++] = times;
        }
    }
    return found;
}

static void steps_by_hand(double clip, size_t steps)
{
    struct model         m = model_open(2, "spline", FATHOM_ACTNORM_NONE, 2);
    fathom_train_options options = { .steps = steps, .batch = 100, .peak_lr = 1e-2, .clip = clip };
    uint32_t            *batches = need(steps * options.batch * sizeof *batches);
    double *p = need(5 * m.n_params * sizeof *p), *g = p + m.n_params, *mean = g + m.n_params, *var = mean + m.n_params;
    double *mean_g = var + m.n_params;
    double *lr = need(steps * sizeof *lr);
    uint32_t order[N];
    assert_int_equal(fathom_morton_order(order, spiral.x, N, 2), FATHOM_OK);
    fathom_batches(batches, 3, 0, steps, options.batch, N);
    fathom_schedule(lr, steps, options.peak_lr, true);
    fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &options, spiral.x, NULL, N);
    assert_non_null(trainer);
    memcpy(p, m.params, m.n_params * sizeof *p);
    size_t drawn_again = 0;
    for (size_t t = 0; t < steps; t++) {
        double          loss, expected_loss, norm;
        const double   *now = fathom_trainer_params(trainer);
        const uint32_t *rows = batches + t * options.batch;
        uint32_t        distinct[100], counts[100];
        size_t          n = count_rows(distinct, counts, rows, options.batch, order);
        drawn_again += options.batch - n;
        assert_int_equal(fathom_flow_nll(&expected_loss, mean_g, m.ws, now, spiral.x, rows, NULL, 100), FATHOM_OK);
        assert_int_equal(fathom_flow_nll(&loss, g, m.ws, now, spiral.x, distinct, counts, n), FATHOM_OK);
        check_near(loss, expected_loss, 1e-14, fabs(expected_loss), "loss by distinct rows at step", t);
        for (size_t k = 0; k < m.n_params; k++)
            check_near(g[k], mean_g[k], 1e-13, max_abs(g, m.n_params), "gradient by distinct rows", k);
        expected_loss = loss;
        assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, rows), FATHOM_OK);
        assert_true(loss == expected_loss && norm == fathom_norm(g, m.n_params)); /* of the parameters before */
        for (size_t k = 0; k < m.n_params; k++) {
            double gk = norm < clip ? g[k] : g[k] / norm * clip;
            mean[k] = 0.9 * mean[k] + 0.1 * gk;
            var[k] = 0.999 * var[k] + 0.001 * gk * gk;
            p[k] -= lr[t] * (mean[k] / (1 - pow(0.9, (double)t + 1))) /
                    (sqrt(var[k] / (1 - pow(0.999, (double)t + 1))) + 1e-8);
            check_near(fathom_trainer_params(trainer)[k], p[k], 1e-12, 1.0, "parameter after a step", k);
            p[k] = fathom_trainer_params(trainer)[k];
        }
    }
    assert_true(drawn_again > 0);
    double loss = 7, norm = 7;
    assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, batches), FATHOM_BAD_ARGUMENT);
    check_same(fathom_trainer_params(trainer), p, m.n_params, "parameters", "after the last step");
    fathom_trainer_free(trainer);
    free(batches);
    free(p);
    free(lr);
    model_close(&m);
}

static void test_steps_by_hand(void **state)
{
    (void)state;
    steps_by_hand(1.0, 6);
    steps_by_hand(INFINITY, 4); /* the shortest schedule, no clip */
    steps_by_hand(1e-3, 4);
}

/* An order that the caller has sorted gives the bits of the trainer's own; another one is really used, since it rounds
 * differently. */
static void test_order_of_rows(void **state)
{
    (void)state;
    enum { STEPS = 4 };
    struct model               m = model_open(2, "spline", FATHOM_ACTNORM_NONE, 2);
    const fathom_train_options options = { .steps = STEPS, .batch = 100, .peak_lr = 1e-2, .clip = 1.0 };
    uint32_t                   order[N], backwards[N], batches[STEPS * 100];
    double                     norm[3][STEPS];
    assert_int_equal(fathom_morton_order(order, spiral.x, N, 2), FATHOM_OK);
    for (size_t i = 0; i < N; i++)
        backwards[i] = order[N - 1 - i];
    const uint32_t *const orders[] = { NULL, order, backwards };
    fathom_batches(batches, 3, 0, STEPS, 100, N);
    for (size_t k = 0; k < 3; k++) {
        fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &options, spiral.x,
                                                     orders[k], N);
        assert_non_null(trainer);
        assert_int_equal(fathom_train(trainer, NULL, norm[k], batches, NULL, NULL).status, FATHOM_OK);
        fathom_trainer_free(trainer);
    }
    check_same(norm[1], norm[0], STEPS, "gradient norm", "with the order given");
    assert_memory_not_equal(norm[2], norm[0], sizeof norm[0]);
    for (size_t s = 0; s < STEPS; s++)
        check_near(norm[2][s], norm[0][s], 1e-10, norm[0][s], "gradient norm in the opposite order", s);
    model_close(&m);
}

/* -------------------------------------------------------------------------------------------------- ActNorm ---- */

/* Block b's input is what the first b blocks make of the rows: a flow of depth b has them as a prefix. */
static void test_actnorm_from_data(void **state)
{
    (void)state;
    enum { DEPTH = 6 };
    uint32_t rows[N];
    double   z[N][2];
    fathom_batches(rows, 1, 0, 1, N, N);
    for (size_t c = 0; c < fathom_n_couplings(); c++) {
        const char  *coupling = fathom_coupling_name(c);
        struct model m = model_open(DEPTH, coupling, FATHOM_ACTNORM_DATA, 2);
        assert_int_equal(fathom_flow_actnorm_init(m.params, m.ws, spiral.x, rows, 512), FATHOM_OK);
        const size_t block = (m.n_params - 4) / DEPTH;
        for (size_t b = 0; b < DEPTH; b++) {
            double x[512][2];
            for (size_t i = 0; i < 512; i++)
                memcpy(x[i], spiral.x + 2 * rows[i], sizeof x[i]);
            if (b > 0) {
                struct model prefix = model_open(b, coupling, FATHOM_ACTNORM_DATA, 2);
                assert_int_equal(fathom_flow_forward(z[0], NULL, prefix.ws, m.params, x[0], 512), FATHOM_OK);
                model_close(&prefix);
            } else {
                memcpy(z, x, sizeof x);
            }
            const double *own = m.params + 4 + b * block;
            for (size_t d = 0; d < 2; d++) {
                const double scale = log1p(exp(own[2 + d])) + 1e-5;
                double       sum = 0, square = 0;
                for (size_t i = 0; i < 512; i++)
                    sum += (z[i][d] - own[d]) / scale;
                for (size_t i = 0; i < 512; i++)
                    square += pow((z[i][d] - own[d]) / scale - sum / 512, 2);
                check_near(sum / 512, 0.0, 1e-12, 1.0, "mean of block", b);
                check_near(sqrt(square / 512), 1.0, 1e-12, 1.0, "standard deviation of block", b);
            }
        }
        model_close(&m);
    }
    struct model none = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
    struct model data = model_open(1, "spline", FATHOM_ACTNORM_DATA, 2);
    double       same[N * 2] = { 0 };
    assert_int_equal(fathom_flow_actnorm_init(none.params, none.ws, spiral.x, NULL, N), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_flow_actnorm_init(data.params, data.ws, same, NULL, N), FATHOM_DEGENERATE);
    assert_int_equal(fathom_flow_actnorm_init(data.params, data.ws, spiral.x, NULL, 0), FATHOM_BAD_ARGUMENT);
    model_close(&none);
    model_close(&data);

    /* The first block's rows are fine, but what it makes of them is not: its last coupling's shift is not a number. */
    struct model deep = model_open(2, "affine", FATHOM_ACTNORM_DATA, 2);
    deep.params[4 + (deep.n_params - 4) / 2 - 1] = NAN;
    assert_int_equal(fathom_flow_actnorm_init(deep.params, deep.ws, spiral.x, NULL, N), FATHOM_DEGENERATE);
    model_close(&deep);
}

/* The default: 2 log(1 / (softplus(0) + 1e-5)) = 0.732997 per block in two dimensions, and a gain of 18.8 at depth 8. */
static void test_default_actnorm(void **state)
{
    (void)state;
    const fathom_config config = fathom_config_default();
    const struct layer *actnorm = fathom_isa_layer(fathom_isa_find(NULL), "actnorm");
    double              params[4], x[2 * SLAB_STRIDE] = { [0] = 1.0 }, log_det[TILE] = { 0 };
    void               *layer = layer_create(actnorm, &config);
    assert_non_null(layer);
    layer_init(params, actnorm, &config, fathom_key_from_seed(0));
    assert_int_equal(layer_prepare(actnorm, layer, params), FATHOM_OK);
    run_forward(actnorm, x, log_det, layer, TILE);
    check_near(log_det[0], 0.732997, 1e-6, 1.0, "log-det of default ActNorm", 0);
    check_near(log_det[0], -2 * log(log(2.0) + 1e-5), 1e-15, 1.0, "log-det of default ActNorm", 0);
    check_near(pow(x[0], 8), 18.8, 0.05, 1.0, "gain of eight", 0);
    layer_destroy(actnorm, layer);
}

/* ------------------------------------------------------------------------------------------------- sampling ---- */

/* Samples pushed forward are the base draws, and their log p is the base's plus the log-det. */
static void test_sampling(void **state)
{
    (void)state;
    enum { DRAWS = 300 };
    static const size_t dims[] = { 2, 3, 5 };
    for (size_t c = 0; c < fathom_n_couplings(); c++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
            const size_t dim = dims[i];
            if (strcmp(fathom_coupling_name(c), "mixture-clipped") == 0)
                continue; /* beyond its ends there is no way back */
            struct model m = model_open(2, fathom_coupling_name(c), FATHOM_ACTNORM_DEFAULT, dim);
            double       x[DRAWS * 5], z[DRAWS * 5], base[DRAWS * 5], log_det[DRAWS], back[DRAWS], logp[DRAWS];
            for (size_t d = 0; d < dim; d++) { /* a base off its start */
                m.params[d] = 0.3 - 0.2 * (double)d;
                m.params[dim + d] = 0.5 * (double)d - 0.7;
            }
            const fathom_key key = fathom_key_from_seed(12);
            assert_int_equal(fathom_flow_sample(x, m.ws, m.params, key, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_forward(z, log_det, m.ws, m.params, x, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_log_prob(logp, m.ws, m.params, x, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_inverse(NULL, back, m.ws, m.params, z, DRAWS), FATHOM_OK);
            fathom_normal(base, key, DRAWS * dim);
            for (size_t r = 0; r < DRAWS; r++) {
                double expected = log_det[r];
                for (size_t d = 0; d < dim; d++) {
                    const double scale = log1p(exp(m.params[dim + d])), t = base[r * dim + d];
                    check_near(z[r * dim + d], m.params[d] + scale * t, 1e-9, 1.0, "sample pushed forward", r);
                    expected -= t * t / 2 + log(scale) + log(2 * acos(-1.0)) / 2;
                }
                check_near(logp[r], expected, 1e-8, 1.0, "log p of a sample", r);
                check_near(back[r], -log_det[r], 1e-9, 1.0, "log-det of the way back", r);
            }
            model_close(&m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_configurations), cmocka_unit_test(test_config_is_copied),
        cmocka_unit_test(test_n_params),           cmocka_unit_test(test_order_of_rows),
        cmocka_unit_test(test_schedule),           cmocka_unit_test(test_steps_by_hand),
        cmocka_unit_test(test_actnorm_from_data),  cmocka_unit_test(test_default_actnorm),
        cmocka_unit_test(test_sampling),
    };
    return cmocka_run_group_tests(tests, make_spiral, free_spiral);
}
