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
        fathom_dataset_free(&again);
        assert_int_equal(fathom_data_set_draw(&again, set, 0, 1, NULL), FATHOM_BAD_ARGUMENT);
        assert_int_equal(fathom_data_set_draw(&again, set, 5, 2, NULL), FATHOM_OK); /* +-1 in each column */
        for (size_t c = 0; c < train.dim; c++)
            assert_true(fabs(fabs(again.x[c]) - 1) < 1e-14 && fabs(again.x[c] + again.x[train.dim + c]) < 1e-14);
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

/* Rows that no set draws: NaN gives NaN, infinite and huge ones -inf, and never an error. */
static void test_odd_rows(void **state)
{
    (void)state;
    static const double odd[] = { NAN, 0, INFINITY, -INFINITY, 1e200, -1e170, 1e308, 1e308, 0, INFINITY };
    double              x[FATHOM_DIM_MAX], mean[FATHOM_DIM_MAX] = { 0 }, sd[FATHOM_DIM_MAX], logp;
    for (size_t c = 0; c < FATHOM_DIM_MAX; c++)
        sd[c] = 1;
    for (size_t i = 0; fathom_data_set_name(i); i++) {
        const fathom_data_set *set = set_of(fathom_data_set_name(i));
        fathom_dataset         one;
        assert_int_equal(fathom_data_set_draw(&one, set, 0, 2, NULL), FATHOM_OK);
        const fathom_dataset frame = { .dim = one.dim, .mean = mean, .sd = sd }, wrong = { .dim = one.dim + 1 };
        for (size_t k = 0; k < 5; k++)
            for (size_t swap = 0; swap < 2; swap++) {
                for (size_t c = 0; c < one.dim; c++)
                    x[c] = odd[2 * k + (c + swap) % 2];
                assert_int_equal(fathom_data_set_log_density(&logp, set, x, &frame, 1), FATHOM_OK);
                if (!(k == 0 ? isnan(logp) : logp == -INFINITY))
                    fail_msg("%s at (%g, %g): %g", fathom_data_set_name(i), x[0], x[1], logp);
            }
        assert_int_equal(fathom_data_set_log_density(&logp, set, x, &wrong, 1), FATHOM_BAD_ARGUMENT);
        memset(x, 0, sizeof x);
        x[one.dim - 1] = NAN;
        assert_int_equal(fathom_data_set_log_density(&logp, set, x, &frame, 1), FATHOM_OK);
        assert_true(isnan(logp));
        fathom_dataset_free(&one);
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

/* The formulas of fathom.h, with the C library's functions, from the draws of a row: a uniform t, a choice k and two
 * normals u, v. */
static void moon(double row[2], double t, double k, double u, double v)
{
    row[0] = (k == 0 ? cos(M_PI * t) : 1 - cos(M_PI * t)) + 0.1 * u;
    row[1] = (k == 0 ? sin(M_PI * t) : 0.5 - sin(M_PI * t)) + 0.1 * v;
}

static void circle(double row[2], double t, double k, double u, double v)
{
    row[0] = 3 * (cos(2 * M_PI * t) / (1 + k) + 0.08 * u);
    row[1] = 3 * (sin(2 * M_PI * t) / (1 + k) + 0.08 * v);
}

static void gaussian(double row[2], double t, double k, double u, double v)
{
    (void)t;
    row[0] = (4 * cos(k * M_PI / 4) + 0.5 * u) / sqrt(2);
    row[1] = (4 * sin(k * M_PI / 4) + 0.5 * v) / sqrt(2);
}

static void blade(double row[2], double t, double k, double u, double v)
{
    (void)t;
    const double r = 1 + 0.3 * u, tangent = 0.1 * v, angle = 2 * M_PI * k / 5 + 0.25 * exp(r);
    row[0] = 2 * (r * cos(angle) - tangent * sin(angle));
    row[1] = 2 * (r * sin(angle) + tangent * cos(angle));
}

/* All uniform draws, then all choices, then all noise. */
static void test_generators(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool        uniform;
        int64_t     choices;
        void (*row)(double row[2], double t, double k, double u, double v);
    } cases[] = { { "moons", true, 2, moon },
                  { "circles", true, 2, circle },
                  { "gaussians", false, 8, gaussian },
                  { "pinwheel", false, 5, blade } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fathom_pcg64   rng;
        fathom_dataset data;
        double         t[N] = { 0 }, k[N];
        fathom_pcg64_seed(&rng, 11);
        for (size_t i = 0; i < N && cases[c].uniform; i++)
            t[i] = fathom_pcg64_uniform(&rng);
        for (size_t i = 0; i < N; i++)
            k[i] = (double)fathom_pcg64_integer(&rng, 0, cases[c].choices);
        assert_int_equal(fathom_data_set_draw(&data, set_of(cases[c].name), 11, N, NULL), FATHOM_OK);
        for (size_t i = 0; i < N; i++) {
            double       row[2];
            const double u = fathom_pcg64_normal(&rng), v = fathom_pcg64_normal(&rng);
            cases[c].row(row, t[i], k[i], u, v);
            if (!(fabs(raw(&data, i, 0) - row[0]) < 1e-13 && fabs(raw(&data, i, 1) - row[1]) < 1e-13))
                fail_msg("%s, row %zu: (%.17g, %.17g), expected (%.17g, %.17g)", cases[c].name, i, raw(&data, i, 0),
                         raw(&data, i, 1), row[0], row[1]);
        }
        fathom_dataset_free(&data);
    }
}

/* Rows of the board lie on its cells, in equal parts, and x is the first stream of the seed; the density is 1/32 on the
 * cells and 0 elsewhere. */
static void test_checkerboard(void **state)
{
    (void)state;
    enum { ROWS = 40000 };
    static double  logp[ROWS];
    double         of_cell[4][4] = { { 0 } };
    fathom_pcg64   rng;
    fathom_dataset data;
    fathom_pcg64_seed(&rng, 3);
    assert_int_equal(fathom_data_set_draw(&data, set_of("checkerboard"), 3, ROWS, NULL), FATHOM_OK);
    assert_int_equal(fathom_data_set_log_density(logp, set_of("checkerboard"), data.x, &data, ROWS), FATHOM_OK);
    for (size_t i = 0; i < ROWS; i++) {
        const double x = raw(&data, i, 0), y = raw(&data, i, 1);
        assert_true(fabs(x - (8 * fathom_pcg64_uniform(&rng) - 4)) < 1e-14);
        assert_true(fabs(x) < 4 && fabs(y) < 4 && fmod(floor(x / 2) + floor(y / 2), 2) == 0);
        assert_true(fabs(logp[i] + log(32) - log(data.sd[0] * data.sd[1])) < 1e-14);
        of_cell[(int)(x / 2 + 2)][(int)(y / 2 + 2)]++;
    }
    for (int cell = 0; cell < 16; cell += 1) /* 5000 each, deviation 66 */
        assert_true((cell / 4 + cell % 4) % 2 ? of_cell[cell / 4][cell % 4] == 0
                                              : fabs(of_cell[cell / 4][cell % 4] - 5000) < 4 * 66);

    const fathom_dataset frame = { .dim = 2, .mean = (double[]){ 0, 0 }, .sd = (double[]){ 1, 1 } };
    static const double  place[][2] = { { 1, 1 },      { -4, -4 }, { 4, 4 },      { 2, 0.5 },   { 3, 1 },
                                        { 4.0001, 3 }, { -3, 1 },  { -1, -1.99 }, { -5, -3.5 }, { 1, -4.0001 } };
    static const bool    inside[] = { true, true, true, true, false, false, true, true, false, false };
    for (size_t i = 0; i < sizeof inside; i++) {
        assert_int_equal(fathom_data_set_log_density(logp, set_of("checkerboard"), place[i], &frame, 1), FATHOM_OK);
        if (!(inside[i] ? fabs(logp[0] + log(32)) < 1e-15 : logp[0] == -INFINITY))
            fail_msg("(%g, %g): %g", place[i][0], place[i][1], logp[0]);
    }
    fathom_dataset_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_set),  cmocka_unit_test(test_odd_rows),     cmocka_unit_test(test_two_spirals),
        cmocka_unit_test(test_generators), cmocka_unit_test(test_checkerboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
