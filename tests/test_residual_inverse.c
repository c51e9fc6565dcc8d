/* test_residual_inverse.c - what the inverse of a residual flow calls found, where rounding or a bad row stand against it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "fathom_certificate.h"

enum { N = 500 };

struct certified_flow {
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params, *last_bias;
};

static struct certified_flow open_flow(size_t depth)
{
    fathom_config config = fathom_config_default();
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.depth = depth;
    config.width = 16;
    struct certified_flow f = { .flow = fathom_flow_new(&config, NULL, NULL) };
    assert_non_null(f.flow);
    f.ws = fathom_workspace_new(f.flow, fathom_isa_find(NULL));
    assert_non_null(f.ws);
    const size_t n = fathom_flow_n_params(f.flow), buffers = fathom_flow_n_buffers(f.flow) / depth;
    f.params = need(n * sizeof *f.params);
    fathom_flow_init(f.params, f.flow, fathom_key_from_seed(4));
    f.last_bias = f.params + n - buffers - 1;
    assert_int_equal(fathom_flow_certify(f.params, NULL, f.flow), FATHOM_OK);
    return f;
}

static void close_flow(struct certified_flow *f)
{
    fathom_workspace_free(f->ws);
    fathom_flow_free(f->flow);
    free(f->params);
}

/* A row without a certificate is NaN, and the others are as without it. */
static void test_lost_row(void **state)
{
    (void)state;
    enum { LOST = 17 };
    double                z[2 * N], x[2 * N], log_det[N], expected[2 * N], expected_log_det[N];
    struct certified_flow f = open_flow(2);
    draw(z, 10, 2.0, 2 * N);
    assert_int_equal(fathom_flow_inverse(expected, expected_log_det, f.ws, f.params, z, N), FATHOM_OK);
    z[2 * LOST] = INFINITY;
    assert_int_equal(fathom_flow_inverse(x, log_det, f.ws, f.params, z, N), FATHOM_NO_CONVERGENCE);
    assert_true(isnan(x[2 * LOST]) && isnan(x[2 * LOST + 1]) && isnan(log_det[LOST]));
    memcpy(x + 2 * LOST, expected + 2 * LOST, 2 * sizeof *x);
    log_det[LOST] = expected_log_det[LOST];
    check_same(x, expected, 2 * N, "beside a row that is lost", "x");
    check_same(log_det, expected_log_det, N, "beside a row that is lost", "log-det");
    close_flow(&f);
}

/* A large bias in the last layer: latents are of its size, and their rounding alone moves x by more than 1e-12 from 1e4 on.
 * F is a multiple of that rounding there, so often exactly 0 where x is wrong: such a row must not be called found. */
static void test_hidden_by_rounding(void **state)
{
    (void)state;
    static const double   biases[] = { 1.0, 1e2, 1e4, 1e6 };
    double                x[2 * N], z[2 * N], back[2 * N];
    struct certified_flow f = open_flow(1);
    draw(x, 11, 2.0, 2 * N);
    for (size_t b = 0; b < sizeof biases / sizeof *biases; b++) {
        size_t lost = 0;
        *f.last_bias = biases[b];
        assert_int_equal(fathom_flow_forward(z, NULL, f.ws, f.params, x, N), FATHOM_OK);
        const fathom_status status = fathom_flow_inverse(back, NULL, f.ws, f.params, z, N);
        for (size_t i = 0; i < N; i++) {
            const double *to = x + 2 * i, *from = back + 2 * i;
            if (isnan(from[0]) && isnan(from[1]))
                lost++;
            else
                check_near(hypot(from[0] - to[0], from[1] - to[1]), 0.0, 1e-12, fmax(1.0, hypot(to[0], to[1])),
                           "distance of a found row", i);
        }
        assert_int_equal(status, lost > 0 ? FATHOM_NO_CONVERGENCE : FATHOM_OK);
        assert_int_equal(lost, biases[b] <= 1e2 ? 0 : N);
    }
    close_flow(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lost_row), cmocka_unit_test(test_hidden_by_rounding) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
