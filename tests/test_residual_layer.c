/* test_residual_layer.c - residual flows: the certificate, the inverse that rests on it, the density, gradients of each
 * way to take the log-determinant, and the bits of training.
 *
 * That a residual block is a bijection with a gradient, test_bijections.c says, as of every layer.
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
#include "fathom_certificate.h"
#include "flow_view.h"
#include "spectral_norm.h"

struct residual_flow {
    fathom_config     config;
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params;
    size_t            n_params;
};

static fathom_config small_config(void)
{
    fathom_config config = fathom_config_default();
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.depth = 2;
    config.width = 16;
    return config;
}

/* Matrices are made `factor` times as large, so that all of them are held at their limit. */
static struct residual_flow open_flow(const fathom_config *config, double factor)
{
    struct residual_flow f = { .config = *config, .flow = fathom_flow_new(config, NULL, NULL) };
    assert_non_null(f.flow);
    f.ws = fathom_workspace_new(f.flow, fathom_isa_find(NULL));
    assert_non_null(f.ws);
    f.n_params = fathom_flow_n_params(f.flow);
    f.params = need(f.n_params * sizeof *f.params);
    fathom_flow_init(f.params, f.flow, fathom_key_from_seed(4));
    const size_t buffers = fathom_flow_n_buffers(f.flow) / config->depth,
                 each = (f.n_params - 2 * config->dim) / config->depth;
    for (size_t b = 0; b < config->depth; b++)
        for (size_t i = 0; i < each - buffers; i++)
            f.params[2 * config->dim + b * each + i] *= factor;
    return f;
}

static void close_flow(struct residual_flow *f)
{
    fathom_workspace_free(f->ws);
    fathom_flow_free(f->flow);
    free(f->params);
}

/* ------------------------------------------------------------------------------------------- spectral norms ---- */

/* s u v^T + t w z^T with orthonormal u, w and v, z has the norm max(s, t). */
static void two_directions(double *a, size_t n_rows, size_t n_columns, double s, double t)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t k = 0; k < n_columns; k++) {
            const double alternating = (r + k) % 2 ? -1.0 : 1.0;
            a[r * n_columns + k] = (s + t * alternating) / sqrt((double)(n_rows * n_columns));
        }
}

static void test_spectral_norm(void **state)
{
    (void)state;
    static const size_t shapes[][2] = { { 2, 2 }, { 2, 8 }, { 8, 2 }, { 6, 10 }, { 12, 4 }, { 32, 32 } };
    double              a[1024], norm;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        two_directions(a, shapes[i][0], shapes[i][1], 3.0, 3.0 - 1e-9);
        assert_int_equal(fathom_spectral_norm(&norm, a, shapes[i][0], shapes[i][1]), FATHOM_OK);
        check_near(norm, 3.0, 1e-14, 3.0, "norm", i);
        for (size_t k = 0; k < shapes[i][0] * shapes[i][1]; k++)
            a[k] *= 1e-200;
        assert_int_equal(fathom_spectral_norm(&norm, a, shapes[i][0], shapes[i][1]), FATHOM_OK);
        check_near(norm, 3e-200, 1e-14, 3e-200, "small norm", i);
    }
    draw(a, 1, 1.0, 15);
    double square[25] = { 0 }, values[5];
    for (size_t r = 0; r < 5; r++)
        memcpy(square + 5 * r, a + 3 * r, 3 * sizeof *a);
    assert_int_equal(fathom_singular_values(values, square, 5), FATHOM_OK);
    assert_int_equal(fathom_spectral_norm(&norm, a, 5, 3), FATHOM_OK);
    check_near(norm, values[0], 1e-14, values[0], "norm of normals", 0);
    memset(a, 0, sizeof a);
    assert_int_equal(fathom_spectral_norm(&norm, a, 3, 4), FATHOM_OK);
    assert_true(norm == 0.0);
    a[5] = NAN;
    assert_int_equal(fathom_spectral_norm(&norm, a, 3, 4), FATHOM_NO_CONVERGENCE);
}

