/* jacobian.c - the Jacobian matrix of a flow, and the singular values of a matrix.
 *
 * Row k of J = dz/dx is the gradient of z_k, so D backward passes with the upstream gradients e_1, ..., e_D give it
 * exactly (reverse accumulation: Griewank & Walther 2008, "Evaluating derivatives", sec. 3.2).
 *
 * Singular values by one-sided Jacobi rotations (Hestenes 1958, "Inversion of matrices by biorthogonalization and
 * related results"): columns p < q are rotated until all are orthogonal; their lengths are the singular values.  The
 * rotation is that of Golub & Van Loan 2013, "Matrix computations", sec. 8.6.3.  Pairs come in the cyclic order by rows,
 * so the bits are fixed.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* ws->x: in: a slab of rows, out: d z_k / d x. */
static void gradient_of(fathom_workspace *ws, size_t k, size_t live)
{
    const size_t dim = ws->flow->config.dim, rows = padded(live);
    volume_start(&ws->volume, rows);
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, rows);
    for (size_t i = 0; i < rows; i++)
        ws->dlogp[i] = 0.0;
    for (size_t d = 0; d < dim; d++)
        for (size_t i = 0; i < rows; i++)
            COORDINATE(ws->x, d)[i] = d == k ? 1.0 : 0.0;
    for (size_t l = ws->flow->n_layers; l-- > 0;)
        ws->layers[l].layer->backward(ws->x, ws->dlogp, ws->layers[l].state, rows);
}

fathom_status fathom_flow_jacobian(double *jacobian, fathom_workspace *ws, const double *params, const double *x,
                                   size_t n)
{
    const size_t  dim = ws->flow->config.dim;
    fathom_status status = fathom_flow_prepare(ws, params);
    for (size_t first = 0; first < n && status == FATHOM_OK; first += slab_rows(&ws->flow->config))
        for (size_t k = 0; k < dim; k++) {
            const size_t live = fathom_flow_load_slab(ws->x, x, NULL, first, n, &ws->flow->config);
            gradient_of(ws, k, live);
            for (size_t i = 0; i < live; i++)
                for (size_t c = 0; c < dim; c++)
                    jacobian[((first + i) * dim + k) * dim + c] = COORDINATE(ws->x, c)[i];
        }
    return status;
}

/* ---------------------------------------------------------------------------------------------- singular values ---- */

static double product(const double *a, size_t p, size_t q, size_t dim)
{
    double sum = 0;
    for (size_t i = 0; i < dim; i++)
        sum += a[i * dim + p] * a[i * dim + q];
    return sum;
}

/* The greatest element is between 2^-100 and 2^100 here.  A column whose square is below this is 0 beside it, and close
 * to where doubles end. */
static const double least_square = 0x1p-960;

/* Makes columns p and q orthogonal.  False: they are, to the precision of a double, or one of them is 0. */
static bool rotate(double *a, size_t p, size_t q, size_t dim)
{
    const double pp = product(a, p, p, dim), qq = product(a, q, q, dim), pq = product(a, p, q, dim);
    if (pp < least_square || qq < least_square || fabs(pq) <= (double)dim * DBL_EPSILON * (sqrt(pp) * sqrt(qq)))
        return false;
    const double half = (qq - pp) / (2 * pq), size = fabs(half);
    const double tangent = size > 0x1p+500 ? 1 / (2 * half) : (half < 0 ? -1 : 1) / (size + sqrt(1 + half * half));
    const double cosine = 1 / sqrt(1 + tangent * tangent), sine = cosine * tangent;
    for (size_t i = 0; i < dim; i++) {
        double *row = a + i * dim, x = row[p], y = row[q];
        row[p] = cosine * x - sine * y;
        row[q] = sine * x + cosine * y;
    }
    return true;
}

static void sort_descending(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && x[k] > x[k - 1]; k--) {
            const double swap = x[k];
            x[k] = x[k - 1];
            x[k - 1] = swap;
        }
}

fathom_status fathom_singular_values(double *values, double *a, size_t dim)
{
    enum { SWEEPS = 60 }; /* ten do for any matrix of this size in practice */
    int    exponent = 0;
    double largest = 0;
    for (size_t i = 0; i < dim * dim; i++) {
        if (!(fabs(a[i]) < INFINITY))
            return FATHOM_NO_CONVERGENCE;
        largest = fabs(a[i]) > largest ? fabs(a[i]) : largest;
    }
    while (largest >= 0x1p+100 && exponent < 11) /* so that no square overflows, or underflows as a whole */
        largest *= 0x1p-100, exponent++;
    while (largest > 0 && largest < 0x1p-100 && exponent > -12)
        largest *= 0x1p+100, exponent--;
    for (size_t i = 0; i < dim * dim; i++)
        for (int k = 0; k != exponent; k += exponent > 0 ? 1 : -1)
            a[i] *= exponent > 0 ? 0x1p-100 : 0x1p+100;
    bool turned = true;
    for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
        turned = false;
        for (size_t p = 0; p + 1 < dim; p++)
            for (size_t q = p + 1; q < dim; q++)
                turned |= rotate(a, p, q, dim);
    }
    if (turned)
        return FATHOM_NO_CONVERGENCE;
    for (size_t c = 0; c < dim; c++) {
        values[c] = sqrt(product(a, c, c, dim));
        for (int k = 0; k != exponent; k += exponent > 0 ? 1 : -1)
            values[c] *= exponent > 0 ? 0x1p+100 : 0x1p-100;
    }
    sort_descending(values, dim);
    return FATHOM_OK;
}
