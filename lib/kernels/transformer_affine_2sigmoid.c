/* transformer_affine_2sigmoid.c - a scale that is bounded above (affine_scale.h):
 *
 *   s = 2 sigmoid(raw),  log s = log 2 - softplus(-raw),  d log s / d raw = sigmoid(-raw)
 *
 * so 0 < s < 2, and raw = 0 is the identity.  Kolesnikov, Pinto & Tschannen 2024, "Jet: a modern transformer-based
 * normalizing flow"; github.com/google-research/big_vision, big_vision/models/proj/jet/jet.py, class Coupling, with
 * scale_factor = 2.  Jet shifts before it scales. */
#include "affine_scale.h"

static const double LOG_2 = 0.69314718055994530942;

INLINE vec log_scale(vec *slope, vec raw) { return broadcast(LOG_2) - softplus(slope, -raw); }

AFFINE_SCALE(affine_2sigmoid, "affine-2sigmoid");
