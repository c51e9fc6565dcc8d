/* transformer_affine_log_softplus.c - the scale of transformer_affine.c, its logarithm computed stably (affine_scale.h):
 *
 *   s = softplus(u),  u = raw + softplus^-1(1)
 *   log s = log softplus(u),  d log s / d raw = softplus'(u) / softplus(u)
 *
 * Below u = -40, log softplus(u) = u - e^u / 2 + ..., which is u in double precision, and the slope is 1.  The logarithm
 * of the computed softplus is -inf below u = -708. */
#include "affine_scale.h"

INLINE vec log_scale(vec *slope, vec raw)
{
    vec  u = raw + broadcast(SOFTPLUS_INVERSE_1), s = softplus(slope, u);
    mask linear = less(u, broadcast(-40.0));
    *slope = mask_select(linear, broadcast(1.0), *slope / s);
    return mask_select(linear, u, vec_log(s));
}

AFFINE_SCALE(affine_log_softplus, "affine-log-softplus");
