/* test_warm_start.c - a flow's start from iterative Gaussianization, and the rotations that stay as they are.
 *
 * The diagonal solution is computed here a second time, by the C library and from what the start left in the
 * parameters: the rotations' matrices, and the mixtures in the biases of the conditioners' last layers. */
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
#include "flow.h"

enum { N = 300, MOST_DIM = 16 };

struct warmed {
    fathom_config     config;
    fathom_flow      *flow;
    fathom_workspace *ws;
    size_t            n_params;
    double           *drawn, *params, *x; /* as fathom_flow_init drew them; now; [N][D] */
};

static fathom_config config_of(const char *coupling, size_t dim, size_t depth)
{
    fathom_config config = fathom_config_default();
    config.coupling = coupling;
    config.dim = dim;
    config.depth = depth;
    config.width = 5;
    config.rotation = FATHOM_ROTATION_FROZEN;
    return config;
}

/* Rows on a bent band, two clusters in the first coordinate, standardised. */
static void rows_of(double *x, size_t dim)
{
    draw(x, 4, 1.0, N * dim);
    for (size_t i = 0; i < N; i++) {
        x[i * dim] += i % 3 ? 2.0 : -2.0;
        for (size_t d = 1; d < dim; d++)
            x[i * dim + d] = 0.3 * x[i * dim + d] + 0.4 * x[i * dim + d - 1] * x[i * dim] - 1.0;
    }
    for (size_t d = 0; d < dim; d++) {
        double mean = 0.0, square = 0.0;
        for (size_t i = 0; i < N; i++)
            mean += x[i * dim + d] / N;
        for (size_t i = 0; i < N; i++)
            square += (x[i * dim + d] - mean) * (x[i * dim + d] - mean) / N;
        for (size_t i = 0; i < N; i++)
            x[i * dim + d] = (x[i * dim + d] - mean) / sqrt(square);
    }
}

static void open_warmed(struct warmed *w, const fathom_config *config)
{
    w->config = *config;
    w->flow = fathom_flow_new(config, NULL, NULL);
    assert_non_null(w->flow);
    w->ws = fathom_workspace_new(w->flow, fathom_isa_find(NULL));
    assert_non_null(w->ws);
    w->n_params = fathom_flow_n_params(w->flow);
    w->drawn = need(w->n_params * sizeof(double));
    w->params = need(w->n_params * sizeof(double));
    w->x = need(N * config->dim * sizeof(double));
    fathom_flow_init(w->drawn, w->flow, fathom_key_from_seed(6));
    memcpy(w->params, w->drawn, w->n_params * sizeof(double));
    rows_of(w->x, config->dim);
}

static void close_warmed(struct warmed *w)
{
    fathom_workspace_free(w->ws);
    fathom_flow_free(w->flow);
    free(w->drawn);
    free(w->params);
    free(w->x);
}

static fathom_status start(struct warmed *w, fathom_start how, double *distance)
{
    return fathom_flow_warm_start(w->params, w->ws, w->x, NULL, N, how, distance);
}

static bool is_matrix(const char *name) { return strcmp(name, "orthogonal") == 0 || strcmp(name, "matrix") == 0; }

/* ------------------------------------------------------------------------------------- the diagonal solution ---- */

/* Phi^-1(F(x)) by bisection in long double; outputs: [3 K] as the mixture coupling has them. */
static double gaussianised(const double *outputs, size_t n, double x)
{
    long double total = 0.0L, lower = 0.0L, upper = 0.0L, low = -150.0L, high = 150.0L;
    for (size_t k = 0; k < n; k++)
        total += expl(outputs[k]);
    for (size_t k = 0; k < n; k++) {
        const long double u = (x - (long double)outputs[n + k]) / expl(5.0L * tanhl(outputs[2 * n + k]));
        lower += expl(outputs[k]) / total * 0.5L * erfcl(-u * sqrtl(0.5L));
        upper += expl(outputs[k]) / total * 0.5L * erfcl(u * sqrtl(0.5L));
    }
    for (int i = 0; i < 100; i++) {
        const long double z = 0.5L * (low + high);
        const bool        left = lower < upper ? 0.5L * erfcl(-z * sqrtl(0.5L)) < lower
                                               : 0.5L * erfcl(z * sqrtl(0.5L)) > upper;
        low = left ? z : low;
        high = left ? high : z;
    }
    return (double)low;
}

