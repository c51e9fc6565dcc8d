/* log_det.c - log |det (I + J)| of a residual block in four ways, with the gradient of what is computed (log_det.h).
 *
 *   exact       log |det (I + J)|,  gradient (I + J)^-T
 *   series      sum_{k <= n} (-1)^(k+1) tr(J^k) / k,  gradient sum_{k <= n} (-1)^(k+1) (J^(k-1))^T
 *   Hutchinson  sum_{k <= n} (-1)^(k+1) v^T J^k v / k,  v of independent signs: E v v^T = I (Hutchinson 1990)
 *   roulette    sum_{k <= n + N} (-1)^(k+1) v^T J^k v / (k P(n + N >= k)),  N random: the expectation is the whole
 *               series (Chen et al. 2019, theorem 1 and eq. 6).  N is geometric, P(N >= i) = (1 - p)^(i-1), or Poisson.
 *
 * The series converges where the spectral radius of J is below 1 (Behrmann et al. 2019, sec. 4.2).  The matrix J of a
 * row, D x D, is at hand, since it is propagated exactly beside the row.  So J^k v is k products with a small matrix;
 * the estimator is the same random variable that k vector-Jacobian products of the network would give.
 *
 * The gradient is that of the estimate itself.  With w_k = J^k v and the estimate sum_k c_k v^T w_k, reverse
 * accumulation gives d / dJ = sum_k a_k w_(k-1)^T,  a_k = c_k v + J^T a_(k+1).  Its expectation is that of the Neumann
 * series of Chen et al. (eq. 8).
 *
 * A row has term k if U <= P(n + N >= k), U uniform on (0, 1], a multiple of 2^-53.  So no row has a term whose chance
 * is below 2^-53, and the table of chances ends there.  What that leaves out of the expectation is below what doubles
 * resolve.
 *
 * Invariant: one row at a time, in one order of operations, so the bits do not depend on the instruction set. */
#include "log_det.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"

/* chance: [most] or NULL.  Returns how many terms beyond the first `terms` have a chance of 2^-53 at least. */
static size_t geometric(double *chance, double stop, size_t most)
{
    size_t n = 0;
    for (double p = 1.0; p >= 0x1p-53 && n < most; p *= 1.0 - stop)
        chance[n++] = p;
    return n;
}

/* P(N >= k) is summed from its smallest term up. */
static size_t poisson(double *chance, double rate, size_t most)
{
    size_t n = 0;
    double p = same_exp(-rate), tail = 0.0;
    for (size_t k = 1; k <= most; k++)
        chance[k - 1] = p *= rate / (double)k;
    for (size_t k = most; k-- > 0;)
        chance[k] = tail += chance[k];
    while (n < most && chance[n] >= 0x1p-53)
        n++;
    return n;
}

static size_t scratch_size(const struct log_det *log_det)
{
    const size_t vectors = (log_det->n_terms + 1) * log_det->dim, matrices = 2 * log_det->dim * log_det->dim;
    return vectors > matrices ? vectors : matrices;
}

bool fathom_log_det_open(struct log_det *log_det, const fathom_config *config)
{
    enum { MOST = 4000 }; /* (1 - FATHOM_STOP_MIN)^3655 < 2^-53, and a Poisson number of mean 100 ends far below */
    const size_t dim = config->dim, terms = config->log_det == FATHOM_LOG_DET_EXACT ? 0 : config->terms;
    const bool   random = config->log_det == FATHOM_LOG_DET_ROULETTE || config->log_det == FATHOM_LOG_DET_POISSON;
    *log_det = (struct log_det){ .way = config->log_det, .dim = dim, .n_terms = terms };
    log_det->room = terms + (random ? MOST : 0) + 1;
    log_det->chance = malloc(log_det->room * sizeof *log_det->chance);
    if (!log_det->chance)
        return false;
    for (size_t k = 0; k < terms; k++)
        log_det->chance[k] = 1.0;
    if (config->log_det == FATHOM_LOG_DET_ROULETTE)
        log_det->n_terms += geometric(log_det->chance + terms, config->stop, MOST);
    if (config->log_det == FATHOM_LOG_DET_POISSON)
        log_det->n_terms += poisson(log_det->chance + terms, config->stop, MOST);
    log_det->scratch = malloc(scratch_size(log_det) * sizeof *log_det->scratch);
    return log_det->scratch;
}

void fathom_log_det_clear(struct log_det *log_det)
{
    free(log_det->chance);
    free(log_det->scratch);
    *log_det = (struct log_det){ .way = FATHOM_LOG_DET_EXACT };
}

size_t fathom_log_det_bytes(const struct log_det *log_det)
{
    return (log_det->room + scratch_size(log_det)) * sizeof(double);
}

/* --------------------------------------------------------------------------------------------------- exact ---- */

/* Gauss and Jordan's elimination in place, without exchange of rows: where |J| < 1, the symmetric part of I + J is positive
 * definite, so that no pivot is small. */
double fathom_log_det_exact(double *inverse, const double *j, size_t dim)
{
    double det = 1.0;
    for (size_t r = 0; r < dim; r++)
        for (size_t c = 0; c < dim; c++)
            inverse[r * dim + c] = j[r * dim + c] + (r == c ? 1.0 : 0.0);
    for (size_t k = 0; k < dim; k++) {
        double      *row = inverse + k * dim;
        const double pivot = row[k], scale = 1.0 / pivot;
        det *= pivot;
        row[k] = 1.0;
        for (size_t c = 0; c < dim; c++)
            row[c] *= scale;
        for (size_t r = 0; r < dim; r++) {
            double      *other = inverse + r * dim;
            const double factor = other[k];
            if (r == k)
                continue;
            other[k] = 0.0;
            for (size_t c = 0; c < dim; c++)
                other[c] = fma(-factor, row[c], other[c]);
        }
    }
    return same_log(fabs(det));
}

