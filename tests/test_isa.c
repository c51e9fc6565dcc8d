/* test_isa.c - the same bits from every instruction set: v4, v3, neon and ref, number by number.
 *
 * Each test computes one list of numbers with one set; the lists must be the same.  A set that this CPU lacks is left
 * out and named.  Shapes: D = 2, 3, 5, odd widths, every coupling, each kind of ActNorm, batches that fill no tile.
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

/* Run the same computation with each set: answer fills out, at most `room` numbers, and says how many. */
typedef size_t compute(double *out, const struct fathom_isa *isa, const void *what);

static void on_all_sets(compute *answer, const void *what, size_t room, const char *name)
{
    double      *expected = need(room * sizeof *expected), *got = need(room * sizeof *got);
    const size_t n = answer(expected, fathom_isa_find("ref"), what);
    assert_in_range(n, 1, room);
    for (int i = 0; i < N_ISAS; i++) {
        const struct fathom_isa *isa = fathom_isa_find(isa_names[i]);
        if (!isa || strcmp(isa_names[i], "ref") == 0)
            continue;
        assert_int_equal(answer(got, isa, what), n);
        check_same(got, expected, n, name, isa_names[i]);
    }
    free(expected);
    free(got);
}

/* The tests below leave out what is not there; this one says so. */
static void test_sets(void **state)
{
    (void)state;
    size_t missing = 0;
    for (int i = 0; i < N_ISAS; i++) {
        const struct fathom_isa *isa = fathom_isa_find(isa_names[i]);
        if (isa) {
            assert_string_equal(fathom_isa_name(isa), isa_names[i]);
        } else {
            print_message("this CPU has no %s: not compared\n", isa_names[i]);
            missing++;
        }
    }
    assert_null(fathom_isa_find("v5"));
    assert_null(fathom_isa_find(""));
    assert_non_null(fathom_isa_find(NULL)); /* fused multiply-add hardware is what the library needs */
    if (missing)
        skip();
}

/* -------------------------------------------------------------------------------------------------- kernels ---- */

static size_t matmul(double *out, const struct fathom_isa *isa, const void *what)
{
    (void)what;
    enum { STEP = 64, K = 13 };
    double a[K * 24], x[K * STEP];
    size_t n = 0;
    draw(a, 1, 1.0, K * 24);
    draw(x, 2, 1.0, K * STEP);
    for (size_t rows = 1; rows <= 13; rows++)
        for (size_t columns = 8; columns <= 64; columns += 8)
            for (int turned = 0; turned < 2; turned++) {
                double *c = out + n;
                draw(c, 3, 1.0, rows * columns);
                isa->matrix_add_product(c, columns, turned ? matrix_transposed(a, 24) : matrix_rows(a, K),
                                        matrix_rows(x, STEP), rows, K, columns);
                n += rows * columns;
            }
    return n;
}

/* what: true: AMSGrad. */
static size_t adam(double *out, const struct fathom_isa *isa, const void *what)
{
    const bool          amsgrad = *(const bool *)what;
    size_t              n = 0;
    static const double scales[] = { 0.0, 1e-150, 1e-3, 1e150 };
    for (size_t i = 0; i < 4 * 39; i++) {
        const size_t size = 1 + i / 4;
        double      *p = out + n, *m = p + padded(size), *v = m + padded(size);
        double      *largest = v + padded(size), g[40] = { 0 };
        memset(p, 0, 4 * padded(size) * sizeof *p);
        draw(p, 4, 1.0, size);
        for (int t = 1; t < 4; t++) {
            draw(g, 5 + (uint64_t)t, scales[i % 4], size);
            const double step_size = 1e-3 / (1.0 - pow(0.9, t)), v_scale = 1.0 / (1.0 - pow(0.999, t));
            if (amsgrad)
                isa->amsgrad(p, m, v, largest, g, 0.7, step_size, 0.999, v_scale, size);
            else
                isa->adam(p, m, v, g, 0.7, step_size, 0.999, v_scale, size);
        }
        n += (amsgrad ? 4 : 3) * padded(size);
        out[n++] = isa->sum_squares(p, size);
    }
    return n;
}

static void test_kernels(void **state)
{
    (void)state;
    on_all_sets(matmul, NULL, 1 << 17, "matmul");
    on_all_sets(adam, &(bool){ false }, 1 << 14, "adam and sum of squares");
    on_all_sets(adam, &(bool){ true }, 1 << 15, "AMSGrad and sum of squares");
}

