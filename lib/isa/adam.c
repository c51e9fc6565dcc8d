/* adam.c - the update of Adam (Kingma & Ba 2015, algorithm 1) on one flat block of parameters. */
#include "kernels.h"

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

/* Algorithm 1 with the bias corrections folded into two numbers of the step t:
 *
 *   g = scale gradient,  m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
 *   params <- params - step_size m / (sqrt(v_scale v) + eps),
 *   step_size = lr / (1 - b1^t),  v_scale = 1 / (1 - b2^t).
 *
 * params, m, v, gradient: [n]. */
void ISA(adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
               double v_scale, size_t n)
{
    size_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec g = all(scale) * load(gradient + i);
        vec mi = fused(all(BETA1), load(m + i), all(1.0 - BETA1) * g);
        vec vi = fused(all(BETA2), load(v + i), all(1.0 - BETA2) * g * g);
        store(m + i, mi);
        store(v + i, vi);
        store(params + i, load(params + i) - all(step_size) * mi / (root_(all(v_scale) * vi) + all(EPSILON)));
    }
    for (; i < n; i++) { /* the last few, one by one, by the same operations */
        double g = scale * gradient[i];
        m[i] = fma(BETA1, m[i], (1.0 - BETA1) * g);
        v[i] = fma(BETA2, v[i], (1.0 - BETA2) * g * g);
        params[i] = params[i] - step_size * m[i] / (sqrt(v_scale * v[i]) + EPSILON);
    }
}
