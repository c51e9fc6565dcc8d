/* vec.h - vectors of doubles, at the native width of one instruction set.
 *
 * Every file in this folder is compiled once for each instruction set: -DFATHOM_ISA=v4 -DVEC_WIDTH=8, v3 with 4, neon
 * with 2, ref with 1.  `vec` is VEC_WIDTH doubles, its lanes; + - * / are the C operators of gcc's and clang's vector
 * types.  All other operations are the functions below, under the names that SIMD libraries use.  With ref a vec is a
 * double, so the code is plain C.
 *
 *   load, store, broadcast              memory; one number in every lane
 *   fmadd(a, b, c)                      a b + c, rounded once
 *   max(a, b)                           a > b ? a : b, so b if one of them is NaN
 *   less, equal                         a mask, one truth value per lane; false if one operand is NaN
 *   mask_or, mask_count                 of masks: or; how many lanes are set
 *   mask_select(m, yes, no)             m ? yes : no
 *   mask_add(m, a, b)                   m ? a + b : a
 *   transpose(column, row)              the columns of a block of VEC_WIDTH x VEC_WIDTH numbers
 *   vec_log, vec_atan, vec_sqrt         (vec_exp, vec_log1p, softplus: exponential.h)
 *
 * Invariant: the same bits at every width.  Each lane does the operations that a scalar loop would do.  Operations are
 * fused only where fmadd is written (the compiler may not contract).  exp, log1p and sqrt are the library's own; log
 * and atan are of SLEEF's deterministic finz family.  A sum over lanes has eight partial sums (sum_squares: 32) and one
 * fixed tree (sums.h), whatever the width.
 */
#ifndef FATHOM_VEC_H
#define FATHOM_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../elementary.h"

/* ISA(name) is `name` made unique to this compilation: adam_v4, adam_v3, adam_neon, adam_ref. */
#define ISA_JOIN2(name, isa) name##_##isa
#define ISA_JOIN(name, isa) ISA_JOIN2(name, isa)
#define ISA(name) ISA_JOIN(name, FATHOM_ISA)

#define INLINE static inline __attribute__((always_inline))

/* Before a loop over a few vectors that registers hold: it is unrolled completely.  Otherwise the compiler keeps them in
 * memory, at a quarter of the speed.  clang ignores gcc's pragma. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* 1 / sqrt(x) to 3.5 %: as an integer its bit pattern is RSQRT_MAGIC minus half of x's pattern, which halves the
 * exponent and changes its sign (Lomont 2003, "Fast inverse square root", the constant for doubles). */
static const int64_t RSQRT_MAGIC = 0x5fe6ec85e7de30da;

#if VEC_WIDTH == 8

