/* transformer_affine_zuko.c - zuko's soft clamp of the log-scale, to within (ln 1e-3, -ln 1e-3) (affine_scale.h):
 *
 *   log s = raw / (1 + |raw / b|),  d log s / d raw = 1 / (1 + |raw / b|)^2,  b = ln 1e-3
 *
 * so 0.001 < s < 1000.  Rozet et al. 2022, "Zuko", github.com/probabilists/zuko, zuko/transforms.py, class
 * MonotonicAffineTransform with its default slope = 1e-3 (1e-4 in versions 1.2 to 1.4). */
#include "affine_scale.h"

static const double MOST = 6.9077552789821370521; /* -ln 1e-3 */

INLINE vec log_scale(vec *slope, vec raw)
{
    vec grown = broadcast(1.0) + max(raw, -raw) / broadcast(MOST);
    *slope = broadcast(1.0) / (grown * grown);
    return raw / grown;
}

AFFINE_SCALE(affine_zuko, "affine-zuko");
