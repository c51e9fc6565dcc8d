/* list.h - every layer and every transformer: a line each.
 *
 * LAYER(name)        layer_name.c defines ISA(layer_name), a struct layer (layer.h).
 * TRANSFORMER(name)  transformer_name.c defines ISA(transformer_name), a struct transformer (transformer.h).
 *
 * The declarations (internal.h) and the tables of each instruction set (kernels.c) are made from this list, and from
 * those the names that fathom_coupling_name gives and --coupling takes, in this order.  Which layers a block of a flow
 * consists of is written in flow.c. */
#ifndef LAYER
#define LAYER(name)
#endif
#ifndef TRANSFORMER
#define TRANSFORMER(name)
#endif

LAYER(actnorm)
LAYER(rotation)
LAYER(coupling)
LAYER(flip)

TRANSFORMER(spline)
TRANSFORMER(affine)

#undef LAYER
#undef TRANSFORMER
