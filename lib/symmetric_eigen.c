/* symmetric_eigen.c - eigenvalues and eigenvectors of a symmetric matrix by Jacobi rotations (Golub & Van Loan 2013, "Matrix
 * computations", sec. 8.5.2 and the cyclic order by rows of sec. 8.5.5; Jacobi 1846).
 *
 *   A <- J^T A J, J the rotation in the plane (p, q) that makes a_pq 0:  theta = (a_qq - a_pp) / (2 a_pq),
 *   t = sign(theta) / (|theta| + sqrt(1 + theta^2)),  c = 1 / sqrt(1 + t^2),  s = t c
 *
 * t is the smaller of two solutions: so the rotations turn by at most pi / 4, and the sweeps converge.
 *
 * Invariant: pairs come in one order and nothing but + - * / sqrt is used, so the bits are the same everywhere.  A library's
 * routine has other bits in each of its builds. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fathom_warm.h"

static const double LARGEST_ENTRY = 1e150; /* no square overflows */

/* The rows p and q of a become c p - s q and s p + c q. */
static void turn_rows(double *p, double *q, double c, double s, size_t n, size_t step)
{
    for (size_t i = 0; i < n; i++) {
        const double x = p[i * step], y = q[i * step];
        p[i * step] = c * x - s * y;
        q[i * step] = s * x + c * y;
    }
}

/* Makes a_pq 0 and turns the eigenvectors, the rows of v, likewise.  False: it is small beside both diagonal entries. */
static bool rotate(double *a, double *v, size_t p, size_t q, size_t dim)
{
    const double pq = a[p * dim + q], pp = a[p * dim + p], qq = a[q * dim + q], size = fabs(pq);
    if (size <= 0.25 * DBL_EPSILON * sqrt(fabs(pp)) * sqrt(fabs(qq)) || size <= 1e-300)
        return false;
    const double theta = (qq - pp) / (2.0 * pq), far = fabs(theta);
    const double t = far > 1e150 ? 0.5 / theta : (theta < 0.0 ? -1.0 : 1.0) / (far + sqrt(1.0 + far * far));
    const double c = 1.0 / sqrt(1.0 + t * t), s = t * c;
    turn_rows(a + p, a + q, c, s, dim, dim); /* A J */
    turn_rows(a + p * dim, a + q * dim, c, s, dim, 1);
    turn_rows(v + p * dim, v + q * dim, c, s, dim, 1);
    a[p * dim + p] = pp - t * pq;
    a[q * dim + q] = qq + t * pq;
    a[p * dim + q] = a[q * dim + p] = 0.0;
    return true;
}

static void exchange(double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Descending by value; equal ones stay in their order. */
static void sort(double *values, double *vectors, size_t dim)
{
    for (size_t i = 1; i < dim; i++)
        for (size_t k = i; k > 0 && values[k] > values[k - 1]; k--) {
            exchange(values + k, values + k - 1, 1);
            exchange(vectors + k * dim, vectors + (k - 1) * dim, dim);
        }
}

static void make_largest_positive(double *vector, size_t dim)
{
    size_t largest = 0;
    for (size_t d = 1; d < dim; d++)
        largest = fabs(vector[d]) > fabs(vector[largest]) ? d : largest;
    if (vector[largest] < 0.0)
        for (size_t d = 0; d < dim; d++)
            vector[d] = -vector[d];
}

fathom_status fathom_symmetric_eigen(double *values, double *vectors, double *a, size_t dim)
{
    enum { SWEEPS = 60 }; /* ten do for any matrix of this size in practice */
    for (size_t p = 0; p < dim; p++)
        for (size_t q = p; q < dim; q++) {
            if (!(fabs(a[p * dim + q]) <= LARGEST_ENTRY))
                return FATHOM_BAD_DATA;
            a[q * dim + p] = a[p * dim + q];
        }
    for (size_t i = 0; i < dim * dim; i++)
        vectors[i] = i % (dim + 1) == 0 ? 1.0 : 0.0;
    bool turned = true;
    for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
        turned = false;
        for (size_t p = 0; p + 1 < dim; p++)
            for (size_t q = p + 1; q < dim; q++)
                turned |= rotate(a, vectors, p, q, dim);
    }
    if (turned)
        return FATHOM_NO_CONVERGENCE;
    for (size_t d = 0; d < dim; d++)
        values[d] = a[d * dim + d];
    sort(values, vectors, dim);
    for (size_t d = 0; d < dim; d++)
        make_largest_positive(vectors + d * dim, dim);
    return FATHOM_OK;
}
