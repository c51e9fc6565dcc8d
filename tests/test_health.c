/* test_health.c - the Jacobian against the log-determinant and differences, singular values against GSL, dead units
 * against units that were killed, and the inverse error. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_linalg.h>

#include "health.h"

enum { D = 4, N = 60, DEPTH = 3 };

struct flow {
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params;
};

static struct flow make(const char *coupling)
{
    fathom_config config = fathom_config_default();
    struct flow   f;
    config.dim = D;
    config.depth = DEPTH;
    config.coupling = coupling;
    f.flow = fathom_flow_new(&config, NULL, NULL);
    f.ws = fathom_workspace_new(f.flow, fathom_isa_find(NULL));
    f.params = malloc(fathom_flow_n_params(f.flow) * sizeof *f.params);
    assert_non_null(f.params);
    fathom_flow_init(f.params, f.flow, fathom_key_from_seed(1));
    return f;
}

static void release(struct flow *f)
{
    fathom_workspace_free(f->ws);
    fathom_flow_free(f->flow);
    free(f->params);
}

static void test_jacobian(void **state)
{
    (void)state;
    static double x[N * D], moved[N * D], z[N * D], jacobian[N * D * D], log_det[N];
    const double  step = 1e-6;
    for (size_t i = 0; fathom_coupling_name(i); i++) {
        struct flow f = make(fathom_coupling_name(i));
        fathom_normal(x, fathom_key_from_seed(2), N * D);
        assert_int_equal(fathom_flow_jacobian(jacobian, f.ws, f.params, x, N), FATHOM_OK);
        fathom_flow_forward(NULL, log_det, f.ws, f.params, x, N);
        for (size_t r = 0; r < N; r++) { /* |det J| = product of the singular values */
            double values[D], sum = 0;
            assert_int_equal(fathom_singular_values(values, memcpy(moved, jacobian + r * D * D, D * D * sizeof *moved),
                                                    D),
                             FATHOM_OK);
            for (size_t k = 0; k < D; k++)
                sum += log(values[k]);
            assert_true(fabs(sum - log_det[r]) < 1e-11);
        }
        for (size_t c = 0; c < D; c++) { /* column c, by central differences: rows near a kink are few */
            static double up[N * D];
            size_t        off = 0;
            memcpy(moved, x, sizeof x);
            for (size_t r = 0; r < N; r++)
                moved[r * D + c] += step;
            fathom_flow_forward(up, NULL, f.ws, f.params, moved, N);
            for (size_t r = 0; r < N; r++)
                moved[r * D + c] -= 2 * step;
            fathom_flow_forward(z, NULL, f.ws, f.params, moved, N);
            for (size_t r = 0; r < N; r++)
                for (size_t k = 0; k < D; k++)
                    off += fabs((up[r * D + k] - z[r * D + k]) / (2 * step) - jacobian[(r * D + k) * D + c]) > 1e-6;
            assert_true(off <= 4);
        }
        release(&f);
    }
}

static void test_singular_values(void **state)
{
    (void)state;
    for (size_t dim = 1; dim <= 9; dim++) {
        double      a[81], values[9], scaled[9];
        gsl_matrix *u = gsl_matrix_alloc(dim, dim), *v = gsl_matrix_alloc(dim, dim);
        gsl_vector *s = gsl_vector_alloc(dim);
        fathom_normal(a, fathom_key_from_seed(dim), dim * dim);
        memcpy(u->data, a, dim * dim * sizeof *a);
        gsl_linalg_SV_decomp_jacobi(u, v, s);
        assert_int_equal(fathom_singular_values(values, a, dim), FATHOM_OK);
        for (size_t k = 0; k < dim; k++)
            assert_true(fabs(values[k] - gsl_vector_get(s, k)) < 1e-13 * values[0]);
        for (int sign = -1; sign <= 1; sign += 2) { /* far out of the range of squares */
            const double scale = sign > 0 ? 0x1p+1000 : 0x1p-900;
            fathom_normal(a, fathom_key_from_seed(dim), dim * dim);
            for (size_t i = 0; i < dim * dim; i++)
                a[i] *= scale;
            assert_int_equal(fathom_singular_values(scaled, a, dim), FATHOM_OK);
            for (size_t k = 0; k < dim; k++)
                assert_true(fabs(scaled[k] / scale - values[k]) < 1e-14 * values[0]);
        }
        gsl_matrix_free(u);
        gsl_matrix_free(v);
        gsl_vector_free(s);
    }
    double singular[] = { 1, 2, 2, 4 }, nan[] = { 1, 2, NAN, 4 }, values[2] = { 7, 7 };
    assert_int_equal(fathom_singular_values(values, nan, 2), FATHOM_NO_CONVERGENCE);
    assert_true(values[0] == 7);
    assert_int_equal(fathom_singular_values(values, singular, 2), FATHOM_OK);
    assert_true(fabs(values[0] - 5) < 1e-14 && values[1] < 1e-15);
}

