/* first_batch.c - does every column vary over the rows that ActNorm from data sees first (first_batch.h)? */
#include "first_batch.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for ActNorm from data");
    return memory;
}

/* The root mean square of the column's deviations over the rows. */
static double deviation(const fathom_dataset *data, size_t column, const uint32_t *rows, size_t n)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += data->x[(rows ? rows[i] : i) * data->dim + column] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += pow(data->x[(rows ? rows[i] : i) * data->dim + column] - mean, 2);
    return sqrt(square / (double)n);
}

static size_t least_varying(const fathom_dataset *data, const uint32_t *rows, size_t n)
{
    size_t least = 0;
    double smallest = INFINITY;
    for (size_t c = 0; c < data->dim; c++) {
        const double d = deviation(data, c, rows, n);
        if (!isfinite(d))
            return c;
        if (d < smallest) {
            smallest = d;
            least = c;
        }
    }
    return least;
}

bool first_batch_varies(size_t *column, const fathom_config *config, const fathom_isa *isa, const fathom_dataset *data,
                        const uint32_t *rows, size_t n)
{
    fathom_config one = *config;
    one.depth = 1;
    one.actnorm = FATHOM_ACTNORM_DATA;
    fathom_flow      *flow = need(fathom_flow_new(&one, NULL, NULL));
    fathom_workspace *workspace = need(fathom_workspace_new(flow, isa));
    double           *params = need(malloc(fathom_flow_n_params(flow) * sizeof *params));
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    const fathom_status status = fathom_flow_actnorm_init(params, workspace, data->x, rows, n);
    free(params);
    fathom_workspace_free(workspace);
    fathom_flow_free(flow);
    if (status != FATHOM_OK && status != FATHOM_DEGENERATE)
        exit_failed("ActNorm from data: %s", fathom_status_name(status));
    if (status == FATHOM_DEGENERATE)
        *column = least_varying(data, rows, n);
    return status == FATHOM_OK;
}
