/* exponential.h - e^x for x <= 0 and log(1 + e) for 0 <= e <= 1: what softmax and softplus are made of.
 *
 * A spline calls e^x more often than everything else together, 20 times a row at 9 bins, and SLEEF's is a call that
 * the compiler can neither inline nor overlap with its neighbours.  Both functions here are straight lines of the same
 * operations at every width (vec.h's invariant), so they have the same bits everywhere as SLEEF's do.
 *
 * e^x.  With k the integer nearest to 16 x / log 2 and r = x - k (log 2) / 16, so that |r| <= (log 2) / 32:
 *
 *   e^x = 2^(k/16) e^r,  e^r = 1 + r + r^2 q(r),  q of degree 5
 *
 * k falls out of one fused operation: around SHIFT = 1.5 2^52 the doubles are the integers, so 16 x / log 2 + SHIFT
 * rounds to k + SHIFT, whose lowest bits are k.  Its lowest four, j, choose 2^(j/16) from a table (which lies in
 * registers at 512 bits), and those above are added to its exponent (Tang 1989, "Table-driven implementation of the
 * exponential function").  (log 2) / 16 is taken off as a sum of two doubles (Cody & Waite 1980).  q's even and odd
 * powers are two independent chains: one of Horner's alone would wait for its own latency.  Below -708, where e^x
 * (3.3e-308) is about to leave the normal numbers, the value is 0, so also for -inf; NaN gives NaN.
 *
 * log(1 + e).  1 + e = 2^n (1 + f), n = 0 up to e = 1/2 and 1 above, so that f in (-1/4, 1/2] is exact; then as in
 * fdlibm (Sun Microsystems 1993, s_log1p.c), with s = f / (2 + f), so that log(1 + f) = 2 atanh(s), and z = s^2:
 *
 *   log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p(z))),  p of degree 7
 *
 * The coefficients are minimax polynomials of the error (of e^r nearly so, Chebyshev's) in 200 bits, rounded to double:
 *
 *               range                     error        with round-off (2^25 points against 80-bit expl, log1pl)
 *   e^r         |r| <= 1.0005 (log 2)/32  3.8e-20      1.02 units in the last place
 *   log(1 + f)  |s| <= 0.2001             2.17e-19     0.91 units in the last place
 *
 * What it is worth (Zen 4, one core, a training step at depth 8, batch 512; the least of five runs in turn): 600 us
 * with SLEEF's two functions, 481 with these at 512 bits; 809 and 661 at 256.  To repeat it, let exp_ and log1p_ call
 * Sleef_finz_expd8_u10avx512f, ... as log_ does in vec.h, and time a step (`make bench`) with and without.
 */
#ifndef FATHOM_EXPONENTIAL_H
#define FATHOM_EXPONENTIAL_H

/* The pattern of 2^(j/16), less j 2^48: what k 2^48 adds with k's lowest four bits is taken off ahead. */
static const uint64_t POWER[16] = {
    0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238, 0x3fef06fe0a31b715,
    0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429, 0x3feea09e667f3bcd, 0x3feea11473eb0187,
    0x3feeace5422aa0db, 0x3feec49182a3f090, 0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487,
    0x3fefa4afa2a490da,
};

INLINE vec exp_(vec x)
{
    const vec shift = all(0x1.8p52);
    vec t = fused(x, all(0x1.71547652b82fep+4), shift), k = t - shift; /* 16 / log 2 */
    vec r = fused(k, all(-0x1.62e42fefa39efp-5), x);                   /* log 2 / 16 */
    r = fused(k, all(-0x1.abc9e3b39803fp-60), r);                      /* its rest   */

    vec r2 = r * r;
    vec odd  = fused(all(0x1.a01b0c731c4a3p-13), r2, all(0x1.11111110e0f1ep-7));
    vec even = fused(all(0x1.6c17ed998e52bp-10), r2, all(0x1.55555554e90f2p-5));
    odd  = fused(odd,  r2, all(0x1.5555555555556p-3));
    even = fused(even, r2, all(0x1.0000000000001p-1));
    vec q = fused(odd, r, even), power = power_of_two(t, POWER);
    return choose(less(x, all(-708.0)), all(0.0), fused(power, fused(q, r2, r), power));
}

INLINE vec log1p_(vec e)
{
    const vec zero = all(0.0), two = all(2.0);
    mask big = less(all(0.5), e);
    vec f = choose(big, fused(all(0.5), e, all(-0.5)), e);
    vec n_log2 = choose(big, all(0x1.62e42fefa39efp-1), zero), rest = choose(big, all(0x1.abc9e3b39803fp-56), zero);

    vec s = f / (two + f), z = s * s, z2 = z * z, half = all(0.5) * f * f;
    vec odd  = fused(all(0x1.1b75e96e4fff3p-3), z2, all(0x1.3b35a70fe57f9p-3));
    vec even = fused(all(0x1.0dcd4b44531bfp-3), z2, all(0x1.745c4ba2166e8p-3));
    odd  = fused(odd,  z2, all(0x1.c71c748c83322p-3));
    even = fused(even, z2, all(0x1.24924921e7d6dp-2));
    odd  = fused(odd,  z2, all(0x1.999999999c140p-2));
    even = fused(even, z2, all(0x1.555555555554fp-1));
    vec p = fused(odd, z, even);
    vec sum = n_log2 + f, lost = (n_log2 - sum) + f; /* sum + lost = n_log2 + f exactly */
    return sum + (lost + rest - (half - s * fused(z, p, half)));
}

#endif
