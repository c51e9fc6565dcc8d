/* transformer_affine_bayesflow.c - BayesFlow's soft clamp of the log-scale, to within (-a, a) (affine_scale.h):
 *
 *   log s = (2 a / pi) atan(raw / a),  d log s / d raw = (2 / pi) / (1 + (raw / a)^2),  a = 1.9
 *
 * Ardizzone et al. 2019, "Guided image generation with conditional invertible neural networks"; Radev et al. 2023,
 * "BayesFlow", github.com/bayesflow-org/bayesflow, version 1: class AffineCoupling, and soft_clamping = 1.9 in
 * bayesflow/default_settings.py. */
#include "affine_scale.h"

static const double A = 1.9, TWO_OVER_PI = 0.63661977236758134308;

INLINE vec log_scale(vec *slope, vec raw)
{
    vec t = raw / broadcast(A);
    *slope = broadcast(TWO_OVER_PI) / (broadcast(1.0) + t * t);
    return broadcast(TWO_OVER_PI * A) * vec_atan(t);
}

AFFINE_SCALE(affine_bayesflow, "affine-bayesflow");