/* v = the row x of w after the layers of the flow, each by its formula. */
static void diagonal_solution(double *v, const struct warmed *w, const double *x)
{
    const size_t dim = w->config.dim, n_in = dim / 2, k = w->config.components, n_out = (dim - n_in) * 3 * k;
    memcpy(v, x, dim * sizeof *v);
    for (size_t l = 0; l < w->flow->n_layers; l++) {
        const double *own = w->params + w->flow->layers[l].offset;
        const double *end = w->params + (l + 1 < w->flow->n_layers ? w->flow->layers[l + 1].offset : w->n_params);
        const char   *name = w->flow->layers[l].name;
        double        y[MOST_DIM];
        memcpy(y, v, dim * sizeof *v);
        for (size_t d = 0; d < dim; d++) {
            if (strcmp(name, "actnorm") == 0)
                y[d] = (v[d] - own[d]) / (log1p(exp(own[dim + d])) + 1e-5);
            else if (strcmp(name, "flip") == 0)
                y[d] = v[dim - 1 - d];
            else if (strcmp(name, "coupling") == 0 && d >= n_in)
                y[d] = gaussianised(end - n_out + (d - n_in) * 3 * k, k, v[d]);
            else if (strcmp(name, "orthogonal") == 0) {
                y[d] = 0.0;
                for (size_t c = 0; c < dim; c++)
                    y[d] += own[d * dim + c] * v[c];
            }
        }
        memcpy(v, y, dim * sizeof *v);
    }
}

static void test_diagonal_solution(void **state)
{
    (void)state;
    static const size_t dims[] = { 2, 3, 5 };
    for (size_t i = 0; i < 6; i++) {
        struct warmed w;
        fathom_config config = config_of("mixture", dims[i / 2], 2);
        double        v[MOST_DIM], z[N * MOST_DIM], distance;
        config.actnorm = i % 2 ? FATHOM_ACTNORM_DATA : FATHOM_ACTNORM_NONE;
        config.components = 3 + i;
        open_warmed(&w, &config);
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_OK);
        assert_true(distance >= 0.0 && distance < 1e-12);
        assert_int_equal(fathom_flow_forward(z, NULL, w.ws, w.params, w.x, N), FATHOM_OK);
        for (size_t r = 0; r < N; r += 7) {
            diagonal_solution(v, &w, w.x + r * config.dim);
            for (size_t d = 0; d < config.dim; d++)
                check_near(z[r * config.dim + d], v[d], 1e-12, fmax(1.0, fabs(v[d])), "the diagonal solution", r);
        }
        close_warmed(&w);
    }
}

/* The first block by hand: axes of the covariance in descending order; then the mixture of the coordinate as it is
 * there. */
static void test_first_block(void **state)
{
    (void)state;
    struct warmed       w;
    const fathom_config config = config_of("mixture", 2, 1);
    open_warmed(&w, &config);
    assert_int_equal(start(&w, FATHOM_START_WARM, NULL), FATHOM_OK);
    double        rotated[2][N], mean[2] = { 0 }, covariance[2][2] = { { 0 } };
    const double *q = w.params + 4;
    for (size_t i = 0; i < N; i++)
        for (size_t d = 0; d < 2; d++)
            mean[d] += (rotated[d][i] = q[2 * d] * w.x[2 * i] + q[2 * d + 1] * w.x[2 * i + 1]) / N;
    for (size_t i = 0; i < N; i++)
        for (size_t d = 0; d < 4; d++)
            covariance[d / 2][d % 2] += (rotated[d / 2][i] - mean[d / 2]) * (rotated[d % 2][i] - mean[d % 2]) / N;
    assert_true(covariance[0][0] > covariance[1][1]);
    check_near(covariance[0][1], 0.0, 1e-13, covariance[0][0], "covariance of the axes", 0);
    fathom_mixture m;
    assert_int_equal(fathom_mixture_fit(&m, NULL, rotated[1], N, 8, NULL), FATHOM_OK);
    const double *outputs = w.params + (w.flow->layers[2].offset - 24);
    for (size_t k = 0; k < 8; k++) {
        check_near(outputs[k], log(m.weight[k]), 1e-9, 1.0, "logit", k);
        check_near(outputs[8 + k], m.mean[k], 1e-9, 1.0, "mean", k);
        check_near(exp(5.0 * tanh(outputs[16 + k])), m.sd[k], 1e-9, 1.0, "sd", k);
    }
    close_warmed(&w);
}

