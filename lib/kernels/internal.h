/* internal.h - what the files of this folder see of each other within one compilation. */
#ifndef FATHOM_KERNELS_H
#define FATHOM_KERNELS_H

#include "layer.h"
#include "vec.h"

#include <stdlib.h>
#include <string.h>

extern const struct bijection   ISA(actnorm), ISA(rotation), ISA(coupling), ISA(flip);
extern const struct transformer ISA(rqs), ISA(affine);
extern const struct conditioner ISA(mlp), ISA(piecewise);
extern const struct fathom_isa  ISA(fathom_isa);

void ISA(matmul)(double *c, size_t c_step, const double *a, size_t row_step, size_t k_step, const double *x,
                 size_t x_step, size_t n_rows, size_t n_k, size_t n_columns);
void ISA(matmul_from)(double *c, size_t c_step, const double *start, const double *a, size_t row_step, size_t k_step,
                      const double *x, size_t x_step, size_t n_rows, size_t n_k, size_t n_columns);
void ISA(transposed)(double *out, size_t out_step, const double *in, size_t in_step, size_t n_rows,
                     size_t n_columns);

void ISA(log_det)(double *log_det, const struct volume *volume, size_t rows);
void ISA(base_log_prob)(double *logp, const double *z, const double *params, size_t dim, size_t rows);
void ISA(base_backward)(double *dz, double *partial, const double *dlogp, const double *z, const double *params,
                        size_t dim, size_t rows);
void   ISA(adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
                 double v_scale, size_t n);
double ISA(sum_squares)(const double *x, size_t n);
double ISA(log_sum_exp)(const double *weight, const double *x, size_t n);

/* partial[8] += x: [rows], lane i into partial i mod 8: a tile's part of a sum over rows (sum8 ends it). */
INLINE void add_rows(double partial[8], const double *x, size_t rows)
{
    for (int j = 0; j < 8; j += VEC_WIDTH) {
        vec sum = load(partial + j);
        for (size_t i = 0; i < rows; i += 8)
            sum += load(x + i + (size_t)j);
        store(partial + j, sum);
    }
}

/* The volume of rows i, i + 1, ... of a vector grows by `slope`, > 0.  A factor that would leave 2^-500 ... 2^500 is
 * turned into logarithms, of both its parts, for their product may already be out of range. */
INLINE void grow(struct volume *volume, size_t i, vec slope)
{
    const vec least = all(0x1p-500), most = all(0x1p500), one = all(1.0), zero = all(0.0);
    vec before = load(volume->factor + i), factor = before * slope;
    mask far = either(less(factor, least), less(most, factor));
    if (lanes(far) > 0) {
        store(volume->log + i, load(volume->log + i) + choose(far, log_(before) + log_(slope), zero));
        factor = choose(far, one, factor);
    }
    store(volume->factor + i, factor);
}

#endif