/* Each bijection by itself, on rows that are not finite too. */
static size_t layer(double *out, const struct fathom_isa *isa, const void *what)
{
    const fathom_config *config = what;
    const size_t         dim = config->dim;
    size_t               n = 0;
    for (const struct layer *const *l = isa->layers; *l; l++) {
        const size_t n_params = layer_n_params(*l, config);
        double      *params = need(n_params * sizeof *params), *noise = need(n_params * sizeof *noise);
        double      *x = out + n, *log_det = x + dim * SLAB_STRIDE, *y = log_det + TILE, *dx = y + dim * SLAB_STRIDE;
        double      *gradient = dx + (dim + 1) * SLAB_STRIDE;
        void        *s = layer_create(*l, config);
        assert_non_null(s);
        layer_init(params, *l, config, fathom_key_from_seed(9));
        draw(noise, 10, 0.1, n_params);
        for (size_t k = 0; k < n_params; k++)
            params[k] += noise[k];
        draw_slab(x, 11, 2.0, dim);
        const double odd[] = { INFINITY, -INFINITY, 1e300, 4.0, -4.0, -0.0, 5e-324, NAN };
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            COORDINATE(x, i % dim)[7 * i] = odd[i];
        assert_int_equal(layer_prepare(*l, s, params), FATHOM_OK);
        memset(log_det, 0, TILE * sizeof *log_det);
        memcpy(y, x, dim * SLAB_STRIDE * sizeof *y);
        run_forward(*l, y, log_det, s, TILE);
        draw_slab(dx, 12, 1.0, dim + 1);
        (*l)->backward(dx, COORDINATE(dx, dim), s, TILE);
        memset(gradient, 0, n_params * sizeof *gradient);
        layer_finish(gradient, *l, s);
        run_inverse(*l, x, log_det, s, TILE);
        layer_destroy(*l, s);
        free(params);
        free(noise);
        n += (size_t)(gradient + n_params - x);
        for (double *pad = y; pad <= dx; pad += dim * SLAB_STRIDE) /* columns from TILE on are undefined */
            for (size_t d = 0; d < dim; d++)
                memset(COORDINATE(pad, d) + TILE, 0, (SLAB_STRIDE - TILE) * sizeof *pad);
    }
    return n;
}

/* ---------------------------------------------------------------------------------------------------- flows ---- */

struct flow_case {
    fathom_config config;
    size_t        n;
};

enum { MOST_ROWS = 200 };

static fathom_flow *open_flow(double **params, double *x, const struct flow_case *c)
{
    fathom_flow *flow = fathom_flow_new(&c->config, NULL, NULL);
    assert_non_null(flow);
    *params = need(fathom_flow_n_params(flow) * sizeof **params);
    fathom_flow_init(*params, flow, fathom_key_from_seed(4));
    draw(x, 77, 1.0, c->n * c->config.dim);
    return flow;
}

static size_t evaluate(double *out, const struct fathom_isa *isa, const void *what)
{
    const struct flow_case *c = what;
    const size_t            dim = c->config.dim, n = c->n;
    double                 *params, x[MOST_ROWS * 5], *at = out;
    uint32_t                rows[MOST_ROWS];
    fathom_flow            *flow = open_flow(&params, x, c);
    fathom_workspace       *ws = fathom_workspace_new(flow, isa);
    assert_non_null(ws);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)((7 * i + 3) % n);
    if (c->config.actnorm == FATHOM_ACTNORM_DATA && n > 10) {
        assert_int_equal(fathom_flow_actnorm_init(params, ws, x, rows, n), FATHOM_OK);
        memcpy(at, params, fathom_flow_n_params(flow) * sizeof *at);
        at += fathom_flow_n_params(flow);
    }
    assert_int_equal(fathom_flow_nll(at, at + 1, ws, params, x, rows, NULL, n), FATHOM_OK);
    at += 1 + fathom_flow_n_params(flow);
    assert_int_equal(fathom_flow_forward(at, at + n * dim, ws, params, x, n), FATHOM_OK);
    at += n * (dim + 1);
    const fathom_status inverse = fathom_flow_inverse(at, at + n * dim, ws, params, x, n);
    *(at + n * (dim + 1)) = inverse; /* a row may be where a mixture is flat */
    assert_true(inverse == FATHOM_OK || inverse == FATHOM_FLAT);
    at += n * (dim + 1) + 1;
    assert_int_equal(fathom_flow_log_prob(at, ws, params, x, n), FATHOM_OK);
    at += n;
    assert_int_equal(fathom_flow_sample(at, ws, params, fathom_key_from_seed(6), n), FATHOM_OK);
    at += n * dim;
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
    free(params);
    return (size_t)(at - out);
}