/* ------------------------------------------------------------------------------------------------- any flow ---- */

/* Every coupling in every dimension and beside every kind of rotation, not each with each: the flow is a flow, its
 * conditioners are flat, and the row's own density is at least as likely as before it was fitted. */
static void test_any_flow(void **state)
{
    (void)state;
    static const size_t dims[] = { 2, 3, 5 };
    for (size_t i = 0; i < 3 * fathom_n_couplings(); i++) {
        struct warmed w;
        fathom_config config = config_of(fathom_coupling_name(i / 3), dims[i % 3], 2);
        double        distance = -1.0, before, after, *gradient;
        config.rotation = (fathom_rotation)((i + i / 3) % 3);
        config.hidden = i % 2;
        config.actnorm = i % 4 ? FATHOM_ACTNORM_NONE : FATHOM_ACTNORM_DATA;
        open_warmed(&w, &config);
        if (!fathom_isa_transformer(&fathom_isa_ref, config.coupling)->fit) {
            assert_int_equal(start(&w, FATHOM_START_WARM, NULL), FATHOM_BAD_ARGUMENT);
            close_warmed(&w);
            continue;
        }
        gradient = need(w.n_params * sizeof *gradient);
        assert_int_equal(fathom_flow_nll(&before, NULL, w.ws, w.params, w.x, NULL, NULL, N), FATHOM_OK);
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_OK);
        assert_int_equal(fathom_flow_nll(&after, gradient, w.ws, w.params, w.x, NULL, NULL, N), FATHOM_OK);
        if (!(after < before && isfinite(fathom_norm(gradient, w.n_params)) && fathom_norm(gradient, w.n_params) > 0.0))
            fail_msg("%s, D = %zu, rotation %d: the loss goes from %g to %g", config.coupling, config.dim,
                     (int)config.rotation, before, after);
        const bool mixture = strcmp(config.coupling, "mixture") == 0, spline = strcmp(config.coupling, "spline") == 0;
        if (!(distance >= 0.0 && distance < (mixture ? 1e-12 : spline && config.dim == 2 ? 0.2 : 0.6)))
            fail_msg("%s, D = %zu: the distance is %g", config.coupling, config.dim, distance);
        free(gradient);
        close_warmed(&w);
    }
}

/* The bits of the rotations alone are others than the draw's, and they are the warm start's. */
static void test_rotations_alone(void **state)
{
    (void)state;
    static const char *const couplings[] = { "mixture", "spline", "affine" };
    for (size_t i = 0; i < 3; i++) {
        struct warmed       warm, alone;
        const fathom_config config = config_of(couplings[i], 3, 3);
        double              distance = 0.0;
        open_warmed(&warm, &config);
        open_warmed(&alone, &config);
        assert_int_equal(start(&alone, FATHOM_START_COLD, &distance), FATHOM_OK);
        assert_true(isnan(distance));
        check_same(alone.params, alone.drawn, alone.n_params, "cold", couplings[i]);
        assert_int_equal(start(&warm, FATHOM_START_WARM, NULL), FATHOM_OK);
        assert_int_equal(start(&alone, FATHOM_START_ROTATIONS, &distance), FATHOM_OK);
        assert_true(isfinite(distance));
        check_same(alone.params, alone.drawn, alone.flow->layers[0].offset, "base", couplings[i]);
        for (size_t l = 0; l < alone.flow->n_layers; l++) {
            const size_t from = alone.flow->layers[l].offset;
            const size_t to = l + 1 < alone.flow->n_layers ? alone.flow->layers[l + 1].offset : alone.n_params;
            const bool   matrix = is_matrix(alone.flow->layers[l].name);
            check_same(alone.params + from, (matrix ? warm.params : alone.drawn) + from, to - from, "rotations alone",
                       alone.flow->layers[l].name);
            if (matrix)
                assert_true(memcmp(alone.params + from, alone.drawn + from, (to - from) * sizeof(double)) != 0);
        }
        close_warmed(&warm);
        close_warmed(&alone);
    }
}

