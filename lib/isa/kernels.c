/* kernels.c - what one instruction set offers, in tables.  A new layer or transformer is one file and one line here. */
#include "kernels.h"

static const struct bijection *const bijections[] = {
    &ISA(actnorm),
    &ISA(rotation),
    &ISA(coupling),
    &ISA(flip),
    NULL
};

static const struct transformer *const transformers[] = {
    &ISA(rqs),
    &ISA(affine),
    NULL
};

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const struct fathom_isa ISA(fathom_isa) = {
    .name = TEXT(FATHOM_ISA),
    .width = VEC_WIDTH,
    .bijections = bijections,
    .transformers = transformers,
    .mlp = &ISA(mlp),
    .piecewise = &ISA(piecewise),
    .log_det = ISA(log_det),
    .base_log_prob = ISA(base_log_prob),
    .base_backward = ISA(base_backward),
    .adam = ISA(adam),
    .sum_squares = ISA(sum_squares),
    .log_sum_exp = ISA(log_sum_exp),
    .matmul = ISA(matmul),
};