static void transpose(double *a, size_t dim)
{
    for (size_t r = 0; r < dim; r++)
        for (size_t c = r + 1; c < dim; c++) {
            const double kept = a[r * dim + c];
            a[r * dim + c] = a[c * dim + r];
            a[c * dim + r] = kept;
        }
}

/* -------------------------------------------------------------------------------------------------- series ---- */

/* out = a b, all [dim][dim] */
static void multiply(double *out, const double *a, const double *b, size_t dim)
{
    for (size_t r = 0; r < dim; r++)
        for (size_t c = 0; c < dim; c++) {
            double sum = 0.0;
            for (size_t k = 0; k < dim; k++)
                sum = fma(a[r * dim + k], b[k * dim + c], sum);
            out[r * dim + c] = sum;
        }
}

static double series(double *gradient, struct log_det *log_det, const double *j)
{
    const size_t dim = log_det->dim, n = dim * dim;
    double      *power = log_det->scratch, *next = power + n, value = 0.0;
    for (size_t r = 0; r < dim; r++)
        for (size_t c = 0; c < dim; c++)
            power[r * dim + c] = r == c ? 1.0 : 0.0;
    for (size_t i = 0; i < n && gradient; i++)
        gradient[i] = 0.0;
    for (size_t k = 1; k <= log_det->n_terms; k++) {
        const double sign = k % 2 ? 1.0 : -1.0;
        double      *swap = power, trace = 0.0;
        for (size_t i = 0; i < n && gradient; i++)
            gradient[i] = fma(sign, power[i], gradient[i]);
        multiply(next, power, j, dim);
        power = next;
        next = swap;
        for (size_t d = 0; d < dim; d++)
            trace += power[d * dim + d];
        value += sign * trace / (double)k;
    }
    if (gradient)
        transpose(gradient, dim);
    return value;
}

/* ------------------------------------------------------------------------------------------------- one probe ---- */

static uint64_t draw_word(fathom_key key, uint64_t number)
{
    const uint32_t counter[2] = { (uint32_t)(number >> 32), (uint32_t)number };
    uint32_t       word[2];
    fathom_threefry(word, key, counter);
    return (uint64_t)word[0] << 32 | word[1];
}

/* (-1)^(k+1) / (k P(term k)) */
static double weight(const struct log_det *log_det, size_t k)
{
    return (k % 2 ? 1.0 : -1.0) / ((double)k * log_det->chance[k - 1]);
}

/* vectors w_k = J^k v: [terms + 1][D] are in the scratch memory. */
static void accumulate(double *gradient, const struct log_det *log_det, const double *j, size_t terms)
{
    enum { MOST = FATHOM_DIM_MAX };
    const size_t  dim = log_det->dim;
    const double *v = log_det->scratch;
    double        adjoint[MOST] = { 0 }, below[MOST];
    for (size_t i = 0; i < dim * dim; i++)
        gradient[i] = 0.0;
    for (size_t k = terms; k > 0; k--) {
        const double *w = log_det->scratch + (k - 1) * dim, c = weight(log_det, k);
        for (size_t d = 0; d < dim; d++) {
            double sum = c * v[d];
            for (size_t r = 0; r < dim; r++)
                sum = fma(j[r * dim + d], adjoint[r], sum);
            below[d] = sum;
        }
        memcpy(adjoint, below, dim * sizeof *adjoint);
        for (size_t r = 0; r < dim; r++)
            for (size_t d = 0; d < dim; d++)
                gradient[r * dim + d] = fma(adjoint[r], w[d], gradient[r * dim + d]);
    }
}

static double probed(double *gradient, struct log_det *log_det, const double *j, fathom_key key, uint64_t row)
{
    const size_t   dim = log_det->dim;
    const uint64_t signs = draw_word(key, 2 * row);
    const double   u = (double)((draw_word(key, 2 * row + 1) >> 11) + 1) * 0x1p-53;
    double        *v = log_det->scratch, value = 0.0;
    size_t         terms = 0;
    for (size_t d = 0; d < dim; d++)
        v[d] = signs >> d & 1 ? 1.0 : -1.0;
    while (terms < log_det->n_terms && u <= log_det->chance[terms]) {
        const double *w = v + terms++ * dim;
        double       *next = v + terms * dim, along = 0.0;
        for (size_t r = 0; r < dim; r++) {
            double sum = 0.0;
            for (size_t d = 0; d < dim; d++)
                sum = fma(j[r * dim + d], w[d], sum);
            next[r] = sum;
            along = fma(v[r], sum, along);
        }
        value = fma(weight(log_det, terms), along, value);
    }
    if (gradient)
        accumulate(gradient, log_det, j, terms);
    return value;
}

/* ----------------------------------------------------------------------------------------------- all of them ---- */

double fathom_log_det_row(double *gradient, struct log_det *log_det, const double *j, fathom_key key, uint64_t row)
{
    if (log_det->way == FATHOM_LOG_DET_SERIES)
        return series(gradient, log_det, j);
    if (log_det->way != FATHOM_LOG_DET_EXACT)
        return probed(gradient, log_det, j, key, row);
    const double value = fathom_log_det_exact(gradient ? gradient : log_det->scratch, j, log_det->dim);
    if (gradient)
        transpose(gradient, log_det->dim);
    return value;
}
