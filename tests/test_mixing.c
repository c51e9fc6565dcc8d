/* test_mixing.c - flows of every kind of block: what a block leaves out is not there, the rest is as it was, and the
 * flow remains a bijection with a gradient.
 *
 * test_flow_view.c compares each layer's input with the layers run by hand, test_isa.c the bits of the kernels.
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

enum { N = TILE + 9, DEPTH = 2, MOST_DIM = 5, ROTATION = 2 /* vectors of D numbers */ };

struct mixed {
    fathom_config     config;
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params, x[N * MOST_DIM];
    size_t            n_params;
    char              name[96];
};

static void open_mixed(struct mixed *m, const fathom_config *config)
{
    m->config = *config;
    m->flow = fathom_flow_new(config, NULL, NULL);
    m->ws = fathom_workspace_new(m->flow, fathom_isa_find(NULL));
    assert_true(m->flow && m->ws);
    m->n_params = fathom_flow_n_params(m->flow);
    m->params = need(m->n_params * sizeof *m->params);
    fathom_flow_init(m->params, m->flow, fathom_key_from_seed(3));
    draw(m->x, 8, 1.0, N * config->dim);
    snprintf(m->name, sizeof m->name, "mixing %d, %s, D = %zu, actnorm %d", (int)config->mixing, config->coupling,
             config->dim, (int)config->actnorm);
}

static void close_mixed(struct mixed *m)
{
    free(m->params);
    fathom_workspace_free(m->ws);
    fathom_flow_free(m->flow);
}

static bool has_rotations(fathom_mixing mixing)
{
    return mixing == FATHOM_MIXING_FULL || mixing == FATHOM_MIXING_NO_FLIPS;
}

/* Every kind of block, in 2, 3 and 5 dimensions, of each coupling, with and without ActNorm. */
static void on_all_kinds(void (*property)(struct mixed *))
{
    static const size_t dims[] = { 2, 3, 5 };
    for (size_t i = 0; i < 4 * 3 * 2 * fathom_n_couplings(); i++) {
        struct mixed  m;
        fathom_config config = fathom_config_default();
        config.mixing = (fathom_mixing)(i % 4);
        config.dim = dims[i / 4 % 3];
        config.actnorm = i / 12 % 2 ? FATHOM_ACTNORM_DEFAULT : FATHOM_ACTNORM_NONE;
        config.coupling = fathom_coupling_name(i / 24);
        config.depth = DEPTH;
        config.width = 3;
        config.hidden = 1;
        config.knots = 3;
        open_mixed(&m, &config);
        property(&m);
        close_mixed(&m);
    }
}

/* Block by block: the rotation's parameters are there or not, and all others are those of the full flow. */
static void parameters(struct mixed *m)
{
    struct mixed  full;
    fathom_config config = m->config;
    config.mixing = FATHOM_MIXING_FULL;
    open_mixed(&full, &config);
    const size_t dim = config.dim, rotation = has_rotations(m->config.mixing) ? 0 : ROTATION * dim;
    assert_int_equal(m->n_params, full.n_params - DEPTH * rotation);
    assert_int_equal(fathom_n_params(&m->config, NULL), m->n_params);
    const size_t  head = config.actnorm ? 2 * dim : 0, block = (full.n_params - 2 * dim) / DEPTH;
    const double *own = m->params + 2 * dim, *other = full.params + 2 * dim;
    check_same(m->params, full.params, 2 * dim, m->name, "base");
    for (size_t b = 0; b < DEPTH; b++, own += block - rotation, other += block) {
        check_same(own, other, head, m->name, "ActNorm");
        check_same(own + head, other + head + rotation, block - head - rotation, m->name, "couplings");
    }
    close_mixed(&full);
}

static void test_parameters(void **state)
{
    (void)state;
    on_all_kinds(parameters);
}

/* The default is the full block; without rotations and flips the first coordinates pass as they are, and with either
 * they do not. */
static void unchanged(struct mixed *m)
{
    const size_t dim = m->config.dim;
    double       z[N * MOST_DIM];
    size_t       same = 0;
    if (m->config.actnorm != FATHOM_ACTNORM_NONE)
        return;
    assert_int_equal(fathom_flow_forward(z, NULL, m->ws, m->params, m->x, N), FATHOM_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t d = 0; d < dim / 2; d++)
            same += z[i * dim + d] == m->x[i * dim + d];
    if ((same == N * (dim / 2)) != (m->config.mixing == FATHOM_MIXING_NONE))
        fail_msg("%s: %zu of %zu numbers are unchanged", m->name, same, N * (dim / 2));
}

static void test_unchanged(void **state)
{
    (void)state;
    assert_int_equal(fathom_config_default().mixing, FATHOM_MIXING_FULL);
    assert_int_equal((fathom_config){ 0 }.mixing, FATHOM_MIXING_FULL);
    on_all_kinds(unchanged);
}

static void round_trip(struct mixed *m)
{
    const size_t dim = m->config.dim;
    double       z[N * MOST_DIM], back[N * MOST_DIM], forth[N], log_det[N];
    assert_int_equal(fathom_flow_forward(z, forth, m->ws, m->params, m->x, N), FATHOM_OK);
    assert_int_equal(fathom_flow_inverse(back, log_det, m->ws, m->params, z, N), FATHOM_OK);
    for (size_t i = 0; i < N; i++) {
        check_near(log_det[i], -forth[i], 1e-9, 1.0, m->name, i);
        for (size_t d = 0; d < dim; d++)
            check_near(back[i * dim + d], m->x[i * dim + d], 1e-9, 1.0, m->name, i);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    on_all_kinds(round_trip);
}

/* Every parameter against a difference of the loss. */
static double loss_at(struct mixed *m, size_t k, double value)
{
    const double kept = m->params[k];
    double       loss;
    m->params[k] = value;
    assert_int_equal(fathom_flow_nll(&loss, NULL, m->ws, m->params, m->x, NULL, NULL, N), FATHOM_OK);
    m->params[k] = kept;
    return loss;
}

static void gradients(struct mixed *m)
{
    const double h = 0x1p-17;
    double       loss, *gradient = need(m->n_params * sizeof *gradient);
    size_t       near = 0;
    assert_int_equal(fathom_flow_nll(&loss, gradient, m->ws, m->params, m->x, NULL, NULL, N), FATHOM_OK);
    for (size_t k = 0; k < m->n_params; k++) {
        const double slope = (loss_at(m, k, m->params[k] + h) - loss_at(m, k, m->params[k] - h)) / (2 * h);
        near += fabs(slope - gradient[k]) < 1e-6 * fmax(1.0, max_abs(gradient, m->n_params));
    }
    if (near < m->n_params - m->n_params / 50) /* a row may lie at a kink */
        fail_msg("%s: the gradient of %zu of %zu parameters is right", m->name, near, m->n_params);
    free(gradient);
}

static void test_gradients(void **state)
{
    (void)state;
    on_all_kinds(gradients);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parameters), cmocka_unit_test(test_unchanged),
                                        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_gradients) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
