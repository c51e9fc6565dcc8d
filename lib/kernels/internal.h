/* internal.h - the declarations that the files of this folder share: vectors, and the functions that they call in each
 * other.
 *
 * ISA(name) is the name with the instruction set appended (vec.h). */
#ifndef FATHOM_INTERNAL_H
#define FATHOM_INTERNAL_H

#include <stdbool.h>
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

/* matrix.c.  a: [n_rows][n_k]; x: [n_k][n_columns], with column_step 1; c: [n_rows][n_columns], rows c_step apart;
 * n_columns: a multiple of 8.  Each sum is one chain over k, from what it starts with.
 *
 * C[r][c] += sum_k A[r][k] X[k][c]: a weight gradient, with A the upstream gradients transposed and X the inputs. */
void ISA(matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                             size_t n_columns);
/* C[r][c] = start[r] + sum.  start: [n_rows], or NULL for zeros. */
void ISA(matrix_product)(double *c, size_t c_step, const double *start, struct matrix a, struct matrix x, size_t n_rows,
                         size_t n_k, size_t n_columns);
/* C[r][c] = bias[c] + sum, or the maximum of that and 0 if `rectify`: a layer forward, with A the inputs and X the
 * weights transposed.  bias: [n_columns].  NaN stays NaN. */
void ISA(matrix_layer)(double *c, size_t c_step, const double *bias, bool rectify, struct matrix a, struct matrix x,
                       size_t n_rows, size_t n_k, size_t n_columns);
/* C[r][c] = sum where gate[r][c] > 0, else 0: the gradient of a rectified layer's inputs, with A the upstream gradients,
 * X the weights and the gate those inputs.  gate: [n_rows][n_columns], rows c_step apart. */
void ISA(matrix_gated_product)(double *c, size_t c_step, const double *gate, struct matrix a, struct matrix x,
                               size_t n_rows, size_t n_k, size_t n_columns);
/* out: [n_columns][n_rows], rows out_step apart, is the transpose of in: [n_rows][n_columns], rows in_step apart. */
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
