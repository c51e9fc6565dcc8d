/* initial_params.c - the parameters that a run starts from (initial_params.h). */
#include "initial_params.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"

size_t initial_params_probe_rows(const struct session *session)
{
    return session->train.n < PROBE_ROWS ? session->train.n : PROBE_ROWS;
}

const uint32_t *initial_params_first_rows(size_t *n, const struct run *run, const struct session *session)
{
    *n = run->train ? run->training.batch : initial_params_probe_rows(session);
    return run->train ? session->batches : NULL;
}

static fathom_status set_actnorm(double *params, const struct run *run, const struct session *session,
                                 fathom_workspace *workspace)
{
    size_t              n;
    const uint32_t     *rows = initial_params_first_rows(&n, run, session);
    const fathom_status status = fathom_flow_actnorm_init(params, workspace, session->train.x, rows, n);
    if (status != FATHOM_OK && status != FATHOM_DEGENERATE)
        exit_failed("ActNorm from data: %s", fathom_status_name(status));
    return status;
}

/* With all training rows. */
static fathom_status fit(double *params, double *distance, const struct run *run, const struct session *session,
                         fathom_workspace *workspace)
{
    const fathom_dataset *train = &session->train;
    const fathom_status   status = fathom_flow_warm_start(params, workspace, train->x, NULL, train->n, run->start,
                                                        run->start == FATHOM_START_WARM ? distance : NULL);
    if (status == FATHOM_BAD_ARGUMENT)
        exit_failed("the coupling %s has no start that is fitted to rows", run->flow.coupling);
    if (status == FATHOM_NO_MEMORY)
        exit_failed("not enough memory");
    return status == FATHOM_OK ? FATHOM_OK : FATHOM_DEGENERATE;
}

/* Replica r: times 1 + 1e-15 normals of key 1000 + r. */
static void perturb(double *params, size_t replica, size_t n_params)
{
    double *normal = malloc(n_params * sizeof *normal);
    if (!normal)
        exit_failed("not enough memory");
    fathom_normal(normal, fathom_key_from_seed(1000 + replica), n_params);
    for (size_t i = 0; i < n_params; i++)
        params[i] *= 1 + 1e-15 * normal[i];
    free(normal);
}

fathom_status initial_params(double *params, double *distance, const struct run *run, const struct session *session,
                             const fathom_flow *flow, fathom_workspace *workspace)
{
    fathom_status status = FATHOM_OK;
    *distance = NAN;
    fathom_flow_init(params, flow, fathom_key_from_seed(run->seed));
    if (run->start != FATHOM_START_COLD)
        status = fit(params, distance, run, session, workspace);
    if (status == FATHOM_OK && run->flow.actnorm == FATHOM_ACTNORM_DATA && run->start != FATHOM_START_WARM)
        status = set_actnorm(params, run, session, workspace);
    if (status == FATHOM_OK && run->replica > 0)
        perturb(params, run->replica, fathom_flow_n_params(flow));
    return status;
}
