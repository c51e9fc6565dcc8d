/* normal_cdf.h - the standard normal distribution in its tail: Mills' ratio and the quantile of a tail's logarithm.
 *
 * With phi the density and Phi the distribution function, Mills' ratio is
 *
 *   R(u) = Phi(-u) / phi(u) = sqrt(pi / 2) erfcx(u / sqrt 2),  R'(u) = u R(u) - 1,  R ~ 1 / u
 *
 * so that  log Phi(-u) = -u^2/2 - (log 2 pi)/2 + log R(u)  holds where Phi(-u) itself underflows.
 *
 * R is a quotient of polynomials of degrees 11 and 12 in v = u + 3/4, after W. J. Cody (1969, "Rational Chebyshev
 * approximations for the error function"), who takes several intervals.  Here one quotient covers all u >= -3/4.  Its
 * coefficients interpolate R, computed with 60 digits, in the 23 Chebyshev nodes of (u - 5/2) / (u + 4), which is in
 * [-1, 1].  All are positive, so that no digit cancels.  As doubles they give R to 3.7e-17 of itself; with round-off to
 * 4 units in the last place (tests/test_normal_cdf.c).
 *
 * Invariant: the same operations at every width, without a branch (vec.h). */
#ifndef FATHOM_NORMAL_CDF_H
#define FATHOM_NORMAL_CDF_H

#include "vec.h"

static const double NORMAL_HALF_LOG_2PI = 0.91893853320467274178, NORMAL_INV_SQRT_2PI = 0.39894228040143267794;

/* R(u) = Phi(-u) / phi(u) for u >= -3/4, or NaN.  Beyond 1e20, where the polynomials would overflow, it is 1 / u. */
INLINE vec mills_ratio(vec u)
{
    static const double above[] = { 0x1.c310ed87a5bdep+4,  0x1.95435de0d4f0bp+8,  0x1.df9392616e6dcp+11,
                                    0x1.9a9019b268ca1p+14, 0x1.095157127d575p+17, 0x1.076b001358ecep+19,
                                    0x1.91fa9bfc39b03p+20, 0x1.cfc43c7d44ad2p+21, 0x1.847007597c132p+22,
                                    0x1.af8b4bbf18573p+22, 0x1.ef87575e46746p+21 };
    static const double below[] = { 0x1.811e92be792c3p+8,  0x1.bd33636f69a89p+11, 0x1.743e249d55d0ap+14,
                                    0x1.d5a79de75ef9ap+16, 0x1.c7226080db9f5p+18, 0x1.537476f6b6586p+20,
                                    0x1.811288188d3ccp+21, 0x1.42cd6aa5123c9p+22, 0x1.7a7dfbebed0f6p+22,
                                    0x1.15f518bc5002ap+22, 0x1.81e6632c2db40p+20 };
    vec                 v = u + broadcast(0.75), p = v + broadcast(above[0]), q = v + broadcast(0x1.b710ed87a5bdep+4);
    q = fmadd(q, v, broadcast(below[0]));
    for (int i = 1; i < 11; i++) {
        p = fmadd(p, v, broadcast(above[i]));
        q = fmadd(q, v, broadcast(below[i]));
    }
    mask far = less(broadcast(1e20), u);
    return mask_select(far, broadcast(1.0), p) / mask_select(far, u, q);
}

/* y with log Phi(-y) = log_tail, for -3/4 <= y <= 1e140, that is Phi(-y) <= 0.77; and *mills = R(y).  NaN gives NaN.
 *
 * The start is that of Hastings (1955; Abramowitz & Stegun 1964, 26.2.23), to 0.0005 for y >= 0, to 0.01 below.  With
 * g(y) = log Phi(-y) - log_tail, g' = -1/R and g''/g' = 1/R - y, Chebyshev's iteration of third order is
 *
 *   y <- y + g R (1 - g (1 - y R) / 2)
 *
 * Two steps do.  A Taylor series follows R over the last step, R'' = R + y R'.  Far out, where R' = y R - 1 would be
 * rounding, it is about -R^2, and R'' about 0. */
INLINE vec normal_tail_quantile(vec *mills, vec log_tail)
{
    const vec one = broadcast(1.0), half = broadcast(0.5), level = -log_tail - broadcast(NORMAL_HALF_LOG_2PI);
    vec       t = vec_sqrt(broadcast(-2.0) * log_tail);
    vec       p = fmadd(fmadd(broadcast(0.010328), t, broadcast(0.802853)), t, broadcast(2.515517));
    vec       q = fmadd(fmadd(broadcast(0.001308), t, broadcast(0.189269)), t, broadcast(1.432788));
    vec       y = t - p / fmadd(q, t, one);
    for (int step = 0; step < 2; step++) {
        const mask near = less(y, broadcast(1e4));
        vec        r = mills_ratio(y), r1 = mask_select(near, fmadd(y, r, -one), -r * r);
        vec        r2 = mask_select(near, fmadd(y, r1, r), broadcast(0.0));
        vec        g = vec_log(r) + fmadd(-half * y, y, level);
        vec        move = g * r * fmadd(half * g, r1, one);
        *mills = fmadd(move, fmadd(half * move, r2, r1), r);
        y += move;
    }
    return y;
}

#endif
