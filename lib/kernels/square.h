/* square.h - what the layers share that multiply a row by a square matrix: y = M x, M [D][D] row-major. */
#ifndef FATHOM_SQUARE_H
#define FATHOM_SQUARE_H

#include "internal.h"

static size_t n_params(const fathom_config *config) { return config->dim * config->dim; }

/* The rows of the matrix. */
static size_t units(size_t *length, const fathom_config *config)
{
    return layer_same_units(length, config->dim, config->dim);
}

/* x = M x in place, M given as a matrix operand; x, scratch: [D][SLAB_STRIDE]. */
static void multiply(double *x, double *scratch, struct matrix m, size_t dim, size_t rows)
{
    ISA(matrix_product)(scratch, SLAB_STRIDE, NULL, m, matrix_rows(x, SLAB_STRIDE), dim, dim, rows);
    for (size_t d = 0; d < dim; d++)
        memcpy(COORDINATE(x, d), COORDINATE(scratch, d), rows * sizeof *x);
}

/* M = the reflection at v_2 after that at v_1, for the two vectors that layer_rotation.c draws from this key.  Each is
 * M <- M - 2 u (u^T M), u = v / |v|. */
static void init(double *m, const fathom_config *config, fathom_key key)
{
    const size_t dim = config->dim;
    double       v[2 * FATHOM_DIM_MAX];
    fathom_normal(v, key, 2 * dim);
    for (size_t i = 0; i < dim * dim; i++)
        m[i] = i % (dim + 1) == 0 ? 1.0 : 0.0;
    for (size_t r = 0; r < 2; r++) {
        double *u = v + r * dim, square = 0.0;
        for (size_t d = 0; d < dim; d++)
            square = fma(u[d], u[d], square);
        for (size_t d = 0; d < dim; d++)
            u[d] /= sqrt(square);
        for (size_t c = 0; c < dim; c++) {
            double along = 0.0;
            for (size_t d = 0; d < dim; d++)
                along = fma(u[d], m[d * dim + c], along);
            for (size_t d = 0; d < dim; d++)
                m[d * dim + c] = fma(-2.0 * along, u[d], m[d * dim + c]);
        }
    }
}

#endif
