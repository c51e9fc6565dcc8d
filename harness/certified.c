/* certified.c - see certified.h. */
#include "certified.h"

#include "exit.h"
#include "fathom_certificate.h"

void certified_make(double *params, const fathom_flow *flow)
{
    if (fathom_flow_config(flow)->block != FATHOM_BLOCK_RESIDUAL)
        return;
    const fathom_status status = fathom_flow_certify(params, NULL, flow);
    if (status != FATHOM_OK)
        exit_failed("certificate of a trained flow: %s", fathom_status_name(status));
}
