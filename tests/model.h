/* model.h - a flow with its initial parameters and a workspace, as the tests of training use it. */
#ifndef FATHOM_TESTS_MODEL_H
#define FATHOM_TESTS_MODEL_H

#include "fathom.h"

struct model {
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params; /* [n_params], of seed 0 */
    size_t            n_params;
};

/* Otherwise of the default configuration.  Fails the test rather than return a model without memory. */
struct model model_open(size_t depth, const char *coupling, fathom_actnorm actnorm, size_t dim);
void         model_close(struct model *m);

#endif
