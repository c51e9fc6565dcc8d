/* model.c - a flow with its initial parameters and a workspace (model.h). */
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"

struct model model_open(size_t depth, const char *coupling, fathom_actnorm actnorm, size_t dim)
{
    struct model  m;
    fathom_config config = fathom_config_default();
    config.depth = depth;
    config.coupling = coupling;
    config.actnorm = actnorm;
    config.dim = dim;
    m.flow = fathom_flow_new(&config, NULL, NULL);
    assert_non_null(m.flow);
    m.ws = fathom_workspace_new(m.flow, fathom_isa_find(NULL));
    assert_non_null(m.ws);
    m.n_params = fathom_flow_n_params(m.flow);
    m.params = need(m.n_params * sizeof(double));
    fathom_flow_init(m.params, m.flow, fathom_key_from_seed(0));
    return m;
}

void model_close(struct model *m)
{
    fathom_workspace_free(m->ws);
    fathom_flow_free(m->flow);
    free(m->params);
}