static size_t train(double *out, const struct fathom_isa *isa, const void *what)
{
    enum { STEPS = 20 };
    const struct flow_case *c = what;
    double                 *params, x[MOST_ROWS * 5];
    fathom_flow            *flow = open_flow(&params, x, c);
    fathom_train_options    options = fathom_train_options_default();
    options.steps = STEPS;
    options.batch = 70;
    options.peak_lr = 0.02;
    uint32_t batches[STEPS * 70];
    fathom_batches(batches, 1, 0, STEPS, options.batch, c->n);
    fathom_trainer *trainer = fathom_trainer_new(flow, isa, params, &options, x, NULL, c->n);
    assert_non_null(trainer);
    fathom_train_result result = fathom_train(trainer, out, out + STEPS, batches, NULL, NULL);
    assert_int_equal(result.status, FATHOM_OK);
    const size_t n_params = fathom_flow_n_params(flow);
    memcpy(out + 2 * STEPS, fathom_trainer_params(trainer), n_params * sizeof *out);
    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
    free(params);
    return 2 * STEPS + n_params;
}

static void test_flows(void **state)
{
    (void)state;
    static const struct {
        size_t          dim, width, hidden, knots, n;
        fathom_actnorm  actnorm;
        fathom_mixing   mixing;
        fathom_rotation rotation;
    } cases[] = {
        { 2, 24, 2, 8, 130, FATHOM_ACTNORM_NONE, FATHOM_MIXING_FULL, FATHOM_ROTATION_HOUSEHOLDER },
        { 2, 13, 3, 5, 65, FATHOM_ACTNORM_DATA, FATHOM_MIXING_NO_FLIPS, FATHOM_ROTATION_FROZEN },
        { 2, 7, 0, 1, 1, FATHOM_ACTNORM_DEFAULT, FATHOM_MIXING_FULL, FATHOM_ROTATION_HOUSEHOLDER },
        { 3, 24, 2, 8, 64, FATHOM_ACTNORM_DEFAULT, FATHOM_MIXING_FULL, FATHOM_ROTATION_HOUSEHOLDER },
        { 3, 5, 1, 16, 63, FATHOM_ACTNORM_NONE, FATHOM_MIXING_NO_ROTATIONS, FATHOM_ROTATION_HOUSEHOLDER },
        { 5, 24, 2, 8, 200, FATHOM_ACTNORM_DATA, FATHOM_MIXING_FULL, FATHOM_ROTATION_FREE },
        { 5, 33, 4, 3, 100, FATHOM_ACTNORM_NONE, FATHOM_MIXING_NONE, FATHOM_ROTATION_HOUSEHOLDER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t j = 0; j < fathom_n_couplings(); j++) {
            struct flow_case c = { fathom_config_default(), cases[i].n };
            char             name[96];
            c.config.dim = cases[i].dim;
            c.config.width = cases[i].width;
            c.config.hidden = cases[i].hidden;
            c.config.knots = cases[i].knots;
            c.config.actnorm = cases[i].actnorm;
            c.config.mixing = cases[i].mixing;
            c.config.rotation = cases[i].rotation;
            c.config.coupling = fathom_coupling_name(j);
            c.config.depth = 2;
            snprintf(name, sizeof name, "%s, D = %zu, %zu layers of %zu, %zu rows", c.config.coupling, c.config.dim,
                     c.config.hidden, c.config.width, c.n);
            on_all_sets(layer, &c.config, 1 << 16, name);
            on_all_sets(evaluate, &c, 1 << 17, name);
            on_all_sets(train, &c, 1 << 16, name);
        }
}

/* Trained long enough for one wrong bit to be everywhere: 100 steps at a high rate, the notebook's flow. */
static size_t train_long(double *out, const struct fathom_isa *isa, const void *what)
{
    enum { STEPS = 100, ROWS = 1000 };
    (void)what;
    fathom_dataset       data;
    fathom_config        config = fathom_config_default();
    fathom_train_options options = { .steps = STEPS, .batch = 128, .peak_lr = 1e-2, .clip = 1.0 };
    uint32_t            *batches = need(STEPS * 128 * sizeof *batches);
    assert_int_equal(fathom_spiral(&data, 0, ROWS, NULL), FATHOM_OK);
    fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
    double      *params = need(fathom_flow_n_params(flow) * sizeof *params);
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    fathom_batches(batches, 1, 0, STEPS, 128, ROWS);
    fathom_trainer *trainer = fathom_trainer_new(flow, isa, params, &options, data.x, NULL, ROWS);
    assert_non_null(trainer);
    fathom_train_result result = fathom_train(trainer, out, out + STEPS, batches, NULL, NULL);
    assert_int_equal(result.steps_taken, STEPS);
    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
    fathom_dataset_free(&data);
    free(params);
    free(batches);
    return 2 * STEPS;
}

static void test_training(void **state)
{
    (void)state;
    on_all_sets(train_long, NULL, 4096, "a training");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
