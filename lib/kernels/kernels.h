/* kernels.h - the kernels of one instruction set, for the rest of the library: a table of functions (kernels.c). */
#ifndef FATHOM_KERNELS_H
#define FATHOM_KERNELS_H

#include "aligned.h"
#include "layer.h"
#include "matrix.h"
#include "transformer.h"

struct fathom_isa {
    const char *name;
    size_t      width; /* doubles per vector */

    const struct layer *const       *layers;            /* NULL-terminated */
    const struct transformer *const *transformers;      /* NULL-terminated */
    const struct conditioner        *dense, *piecewise; /* conditioner_of chooses one */

    /* log_det: [rows] = log |det J| that volume holds (volume.h). */
    void (*log_det)(double *log_det, const struct volume *volume, size_t rows);
    /* Base distribution, base.c.  log p(z) is added to logp: [rows].  z: [D][SLAB_STRIDE]; params: [2 D]. */
    void (*base_log_prob)(double *logp, const double *z, const double *params, size_t dim, size_t rows);
    /* dz: [D][SLAB_STRIDE] = d loss / d z; d loss / d params is added to partial: [2 D][8], in eight partial sums;
     * dlogp: [rows] = d loss / d log p. */
    void (*base_backward)(double *dz, double *partial, const double *dlogp, const double *z, const double *params,
                          size_t dim, size_t rows);

    /* Adam and AMSGrad, adam.c: update params, the first and second moments m, v and the largest second moment in place;
     * all arrays [padded(n)], with 0 from n on. */
    void (*adam)(double *params, double *m, double *v, const double *gradient, double scale, double step_size,
                 double beta2, double v_scale, size_t n);
    void (*amsgrad)(double *params, double *m, double *v, double *largest, const double *gradient, double scale,
                    double step_size, double beta2, double v_scale, size_t n);

    /* sum x_i^2; x: [n].  sums.c. */
    double (*sum_squares)(const double *x, size_t n);
    /* log sum_i weight_i e^(x_i); weight, x: [n], n a multiple of 8.  log_sum_exp.c. */
    double (*log_sum_exp)(const double *weight, const double *x, size_t n);
    void (*matrix_add_product)(double *c, size_t c_step, struct matrix a, struct matrix x, size_t n_rows, size_t n_k,
                               size_t n_columns); /* matrix.c */
};

/* The instruction set of plain C: for names and parameter counts, which are the same in every set. */
extern const struct fathom_isa fathom_isa_ref;

/* The set's layer, or transformer, of that name; NULL if there is none. */
const struct layer       *fathom_isa_layer(const struct fathom_isa *isa, const char *name);
const struct transformer *fathom_isa_transformer(const struct fathom_isa *isa, const char *name);

/* The conditioner of a coupling.  Its shape alone decides, because the two round differently
 * (conditioner_piecewise.c). */
static inline const struct conditioner *conditioner_of(const struct fathom_isa *isa, size_t n_in)
{
    return n_in == 1 ? isa->piecewise : isa->dense;
}

/* The most rows of a slab.  Wide dense conditioners read so many weights that each reading must serve many rows.  For
 * other conditioners a slab is one tile, which stays in the nearest caches; a residual block takes no more. */
static inline size_t slab_rows(const fathom_config *config)
{
    const bool wide = config->block == FATHOM_BLOCK_COUPLING && config->dim / 2 > 1 && config->width >= 64;
    return wide ? (size_t)SLAB : (size_t)TILE;
}

#endif
