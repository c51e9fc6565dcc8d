/* test_residual_reference.c - residual flows against tests/reference/residual.tsv, in which JAX differentiates the formula
 * of the network by itself: latents, exact log-determinants and log p of rows, the loss by the determinant or by a
 * truncated series, and its gradient with respect to every parameter, all within 1e-11, on every instruction set.
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

static const double TOLERANCE = 1e-11;

struct reference {
    fathom_config config;
    size_t        n_rows, n_params;
    double        loss;
    double       *params, *gradient;      /* [n_params]             */
    double       *x, *z, *log_det, *logp; /* [n_rows][D], [n_rows]  */
};

static double next_number(FILE *in)
{
    double x;
    if (fscanf(in, "%lf", &x) != 1)
        fail_msg("tests/reference/residual.tsv ends within a case");
    return x;
}

/* False at the end of the file. */
static bool read_head(struct reference *r, FILE *in)
{
    double    head[10];
    const int first = fscanf(in, "%lf", head);
    if (first != 1)
        return false;
    for (size_t i = 1; i < 10; i++)
        head[i] = next_number(in);
    r->config = fathom_config_default();
    r->config.block = FATHOM_BLOCK_RESIDUAL;
    r->config.dim = (size_t)head[0];
    r->config.depth = (size_t)head[1];
    r->config.width = (size_t)head[2];
    r->config.hidden = (size_t)head[3];
    r->config.activation = head[4] == 0 ? FATHOM_ACTIVATION_LIPSWISH : FATHOM_ACTIVATION_CLIPSWISH;
    r->config.lipschitz = head[5];
    if (head[6] > 0) {
        r->config.log_det = FATHOM_LOG_DET_SERIES;
        r->config.terms = (size_t)head[6];
    }
    r->n_rows = (size_t)head[7];
    r->n_params = (size_t)head[8];
    r->loss = head[9];
    return true;
}

static bool read_case(struct reference *r, FILE *in)
{
    if (!read_head(r, in))
        return false;
    const size_t dim = r->config.dim;
    r->params = need(2 * r->n_params * sizeof *r->params);
    r->gradient = r->params + r->n_params;
    r->x = need(2 * r->n_rows * (dim + 1) * sizeof *r->x);
    r->z = r->x + r->n_rows * dim;
    r->log_det = r->z + r->n_rows * dim;
    r->logp = r->log_det + r->n_rows;
    for (size_t k = 0; k < r->n_params; k++) {
        r->params[k] = next_number(in);
        r->gradient[k] = next_number(in);
    }
    for (size_t i = 0; i < r->n_rows; i++) {
        for (size_t d = 0; d < dim; d++)
            r->x[i * dim + d] = next_number(in);
        for (size_t d = 0; d < dim; d++)
            r->z[i * dim + d] = next_number(in);
        r->log_det[i] = next_number(in);
        r->logp[i] = next_number(in);
    }
    return true;
}

static void compare(const double *got, const double *expected, size_t n, double scale, const char *what, size_t number)
{
    for (size_t i = 0; i < n; i++) {
        char text[80];
        snprintf(text, sizeof text, "case %zu, %s", number, what);
        check_near(got[i], expected[i], TOLERANCE, scale, text, i);
    }
}

static void check_case(const struct reference *r, const fathom_isa *isa, size_t number)
{
    const size_t dim = r->config.dim, n = r->n_rows;
    fathom_flow *flow = fathom_flow_new(&r->config, NULL, NULL);
    assert_non_null(flow);
    fathom_workspace *ws = fathom_workspace_new(flow, isa);
    assert_non_null(ws);
    assert_int_equal(fathom_flow_n_params(flow), r->n_params);
    double *z = need((n * (dim + 2) + r->n_params) * sizeof *z), *log_det = z + n * dim, *logp = log_det + n;
    double *gradient = logp + n, loss;
    assert_int_equal(fathom_flow_forward(z, log_det, ws, r->params, r->x, n), FATHOM_OK);
    assert_int_equal(fathom_flow_log_prob(logp, ws, r->params, r->x, n), FATHOM_OK);
    assert_int_equal(fathom_flow_nll(&loss, gradient, ws, r->params, r->x, NULL, NULL, n), FATHOM_OK);
    compare(z, r->z, n * dim, 1.0, "latent", number);
    compare(log_det, r->log_det, n, 1.0, "log-det", number);
    compare(logp, r->logp, n, 1.0, "log p", number);
    compare(&loss, &r->loss, 1, 1.0, "loss", number);
    compare(gradient, r->gradient, r->n_params, fmax(1.0, max_abs(r->gradient, r->n_params)), "gradient", number);
    free(z);
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
}

static void test_reference_cases(void **state)
{
    (void)state;
    FILE  *in = fopen("tests/reference/residual.tsv", "r");
    size_t number = 0;
    assert_non_null(in);
    assert_true(fscanf(in, "#%*[^\n]") == 0);
    for (struct reference r = { .n_rows = 0 }; read_case(&r, in); number++) {
        for (int i = 0; i < N_ISAS; i++) {
            const fathom_isa *isa = fathom_isa_find(isa_names[i]);
            if (isa)
                check_case(&r, isa, number);
        }
        free(r.params);
        free(r.x);
    }
    fclose(in);
    assert_int_equal(number, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_reference_cases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
