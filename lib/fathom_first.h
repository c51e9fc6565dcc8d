/* fathom_first.h - what was not finite first in a training that ended early.
 *
 * A part of fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_FIRST_H
#define FATHOM_FIRST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was not finite first. */
typedef enum fathom_first_kind {
    FATHOM_FIRST_NONE,             /* everything was finite                                                       */
    FATHOM_FIRST_SCALE_UNDERFLOW,  /* a layer's log |det J| is -inf for some row: a scale is 0                    */
    FATHOM_FIRST_LATENT_OVERFLOW,  /* a row's coordinate or log |det J| after a layer is infinite or NaN, or, after all
                                       layers, its log p under the base                                            */
    FATHOM_FIRST_GRADIENT_OVERFLOW /* every row's log p is finite, but not the gradient's norm                    */
} fathom_first_kind;

/* "none", "scale-underflow", "latent-overflow", "gradient-overflow".  A static string; "unknown" for any other. */
const char *fathom_first_kind_name(fathom_first_kind kind);

/* The first layer, data -> latent, at which something was not finite when the batch of one step passed through the flow.
 * If both are there, the kind is scale underflow.  A gradient overflow is that of the first layer whose part of the
 * gradient has no finite norm; of the base if each part by itself has. */
typedef struct fathom_first {
    fathom_first_kind kind;
    size_t            step;  /* from 0                                                                          */
    size_t            layer; /* its number in the stack, from 0, flips included; the number of layers: the base */
    size_t            block; /* its block, from 0; the depth: the base                                          */
    const char       *name;  /* "rotation", "coupling", ..., "base"; NULL if there is none; a static string      */
    size_t            rows;  /* rows of the batch that are so there, each as often as it was drawn; of a gradient
                                overflow the rows whose own gradient has no finite norm                        */
} fathom_first;

#ifdef __cplusplus
}
#endif
#endif
