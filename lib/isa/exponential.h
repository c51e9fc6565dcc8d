/* exponential.h - e^x for x <= 0 and log(1 + e) for 0 <= e <= 1: what softmax and softplus are made of.
 *
 * A spline calls e^x more often than everything else together, 20 times a row at 9 bins, and SLEEF's is a call that
 * the compiler can neither inline nor overlap with its neighbours.  Both functions here are straight lines of the same
 * operations at every width (vec.h's invariant), so they have the same bits everywhere as SLEEF's do.
 *
 * e^x.  With n the integer nearest to x / log 2 and r = x - n log 2, so that |r| <= (log 2) / 2:
 *
 *   e^x = 2^n e^r,  e^r = 1 + r (1 + r q(r)),  q of degree 9
 *
 * n falls out of one fused operation: around SHIFT = 1.5 2^52 + 1023 the doubles are the integers, so x / log 2 + SHIFT
 * rounds to n + SHIFT, whose lowest bits are n + 1023, the exponent field of 2^n.  log 2 is taken off as a sum of two
 * doubles (Cody & Waite 1980).  q's even and odd powers are two independent chains: one of Horner's alone would wait
 * for its own latency.  Below -708, where e^x (3.3e-308) is about to leave the normal numbers, the value is 0, so also
 * for -inf; NaN gives NaN.
 *
 * log(1 + e).  1 + e = 2^n (1 + f), n = 0 up to e = 1/2 and 1 above, so that f in (-1/4, 1/2] is exact; then as in
 * fdlibm (Sun Microsystems 1993, s_log1p.c), with s = f / (2 + f), so that log(1 + f) = 2 atanh(s), and z = s^2:
 *
 *   log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p(z))),  p of degree 7
 *
 * The coefficients are minimax polynomials of the relative error, by Remez's exchange in 200 bits, rounded to double:
 *
 *               range                     error        with round-off (2^25 points against 80-bit expl, log1pl)
 *   e^r         |r| <= 1.0005 (log 2)/2   1.01e-17     0.95 units in the last place
 *   log(1 + f)  |s| <= 0.2001             2.17e-19     0.91 units in the last place
 *
 * What it is worth (Zen 4, one core, a training step at depth 8, batch 512; the 10th percentile of 400 steps, five runs
 * in turn): 49.3 us a coupling with SLEEF's two functions, 42.7 with these at 512 bits; 63.3 and 53.1 at 256.  To
 * repeat it, let exp_ and log1p_ in vec.h call Sleef_finz_expd8_u10avx512f, ... as log_ does there, and time a step
 * (`make bench`) with and without.
 */
#ifndef FATHOM_EXPONENTIAL_H
#define FATHOM_EXPONENTIAL_H

INLINE vec exp_(vec x)
{
    const vec shift = all(0x1.8p52 + 1023.0);
    vec t = fused(x, all(0x1.71547652b82fep0), shift), n = t - shift; /* 1 / log 2 */
    vec r = fused(n, all(-0x1.62e42fefa39efp-1), x);                  /* log 2     */
    r = fused(n, all(-0x1.abc9e3b39803fp-56), r);                     /* its rest  */

    vec r2 = r * r;
    vec odd  = fused(all(0x1.af635f16ead2dp-26), r2, all(0x1.71ddf69834cdap-19));
    vec even = fused(all(0x1.28b43b4f111dbp-22), r2, all(0x1.a019938664e2bp-16));
    odd  = fused(odd,  r2, all(0x1.a01a01b015fc1p-13));
    even = fused(even, r2, all(0x1.6c16c18611db9p-10));
    odd  = fused(odd,  r2, all(0x1.111111110f7efp-7));
    even = fused(even, r2, all(0x1.55555555503a0p-5));
    odd  = fused(odd,  r2, all(0x1.5555555555558p-3));
    even = fused(even, r2, all(0x1.0000000000009p-1));
    vec q = fused(odd, r, even);
    vec e_to_r = fused(fused(q, r, all(1.0)), r, all(1.0));
    return choose(less(x, all(-708.0)), all(0.0), e_to_r * power_of_two(t));
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
