/* test_symmetric_eigen.c - eigenvectors of symmetric matrices against GSL's (gsl_eigen_symmv). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_eigen.h>

#include "common.h"
#include "fathom_warm.h"

enum { MOST = 16 };

/* a: [dim][dim] = Q^T diag(values) Q with an orthogonal Q of its own for each seed. */
static void matrix_of(double *a, const double *values, size_t dim, uint64_t seed)
{
    double q[MOST * MOST];
    draw(q, seed, 1.0, dim * dim);
    for (size_t r = 0; r < dim; r++) /* Gram and Schmidt, twice */
        for (int pass = 0; pass < 2; pass++) {
            double square = 0.0;
            for (size_t s = 0; s < r; s++) {
                double along = 0.0;
                for (size_t c = 0; c < dim; c++)
                    along += q[r * dim + c] * q[s * dim + c];
                for (size_t c = 0; c < dim; c++)
                    q[r * dim + c] -= along * q[s * dim + c];
            }
            for (size_t c = 0; c < dim; c++)
                square += q[r * dim + c] * q[r * dim + c];
            for (size_t c = 0; c < dim; c++)
                q[r * dim + c] /= sqrt(square);
        }
    for (size_t r = 0; r < dim; r++)
        for (size_t c = 0; c < dim; c++) {
            a[r * dim + c] = 0.0;
            for (size_t k = 0; k < dim; k++)
                a[r * dim + c] += q[k * dim + r] * values[k] * q[k * dim + c];
        }
}

/* Of unit length and orthogonal to 1e-14; the largest entry is positive. */
static void check_vectors(const double *v, size_t dim, const char *what)
{
    for (size_t r = 0; r < dim; r++) {
        size_t largest = 0;
        for (size_t s = 0; s <= r; s++) {
            double product = 0.0;
            for (size_t c = 0; c < dim; c++)
                product += v[r * dim + c] * v[s * dim + c];
            check_near(product, r == s ? 1.0 : 0.0, 1e-14, 1.0, what, r);
        }
        for (size_t c = 1; c < dim; c++)
            largest = fabs(v[r * dim + c]) > fabs(v[r * dim + largest]) ? c : largest;
        assert_true(v[r * dim + largest] > 0.0);
    }
}

/* The projector on the eigenvectors of values within 1e-6 of value k: the same whatever vectors span the space. */
static double projector(const double *values, const double *v, size_t k, size_t r, size_t c, size_t dim)
{
    double sum = 0.0;
    for (size_t j = 0; j < dim; j++)
        if (fabs(values[j] - values[k]) < 1e-6)
            sum += v[j * dim + r] * v[j * dim + c];
    return sum;
}

static void compare(const double *a, size_t dim, const char *what)
{
    double      own[MOST * MOST], values[MOST], vectors[MOST * MOST], theirs[MOST], their_vectors[MOST * MOST];
    gsl_matrix *copy = gsl_matrix_alloc(dim, dim), *evec = gsl_matrix_alloc(dim, dim);
    gsl_vector *eval = gsl_vector_alloc(dim);
    gsl_eigen_symmv_workspace *w = gsl_eigen_symmv_alloc(dim);
    memcpy(copy->data, a, dim * dim * sizeof *a);
    gsl_eigen_symmv(copy, eval, evec, w);
    gsl_eigen_symmv_sort(eval, evec, GSL_EIGEN_SORT_VAL_DESC);
    for (size_t k = 0; k < dim; k++) {
        theirs[k] = gsl_vector_get(eval, k);
        for (size_t d = 0; d < dim; d++)
            their_vectors[k * dim + d] = gsl_matrix_get(evec, d, k);
    }
    memcpy(own, a, dim * dim * sizeof *a);
    for (size_t r = 1; r < dim; r++)
        own[r * dim] = NAN; /* the lower triangle is not read */
    assert_int_equal(fathom_symmetric_eigen(values, vectors, own, dim), FATHOM_OK);
    check_vectors(vectors, dim, what);
    for (size_t k = 0; k < dim; k++) {
        check_near(values[k], theirs[k], 1e-12, 1.0, what, k);
        assert_true(k == 0 || values[k] <= values[k - 1]);
        for (size_t r = 0; r < dim; r++)
            for (size_t c = 0; c < dim; c++)
                check_near(projector(values, vectors, k, r, c, dim), projector(theirs, their_vectors, k, r, c, dim),
                           1e-12, 1.0, what, k);
    }
    gsl_eigen_symmv_free(w);
    gsl_matrix_free(copy);
    gsl_matrix_free(evec);
    gsl_vector_free(eval);
}

static void test_against_gsl(void **state)
{
    (void)state;
    for (size_t dim = 2; dim <= MOST; dim++)
        for (size_t kind = 0; kind < 4; kind++) {
            double values[MOST], a[MOST * MOST];
            for (size_t k = 0; k < dim; k++) /* apart, in pairs, some zero, of both signs */
                values[k] = kind == 0 ? 0.1 + (double)(7 * k % dim)
                          : kind == 1 ? (double)(k / 2)
                          : kind == 2 ? (k < dim / 2 ? 1.0 + (double)k : 0.0)
                                      : (double)k - 2.5;
            matrix_of(a, values, dim, 50 + dim);
            compare(a, dim, kind == 1 ? "pairs" : kind == 2 ? "singular" : kind == 3 ? "both signs" : "apart");
        }
}

static void test_simple(void **state)
{
    (void)state;
    double values[3], vectors[9], diagonal[9] = { 1, 0, 0, 0, 3, 0, 0, 0, 3 }, none[9] = { 0 },
                                  even[4] = { 1, 0.5, 0.5, 1 };
    assert_int_equal(fathom_symmetric_eigen(values, vectors, diagonal, 3), FATHOM_OK);
    assert_true(values[0] == 3 && values[1] == 3 && values[2] == 1);
    check_same(vectors, (const double[]){ 0, 1, 0, 0, 0, 1, 1, 0, 0 }, 9, "diagonal", "vectors");
    assert_int_equal(fathom_symmetric_eigen(values, vectors, none, 3), FATHOM_OK);
    check_same(vectors, (const double[]){ 1, 0, 0, 0, 1, 0, 0, 0, 1 }, 9, "zero", "vectors");
    assert_int_equal(fathom_symmetric_eigen(values, vectors, even, 2), FATHOM_OK);
    assert_true(values[0] == 1.5 && values[1] == 0.5);
    assert_true(vectors[0] > 0.7 && vectors[1] > 0.7 && vectors[2] > 0.7 &&
                vectors[3] < -0.7); /* of equal ones the first */
    const double bad[] = { NAN, INFINITY, 1e151 };
    for (size_t i = 0; i < 3; i++) {
        double a[4] = { 1, bad[i], 0, 1 };
        assert_int_equal(fathom_symmetric_eigen(values, vectors, a, 2), FATHOM_BAD_DATA);
        assert_true(values[0] == 1.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_gsl), cmocka_unit_test(test_simple) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
