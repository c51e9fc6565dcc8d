/* exponential.h - e^x for x <= 0 and log(1 + e) for 0 <= e <= 1, of which softmax and softplus are made; softplus;
 * e^x for any x.
 *
 * A spline computes e^x more often than all other functions together: 20 times per row at 9 bins.  The compiler can
 * neither inline SLEEF's e^x nor overlap it with the code around it.  Both functions here are the same sequence of
 * operations at every width, without a branch (vec.h's invariant).  So, like SLEEF's, they have the same bits
 * everywhere.
 *
 * e^x.  With k the integer nearest to 16 x / log 2 and r = x - k (log 2) / 16, so that |r| <= (log 2) / 32:
 *
 *   e^x = 2^(k/16) e^r,  e^r = 1 + r + r^2 q(r),  q of degree 4
 *
 * One fused operation gives k: near SHIFT = 1.5 2^52 the doubles are the integers, so 16 x / log 2 + SHIFT rounds to k
 * + SHIFT, whose lowest bits are k.  Its lowest four bits, j, index 2^(j/16) in a table (which fits in registers at
 * 512 bits); the bits above are added to the exponent (Tang 1989, "Table-driven implementation of the exponential
 * function").  (log 2) / 16 is subtracted as one double; the 1.4e-18 that it lacks changes e^x by less than a third of
 * what the last bit of x does.  The even and the odd powers of q are two independent chains, because in a single
 * Horner chain each operation depends on the one before.  Below -708, where e^x (3.3e-308) would soon be subnormal,
 * the value is 0, also for -inf.  NaN gives NaN.  A softmax limits x to [-708, 0] first and calls vec_exp_in_range,
 * which saves an operation.
 *
 * log(1 + e) = 2 atanh(s) with s = e / (2 + e), an odd series in s, and with z = s^2 it is
 *
 *   2 s + s z p(z),  p of degree 9
 *
 * The coefficients are minimax polynomials of the error in 240 bits, rounded to double:
 *
 *               range                     error        with round-off (2^25 points against 80-bit expl, log1pl)
 *   e^r         |r| <= 1.0005 (log 2)/32  1.2e-17      1.08 + 0.31 |x| units in the last place
 *   log(1 + e)  0 <= e <= 1               3.4e-18      1.97 units in the last place
 *
 * Their effect (Zen 4, one core, a training step at depth 8, batch 512; the least of five runs in turn): 600 us with
 * SLEEF's two functions, 481 with earlier ones of this form at 512 bits; 809 and 661 at 256.  To repeat it, make
 * vec_exp and vec_log1p call Sleef_finz_expd8_u10avx512f, ... as vec_log does in vec.h, and time a step (`make bench`)
 * with and without.
 */
#ifndef FATHOM_EXPONENTIAL_H
#define FATHOM_EXPONENTIAL_H

#include "vec.h"

/* The bit pattern of 2^(j/16) minus j 2^48, because adding k 2^48 also adds k's lowest four bits, which are j. */
static const uint64_t POWER[16] = {
    0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238,
    0x3fef06fe0a31b715, 0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429,
    0x3feea09e667f3bcd, 0x3feea11473eb0187, 0x3feeace5422aa0db, 0x3feec49182a3f090,
    0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487, 0x3fefa4afa2a490da,
};

static const double LEAST_EXPONENT = -708.0; /* the range of vec_exp_in_range begins here */

/* e^x for x in [-708, 708], or NaN. */
INLINE vec vec_exp_in_range(vec x)
{
    const vec shift = broadcast(0x1.8p52);
    vec       t = fmadd(x, broadcast(0x1.71547652b82fep+4), shift), k = t - shift; /* 16 / log 2 */
    vec       r = fmadd(k, broadcast(-0x1.62e42fefa39efp-5), x);                   /* log 2 / 16 */

    vec r2 = r * r;
    vec odd = fmadd(broadcast(0x1.11123afbf2c80p-7), r2, broadcast(0x1.555555548f217p-3));
    vec even = fmadd(broadcast(0x1.6c185e32c454cp-10), r2, broadcast(0x1.555555545e625p-5));
    even = fmadd(even, r2, broadcast(0x1.0000000000005p-1));
    vec q = fmadd(odd, r, even), power = power_of_two(t, POWER);
    return fmadd(power, fmadd(q, r2, r), power);
}

/* e^x for x <= 0, or NaN. */
INLINE vec vec_exp(vec x)
{
    return mask_select(less(x, broadcast(LEAST_EXPONENT)), broadcast(0.0), vec_exp_in_range(x));
}

/* e^x for any x, or NaN.  Above 708, where e^-x is 0, it is infinite. */
INLINE vec vec_exp_any(vec x)
{
    mask positive = less(broadcast(0.0), x);
    vec  e = vec_exp(mask_select(positive, -x, x));
    return mask_select(positive, broadcast(1.0) / e, e);
}

/* log(1 + e) for e in [0, 1], or NaN. */
INLINE vec vec_log1p(vec e)
{
    vec s = e / (broadcast(2.0) + e), z = s * s, z2 = z * z;
    vec odd = fmadd(broadcast(0x1.5c8a6ba3b80a5p-3), z2, broadcast(0x1.efdd883f95b75p-4));
    vec even = fmadd(broadcast(0x1.559c39d62732dp-4), z2, broadcast(0x1.106768476c662p-3));
    odd = fmadd(odd, z2, broadcast(0x1.3b1de32a6eb21p-3));
    even = fmadd(even, z2, broadcast(0x1.745cb39b1fb39p-3));
    odd = fmadd(odd, z2, broadcast(0x1.c71c741f8e65ep-3));
    even = fmadd(even, z2, broadcast(0x1.2492492085734p-2));
    odd = fmadd(odd, z2, broadcast(0x1.99999999a0840p-2));
    even = fmadd(even, z2, broadcast(0x1.5555555555535p-1));
    return fmadd(s * z, fmadd(odd, z, even), s + s);
}

/* softplus(x) = log(1 + e^x) = max(x, 0) + log1p(e^-|x|), and its slope 1 / (1 + e^-x).  e^-|x| is in [0, 1]. */
INLINE vec softplus(vec *slope, vec x)
{
    mask positive = less(broadcast(0.0), x);
    vec  e = vec_exp(mask_select(positive, -x, x));
    *slope = mask_select(positive, broadcast(1.0), e) / (broadcast(1.0) + e);
    return mask_select(positive, x, broadcast(0.0)) + vec_log1p(e);
}

#endif
