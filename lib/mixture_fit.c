/* mixture_fit.c - a mixture of Gaussians fitted to points of the line by expectation maximisation (Dempster, Laird & Rubin
 * 1977, "Maximum likelihood from incomplete data via the EM algorithm", sec. 4.3; Redner & Walker 1984, "Mixture densities,
 * maximum likelihood and the EM algorithm", eq. 4.5 and 4.6).  One iteration:
 *
 *   r_ik = w_k N(x_i; m_k, s_k^2) / f(x_i),  N_k = sum_i r_ik
 *   w_k <- N_k / n,  m_k <- sum_i r_ik x_i / N_k,  s_k^2 <- max(floor, sum_i r_ik (x_i - m_k)^2 / N_k)
 *
 * The sums are taken of x_i - (the mean before), so that a component far from 0 loses no digit.  For the variance the expected
 * log-likelihood has one maximum, so the floor is its best value where it holds, and the log-likelihood still does not fall.
 *
 * Invariant: point i is added to partial sum i mod 8 and the eight are added in one tree (sums.c), so the bits are fixed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>

#include "constants.h"
#include "elementary.h"
#include "fathom_warm.h"

static const double LARGEST_POINT = 1e100, LEAST_FLOOR = 1e-100, LARGEST_FLOOR = 1e100;
static const double LEAST_COUNT = 1e-290;    /* a component with fewer points keeps its mean and sd       */
static const double LEAST_EXPONENT = -708.0; /* below it the share of a component is 0 to double precision */

/* One component's sums of r, r (x - m), r (x - m)^2, in eight partial sums each. */
struct sums {
    double count[8], first[8], second[8];
};

struct em {
    const double *x; /* [n] */
    size_t        n;
    double        floor;
    struct sums   sums[FATHOM_COMPONENTS_MAX];
};

fathom_em_options fathom_em_options_default(void)
{
    return (fathom_em_options){ .tolerance = 1e-3, .iterations = 100, .floor = 1e-4 };
}

/* The sums of the E step; returns the mean log-likelihood of m. */
static double expectation(struct em *em, const fathom_mixture *m)
{
    double constant[FATHOM_COMPONENTS_MAX], factor[FATHOM_COMPONENTS_MAX], total[8] = { 0 };
    memset(em->sums, 0, m->n * sizeof *em->sums);
    for (size_t k = 0; k < m->n; k++) {
        constant[k] = same_log(m->weight[k]) - same_log(m->sd[k]) - HALF_LOG_2PI;
        factor[k] = -0.5 / (m->sd[k] * m->sd[k]);
    }
    for (size_t i = 0; i < em->n; i++) {
        double share[FATHOM_COMPONENTS_MAX], greatest = -INFINITY, sum = 0.0;
        for (size_t k = 0; k < m->n; k++) {
            const double from = em->x[i] - m->mean[k];
            share[k] = constant[k] + factor[k] * (from * from);
            greatest = share[k] > greatest ? share[k] : greatest;
        }
        for (size_t k = 0; k < m->n; k++) {
            const double exponent = share[k] - greatest;
            share[k] = exponent < LEAST_EXPONENT ? 0.0 : exponent == 0.0 ? 1.0 : same_exp(exponent);
            sum += share[k];
        }
        total[i % 8] += greatest + same_log(sum);
        for (size_t k = 0; k < m->n; k++) {
            const double r = share[k] / sum, from = em->x[i] - m->mean[k], weighted = r * from;
            em->sums[k].count[i % 8] += r;
            em->sums[k].first[i % 8] += weighted;
            em->sums[k].second[i % 8] += weighted * from;
        }
    }
    return fathom_sum(total, 8) / (double)em->n;
}

/* The M step, from the sums of the E step. */
static void maximisation(fathom_mixture *m, const struct em *em)
{
    for (size_t k = 0; k < m->n; k++) {
        const double count = fathom_sum(em->sums[k].count, 8);
        m->weight[k] = count / (double)em->n;
        if (count < LEAST_COUNT)
            continue;
        const double shift = fathom_sum(em->sums[k].first, 8) / count;
        const double variance = fathom_sum(em->sums[k].second, 8) / count - shift * shift;
        m->mean[k] += shift;
        m->sd[k] = sqrt(variance > em->floor ? variance : em->floor);
    }
}

/* The point at the fraction p of the sorted points, between two of them by linear interpolation. */
static double quantile(const double *sorted, size_t n, double p)
{
    const double at = p * (double)(n - 1);
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

/* scratch: [n] */
static fathom_status start(fathom_mixture *m, const struct em *em, size_t components, double *scratch)
{
    const size_t n = em->n;
    memcpy(scratch, em->x, n * sizeof *scratch);
    gsl_sort(scratch, 1, n);
    if (scratch[0] == scratch[n - 1])
        return FATHOM_DEGENERATE;
    *m = (fathom_mixture){ .n = components };
    for (size_t k = 0; k < components; k++)
        m->mean[k] = quantile(scratch, n, ((double)k + 0.5) / (double)components);
    const double mean = fathom_sum(scratch, n) / (double)n;
    for (size_t i = 0; i < n; i++)
        scratch[i] = (scratch[i] - mean) * (scratch[i] - mean);
    const double variance = fathom_sum(scratch, n) / (double)n / (double)(components * components);
    for (size_t k = 0; k < components; k++) {
        m->weight[k] = 1.0 / (double)components;
        m->sd[k] = sqrt(variance > em->floor ? variance : em->floor);
    }
    return FATHOM_OK;
}

static fathom_status check(const double *x, size_t n, size_t components, const fathom_em_options *options)
{
    if (n == 0 || components < FATHOM_COMPONENTS_MIN || components > FATHOM_COMPONENTS_MAX)
        return FATHOM_BAD_ARGUMENT;
    if (!(options->tolerance >= 0.0 && options->floor >= LEAST_FLOOR && options->floor <= LARGEST_FLOOR))
        return FATHOM_BAD_ARGUMENT;
    for (size_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= LARGEST_POINT))
            return FATHOM_BAD_DATA;
    return FATHOM_OK;
}

fathom_status fathom_mixture_fit(fathom_mixture *out, fathom_em_report *report, const double *x, size_t n,
                                 size_t components, const fathom_em_options *options)
{
    const fathom_em_options own = options ? *options : fathom_em_options_default();
    fathom_mixture          current, next;
    fathom_status           status = check(x, n, components, &own);
    if (status != FATHOM_OK)
        return status;
    struct em *em = malloc(sizeof *em);
    double    *scratch = malloc(n * sizeof *scratch);
    status = FATHOM_NO_MEMORY;
    if (em && scratch) {
        *em = (struct em){ .x = x, .n = n, .floor = own.floor };
        status = start(&current, em, components, scratch);
    }
    if (status == FATHOM_OK) {
        fathom_em_report made = { .log_likelihood = expectation(em, &current) };
        status = FATHOM_NO_CONVERGENCE;
        while (status == FATHOM_NO_CONVERGENCE && made.iterations < own.iterations) {
            next = current;
            maximisation(&next, em);
            const double log_likelihood = expectation(em, &next);
            if (!(log_likelihood - made.log_likelihood > own.tolerance))
                status = FATHOM_OK;
            made.log_likelihood = log_likelihood;
            made.iterations++;
            current = next;
        }
        *out = current;
        if (report)
            *report = made;
    }
    free(em);
    free(scratch);
    return status;
}
