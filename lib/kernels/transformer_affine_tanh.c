/* transformer_affine_tanh.c - a log-scale within (-2, 2) (affine_scale.h):
 *
 *   log s = 2 tanh(raw / 2),  d log s / d raw = 1 - tanh^2(raw / 2)
 *
 * Dinh, Sohl-Dickstein & Bengio 2017, "Real NVP", sec. 4.1: their s, which is log s here, is "a hyperbolic tangent
 * function multiplied by a learned scale".  Here that scale is 2, not learned, and raw is divided by it, so that the
 * slope at 0 is 1.
 *
 * With e = e^-|raw|:  tanh(|raw| / 2) = (1 - e) / (1 + e),  1 - tanh^2(raw / 2) = 4 e / (1 + e)^2 */
#include "affine_scale.h"

INLINE vec log_scale(vec *slope, vec raw)
{
    mask positive = less(broadcast(0.0), raw);
    vec  e = vec_exp(mask_select(positive, -raw, raw)), sum = broadcast(1.0) + e;
    vec  size = (broadcast(2.0) - (e + e)) / sum; /* |log s| */
    *slope = broadcast(4.0) * e / (sum * sum);
    return mask_select(positive, size, -size);
}

AFFINE_SCALE(affine_tanh, "affine-tanh");
