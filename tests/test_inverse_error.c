/* test_inverse_error.c - the way back through flows of mixtures: right to 1e-10 out to 40, or the outcome is `flat`.
 *
 * The error is measured here: rows go there and come back.  So the bound of inverse_error.c is not trusted, and neither
 * are its derivatives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "fathom_warm.h"

enum { N = 300, OUT = 160, STEPS = 40, BATCH = 64, MOST_DIM = 4 };

struct flow {
    fathom_flow      *flow;
    fathom_workspace *ws;
    size_t            dim, n_params;
    double           *params;
};

static struct flow open_flow(const fathom_config *config)
{
    struct flow f = { .flow = fathom_flow_new(config, NULL, NULL), .dim = config->dim };
    assert_non_null(f.flow);
    f.ws = fathom_workspace_new(f.flow, fathom_isa_find(NULL));
    assert_non_null(f.ws);
    f.n_params = fathom_flow_n_params(f.flow);
    f.params = need(f.n_params * sizeof *f.params);
    fathom_flow_init(f.params, f.flow, fathom_key_from_seed(6));
    return f;
}

static void close_flow(struct flow *f)
{
    fathom_workspace_free(f->ws);
    fathom_flow_free(f->flow);
    free(f->params);
}

/* Half of the rows at |x| = 40, the others at 0, 1/2, 1, ... 39.5. */
static void rows_out_to_40(double *x, double *out, size_t dim)
{
    draw(x, 1, 1.0, OUT * dim);
    for (size_t i = 0; i < OUT; i++) {
        const double length = fathom_norm(x + i * dim, dim);
        out[i] = i < OUT / 2 ? 40.0 : 0.5 * (double)(i - OUT / 2);
        for (size_t d = 0; d < dim; d++)
            x[i * dim + d] *= out[i] / length;
    }
}

/* Each row by itself; then all at once, which gives the same rows, and `flat` if one of them is.  Their latents come
 * back in any case.  Returns how many are flat. */
static size_t there_and_back(struct flow *f, const char *what)
{
    const size_t dim = f->dim;
    double       x[OUT * MOST_DIM], z[OUT * MOST_DIM], back[OUT * MOST_DIM], again[OUT * MOST_DIM], out[OUT];
    size_t       n_flat = 0;
    rows_out_to_40(x, out, dim);
    assert_int_equal(fathom_flow_forward(z, NULL, f->ws, f->params, x, OUT), FATHOM_OK);
    for (size_t i = 0; i < OUT; i++) {
        const fathom_status s = fathom_flow_inverse(back + i * dim, NULL, f->ws, f->params, z + i * dim, 1);
        assert_true(s == FATHOM_OK || s == FATHOM_FLAT);
        if (s == FATHOM_FLAT && out[i] <= 8.0)
            fail_msg("%s: a row at |x| = %g is flat", what, out[i]);
        for (size_t d = i * dim; d < (i + 1) * dim && s == FATHOM_OK; d++)
            check_near(back[d], x[d], 1e-10, 1.0, what, i);
        n_flat += s == FATHOM_FLAT;
    }
    assert_int_equal(fathom_flow_inverse(again, NULL, f->ws, f->params, z, OUT), n_flat ? FATHOM_FLAT : FATHOM_OK);
    check_same(again, back, OUT * dim, "all rows at once", what);
    assert_int_equal(fathom_flow_forward(again, NULL, f->ws, f->params, back, OUT), FATHOM_OK);
    for (size_t i = 0; i < OUT * dim; i++)
        check_near(again[i], z[i], 1e-12, fmax(1.0, fabs(z[i])) + out[i / dim], "the latent comes back", i);
    return n_flat;
}

