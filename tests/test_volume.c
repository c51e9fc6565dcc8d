/* test_volume.c - log |det J| kept as a product: far beyond the doubles' range both ways, in every instruction set, and
 * a row that is not a number leaves its neighbours alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"

enum { ROWS = 16, LAYERS = 40 };

/* The affine map's raw scale of each row: slopes of 1e60, 1e-87, 1 and others, and NaN. */
static double raw_of(size_t row)
{
    static const double raw[] = { 1e60, -200.0, 0.0, 3.7, NAN, 1e100, -690.0, 0.1 };
    return raw[row % 8];
}

static void test_range(void **state)
{
    (void)state;
    const fathom_config config = fathom_config_default();
    double first[ROWS];
    for (size_t k = 0; k < N_ISAS; k++) {
        const fathom_isa *isa = fathom_isa_find(isa_names[k]);
        if (!isa)
            continue; /* not on this machine */
        const struct transformer *affine = fathom_isa_transformer(isa, "affine");
        double outputs[2 * STRIDE] = { 0 }, saved[8 * STRIDE], x[ROWS] = { 0 }, log_det[ROWS];
        struct volume volume;
        for (size_t i = 0; i < ROWS; i++)
            ROW(outputs, 1)[i] = raw_of(i);
        volume_start(&volume, ROWS);
        for (int l = 0; l < LAYERS; l++)
            affine->forward(x, &volume, outputs, saved, &config, ROWS);
        isa->log_det(log_det, &volume, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            const double raw = raw_of(i) + 0.54132485461291810898; /* softplus^-1(1) */
            const double slope = raw > 0.0 ? raw + log1p(exp(-raw)) : log1p(exp(raw));
            if (isnan(raw))
                assert_true(isnan(log_det[i]));
            else
                check_near(log_det[i], LAYERS * log(slope), 1e-13, fmax(1.0, fabs(LAYERS * log(slope))), isa->name, i);
        }
        if (k == 0)
            memcpy(first, log_det, sizeof first);
        check_same(log_det, first, ROWS, isa->name, "log-det of many layers");

        for (int l = 0; l < LAYERS; l++)
            affine->inverse(x, &volume, outputs, saved, &config, ROWS);
        isa->log_det(log_det, &volume, ROWS);
        for (size_t i = 0; i < ROWS; i++)
            if (!isnan(raw_of(i)))
                check_near(log_det[i], 0.0, 1e-10, 1.0, "there and back", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_range) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
