/* test_volume.c - log |det J| kept as a product: far beyond the doubles' range both ways, in small steps and at one
 * leap, with the same bits in every instruction set; and a row that is not a number leaves its neighbours alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"

enum { ROWS = 16, LAYERS = 40 };

/* The affine map's raw scale of each row in layers of even and of odd number: slopes of 1e60, 1e-87, 1 and others,
 * those that only together leave the range, and NaN. */
static double raw_of(size_t row, int layer)
{
    static const double raw[8][2] = { { 1e60, 1e60 }, { -200.0, -200.0 }, { 0.0, 3.7 },      { 1e150, 1e160 },
                                      { NAN, 0.0 },   { -340.0, -690.0 }, { 1e100, -690.0 }, { 0.1, -400.0 } };
    return raw[row % 8][layer % 2];
}

/* log softplus(raw + softplus^-1(1)) */
static double log_slope(double raw)
{
    const double shifted = raw + 0.54132485461291810898;
    return shifted < -40.0 ? shifted : log(shifted > 0.0 ? shifted + log1p(exp(-shifted)) : log1p(exp(shifted)));
}

static void test_range(void **state)
{
    (void)state;
    const fathom_config  config = fathom_config_default();
    double               expected[ROWS] = { 0 };
    struct volume_memory first;
    bool                 met = false;
    for (size_t i = 0; i < ROWS; i++)
        for (int l = 0; l < LAYERS; l++)
            expected[i] += log_slope(raw_of(i, l));
    for (size_t k = 0; k < N_ISAS; k++) {
        const fathom_isa *isa = fathom_isa_find(isa_names[k]);
        if (!isa)
            continue; /* not on this machine */
        const struct transformer *affine = fathom_isa_transformer(isa, "affine");
        double                    outputs[2][2 * STRIDE] = { { 0 } }, saved[8 * STRIDE], x[ROWS] = { 0 }, log_det[ROWS];
        struct volume_memory      memory;
        struct volume             volume = volume_in(&memory);
        for (size_t i = 0; i < ROWS; i++)
            for (int l = 0; l < 2; l++)
                ROW(outputs[l], 1)[i] = raw_of(i, l);
        volume_start(&volume, ROWS);
        for (int l = 0; l < LAYERS; l++)
            affine->forward(x, &volume, outputs[l % 2], saved, &config, ROWS);
        isa->log_det(log_det, &volume, ROWS);
        for (size_t i = 0; i < ROWS; i++)
            if (isnan(expected[i]))
                assert_true(isnan(log_det[i]));
            else
                check_near(log_det[i], expected[i], 1e-13, fmax(1.0, fabs(expected[i])), isa->name, i);
        if (!met)
            first = memory;
        met = true;
        check_same(volume.log, first.log, ROWS, isa->name, "logarithms");
        check_same(volume.factor, first.factor, ROWS, isa->name, "factors");

        for (int l = LAYERS; l-- > 0;)
            affine->inverse(x, &volume, outputs[l % 2], saved, &config, ROWS);
        isa->log_det(log_det, &volume, ROWS);
        for (size_t i = 0; i < ROWS; i++)
            if (!isnan(expected[i]))
                check_near(log_det[i], 0.0, 1e-10, 1.0, "there and back", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_range) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
