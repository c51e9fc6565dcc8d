/* kernels.h - what one instruction set offers to the rest of the library: a table of functions (kernels.c). */
#ifndef FATHOM_KERNELS_H
#define FATHOM_KERNELS_H

#include "aligned.h"
#include "layer.h"
#include "matrix.h"
#include "transformer.h"

struct fathom_isa {
    const char *name;
    size_t width; /* doubles per vector */

    const struct layer       *const *layers;       /* NULL-terminated */
    const struct transformer *const *transformers; /* NULL-terminated */
    const struct conditioner *dense, *piecewise;

    /* log_det: [rows] = log + log(factor), volume.c. */
    void (*log_det)(double *log_det, const struct volume *volume, size_t rows);
    /* Base distribution, base.c.  z: [D][STRIDE]; logp: [rows], +=. */
    void (*base_log_prob)(double *logp, const double *z, const double *params, size_t dim, size_t rows);
    /* dz: [D][STRIDE] out; partial: [2 D][8], +=; dlogp: [rows]. */
    void (*base_backward)(double *dz, double *partial, const double *dlogp, const double *z, const double *params,
                          size_t dim, size_t rows);

    /* Adam, adam.c: params, first and second moments in place; all [padded(n)], 0 beyond n. */
    void (*adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
                 double v_scale, size_t n);

    double (*sum_squares)(const double *x, size_t n);                       /* sums.c        */
    double (*log_sum_exp)(const double *weight, const double *x, size_t n); /* log_sum_exp.c */
    void (*matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                               size_t n_columns); /* matrix.c */
};

/* The set of plain C, for what is the same in every set. */
extern const struct fathom_isa fathom_isa_ref;

/* The part of that name; NULL if there is none. */
const struct layer       *fathom_isa_layer(const struct fathom_isa *isa, const char *name);
const struct transformer *fathom_isa_transformer(const struct fathom_isa *isa, const char *name);

/* The conditioner of a coupling.  Its shape alone decides, because the two round differently
 * (conditioner_piecewise.c). */
static inline const struct conditioner *conditioner_of(const struct fathom_isa *isa, size_t n_in)
{
    return n_in == 1 ? isa->piecewise : isa->dense;
}

#endif