static void train(struct flow *f, const fathom_dataset *data)
{
    const fathom_train_options options = { .steps = STEPS, .batch = BATCH, .peak_lr = 3e-3, .clip = 1.0 };
    uint32_t                   batches[STEPS * BATCH];
    fathom_batches(batches, 1, 0, STEPS, BATCH, N);
    fathom_trainer *trainer = fathom_trainer_new(f->flow, fathom_isa_find(NULL), f->params, &options, data->x, NULL, N);
    assert_non_null(trainer);
    assert_int_equal(fathom_train(trainer, NULL, NULL, batches, NULL, NULL).status, FATHOM_OK);
    memcpy(f->params, fathom_trainer_params(trainer), f->n_params * sizeof(double));
    fathom_trainer_free(trainer);
}

/* As they were fitted nothing is flat.  Trained conditioners grow outside the rows: far out some rows are flat, but not
 * all, else nothing is tested. */
static void test_fitted_and_trained(void **state)
{
    (void)state;
    static const char *const sets[] = { "spiral", "two_spirals_4d" };
    for (size_t i = 0; i < 2; i++) {
        fathom_config  config = fathom_config_default();
        fathom_dataset data;
        assert_int_equal(fathom_data_set_draw(&data, fathom_data_set_find(sets[i]), 0, N, NULL), FATHOM_OK);
        config.coupling = "mixture";
        config.dim = data.dim;
        config.depth = 4;
        config.width = 16;
        config.rotation = FATHOM_ROTATION_FROZEN;
        struct flow f = open_flow(&config);
        assert_int_equal(fathom_flow_warm_start(f.params, f.ws, data.x, NULL, N, FATHOM_START_WARM, NULL), FATHOM_OK);
        assert_int_equal(there_and_back(&f, sets[i]), 0);
        train(&f, &data);
        const size_t n_flat = there_and_back(&f, sets[i]);
        if (n_flat == 0 || n_flat == OUT)
            fail_msg("%s: %zu of %d rows are flat", sets[i], n_flat, OUT);
        fathom_dataset_free(&data);
        close_flow(&f);
    }
}

/* depth couplings of one component each that squeeze, v = 1 + x e^-4.9 ..., then as many that stretch again: the flow
 * is the identity, and its Jacobian says nothing, but of 1 + x e^-(4.9 depth) only so many digits come back. */
static void test_squeezed_and_stretched(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= 4; depth += 3) {
        fathom_config config = fathom_config_default();
        double        x[2] = { 0.5, 1.0 / 3.0 }, z[2], back[2], jacobian[4], values[2];
        config.coupling = "mixture";
        config.components = 1;
        config.hidden = 0;
        config.depth = depth;
        config.mixing = FATHOM_MIXING_NONE;
        struct flow f = open_flow(&config);
        for (size_t k = 4; k < f.n_params; k++)
            f.params[k] = 0.0;
        for (size_t l = 0; l < 2 * depth; l++) {
            double *bias = f.params + 4 + 6 * l + 3; /* logit, mean, raw scale */
            bias[1] = l < depth ? (l > 0) - exp(4.9) : l == depth ? 1.0 : 0.0;
            bias[2] = l < depth ? atanh(0.98) : -atanh(0.98);
        }
        assert_int_equal(fathom_flow_forward(z, NULL, f.ws, f.params, x, 1), FATHOM_OK);
        assert_int_equal(fathom_flow_jacobian(jacobian, f.ws, f.params, x, 1), FATHOM_OK);
        assert_int_equal(fathom_singular_values(values, jacobian, 2), FATHOM_OK);
        check_near(values[0], 1.0, 1e-6, 1.0, "singular value", 0);
        check_near(values[1], 1.0, 1e-6, 1.0, "singular value", 1);
        assert_int_equal(fathom_flow_inverse(back, NULL, f.ws, f.params, z, 1), depth == 1 ? FATHOM_OK : FATHOM_FLAT);
        check_near(back[1], x[1], depth == 1 ? 1e-10 : 1e-4, 1.0, "there and back", depth);
        assert_int_equal(fathom_flow_sample(back, f.ws, f.params, fathom_key_from_seed(1), 1), FATHOM_OK);
        close_flow(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fitted_and_trained),
                                        cmocka_unit_test(test_squeezed_and_stretched) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
