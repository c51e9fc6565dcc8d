/* base.c - the base distribution, that of the latent z: independent normals with trainable location and scale.
 *
 *   log p(z) = sum_d [ -(1/2) t_d^2 - log s_d - (1/2) log 2 pi ],  t_d = (z_d - loc_d) / s_d,  s_d = softplus(raw_d)
 *
 * Parameters: loc [D], raw [D].  Initially loc = 0 and raw = softplus^-1(1), so s = 1. */
#include "internal.h"

/* logp += log p(z) */
void ISA(base_log_prob)(double *logp, const double *z, const double *params, size_t dim, size_t rows)
{
    for (size_t d = 0; d < dim; d++) {
        vec       slope, loc = broadcast(params[d]), s = softplus(&slope, broadcast(params[dim + d]));
        const vec inv_s = broadcast(1.0) / s, log_s = vec_log(s);
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec t = (load(COORDINATE(z, d) + i) - loc) * inv_s;
            store(logp + i, load(logp + i) + (broadcast(-0.5) * t * t - log_s - broadcast(HALF_LOG_2PI)));
        }
    }
}

/* dz = -dlogp t / s;  dloc = sum dlogp t / s;  draw = slope sum dlogp (t^2 - 1) / s,  with slope = ds / d raw and the
 * sums over rows.  partial: [2 D][8] = dloc and draw, each in eight partial sums (sums.h). */
void ISA(base_backward)(double *dz, double *partial, const double *dlogp, const double *z, const double *params,
                        size_t dim, size_t rows)
{
    for (size_t d = 0; d < dim; d++) {
        vec       slope, loc = broadcast(params[d]), s = softplus(&slope, broadcast(params[dim + d]));
        const vec inv_s = broadcast(1.0) / s;
        double    dloc[SLAB], draw[SLAB];
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec t = (load(COORDINATE(z, d) + i) - loc) * inv_s, dt = load(dlogp + i) * inv_s;
            store(COORDINATE(dz, d) + i, -dt * t);
            store(dloc + i, dt * t);
            store(draw + i, dt * (t * t - broadcast(1.0)) * slope);
        }
        sum_rows(partial + d * 8, dloc, rows);
        sum_rows(partial + (dim + d) * 8, draw, rows);
    }
}
