/* transformer_affine_glow.c - Glow's scale, which never expands (affine_scale.h):
 *
 *   s = sigmoid(raw + 2),  log s = -softplus(-(raw + 2)),  d log s / d raw = sigmoid(-(raw + 2))
 *
 * so 0 < s < 1, and raw = 0 gives s = 0.88.  In the paper (Kingma & Dhariwal 2018, "Glow", table 1) s = exp(raw).
 * This is what its code computes: github.com/openai/glow, model.py, function revnet2d_step, which shifts before it
 * scales. */
#include "affine_scale.h"

INLINE vec log_scale(vec *slope, vec raw) { return -softplus(slope, -(raw + broadcast(2.0))); }

AFFINE_SCALE(affine_glow, "affine-glow");