/* Rows and columns of sizes far apart, as a flow near its end has them: the greatest value is right, and all are in order,
 * however small the others are. */
static void test_singular_values_far_apart(void **state)
{
    enum { DIM = 4, MATRICES = 200 };
    (void)state;
    for (size_t m = 0; m < MATRICES; m++) {
        double a[DIM * DIM], values[DIM], size[2 * DIM], most = 0, sum = 0;
        fathom_normal(a, fathom_key_from_seed(m), DIM * DIM);
        fathom_uniform(size, fathom_key_from_seed(MATRICES + m), -70, 70, 2 * DIM);
        for (size_t i = 0; i < DIM * DIM; i++) {
            a[i] *= pow(10, size[i / DIM] + size[DIM + i % DIM]);
            most = fmax(most, fabs(a[i]));
        }
        for (size_t i = 0; i < DIM * DIM; i++)
            sum += a[i] / most * (a[i] / most);
        assert_int_equal(fathom_singular_values(values, a, DIM), FATHOM_OK);
        assert_true(values[0] <= most * sqrt(sum) * (1 + 1e-12) && values[0] >= most * (1 - 1e-12));
        for (size_t k = 1; k < DIM; k++)
            assert_true(values[k] >= 0 && values[k] <= values[k - 1]);
    }
}

/* The biases of a hidden layer far below zero kill all of its units, and no more.  A conditioner begins behind the
 * base's parameters and the rotation's: W0 [24][2], b0 [24], W1 [24][24], b1 [24]. */
static void test_dead_units(void **state)
{
    (void)state;
    struct flow   f = make("affine");
    const size_t  first = 2 * D + 2 * D, b0 = first + 24 * (D / 2), b1 = b0 + 24 + 24 * 24;
    static double x[N * D];
    size_t        before[2], dead[2];
    fathom_normal(x, fathom_key_from_seed(2), N * D);
    const fathom_dataset rows = { .n = N, .dim = D, .x = x };
    assert_int_equal(fathom_flow_dead_units(before, f.ws, f.params, x, N), FATHOM_OK);
    assert_true(before[0] < 24 && before[1] < 48);
    for (size_t u = 0; u < 24; u++)
        f.params[b1 + u] = -1e3;
    assert_int_equal(fathom_flow_dead_units(dead, f.ws, f.params, x, N), FATHOM_OK);
    assert_true(dead[1] >= 24 && dead[1] <= before[1] + 24 && dead[0] <= before[0] + 5);
    struct health health;
    assert_int_equal(health_measure(&health, f.ws, f.flow, f.params, &rows, &rows), FATHOM_OK);
    assert_true(fabs(health.dead_units_last - (double)dead[1] / (24.0 * 2 * DEPTH)) < 1e-15);
    assert_true(fabs(health.dead_units - (double)(dead[0] + dead[1]) / (2 * 24.0 * 2 * DEPTH)) < 1e-15);
    assert_true(health.inverse_error > 0 && health.inverse_error < 1e-11);
    assert_true(health.condition_number > 1 && health.condition_number < 1e4);
    for (size_t u = 0; u < 24; u++) {
        f.params[b1 + u] = 0;
        f.params[b0 + u] = -1e3;
    }
    assert_int_equal(fathom_flow_dead_units(dead, f.ws, f.params, x, N), FATHOM_OK);
    assert_true(dead[0] >= 24 && dead[1] >= 24); /* a zero before its ReLU is not above it */
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jacobian),
        cmocka_unit_test(test_singular_values),
        cmocka_unit_test(test_singular_values_far_apart),
        cmocka_unit_test(test_dead_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
