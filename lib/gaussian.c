/* gaussian.c - the log density of the Gaussian that has the mean and the full covariance of some rows.
 *
 *     log N(x; m, S) = -1/2 (D log 2 pi + log |S| + |L^-1 (x - m)|^2),   S = L L^T
 *
 * with the maximum-likelihood estimates m = mean of the rows and S = their covariance with divisor n (Mardia, Kent &
 * Bibby 1979, "Multivariate analysis", sec. 4.2.2).  L is Cholesky's factor, computed row by row (Golub & Van Loan
 * 2013, "Matrix computations", sec. 4.2).
 *
 * Invariant: every sum runs over rows or columns in ascending order, so the bits are fixed.
 */
#include <math.h>
#include <stdlib.h>

#include "elementary.h"
#include "fathom.h"

/* A pivot is the variance that is left of a column when all earlier ones are known.  Below this part of the column's
 * own variance it is rounding. */
static const double least_pivot = 1e-10;

struct gaussian {
    size_t  dim;
    double  log_constant;            /* -1/2 (D log 2 pi + log |S|) */
    double *mean, *factor, *scratch; /* [D], [D][D] lower triangle of L, [D] */
};

/* mean = of the rows; factor = the lower triangle of their covariance. */
static void moments(struct gaussian *g, const fathom_dataset *rows)
{
    const size_t dim = g->dim;
    const double n = (double)rows->n;
    for (size_t i = 0; i < rows->n; i++)
        for (size_t a = 0; a < dim; a++)
            g->mean[a] += rows->x[i * dim + a];
    for (size_t a = 0; a < dim; a++)
        g->mean[a] /= n;
    for (size_t i = 0; i < rows->n; i++) {
        for (size_t a = 0; a < dim; a++)
            g->scratch[a] = rows->x[i * dim + a] - g->mean[a];
        for (size_t a = 0; a < dim; a++)
            for (size_t b = 0; b <= a; b++)
                g->factor[a * dim + b] += g->scratch[a] * g->scratch[b];
    }
    for (size_t k = 0; k < dim * dim; k++)
        g->factor[k] /= n;
}

/* factor: in: the lower triangle of S, out: L.  False: a column is a linear function of earlier ones. */
static bool cholesky(struct gaussian *g)
{
    const size_t dim = g->dim;
    double       log_det = 0;
    for (size_t a = 0; a < dim; a++) {
        double      *row = g->factor + a * dim;
        const double variance = row[a];
        for (size_t b = 0; b < a; b++) {
            for (size_t k = 0; k < b; k++)
                row[b] -= row[k] * g->factor[b * dim + k];
            row[b] /= g->factor[b * dim + b];
            row[a] -= row[b] * row[b];
        }
        if (!(row[a] > least_pivot * variance) || !(row[a] < INFINITY))
            return false;
        log_det += same_log(row[a]);
        row[a] = sqrt(row[a]);
    }
    g->log_constant = -0.5 * ((double)dim * same_log(2 * 3.141592653589793) + log_det);
    return true;
}

/* |L^-1 (x - m)|^2, by forward substitution. */
static double squared_distance(const struct gaussian *g, const double *x)
{
    const size_t dim = g->dim;
    double       square = 0;
    for (size_t a = 0; a < dim; a++) {
        const double *row = g->factor + a * dim;
        double        rest = x[a] - g->mean[a];
        for (size_t k = 0; k < a; k++)
            rest -= row[k] * g->scratch[k];
        g->scratch[a] = rest / row[a];
        square += g->scratch[a] * g->scratch[a];
    }
    return square;
}

fathom_status fathom_gaussian_log_density(double *logp, const double *x, const fathom_dataset *fit, size_t n)
{
    const size_t    dim = fit->dim;
    struct gaussian g = { .dim = dim, .mean = calloc(dim * (dim + 2), sizeof *g.mean) };
    if (!g.mean)
        return FATHOM_NO_MEMORY;
    g.scratch = g.mean + dim;
    g.factor = g.scratch + dim;
    moments(&g, fit);
    const bool regular = cholesky(&g);
    for (size_t i = 0; i < n && regular; i++)
        logp[i] = g.log_constant - 0.5 * squared_distance(&g, x + i * dim);
    free(g.mean);
    return regular ? FATHOM_OK : FATHOM_DEGENERATE;
}
