/* adam.c - the update of Adam (Kingma & Ba 2015, algorithm 1) on one flat block of parameters, and that of AMSGrad
 * (Reddi, Kale & Kumar 2018, algorithm 2). */
#include "internal.h"

/* Algorithm 1.  The bias corrections are in two numbers that depend only on the step t:
 *
 *   g = scale gradient,  m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
 *   params <- params - step_size m / (sqrt(v_scale v) + eps),
 *   step_size = lr / (1 - b1^t),  v_scale = 1 / (1 - b2^t).
 *
 * scale is the factor of a clip by global norm (train.c).  params, m, v, gradient: [padded(n)]; their elements from n
 * on are 0 and stay 0. */
void ISA(adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
               double beta2, double v_scale, size_t n)
{
    const vec b1 = broadcast(ADAM_BETA1), rest1 = broadcast(1.0 - ADAM_BETA1);
    const vec b2 = broadcast(beta2), rest2 = broadcast(1.0 - beta2), epsilon = broadcast(ADAM_EPSILON);
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec g = broadcast(scale) * load(gradient + i);
        vec mi = fmadd(b1, load(m + i), rest1 * g);
        vec vi = fmadd(b2, load(v + i), rest2 * g * g);
        store(m + i, mi);
        store(v + i, vi);
        vec size = vec_sqrt(broadcast(v_scale) * vi) + epsilon;
        store(params + i, load(params + i) - broadcast(step_size) * mi / size);
    }
}

/* The same with the greatest second moment so far, bias correction included:
 *
 *   largest <- max(largest, v_scale v),  params <- params - step_size m / (sqrt(largest) + eps).
 *
 * largest: [padded(n)], 0 before the first update. */
void ISA(amsgrad)(double *params, double *m, double *v, double *largest, const double *gradient, double scale,
                  double step_size, double beta2, double v_scale, size_t n)
{
    const vec b1 = broadcast(ADAM_BETA1), rest1 = broadcast(1.0 - ADAM_BETA1);
    const vec b2 = broadcast(beta2), rest2 = broadcast(1.0 - beta2), epsilon = broadcast(ADAM_EPSILON);
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec g = broadcast(scale) * load(gradient + i);
        vec mi = fmadd(b1, load(m + i), rest1 * g);
        vec vi = fmadd(b2, load(v + i), rest2 * g * g);
        vec most = max(load(largest + i), broadcast(v_scale) * vi);
        store(m + i, mi);
        store(v + i, vi);
        store(largest + i, most);
        store(params + i, load(params + i) - broadcast(step_size) * mi / (vec_sqrt(most) + epsilon));
    }
}
