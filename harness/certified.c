/* certified.c - the certificates of a flow's blocks, put together (certified.h). */
#include "certified.h"

#include <math.h>
#include <stdlib.h>

const struct certified certified_none = { NAN, NAN, NAN, NAN };

static double larger(double a, double b) { return a > b ? a : b; }

fathom_status certified_measure(struct certified *certified, double *params, const fathom_flow *flow)
{
    const fathom_config *config = fathom_flow_config(flow);
    *certified = certified_none;
    if (config->block != FATHOM_BLOCK_RESIDUAL)
        return FATHOM_OK;
    fathom_certificate *block = malloc(config->depth * sizeof *block);
    const fathom_status status = block ? fathom_flow_certify(params, block, flow) : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        *certified = (struct certified){ 0 };
    for (size_t b = 0; b < config->depth && status == FATHOM_OK; b++) {
        certified->lipschitz = larger(block[b].lipschitz, certified->lipschitz);
        certified->by_power = larger(block[b].by_power, certified->by_power);
        certified->before = larger(block[b].before, certified->before);
        certified->banach_steps = larger((double)block[b].banach_steps, certified->banach_steps);
    }
    free(block);
    return status == FATHOM_NO_CONVERGENCE ? FATHOM_OK : status;
}
