/* test_data_sets.c - data sets by name: what each draws, in whose coordinates, and its density. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fathom.h"

enum { N = 400 };

static const fathom_data_set *set_of(const char *name)
{
    const fathom_data_set *set = fathom_data_set_find(name);
    assert_non_null(set);
    return set;
}

/* Every set of the list: its names are found, held-out rows lie in the frame, and its density has the frame's volume. */
static void test_every_set(void **state)
{
    (void)state;
    assert_string_equal(fathom_data_set_name(0), "spiral");
    assert_null(fathom_data_set_find("./spiral"));
    for (size_t i = 0; fathom_data_set_name(i); i++) {
        const fathom_data_set *set = set_of(fathom_data_set_name(i));
        fathom_dataset         train, other, again;
        double                 one, wide;
        assert_int_equal(fathom_data_set_draw(&train, set, 0, N, NULL), FATHOM_OK);
        assert_int_equal(fathom_data_set_draw(&again, set, 0, N, NULL), FATHOM_OK);
        assert_int_equal(fathom_data_set_draw(&other, set, 1, N, &train), FATHOM_OK);
        assert_memory_equal(train.x, again.x, N * train.dim * sizeof(double));
        assert_memory_equal(train.sd, other.sd, train.dim * sizeof(double));
        assert_memory_not_equal(train.x, other.x, N * train.dim * sizeof(double));
        for (size_t c = 0; c < train.dim; c++) {
            double mean = 0;
            for (size_t k = 0; k < N; k++)
                mean += train.x[k * train.dim + c] / N;
            assert_true(fabs(mean) < 1e-13);
        }
        assert_int_equal(fathom_data_set_draw(&again, set, 0, 1, NULL), FATHOM_BAD_ARGUMENT);
        if (fathom_data_set_has_density(set)) { /* twice the deviation of column 0: a row at half its place */
            assert_int_equal(fathom_data_set_log_density(&one, set, train.x, &train, 1), FATHOM_OK);
            double x[FATHOM_DIM_MAX];
            memcpy(x, train.x, train.dim * sizeof *x);
            train.sd[0] *= 2;
            x[0] /= 2;
            assert_int_equal(fathom_data_set_log_density(&wide, set, x, &train, 1), FATHOM_OK);
            assert_true(fabs(wide - one - log(2)) < 1e-12);
        }
        fathom_dataset_free(&train);
        fathom_dataset_free(&other);
        fathom_dataset_free(&again);
    }
}

static double raw(const fathom_dataset *data, size_t row, size_t c)
{
    return data->mean[c] + data->sd[c] * data->x[row * data->dim + c];
}

/* The turned rows, turned back by the matrix itself, are those of two spirals, and the density is their product. */
static void test_two_spirals(void **state)
{
    (void)state;
    static const double hadamard[4][4] = { { 1, 1, 1, 1 }, { 1, -1, 1, -1 }, { 1, 1, -1, -1 }, { 1, -1, -1, 1 } };
    fathom_dataset      pair, u, v;
    double              logp[N], of_u[N], of_v[N];
    assert_int_equal(fathom_data_set_draw(&pair, set_of("two_spirals_4d"), 7, N, NULL), FATHOM_OK);
    assert_int_equal(fathom_spiral(&u, 7, N, NULL), FATHOM_OK);
    assert_int_equal(fathom_spiral(&v, 1007, N, NULL), FATHOM_OK);
    assert_int_equal(pair.dim, 4);
    for (size_t i = 0; i < N; i++) {
        const double both[] = { raw(&u, i, 0), raw(&u, i, 1), raw(&v, i, 0), raw(&v, i, 1) };
        for (size_t c = 0; c < 4; c++) {
            double expected = 0;
            for (size_t k = 0; k < 4; k++)
                expected += hadamard[c][k] * both[k] / 2;
            assert_true(fabs(raw(&pair, i, c) - expected) < 1e-13);
        }
    }
    assert_int_equal(fathom_data_set_log_density(logp, set_of("two_spirals_4d"), pair.x, &pair, N), FATHOM_OK);
    assert_int_equal(fathom_spiral_log_density(of_u, u.x, &u, N), FATHOM_OK);
    assert_int_equal(fathom_spiral_log_density(of_v, v.x, &v, N), FATHOM_OK);
    for (size_t i = 0; i < N;
         i++) { /* each in its own frame: less log sd of the spirals' columns, and those of the pair */
        double volume = 0;
        for (size_t c = 0; c < 4; c++)
            volume += log(pair.sd[c]) - log(c < 2 ? u.sd[c] : v.sd[c - 2]);
        assert_true(fabs(logp[i] - (of_u[i] + of_v[i] + volume)) < 1e-9);
    }
    fathom_dataset_free(&pair);
    fathom_dataset_free(&u);
    fathom_dataset_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_set),
        cmocka_unit_test(test_two_spirals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
