/* kernels.c - what one instruction set offers, in tables.  A new layer or transformer is one file and one line here. */
#include "internal.h"

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

/* Every set needs fused multiply-add hardware: SLEEF's finz family is defined by it. */
static bool supported(void)
{
#if defined __x86_64__
    __builtin_cpu_init();
#if VEC_WIDTH == 8
    return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")
        && __builtin_cpu_supports("bmi2");
#elif VEC_WIDTH == 4
    return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#else
    return __builtin_cpu_supports("fma");
#endif
#else
    return true; /* aarch64: fused multiply-add is part of the architecture */
#endif
}

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const struct fathom_isa ISA(fathom_isa) = {
    .name = TEXT(FATHOM_ISA),
    .supported = supported,
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
