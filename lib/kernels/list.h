/* list.h - every layer and every transformer, one per line.
 *
 * LAYER(name)        layer_name.c defines ISA(layer_name), a struct layer (layer.h).
 * TRANSFORMER(name)  transformer_name.c defines ISA(transformer_name), a struct transformer (transformer.h).
 *
 * A hyphen of a coupling's name is an underscore here.
 *
 * This list makes the declarations (internal.h) and the tables of each instruction set (kernels.c).  The tables give
 * the names that fathom_coupling_name returns and --coupling takes, in this order.  flow.c lists the layers of a
 * block. */
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
LAYER(residual)

TRANSFORMER(spline)
TRANSFORMER(affine)
TRANSFORMER(affine_log_softplus)
TRANSFORMER(affine_2sigmoid)
TRANSFORMER(affine_glow)
TRANSFORMER(affine_tanh)
TRANSFORMER(affine_freia)
TRANSFORMER(affine_bayesflow)
TRANSFORMER(affine_zuko)

#undef LAYER
#undef TRANSFORMER