#include <immintrin.h>
#include <sleef.h>
typedef double   vec __attribute__((vector_size(64)));
typedef __mmask8 mask;
INLINE vec       load(const double *p) { return _mm512_loadu_pd(p); }
INLINE void      store(double *p, vec a) { _mm512_storeu_pd(p, a); }
INLINE vec       broadcast(double a) { return _mm512_set1_pd(a); }
INLINE vec       fmadd(vec a, vec b, vec c) { return _mm512_fmadd_pd(a, b, c); }
INLINE mask      less(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
INLINE mask      equal(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
INLINE mask      mask_or(mask a, mask b) { return (mask)(a | b); }
INLINE int       mask_count(mask m) { return __builtin_popcount(m); }
INLINE vec       mask_select(mask m, vec yes, vec no) { return _mm512_mask_blend_pd(m, no, yes); }
INLINE vec       max(vec a, vec b) { return _mm512_max_pd(a, b); }
INLINE vec       mask_add(mask m, vec a, vec b) { return _mm512_mask_add_pd(a, m, a, b); }
/* With k the bit pattern of t: the double whose pattern is table[k mod 16] + k 2^48 (exponential.h). */
INLINE vec power_of_two(vec t, const uint64_t table[16])
{
    __m512i k = (__m512i)t,
            entry = _mm512_permutex2var_epi64(_mm512_loadu_si512(table), k, _mm512_loadu_si512(table + 8));
    return (vec)_mm512_add_epi64(entry, _mm512_slli_epi64(k, 48));
}
INLINE vec approximate_rsqrt(vec a)
{
    return (vec)_mm512_sub_epi64(_mm512_set1_epi64(RSQRT_MAGIC), _mm512_srli_epi64((__m512i)a, 1));
}
INLINE vec vec_log(vec a) { return Sleef_finz_logd8_u10avx512f(a); }
INLINE vec vec_atan(vec a) { return Sleef_finz_atand8_u10avx512f(a); }

/* t[i] = column i of the square block whose rows are r[0..VEC_WIDTH-1]. */
INLINE void transpose(vec t[8], const vec r[8])
{
    __m512d a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        t[j] = _mm512_shuffle_f64x2(b[j], b[j + 4], 0x88);
        t[j + 4] = _mm512_shuffle_f64x2(b[j], b[j + 4], 0xdd);
    }
}

#elif VEC_WIDTH == 4

#include <immintrin.h>
#include <sleef.h>
typedef double  vec __attribute__((vector_size(32)));
typedef __m256d mask;
INLINE vec      load(const double *p) { return _mm256_loadu_pd(p); }
INLINE void     store(double *p, vec a) { _mm256_storeu_pd(p, a); }
INLINE vec      broadcast(double a) { return _mm256_set1_pd(a); }
INLINE vec      fmadd(vec a, vec b, vec c) { return _mm256_fmadd_pd(a, b, c); }
INLINE mask     less(vec a, vec b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
INLINE mask     equal(vec a, vec b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
INLINE mask     mask_or(mask a, mask b) { return _mm256_or_pd(a, b); }
INLINE int      mask_count(mask m) { return __builtin_popcount((unsigned)_mm256_movemask_pd(m)); }
INLINE vec      mask_select(mask m, vec yes, vec no) { return _mm256_blendv_pd(no, yes, m); }
INLINE vec      max(vec a, vec b) { return _mm256_max_pd(a, b); }
INLINE vec      mask_add(mask m, vec a, vec b) { return mask_select(m, a + b, a); }
INLINE vec      power_of_two(vec t, const uint64_t table[16])
{
    __m256i k = (__m256i)t, j = _mm256_and_si256(k, _mm256_set1_epi64x(15));
    __m256i entry = _mm256_i64gather_epi64((const long long *)table, j, 8);
    return (vec)_mm256_add_epi64(entry, _mm256_slli_epi64(k, 48));
}
INLINE vec approximate_rsqrt(vec a)
{
    return (vec)_mm256_sub_epi64(_mm256_set1_epi64x(RSQRT_MAGIC), _mm256_srli_epi64((__m256i)a, 1));
}
INLINE vec vec_log(vec a) { return Sleef_finz_logd4_u10avx2(a); }
INLINE vec vec_atan(vec a) { return Sleef_finz_atand4_u10avx2(a); }

INLINE void transpose(vec t[4], const vec r[4])
{
    __m256d a0 = _mm256_unpacklo_pd(r[0], r[1]), a1 = _mm256_unpackhi_pd(r[0], r[1]);
    __m256d a2 = _mm256_unpacklo_pd(r[2], r[3]), a3 = _mm256_unpackhi_pd(r[2], r[3]);
    t[0] = _mm256_permute2f128_pd(a0, a2, 0x20);
    t[1] = _mm256_permute2f128_pd(a1, a3, 0x20);
    t[2] = _mm256_permute2f128_pd(a0, a2, 0x31);
    t[3] = _mm256_permute2f128_pd(a1, a3, 0x31);
}

#elif VEC_WIDTH == 2

#include <arm_neon.h>
#include <sleef.h>
typedef float64x2_t vec;
typedef uint64x2_t  mask;
INLINE vec          load(const double *p) { return vld1q_f64(p); }
INLINE void         store(double *p, vec a) { vst1q_f64(p, a); }
INLINE vec          broadcast(double a) { return vdupq_n_f64(a); }
INLINE vec          fmadd(vec a, vec b, vec c) { return vfmaq_f64(c, a, b); }
INLINE mask         less(vec a, vec b) { return vcltq_f64(a, b); }
INLINE mask         equal(vec a, vec b) { return vceqq_f64(a, b); }
INLINE mask         mask_or(mask a, mask b) { return vorrq_u64(a, b); }
INLINE int          mask_count(mask m) { return (int)vaddvq_u64(vshrq_n_u64(m, 63)); }
INLINE vec          mask_select(mask m, vec yes, vec no) { return vbslq_f64(m, yes, no); }
INLINE vec          max(vec a, vec b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }
INLINE vec          mask_add(mask m, vec a, vec b) { return mask_select(m, a + b, a); }
INLINE vec          power_of_two(vec t, const uint64_t table[16])
{
    const uint64x2_t k = vreinterpretq_u64_f64(t);
    const uint64x2_t entry = { table[vgetq_lane_u64(k, 0) % 16], table[vgetq_lane_u64(k, 1) % 16] };
    return vreinterpretq_f64_u64(vaddq_u64(entry, vshlq_n_u64(k, 48)));
}
INLINE vec approximate_rsqrt(vec a)
{
    const uint64x2_t half = vshrq_n_u64(vreinterpretq_u64_f64(a), 1);
    return vreinterpretq_f64_u64(vsubq_u64(vdupq_n_u64((uint64_t)RSQRT_MAGIC), half));
}
INLINE vec vec_log(vec a) { return Sleef_finz_logd2_u10advsimd(a); }
INLINE vec vec_atan(vec a) { return Sleef_finz_atand2_u10advsimd(a); }

INLINE void transpose(vec t[2], const vec r[2])
{
    t[0] = vtrn1q_f64(r[0], r[1]);
    t[1] = vtrn2q_f64(r[0], r[1]);
}

#elif VEC_WIDTH == 1 /* plain C */

typedef double vec;
typedef int    mask;
INLINE vec     load(const double *p) { return *p; }
INLINE void    store(double *p, vec a) { *p = a; }
INLINE vec     broadcast(double a) { return a; }
INLINE vec     fmadd(vec a, vec b, vec c) { return fma(a, b, c); }
INLINE mask    less(vec a, vec b) { return a < b; }
INLINE mask    equal(vec a, vec b) { return a == b; }
INLINE mask    mask_or(mask a, mask b) { return a | b; }
INLINE int     mask_count(mask m) { return m; }
INLINE vec     mask_select(mask m, vec yes, vec no) { return m ? yes : no; }
INLINE vec     max(vec a, vec b) { return a > b ? a : b; }
INLINE vec     mask_add(mask m, vec a, vec b) { return m ? a + b : a; }
INLINE vec     vec_log(vec a) { return same_log(a); }
INLINE vec     vec_atan(vec a) { return same_atan(a); }
INLINE void    transpose(vec t[1], const vec r[1]) { t[0] = r[0]; }
INLINE vec     power_of_two(vec t, const uint64_t table[16])
{
    uint64_t k;
    memcpy(&k, &t, sizeof k);
    k = table[k % 16] + (k << 48);
    memcpy(&t, &k, sizeof t);
    return t;
}
INLINE vec approximate_rsqrt(vec a)
{
    int64_t pattern;
    memcpy(&pattern, &a, sizeof pattern);
    pattern = RSQRT_MAGIC - (int64_t)((uint64_t)pattern >> 1);
    memcpy(&a, &pattern, sizeof a);
    return a;
}

#else
#error "VEC_WIDTH is 8, 4, 2 or 1"
#endif

/* sqrt(x), correctly rounded for x in [2^-960, 2^1022], and 0 for 0.  It does not use the divider: Newton's iteration
 * for y = 1 / sqrt(x) squares the relative error, 3.5 % at first, in each step (times 3/2); the last step corrects the
 * root itself by its exact remainder (Markstein 1990, "Computation of elementary functions on the IBM RISC
 * System/6000").  Below that range the result is small but not accurate; for infinity it is NaN. */
INLINE vec vec_sqrt(vec x)
{
    vec y = approximate_rsqrt(x), half = broadcast(0.5);
    for (int i = 0; i < 4; i++)
        y = fmadd(y, fmadd(-half * x * y, y, half), y);
    vec root = x * y, remainder = fmadd(-root, root, x);
    return fmadd(remainder, half * y, root);
}

#endif
