/* isa.c - the instruction sets that this library was built for, best first; which of them this CPU runs; and the layers
 * and transformers of a set, by name.
 *
 * This file is compiled for any CPU of the architecture: it tests the CPU's features before a kernel runs. */
#include "kernels/kernels.h"

#include <string.h>

/* The build defines FATHOM_HAS_V3, _V4, _NEON if the compiler supports these sets. */
#ifdef FATHOM_HAS_V4
extern const struct fathom_isa fathom_isa_v4;
#endif
#ifdef FATHOM_HAS_V3
extern const struct fathom_isa fathom_isa_v3;
#endif
#ifdef FATHOM_HAS_NEON
extern const struct fathom_isa fathom_isa_neon;
#endif

/* The CPU features that a set requires: bits of CPUID's registers, and bits of XCR0 for the registers that the
 * operating system saves. */
struct needs {
    uint32_t leaf1_ecx, leaf7_ebx, extended_ecx;
    uint64_t xcr0;
};

struct set {
    const struct fathom_isa *isa;
    struct needs             needs;
};

#ifdef __x86_64__

#include <cpuid.h>

/* The features of each level (x86-64 psABI 1.0, table 3.1), each by its bit.  The compiler may use all
 * features of a level. */
enum {
    FMA = 1 << 12,
    AVX = 1 << 28,
    OSXSAVE = 1 << 27,
    V2_LEAF1 = 1 << 0 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23, /* SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT */
    V3_LEAF1 = V2_LEAF1 | FMA | 1 << 22 | OSXSAVE | AVX | 1 << 29,      /* MOVBE, F16C                          */
    V3_LEAF7 = 1 << 3 | 1 << 5 | 1 << 8,                                /* BMI1 AVX2 BMI2                       */
    V3_EXTENDED = 1 << 0 | 1 << 5,                                      /* LAHF (v2), LZCNT                     */
    AVX_STATE = 1 << 1 | 1 << 2,
    AVX512_STATE = 1 << 5 | 1 << 6 | 1 << 7
};
#define V4_LEAF7 (V3_LEAF7 | 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31) /* AVX512 F DQ CD BW VL */

/* Every set requires fused multiply-add hardware, because SLEEF's finz functions use it. */
static const struct set sets[] = {
#ifdef FATHOM_HAS_V4
    { &fathom_isa_v4, { V3_LEAF1, V4_LEAF7, V3_EXTENDED, AVX_STATE | AVX512_STATE } },
#endif
#ifdef FATHOM_HAS_V3
    { &fathom_isa_v3, { V3_LEAF1, V3_LEAF7, V3_EXTENDED, AVX_STATE } },
#endif
    { &fathom_isa_ref, { FMA | AVX | OSXSAVE, 0, 0, AVX_STATE } },
};

static bool runs(const struct needs *needs)
{
    uint32_t eax, ebx, leaf1_ecx = 0, leaf7_ebx = 0, extended_ecx = 0, other, low, high;
    __get_cpuid(1, &eax, &ebx, &leaf1_ecx, &other);
    if (~leaf1_ecx & needs->leaf1_ecx)
        return false;
    __get_cpuid_count(7, 0, &eax, &leaf7_ebx, &ebx, &other);
    __get_cpuid(0x80000001, &eax, &ebx, &extended_ecx, &other);
    if (~leaf7_ebx & needs->leaf7_ebx || ~extended_ecx & needs->extended_ecx)
        return false;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); /* legal, since OSXSAVE is among the needs */
    return !(~((uint64_t)high << 32 | low) & needs->xcr0);
}

#else

static const struct set sets[] = {
#ifdef FATHOM_HAS_NEON
    { &fathom_isa_neon, { 0 } },
#endif
    { &fathom_isa_ref, { 0 } },
};

/* aarch64: vectors of two doubles and fused multiply-add are part of the architecture. */
static bool runs(const struct needs *needs)
{
    (void)needs;
    return true;
}

#endif

const fathom_isa *fathom_isa_find(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if ((!name || strcmp(name, sets[i].isa->name) == 0) && runs(&sets[i].needs))
            return sets[i].isa;
    return NULL;
}

const char *fathom_isa_name(const fathom_isa *isa) { return isa->name; }

const struct layer *fathom_isa_layer(const struct fathom_isa *isa, const char *name)
{
    for (const struct layer *const *l = isa->layers; *l; l++)
        if (strcmp((*l)->name, name) == 0)
            return *l;
    return NULL;
}

const struct transformer *fathom_isa_transformer(const struct fathom_isa *isa, const char *name)
{
    for (const struct transformer *const *t = isa->transformers; *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}
