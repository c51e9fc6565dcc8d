/* internal.h - the declarations that the files of this folder share: vectors, and the functions that they call in each
 * other.
 *
 * ISA(name) is the name with the instruction set appended (vec.h). */
#ifndef FATHOM_INTERNAL_H
#define FATHOM_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "exponential.h"
#include "kernels.h"
#include "sums.h"
#include "vec.h"

#define LAYER(name) extern const struct layer ISA(layer_##name);
#define TRANSFORMER(name) extern const struct transformer ISA(transformer_##name);
#include "list.h"
extern const struct conditioner ISA(conditioner_dense), ISA(conditioner_piecewise);
extern const struct fathom_isa  ISA(fathom_isa);

/* matrix.c */
void ISA(matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                             size_t n_columns);
void ISA(matrix_product)(double *c, size_t c_step, const double *start, struct matrix a, struct matrix x, size_t n_rows,
                         size_t n_k, size_t n_columns);
void ISA(matrix_transpose)(double *out, size_t out_step, const double *in, size_t in_step, size_t n_rows,
                           size_t n_columns);

/* The slots of struct fathom_isa (kernels.h). */
void   ISA(volume_log_det)(double *log_det, const struct volume *volume, size_t rows);
void   ISA(base_log_prob)(double *logp, const double *z, const double *params, size_t dim, size_t rows);
void   ISA(base_backward)(double *dz, double *partial, const double *dlogp, const double *z, const double *params,
                        size_t dim, size_t rows);
void   ISA(adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
               double beta2, double v_scale, size_t n);
void   ISA(amsgrad)(double *params, double *m, double *v, double *largest, const double *gradient, double scale,
                  double step_size, double beta2, double v_scale, size_t n);
double ISA(sum_squares)(const double *x, size_t n);
double ISA(dot)(const double *x, const double *y, size_t n); /* sums.c */
double ISA(log_sum_exp)(const double *weight, const double *x, size_t n);

#endif
