/* transformer_affine_freia.c - FrEIA's soft clamp of the log-scale, to within (-1.998, 1.998) (affine_scale.h):
 *
 *   log s = c atan(raw),  d log s / d raw = c / (1 + raw^2),  c = 2 x 0.636
 *
 * 0.636 is about 2 / pi.  Ardizzone et al. 2018-2022, "Framework for Easily Invertible Architectures",
 * github.com/vislearn/FrEIA, FrEIA/modules/coupling_layers.py, class _BaseCouplingBlock: clamp = 2, clamp_activation
 * "ATAN", which are the defaults of its affine coupling blocks. */
#include "affine_scale.h"

static const double CLAMP = 2.0 * 0.636;

INLINE vec log_scale(vec *slope, vec raw)
{
    *slope = broadcast(CLAMP) / (broadcast(1.0) + raw * raw);
    return broadcast(CLAMP) * vec_atan(raw);
}

AFFINE_SCALE(affine_freia, "affine-freia");
