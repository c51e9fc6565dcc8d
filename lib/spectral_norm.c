/* spectral_norm.c - the greatest singular value of a matrix of any shape, by one-sided Jacobi rotations (Hestenes 1958,
 * "Inversion of matrices by biorthogonalization and related results"), and how it is rounded.
 *
 * Rows p < q, of the matrix or of its transpose, whichever has fewer, are rotated until all are orthogonal; the longest
 * of them is the spectral norm.  The rotation is that of Golub & Van Loan 2013, "Matrix computations", sec. 8.6.3.  GSL
 * has such a function, but its bits differ from build to build, and a certified flow's parameters are made with this
 * norm. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "fathom_certificate.h"
#include "spectral_norm.h"

/* x . y in four chains; x, y: [n] */
static double dot(const double *x, const double *y, size_t n)
{
    double sum[4] = { 0 };
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += x[i + j] * y[i + j];
    for (; i < n; i++)
        sum[i % 4] += x[i] * y[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* A row whose square is below this is 0 beside the greatest entry, which is about 1. */
static const double least_square = 0x1p-900;

/* Makes two rows orthogonal.  False: they are, to the precision of a double, or one of them is 0. */
static bool rotate(double *x, double *y, size_t n)
{
    const double xx = dot(x, x, n), yy = dot(y, y, n), xy = dot(x, y, n);
    if (xx < least_square || yy < least_square || fabs(xy) <= (double)n * DBL_EPSILON * (sqrt(xx) * sqrt(yy)))
        return false;
    const double half = (yy - xx) / (2 * xy), size = fabs(half);
    const double tangent = size > 0x1p+500 ? 1 / (2 * half) : (half < 0 ? -1 : 1) / (size + sqrt(1 + half * half));
    const double cosine = 1 / sqrt(1 + tangent * tangent), sine = cosine * tangent;
    for (size_t i = 0; i < n; i++) {
        const double xi = x[i], yi = y[i];
        x[i] = cosine * xi - sine * yi;
        y[i] = sine * xi + cosine * yi;
    }
    return true;
}

static bool orthogonalise(double *rows, size_t n_rows, size_t n)
{
    enum { SWEEPS = 60 }; /* ten do for any matrix of this size in practice */
    bool turned = true;
    for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
        turned = false;
        for (size_t p = 0; p + 1 < n_rows; p++)
            for (size_t q = p + 1; q < n_rows; q++)
                turned |= rotate(rows + p * n, rows + q * n, n);
    }
    return !turned;
}

fathom_status fathom_spectral_norm(double *norm, const double *a, size_t n_rows, size_t n_columns)
{
    const bool   wide = n_rows <= n_columns;
    const size_t few = wide ? n_rows : n_columns, many = wide ? n_columns : n_rows;
    double       largest = 0, longest = 0;
    for (size_t i = 0; i < n_rows * n_columns; i++) {
        if (!(fabs(a[i]) < INFINITY))
            return FATHOM_NO_CONVERGENCE;
        largest = fabs(a[i]) > largest ? fabs(a[i]) : largest;
    }
    double *rows = malloc((few * many + 1) * sizeof *rows);
    if (!rows)
        return FATHOM_NO_MEMORY;
    for (size_t r = 0; r < few; r++)
        for (size_t k = 0; k < many; k++) {
            const double entry = wide ? a[r * n_columns + k] : a[k * n_columns + r];
            rows[r * many + k] = largest > 0 ? entry / largest : 0;
        }
    const bool converged = orthogonalise(rows, few, many);
    for (size_t r = 0; r < few; r++) {
        const double square = dot(rows + r * many, rows + r * many, many);
        longest = square > longest ? square : longest;
    }
    free(rows);
    if (!converged)
        return FATHOM_NO_CONVERGENCE;
    *norm = largest * sqrt(longest);
    return FATHOM_OK;
}

double fathom_round_up(double x)
{
    double power = 1.0, unit = 1.0; /* x power / unit has 4 digits before the point */
    if (!(x > 0.0 && x < 1e15))
        return x;
    while (x / unit >= 10000.0)
        unit *= 10.0;
    while (x * power < 1000.0 && power < 1e22)
        power *= 10.0;
    double digits = (double)(int)(x * power / unit);
    while (digits * unit / power < x)
        digits += 1.0;
    return digits * unit / power;
}
