/* health.c - inverse error, condition number and dead units of a trained flow (health.h). */
#include "health.h"

#include <math.h>
#include <stdlib.h>

/* NaN stays. */
static double larger(double a, double b) { return isnan(a) || a > b ? a : b; }

static fathom_status inverse_error(double *error, fathom_workspace *ws, const double *params,
                                   const fathom_dataset *test)
{
    const size_t  size = test->n * test->dim;
    double       *z = malloc(size * sizeof *z);
    fathom_status status = z ? fathom_flow_forward(z, NULL, ws, params, test->x, test->n) : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_flow_inverse(z, NULL, ws, params, z, test->n);
    *error = status == FATHOM_OK ? 0 : NAN;
    for (size_t i = 0; i < size && status == FATHOM_OK; i++)
        *error = larger(*error, isnan(z[i]) ? NAN : fabs(test->x[i] - z[i]));
    free(z);
    return status == FATHOM_NO_MEMORY ? status : FATHOM_OK;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static fathom_status condition_number(double *median, fathom_workspace *ws, const double *params,
                                      const fathom_dataset *test)
{
    const size_t  n = test->n < HEALTH_ROWS ? test->n : HEALTH_ROWS, dim = test->dim;
    double       *jacobian = malloc(n * dim * dim * sizeof *jacobian), *condition = malloc(n * sizeof *condition);
    fathom_status status = jacobian && condition ? fathom_flow_jacobian(jacobian, ws, params, test->x, n)
                                                 : FATHOM_NO_MEMORY;
    for (size_t i = 0; i < n && status == FATHOM_OK; i++) {
        double     values[FATHOM_DIM_MAX];
        const bool found = fathom_singular_values(values, jacobian + i * dim * dim, dim) == FATHOM_OK;
        condition[i] = found && values[dim - 1] > 0 ? values[0] / values[dim - 1] : INFINITY;
    }
    if (status == FATHOM_OK) {
        qsort(condition, n, sizeof *condition, ascending);
        *median = (condition[(n - 1) / 2] + condition[n / 2]) / 2;
    }
    free(jacobian);
    free(condition);
    return status;
}

static fathom_status dead_units(struct health *health, fathom_workspace *ws, const fathom_flow *flow,
                                const double *params, const fathom_dataset *train)
{
    const fathom_config *config = fathom_flow_config(flow);
    size_t               dead[FATHOM_HIDDEN_MAX + 1], all = 0;
    const fathom_status  status = fathom_flow_dead_units(dead, ws, params, train->x, train->n);
    const double         in_layer = 2 * (double)config->depth * (double)config->width; /* two couplings in a block */
    health->dead_units = health->dead_units_last = NAN;
    if (status != FATHOM_OK || config->hidden == 0 || config->block == FATHOM_BLOCK_RESIDUAL)
        return status;
    for (size_t layer = 0; layer < config->hidden; layer++)
        all += dead[layer];
    health->dead_units = (double)all / in_layer / (double)config->hidden;
    health->dead_units_last = (double)dead[config->hidden - 1] / in_layer;
    return FATHOM_OK;
}

fathom_status health_measure(struct health *health, fathom_workspace *ws, const fathom_flow *flow, const double *params,
                             const fathom_dataset *train, const fathom_dataset *test)
{
    fathom_status status = inverse_error(&health->inverse_error, ws, params, test);
    if (status == FATHOM_OK)
        status = condition_number(&health->condition_number, ws, params, test);
    return status == FATHOM_OK ? dead_units(health, ws, flow, params, train) : status;
}