/* Residual blocks have no couplings to be fitted. */
static void test_residual_blocks(void **state)
{
    (void)state;
    struct warmed w;
    fathom_config config = config_of("spline", 2, 2);
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.hidden = 1;
    open_warmed(&w, &config);
    double distance = 7.0;
    assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_BAD_ARGUMENT);
    assert_int_equal(start(&w, FATHOM_START_ROTATIONS, &distance), FATHOM_BAD_ARGUMENT);
    check_same(w.params, w.drawn, w.n_params, "a start that failed", "parameters");
    assert_true(distance == 7.0);
    close_warmed(&w);
}

static void test_outcomes(void **state)
{
    (void)state;
    struct warmed w;
    for (int rotated = 0; rotated < 2; rotated++) {
        fathom_config config = config_of("mixture", 2, 2);
        config.mixing = rotated ? FATHOM_MIXING_FULL : FATHOM_MIXING_NO_ROTATIONS;
        open_warmed(&w, &config);
        double distance = 7.0;
        assert_int_equal(fathom_flow_warm_start(w.params, w.ws, w.x, NULL, 0, FATHOM_START_WARM, NULL),
                         FATHOM_BAD_ARGUMENT);
        assert_int_equal(fathom_flow_warm_start(w.params, w.ws, w.x, NULL, 1, FATHOM_START_WARM, &distance),
                         FATHOM_DEGENERATE);
        assert_int_equal(start(&w, (fathom_start)3, NULL), FATHOM_BAD_ARGUMENT);
        for (size_t i = 0; i < N; i++) /* on a line, or the same second coordinate */
            w.x[2 * i + 1] = rotated ? 0.3 * w.x[2 * i] : 2.5;
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_DEGENERATE);
        assert_int_equal(start(&w, FATHOM_START_ROTATIONS, &distance), FATHOM_DEGENERATE);
        for (size_t i = 0; i < 2 * N; i++)
            w.x[i] = -1.5;
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_DEGENERATE);
        w.x[11] = NAN;
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_BAD_DATA);
        w.x[11] = 1e300;
        assert_int_equal(start(&w, FATHOM_START_WARM, &distance), FATHOM_BAD_DATA);
        check_same(w.params, w.drawn, w.n_params, "a start that failed", "parameters");
        assert_true(distance == 7.0);
        close_warmed(&w);
    }
}

/* The rows that are named, in that order. */
static void test_rows(void **state)
{
    (void)state;
    struct warmed       a, b;
    const fathom_config config = config_of("spline", 3, 2);
    uint32_t            rows[N / 2];
    open_warmed(&a, &config);
    open_warmed(&b, &config);
    for (size_t i = 0; i < N / 2; i++) {
        rows[i] = (uint32_t)(N - 1 - 2 * i);
        memcpy(b.x + i * 3, a.x + rows[i] * 3, 3 * sizeof(double));
    }
    assert_int_equal(fathom_flow_warm_start(a.params, a.ws, a.x, rows, N / 2, FATHOM_START_WARM, NULL), FATHOM_OK);
    assert_int_equal(fathom_flow_warm_start(b.params, b.ws, b.x, NULL, N / 2, FATHOM_START_WARM, NULL), FATHOM_OK);
    check_same(a.params, b.params, a.n_params, "rows", "parameters");
    close_warmed(&a);
    close_warmed(&b);
}

/* ------------------------------------------------------------------------------------------ frozen and free ---- */

