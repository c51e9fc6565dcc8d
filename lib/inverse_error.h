/* inverse_error.h - how far off a row may be that the inverse of a flow returns. */
#ifndef FATHOM_INVERSE_ERROR_H
#define FATHOM_INVERSE_ERROR_H

#include "flow.h"

/* Memory for the rows of one slab. */
struct inverse_error;

/* NULL if memory is short.  The caller releases it with free(). */
struct inverse_error *fathom_inverse_error_new(size_t dim);

/* ws->x: [D][SLAB_STRIDE], a slab of rows x; the workspace is prepared (flow.h).  Returns whether some row's error may
 * exceed what fathom_flow_inverse of a mixture promises (fathom.h).  The slab, its volume and the layers' states are
 * overwritten. */
bool fathom_inverse_error_exceeds(struct inverse_error *error, fathom_workspace *ws, size_t live);

#endif
