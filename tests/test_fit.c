/* test_fit.c - one transformer whose outputs are set so that it makes a mixture's draws normal (transformer.h, `fit`). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"

static const fathom_mixture bimodal = { 3, { 0.3, 0.6, 0.1 }, { -1.2, 0.9, 2.0 }, { 0.4, 0.6, 0.2 } };

/* y and log dy/dx of f at x; f's outputs as fit gives them. */
static double fitted(double *log_slope, const struct transformer *t, const fathom_config *config,
                     const fathom_mixture *mixture, double at)
{
    const size_t n = t->n_outputs(config);
    double      *one = need(n * sizeof *one), *outputs = need(n * STRIDE * sizeof *outputs);
    double      *saved = need(t->n_saved(config) * STRIDE * sizeof *saved), x[TILE], log_det[TILE] = { 0 };
    assert_int_equal(t->fit(one, mixture, config), FATHOM_OK);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < TILE; i++)
            ROW(outputs, k)[i] = one[k];
    for (size_t i = 0; i < TILE; i++)
        x[i] = at;
    run_transformer(t, false, x, log_det, outputs, saved, config);
    *log_slope = log_det[0];
    free(one);
    free(outputs);
    free(saved);
    return x[0];
}

/* Affine maps divide by the deviation where their scale can, and otherwise keep a slope. */
static void test_fit_affine(void **state)
{
    (void)state;
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    fathom_config            config = fathom_config_default();
    config.components = 3;
    for (size_t c = 0; c < fathom_n_couplings(); c++) {
        const struct transformer *t = fathom_isa_transformer(isa, fathom_coupling_name(c));
        if (strncmp(t->name, "affine", 6) != 0)
            continue;
        double       log_slope;
        const double mean = fathom_mixture_mean(&bimodal), sd = fathom_mixture_sd(&bimodal);
        const double y = fitted(&log_slope, t, &config, &bimodal, 0.7);
        check_near(y, (0.7 - mean) / sd, 1e-12, 1.0, t->name, 0);
        check_near(log_slope, -log(sd), 1e-12, 1.0, t->name, 1);
        for (int wide = 0; wide < 2; wide++) { /* sd e^4 and e^-4: some scales do not go so far */
            fathom_mixture m = bimodal;
            for (size_t k = 0; k < m.n; k++)
                m.mean[k] *= wide ? 60.0 : 0.01, m.sd[k] *= wide ? 60.0 : 0.01;
            const double at_mean = fitted(&log_slope, t, &config, &m, fathom_mixture_mean(&m));
            check_near(at_mean, 0.0, 1e-12, 1.0, t->name, 2);
            assert_true(wide ? log_slope < -1.0 : log_slope > -0.01);
        }
    }
}

/* Splines meet the map in their inner knots, with its slope. */
static void test_fit_spline(void **state)
{
    (void)state;
    const struct transformer *t = fathom_isa_transformer(fathom_isa_find(NULL), "spline");
    const size_t              knots[] = { 1, 8, 31 };
    for (size_t i = 0; i < 3; i++) {
        fathom_config config = fathom_config_default();
        double        log_slope;
        config.components = 3;
        config.knots = knots[i];
        const double below = exp(fathom_mixture_log_cdf(&bimodal, -4.0)),
                     above = exp(fathom_mixture_log_survival(&bimodal, 4.0));
        for (size_t k = 1; k <= knots[i]; k++) {
            const double p = below + (1.0 - below - above) * ((double)k / (double)(knots[i] + 1));
            const double x = fathom_mixture_quantile(&bimodal, p), z = fathom_mixture_gaussianise(&bimodal, x);
            check_near(fitted(&log_slope, t, &config, &bimodal, x), z, 1e-12, 1.0, "knot", k);
            check_near(log_slope, fathom_mixture_log_density(&bimodal, x) + 0.5 * z * z + 0.91893853320467274, 1e-9,
                       1.0, "slope", k);
        }
    }
    /* Knots that fall together, or out of the interval: a spline all the same. */
    const fathom_mixture narrow = { 2, { 0.5, 0.5 }, { 0.0, 1e-3 }, { 1e-4, 1e-4 } },
                         away = { 1, { 1 }, { 900 }, { 1 } };
    fathom_config config = fathom_config_default();
    for (int k = 0; k < 2; k++) {
        double y[2], log_slope;
        config.components = k ? 1 : 2;
        y[0] = fitted(&log_slope, t, &config, k ? &away : &narrow, -0.1);
        y[1] = fitted(&log_slope, t, &config, k ? &away : &narrow, 0.1);
        assert_true(isfinite(log_slope) && y[0] < y[1] && y[0] >= -4.0 && y[1] <= 4.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fit_affine), cmocka_unit_test(test_fit_spline) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