static void test_round_up(void **state)
{
    (void)state;
    static const double cases[][2] = { { 0.9, 0.9 },   { 0.90001, 0.9001 },     { 0.99991, 1.0 },
                                       { 1.0, 1.0 },   { 12.3401, 12.35 },      { 98765, 98770 },
                                       { 1e-5, 1e-5 }, { 1.00001e-5, 1.001e-5 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(fathom_round_up(cases[i][0]) == cases[i][1]);
    double x[200];
    draw(x, 2, 1.0, 200);
    for (size_t i = 0; i < 200; i++) {
        const double at = fabs(x[i]), up = fathom_round_up(at);
        assert_true(up >= at && up <= at * 1.001);
    }
    assert_int_equal(fathom_banach_steps(0.5), 40);
    assert_int_equal(fathom_banach_steps(0.98), 1368);
}

/* ------------------------------------------------------------------------------------------------ certificate ---- */

/* The greatest |g(x) - g(x')| / |x - x'| over pairs of neighbours, of the first block. */
static double steepest(struct residual_flow *f)
{
    enum { PAIRS = 4000 };
    double *x = need(4 * PAIRS * sizeof *x), *z = need(4 * PAIRS * sizeof *z), most = 0.0;
    draw(x, 6, 2.0, 4 * PAIRS);
    for (size_t i = 0; i < PAIRS; i++)
        for (size_t d = 0; d < 2; d++)
            x[4 * i + 2 + d] = x[4 * i + d] + 1e-4 * x[4 * i + 2 + d];
    assert_int_equal(fathom_flow_forward(z, NULL, f->ws, f->params, x, 2 * PAIRS), FATHOM_OK);
    for (size_t i = 0; i < PAIRS; i++) {
        const double *a = x + 4 * i, *b = z + 4 * i;
        const double  dx = hypot(a[2] - a[0], a[3] - a[1]);
        const double  dg = hypot((b[2] - a[2]) - (b[0] - a[0]), (b[3] - a[3]) - (b[1] - a[1]));
        most = fmax(most, dg / dx);
    }
    free(x);
    free(z);
    return most;
}

static void check_norms(const struct residual_flow *f, double lipschitz)
{
    const double *w = f->params + 2 * f->config.dim;
    double        product = 1.0, norm;
    for (size_t l = 0; l <= f->config.hidden; l++) {
        const size_t in = l == 0 ? 2 : f->config.width, out = l == f->config.hidden ? 2 : f->config.width;
        assert_int_equal(fathom_spectral_norm(&norm, w, out, in), FATHOM_OK);
        product *= norm;
        w += out * (in + 1) + (l < f->config.hidden);
    }
    assert_true(product <= lipschitz);
}

/* Each matrix is of rank 2, and u and v are the exact singular vectors of the lesser direction, orthogonal to the greater.
 * Power iteration stays there for ever and calls the norm 0.5, when it is 2.  The network is then as steep as its slopes
 * allow, and far above L; certified, it is not. */
static void test_adversary(void **state)
{
    (void)state;
    fathom_config config = small_config();
    config.depth = 1;
    config.hidden = 1;
    struct residual_flow f = open_flow(&config, 1.0);
    fathom_certificate   certificate, again;
    double              *w = f.params + 4, *u = f.params + f.n_params - fathom_flow_n_buffers(f.flow);
    for (size_t l = 0; l < 2; l++) {
        const size_t in = l == 0 ? 2 : 16, out = l == 0 ? 16 : 2;
        two_directions(w, out, in, 2.0, 0.5);
        memset(w + in * out, 0, out * sizeof *w);
        for (size_t r = 0; r < out; r++)
            u[r] = (r % 2 ? -1.0 : 1.0) / sqrt((double)out);
        for (size_t k = 0; k < in; k++)
            u[out + k] = (k % 2 ? -1.0 : 1.0) / sqrt((double)in);
        w += out * (in + 1) + (l < 1);
        u += out + in;
    }
    fathom_isa_layer(fathom_isa_find(NULL), "residual")->advance(f.params + 4, &config, fathom_key_from_seed(0));
    const double before = steepest(&f);
    assert_true(before > 1.5); /* so it is no contraction, and need not have an inverse */
    double x[2] = { 1.0, 2.0 };
    assert_int_equal(fathom_flow_inverse(x, NULL, f.ws, f.params, x, 1), FATHOM_NO_CONVERGENCE);
    assert_true(isnan(x[0]) && isnan(x[1]));

    assert_int_equal(fathom_flow_certify(f.params, &certificate, f.flow), FATHOM_OK);
    check_near(certificate.by_power, 0.25, 1e-12, 1.0, "power iteration", 0);
    assert_true(certificate.before == 4.001 || certificate.before == 4.0);
    assert_int_equal(certificate.scaled, 2);
    assert_true(certificate.lipschitz <= 0.9);
    check_norms(&f, certificate.lipschitz);
    assert_true(steepest(&f) <= certificate.lipschitz);
    x[0] = 1.0, x[1] = 2.0;
    assert_int_equal(fathom_flow_inverse(x, NULL, f.ws, f.params, x, 1), FATHOM_OK);

    double *kept = need(f.n_params * sizeof *kept);
    memcpy(kept, f.params, f.n_params * sizeof *kept);
    assert_int_equal(fathom_flow_certify(f.params, &again, f.flow), FATHOM_OK);
    check_same(f.params, kept, f.n_params, "certified twice", "parameters");
    assert_int_equal(again.scaled, 0);
    assert_true(again.lipschitz == certificate.lipschitz);
    free(kept);
    close_flow(&f);
}

static void test_certify_errors(void **state)
{
    (void)state;
    fathom_config        config = small_config();
    struct residual_flow f = open_flow(&config, 1.0);
    f.params[8] = INFINITY;
    double *kept = need(f.n_params * sizeof *kept);
    memcpy(kept, f.params, f.n_params * sizeof *kept);
    assert_int_equal(fathom_flow_certify(f.params, NULL, f.flow), FATHOM_NO_CONVERGENCE);
    check_same(f.params, kept, f.n_params, "not certified", "parameters");
    free(kept);
    close_flow(&f);
    config.block = FATHOM_BLOCK_COUPLING;
    fathom_flow *coupling = fathom_flow_new(&config, NULL, NULL);
    double       none = 0.0;
    assert_int_equal(fathom_flow_certify(&none, NULL, coupling), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_flow_n_buffers(coupling), 0);
    fathom_flow_free(coupling);
}

/* ---------------------------------------------------------------------------------------------------- inverse ---- */

/* There and back within 1e-12, at every L; FATHOM_POINTS points instead of 10000. */
static void test_round_trip(void **state)
{
    (void)state;
    static const double constants[] = { 0.1, 0.5, 0.9, 0.98, 0.999 };
    const char *const   asked = getenv("FATHOM_POINTS");
    const size_t        n = asked ? strtoul(asked, NULL, 10) : 10000;
    double             *x = need(2 * n * sizeof *x), *z = need(2 * n * sizeof *z), *back = need(2 * n * sizeof *back);
    double             *there = need(2 * n * sizeof *there), *log_det = there + n;
    draw(x, 9, 2.0, 2 * n);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        for (int activation = 0; activation < 2; activation++) {
            fathom_config config = small_config();
            config.depth = 1;
            config.lipschitz = constants[i];
            config.activation = (fathom_activation)activation;
            struct residual_flow f = open_flow(&config, 4.0);
            fathom_certificate   certificate;
            assert_int_equal(fathom_flow_certify(f.params, &certificate, f.flow), FATHOM_OK);
            assert_true(certificate.lipschitz <= constants[i] && certificate.lipschitz > 0.99 * constants[i]);
            assert_int_equal(fathom_flow_forward(z, there, f.ws, f.params, x, n), FATHOM_OK);
            assert_int_equal(fathom_flow_inverse(back, log_det, f.ws, f.params, z, n), FATHOM_OK);
            for (size_t k = 0; k < 2 * n; k++)
                check_near(back[k], x[k], 1e-12, 1.0, "there and back", k);
            for (size_t k = 0; k < n; k++)
                check_near(log_det[k], -there[k], 1e-10, 1.0, "log-det of the inverse", k);
            assert_true(steepest(&f) <= certificate.lipschitz);
            close_flow(&f);
        }
    free(x);
    free(z);
    free(back);
    free(there);
}

/* ---------------------------------------------------------------------------------------------------- density ---- */

/* The trapezoidal rule on a square converges faster than any power of the step for an analytic density. */
static void test_integral(void **state)
{
    (void)state;
    enum { SIDE = 121 };
    const double  half = 9.0, step = 2.0 * half / (SIDE - 1);
    fathom_config config = small_config();
    config.width = 8;
    config.actnorm = FATHOM_ACTNORM_DEFAULT;
    struct residual_flow f = open_flow(&config, 3.0);
    double              *x = need(2 * SIDE * SIDE * sizeof *x), *logp = need(SIDE * SIDE * sizeof *logp), sum = 0.0;
    assert_int_equal(fathom_flow_certify(f.params, NULL, f.flow), FATHOM_OK);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        x[2 * i] = (double)(i / SIDE) * step - half;
        x[2 * i + 1] = (double)(i % SIDE) * step - half;
    }
    assert_int_equal(fathom_flow_log_prob(logp, f.ws, f.params, x, SIDE * SIDE), FATHOM_OK);
    for (size_t i = 0; i < SIDE * SIDE; i++)
        sum += exp(logp[i]) * step * step;
    check_near(sum, 1.0, 1e-6, 1.0, "integral of the density", 0);
    free(x);
    free(logp);
    close_flow(&f);
}

/* -------------------------------------------------------------------------------------------------- gradients ---- */

struct moved {
    struct residual_flow *flow;
    double               *parameter;
    const double         *x;
    size_t                n;
};

static void loss_at(double *values, double t, void *context)
{
    const struct moved *m = context;
    const double        kept = *m->parameter;
    *m->parameter = kept + t;
    assert_int_equal(fathom_flow_nll(values, NULL, m->flow->ws, m->flow->params, m->x, NULL, NULL, m->n), FATHOM_OK);
    *m->parameter = kept;
}

/* The gradient of a batch, 50 rows in two tiles, is that of the loss that is computed, in every way. */
static void test_gradients(void **state)
{
    (void)state;
    enum { N = 50 };
    double x[2 * N];
    draw(x, 12, 1.5, 2 * N);
    for (int way = FATHOM_LOG_DET_EXACT; way <= FATHOM_LOG_DET_POISSON; way++) {
        fathom_config config = small_config();
        config.width = 5;
        config.terms = way == FATHOM_LOG_DET_POISSON ? 2 : 4;
        config.stop = way == FATHOM_LOG_DET_POISSON ? 2.0 : 0.3;
        config.log_det = (fathom_log_det)way;
        config.activation = way % 2 ? FATHOM_ACTIVATION_CLIPSWISH : FATHOM_ACTIVATION_LIPSWISH;
        struct residual_flow f = open_flow(&config, 2.0);
        double              *gradient = need(f.n_params * sizeof *gradient), loss, again, slope, rough;
        const size_t         each = (f.n_params - 4) / config.depth, buffers = fathom_flow_n_buffers(f.flow) / 2;
        assert_int_equal(fathom_flow_nll(&loss, gradient, f.ws, f.params, x, NULL, NULL, N), FATHOM_OK);
        assert_int_equal(fathom_flow_nll(&again, NULL, f.ws, f.params, x, NULL, NULL, N), FATHOM_OK);
        assert_true(loss == again);
        for (size_t k = 0; k < f.n_params; k++) {
            if (k >= 4 && (k - 4) % each >= each - buffers) {
                assert_true(gradient[k] == 0.0);
                continue;
            }
            differentiate(&slope, &rough, loss_at, &(struct moved){ &f, f.params + k, x, N }, 2, 0x1p-10, 1);
            check_near(gradient[k], slope, 1e-8, 1.0, "gradient", k);
        }
        free(gradient);
        close_flow(&f);
    }
}

/* Training moves the buffers before each gradient; each way gives the same bits on all sets, another draw per step, and a
 * loss that falls. */
static void test_training(void **state)
{
    (void)state;
    enum { N = 96, STEPS = 40, BATCH = 48 };
    fathom_dataset       data;
    uint32_t             batches[STEPS * BATCH];
    fathom_train_options options = fathom_train_options_default();
    options.steps = STEPS;
    options.batch = BATCH;
    assert_int_equal(fathom_spiral(&data, 0, N, NULL), FATHOM_OK);
    fathom_batches(batches, 1, 0, STEPS, BATCH, N);
    for (int way = FATHOM_LOG_DET_EXACT; way <= FATHOM_LOG_DET_POISSON; way++) {
        fathom_config config = small_config();
        config.width = 9;
        config.log_det = (fathom_log_det)way;
        config.terms = 2;
        config.stop = 0.4;
        double expected[STEPS], loss[STEPS];
        for (int i = 0; i < N_ISAS; i++) {
            const struct fathom_isa *isa = fathom_isa_find(isa_names[i]);
            if (!isa)
                continue;
            struct residual_flow f = open_flow(&config, 1.0);
            fathom_trainer      *trainer = fathom_trainer_new(f.flow, isa, f.params, &options, data.x, NULL, N);
            assert_non_null(trainer);
            assert_int_equal(fathom_train(trainer, loss, NULL, batches, NULL, NULL).status, FATHOM_OK);
            const double *trained = fathom_trainer_params(trainer);
            const size_t  key = f.n_params - 2;
            assert_true(trained[key] != f.params[key] && trained[key - 1] != f.params[key - 1]);
            memcpy(f.params, trained, f.n_params * sizeof *trained);
            fathom_trainer_free(trainer);
            close_flow(&f);
            if (i == 0)
                memcpy(expected, loss, sizeof loss);
            check_same(loss, expected, STEPS, isa_names[i], "losses of a training");
        }
        assert_true(fathom_sum(loss + STEPS - 8, 8) < fathom_sum(loss, 8));
    }
    fathom_dataset_free(&data);
}

/* ------------------------------------------------------------------------------------ what looks into a flow ---- */

static void test_views(void **state)
{
    (void)state;
    enum { N = 20 };
    fathom_config          config = small_config();
    struct residual_flow   f = open_flow(&config, 3.0);
    struct conditioner_use use;
    double                 x[2 * N], jacobian[4 * N], log_det[N];
    size_t                 dead[2] = { 7, 7 };
    draw(x, 15, 1.5, 2 * N);
    assert_int_equal(fathom_flow_jacobian(jacobian, f.ws, f.params, x, N), FATHOM_OK);
    assert_int_equal(fathom_flow_forward(NULL, log_det, f.ws, f.params, x, N), FATHOM_OK);
    for (size_t i = 0; i < N; i++) {
        const double *j = jacobian + 4 * i;
        check_near(log(fabs(j[0] * j[3] - j[1] * j[2])), log_det[i], 1e-13, 1.0, "log-det of the Jacobian", i);
    }
    assert_int_equal(fathom_flow_dead_units(dead, f.ws, f.params, x, N), FATHOM_OK);
    assert_true(dead[0] == 0 && dead[1] == 0);
    assert_int_equal(fathom_flow_view_coupling(NULL, &use, f.ws, f.params, x, N, 0), FATHOM_BAD_ARGUMENT);
    close_flow(&f);
}

/* A latent row that overflows ends the training, and the report finds it. */
static void test_overflow(void **state)
{
    (void)state;
    static const double   x[2] = { 0.5, 1.5 };
    static const uint32_t row = 0;
    fathom_config         config = small_config();
    fathom_train_options  options = fathom_train_options_default();
    double                loss, norm;
    options.batch = 1;
    config.depth = 1;
    config.log_det = FATHOM_LOG_DET_ROULETTE;
    struct residual_flow f = open_flow(&config, 1.0);
    f.params[f.n_params - fathom_flow_n_buffers(f.flow) - 1] = 1e300; /* the last bias */
    fathom_trainer *trainer = fathom_trainer_new(f.flow, fathom_isa_find(NULL), f.params, &options, x, NULL, 1);
    assert_non_null(trainer);
    assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, &row), FATHOM_DIVERGED);
    const fathom_first first = fathom_trainer_result(trainer).first;
    assert_int_equal(first.kind, FATHOM_FIRST_LATENT_OVERFLOW);
    assert_string_equal(first.name, "base");
    fathom_trainer_free(trainer);
    close_flow(&f);
}

