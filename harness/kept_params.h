/* kept_params.h - while a flow is trained: the parameters that fit the validation rows best so far.
 *
 * The validation log p is taken each so many steps and after the last one; of equals the first is kept.
 */
#ifndef KEPT_PARAMS_H
#define KEPT_PARAMS_H

#include "session.h"

struct kept_params {
    size_t                every; /* steps; 0: nothing is kept                      */
    size_t                last;  /* number of the last step                        */
    const struct session *rows;
    const fathom_trainer *trainer;
    fathom_workspace     *workspace;           /* of its own: the trainer's is at work       */
    double               *params;              /* [n_params]; meaningful if kept_step is not 0 */
    size_t                n_params, kept_step; /* kept_step: steps after which they were so; 0: none are kept */
    double                score;               /* their validation log p, nats               */
};

/* Ends the program if memory is short.  every 0: nothing will be kept. */
struct kept_params kept_params_new(size_t every, size_t steps, const struct session *rows, const fathom_flow *flow,
                                   const fathom_trainer *trainer);
/* Behind step number `step`, from 0. */
void kept_params_look(struct kept_params *kept, size_t step);
void kept_params_free(struct kept_params *kept);

#endif
