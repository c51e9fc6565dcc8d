/* flow_checks.c - uniformity, coverage and energy distance of a trained flow (flow_checks.h). */
#include "flow_checks.h"

#include <math.h>
#include <stdlib.h>

#include "flow_view.h"

const struct flow_checks flow_checks_none = { NAN, NAN, { NAN, NAN, NAN }, NAN, NAN };

static fathom_status uniformity(struct flow_checks *checks, fathom_workspace *ws, const double *params,
                                const fathom_dataset *rows)
{
    const size_t  n = rows->n, dim = rows->dim;
    double       *t = malloc(n * dim * sizeof *t), *u = malloc(n * sizeof *u), least = 1;
    fathom_status status = t && u ? fathom_flow_view_standard(t, ws, params, rows->x, n) : FATHOM_NO_MEMORY;
    checks->pit_ks = 0;
    for (size_t d = 0; d < dim && status == FATHOM_OK && !isnan(checks->pit_ks); d++) {
        for (size_t i = 0; i < n; i++)
            u[i] = t[i * dim + d];
        density_uniform(u, u, n);
        const double distance = density_ks_distance(u, n), p = density_ks_p(distance, n);
        checks->pit_ks = isnan(distance) || distance > checks->pit_ks ? distance : checks->pit_ks;
        least = isnan(p) || p < least ? p : least;
    }
    checks->pit_p = (double)dim * least > 1 ? 1 : (double)dim * least;
    free(t);
    free(u);
    return status;
}

static fathom_status coverage(struct flow_checks *checks, fathom_workspace *ws, const double *params,
                              const fathom_dataset *rows, const double *draws)
{
    double       *log_p = malloc(rows->n * sizeof *log_p), *drawn = malloc(FLOW_CHECKS_DRAWS * sizeof *drawn);
    fathom_status status = log_p && drawn ? fathom_flow_log_prob(log_p, ws, params, rows->x, rows->n)
                                          : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_flow_log_prob(drawn, ws, params, draws, FLOW_CHECKS_DRAWS);
    if (status == FATHOM_OK)
        density_coverage(checks->coverage, log_p, drawn, rows->n, FLOW_CHECKS_DRAWS);
    free(log_p);
    free(drawn);
    return status;
}

static fathom_status energy_distance(struct flow_checks *checks, const fathom_dataset *rows, const double *draws)
{
    const size_t  n = rows->n < FLOW_CHECKS_ENERGY_ROWS ? rows->n : FLOW_CHECKS_ENERGY_ROWS;
    struct energy energy = { NAN, NAN };
    if (n >= 2 && !density_energy(&energy, draws, rows->x, n, rows->dim))
        return FATHOM_NO_MEMORY;
    checks->energy_distance = energy.distance;
    checks->energy_sd = energy.sd;
    return FATHOM_OK;
}

fathom_status flow_checks_measure(struct flow_checks *checks, fathom_workspace *ws, const double *params,
                                  const fathom_dataset *rows, uint64_t seed)
{
    const fathom_key key = fathom_key_from_seed(seed | (uint64_t)1 << 63);
    double          *draws = malloc(FLOW_CHECKS_DRAWS * rows->dim * sizeof *draws);
    *checks = flow_checks_none;
    fathom_status status = draws ? uniformity(checks, ws, params, rows) : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_flow_sample(draws, ws, params, key, FLOW_CHECKS_DRAWS);
    if (status == FATHOM_OK)
        status = coverage(checks, ws, params, rows, draws);
    if (status == FATHOM_OK)
        status = energy_distance(checks, rows, draws);
    free(draws);
    return status == FATHOM_NO_MEMORY ? status : FATHOM_OK; /* no inverse, no draws */
}