/* ------------------------------------------------------------------------------------------------ refusals ---- */

static void test_refusals(void **state)
{
    (void)state;
    fathom_error  error;
    fathom_config c[10];
    size_t        n = 0;
    for (size_t i = 0; i < 10; i++)
        c[i] = small_config();
    c[n++].lipschitz = 0.0;
    c[n++].lipschitz = 1.0;
    c[n++].lipschitz = NAN;
    c[n++].terms = 0;
    c[n++].terms = FATHOM_TERMS_MAX + 1;
    c[n++].stop = 0.001;
    c[n].log_det = FATHOM_LOG_DET_ROULETTE;
    c[n++].stop = 1.0;
    c[n++].block = (fathom_block)2;
    c[n++].activation = (fathom_activation)2;
    c[n++].log_det = (fathom_log_det)5;
    for (size_t i = 0; i < n; i++) {
        *error.text = '\0';
        assert_int_equal(fathom_n_params(&c[i], &error), 0);
        assert_true(strlen(error.text) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spectral_norm),  cmocka_unit_test(test_round_up),   cmocka_unit_test(test_adversary),
        cmocka_unit_test(test_certify_errors), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_integral),
        cmocka_unit_test(test_gradients),      cmocka_unit_test(test_training),   cmocka_unit_test(test_views),
        cmocka_unit_test(test_overflow),       cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
