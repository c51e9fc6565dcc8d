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

/* Whether this CPU runs the set.  Every set needs fused multiply-add hardware, because SLEEF's finz family does. */
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
    .layers = layers,
    .transformers = transformers,
    .dense = &ISA(conditioner_dense),
    .piecewise = &ISA(conditioner_piecewise),
    .log_det = ISA(volume_log_det),
    .base_log_prob = ISA(base_log_prob),
    .base_backward = ISA(base_backward),
    .adam = ISA(adam),
    .sum_squares = ISA(sum_squares),
    .log_sum_exp = ISA(log_sum_exp),
    .matrix_add_product = ISA(matrix_add_product),
};