/* Q Q^T = 1, as drawn and as fitted; and as drawn Q is the rotation of the same draws. */
static void test_orthogonal(void **state)
{
    (void)state;
    for (size_t dim = 2; dim <= MOST_DIM; dim++)
        for (int fit = 0; fit < 2; fit++) {
            struct warmed       w, householder;
            const fathom_config config = config_of("affine", dim, 2);
            fathom_config       other = config;
            double              z[N * MOST_DIM], same[N * MOST_DIM];
            other.rotation = FATHOM_ROTATION_HOUSEHOLDER;
            open_warmed(&w, &config);
            open_warmed(&householder, &other);
            assert_int_equal(fathom_flow_forward(z, NULL, w.ws, w.params, w.x, N), FATHOM_OK);
            assert_int_equal(fathom_flow_forward(same, NULL, householder.ws, householder.params, w.x, N), FATHOM_OK);
            for (size_t i = 0; i < N * dim; i++)
                check_near(z[i], same[i], 1e-12, fmax(1.0, max_abs(same, N * dim)), "the same rotation", i);
            if (fit)
                assert_int_equal(start(&w, FATHOM_START_ROTATIONS, NULL), FATHOM_OK);
            for (size_t l = 0; l < w.flow->n_layers; l++)
                for (size_t r = 0; r < dim * dim && is_matrix(w.flow->layers[l].name); r++) {
                    const double *q = w.params + w.flow->layers[l].offset;
                    double        product = 0.0;
                    for (size_t c = 0; c < dim; c++)
                        product += q[r / dim * dim + c] * q[r % dim * dim + c];
                    check_near(product, r / dim == r % dim ? 1.0 : 0.0, 1e-14, 1.0, "Q Q^T", r);
                }
            close_warmed(&w);
            close_warmed(&householder);
        }
}

/* Under every stabiliser training leaves a frozen matrix its bits and moves a free one, whose determinant is then
 * another. */
static void test_training(void **state)
{
    (void)state;
    enum { STEPS = 30, BATCH = 40 };
    uint32_t *batches = need(STEPS * BATCH * sizeof *batches);
    fathom_batches(batches, 1, 0, STEPS, BATCH, N);
    for (size_t i = 0; i < 2 * fathom_n_stabilisers(); i++) {
        struct warmed              w;
        fathom_config              config = config_of("spline", 2, 2);
        const fathom_train_options options = {
            .steps = STEPS, .batch = BATCH, .peak_lr = 1e-2, .clip = 1.0, .stabiliser = fathom_stabiliser_name(i / 2)
        };
        config.rotation = i % 2 ? FATHOM_ROTATION_FREE : FATHOM_ROTATION_FROZEN;
        open_warmed(&w, &config);
        if (i % 4 < 2)
            assert_int_equal(start(&w, FATHOM_START_WARM, NULL), FATHOM_OK);
        fathom_trainer *trainer = fathom_trainer_new(w.flow, fathom_isa_find(NULL), w.params, &options, w.x, NULL, N);
        assert_non_null(trainer);
        assert_int_equal(fathom_train(trainer, NULL, NULL, batches, NULL, NULL).status, FATHOM_OK);
        const double *trained = fathom_trainer_params(trainer);
        size_t        moved = 0;
        for (size_t k = 0; k < w.n_params; k++)
            moved += trained[k] != w.params[k];
        assert_true(moved > w.n_params / 2);
        for (size_t l = 0; l < w.flow->n_layers; l++) {
            const size_t  from = w.flow->layers[l].offset;
            const double *m = trained + from;
            if (config.rotation == FATHOM_ROTATION_FROZEN && is_matrix(w.flow->layers[l].name))
                check_same(m, w.params + from, 4, "frozen", options.stabiliser);
            else if (is_matrix(w.flow->layers[l].name) && !(fabs(m[0] * m[3] - m[1] * m[2]) < 0.999))
                fail_msg("%s: |det M| is %g", options.stabiliser, fabs(m[0] * m[3] - m[1] * m[2]));
        }
        fathom_trainer_free(trainer);
        close_warmed(&w);
    }
    free(batches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diagonal_solution),
        cmocka_unit_test(test_first_block),
        cmocka_unit_test(test_any_flow),
        cmocka_unit_test(test_rotations_alone),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_residual_blocks),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
