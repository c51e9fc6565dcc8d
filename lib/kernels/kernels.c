/* kernels.c - the table of one instruction set (kernels.h), with the layers and transformers of list.h. */
#include "internal.h"

static const struct layer *const layers[] = {
#define LAYER(name) &ISA(layer_##name),
#include "list.h"
    NULL
};

static const struct transformer *const transformers[] = {
#define TRANSFORMER(name) &ISA(transformer_##name),
#include "list.h"
    NULL
};

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const struct fathom_isa ISA(fathom_isa) = {
    .name = TEXT(FATHOM_ISA),
    .width = VEC_WIDTH,
    .layers = layers,
    .transformers = transformers,
    .dense = &ISA(conditioner_dense),
    .piecewise = &ISA(conditioner_piecewise),
    .log_det = ISA(volume_log_det),
    .base_log_prob = ISA(base_log_prob),
    .base_backward = ISA(base_backward),
    .adam = ISA(adam),
    .amsgrad = ISA(amsgrad),
    .sum_squares = ISA(sum_squares),
    .log_sum_exp = ISA(log_sum_exp),
    .matrix_add_product = ISA(matrix_add_product),
};
