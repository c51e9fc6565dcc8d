/* adam.c - the update of Adam (Kingma & Ba 2015, algorithm 1) on one flat block of parameters. */
#include "internal.h"

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

/* Algorithm 1 with the bias corrections folded into two numbers of the step t:
 *
 *   g = scale gradient,  m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
 *   params <- params - step_size m / (sqrt(v_scale v) + eps),
 *   step_size = lr / (1 - b1^t),  v_scale = 1 / (1 - b2^t).
 *
 * params, m, v, gradient: [padded(n)], what lies beyond n is 0 and stays so. */
void ISA(adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
               double v_scale, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec g = all(scale) * load(gradient + i);
        vec mi = fused(all(BETA1), load(m + i), all(1.0 - BETA1) * g);
        vec vi = fused(all(BETA2), load(v + i), all(1.0 - BETA2) * g * g);
        store(m + i, mi);
        store(v + i, vi);
        store(params + i, load(params + i) - all(step_size) * mi / (root_(all(v_scale) * vi) + all(EPSILON)));
    }
}
