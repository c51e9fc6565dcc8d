/* bijection.h - what a layer is, what a coupling is made of, and what the rest of the library sees of this folder.
 *
 * A batch goes through a flow in tiles of up to TILE rows, each tile forward and then backward while it is in cache.  A
 * tile is coordinate-major, x: [D][STRIDE], lanes over rows; its `rows` are a multiple of 8, which the last tile of a
 * batch reaches with copies of a live row whose upstream gradient is zero; what lies beyond them is nobody's.  A layer
 * works on a tile in place.
 *
 * One life of a layer's state, for one parameter vector:  prepare, then for each tile forward [, backward], then
 * finish, which writes the layer's part of the flat gradient, of all those tiles.
 */
#ifndef FATHOM_BIJECTION_H
#define FATHOM_BIJECTION_H

#include "../fathom.h"

#include <stdlib.h>
#include <string.h>

enum {
    TILE   = 48, /* rows of a tile: few, so that its numbers stay in cache; many, so that its tables are used */
    STRIDE = 56  /* doubles from one coordinate of a tile to the next: 48 would put all into half of a cache */
};

/* A row of a tile-wide array. */
#define ROW(array, r) ((array) + (size_t)(r) * STRIDE)

/* n doubles rounded up so that a row can be read by whole vectors of any width. */
static inline size_t padded(size_t n) { return (n + 7) / 8 * 8; }

enum { CACHE_LINE = 64 };

/* Zeros for free(), NULL if memory is short.  They begin on a cache line, and a state keeps its doubles on
 * _Alignas(CACHE_LINE): a vector of eight that straddles two lines costs two loads. */
static inline void *zeros(size_t bytes)
{
    size_t whole = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *block = aligned_alloc(CACHE_LINE, whole);
    return block ? memset(block, 0, whole) : NULL;
}

/* How a row's volume has grown on its way: log |det J| of the maps so far = log + log(factor).  A layer that has a
 * logarithm at hand adds it to `log`; one that has slopes hands them to `grow` (kernels.h).  volume.c says why. */
struct volume {
    double log[TILE], factor[TILE];
};

static inline void volume_start(struct volume *volume, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        volume->log[i] = 0.0;
        volume->factor[i] = 1.0;
    }
}

/* ---- bijection: R^D -> R^D.  A new layer is one file with such a table, and one line in kernels.c. */
struct bijection {
    const char *name;
    size_t (*n_params)(const fathom_config *config);
    void   (*init)(double *params, const fathom_config *config, fathom_key key); /* params: [n_params] */

    void *(*create)(const fathom_config *config); /* the state; NULL if memory is short */
    void  (*destroy)(void *state);                /* NULL is allowed                    */
    size_t (*bytes)(const void *state);           /* that the state holds now           */

    /* params: [n_params], must not change before finish.  FATHOM_OK or FATHOM_NO_MEMORY. */
    fathom_status (*prepare)(void *state, const double *params);

    /* x: [D][STRIDE] in place; volume: grows by |det J|, or by that of the inverse map. */
    void (*forward)(double *x, struct volume *volume, void *state, size_t rows);
    void (*inverse)(double *x, struct volume *volume, void *state, size_t rows);

    /* After forward of the same tile.  dx: [D][STRIDE], in: d loss / d y, out: d loss / d x;
     * dlog_det: [rows], d loss / d log_det. */
    void (*backward)(double *dx, const double *dlog_det, void *state, size_t rows);
    void (*finish)(double *gradient, void *state); /* gradient: [n_params], of all tiles since prepare */

    /* Optional.  From now on this state scribbles, within a call, where `other` does, so that the layers of a flow find
     * that memory in the nearest cache.  Both are of one kind and shape, their calls never overlap, `other` is
     * destroyed after this state's last call, and this state lends to no third. */
    void (*share)(void *state, const void *other);
};

/* ---- transformer: the scalar bijection of a coupling, one set of parameters (`outputs`) a row. */
struct transformer {
    const char *name;
    size_t (*n_outputs)(const fathom_config *config); /* conditioner outputs a coordinate */
    size_t (*n_saved)(const fathom_config *config);   /* doubles a row kept from forward to backward */

    /* x: [rows] in place; volume: grows by |dy/dx|, or by |dx/dy|; outputs: [n_outputs][STRIDE], the conditioner's;
     * saved: n_saved STRIDE doubles, what backward will want, in any order. */
    void (*forward)(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows);
    void (*inverse)(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows);
    /* dx: [rows], in: d loss / d y, out: d loss / d x; doutputs: [n_outputs][STRIDE], out: d loss / d outputs. */
    void (*backward)(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows);
};

/* ---- conditioner: a ReLU network [n_in] -> width -> ... -> [n_out], row by row. */
struct conditioner {
    const char *name;
    void *(*create)(size_t n_in, size_t n_out, size_t width, size_t hidden);
    void  (*destroy)(void *state);
    size_t (*bytes)(const void *state);
    fathom_status (*prepare)(void *state, const double *params); /* params: W0, b0, W1, b1, ... */
    /* out: [n_out][STRIDE]; in: [n_in][STRIDE]. */
    void (*forward)(double *out, const double *in, void *state, size_t rows);
    /* din: [n_in][STRIDE], +=; dout: [padded(n_out)][STRIDE], rows from n_out on zero. */
    void (*backward)(double *din, const double *dout, void *state, size_t rows);
    void (*finish)(double *gradient, void *state); /* of all tiles since prepare */
    /* After prepare, and until the next: [n], ascending, where an output's slope may jump.  NULL, and n = 0: this
     * conditioner does not look for them. */
    const double *(*edges)(size_t *n, const void *state);
    void (*share)(void *state, const void *other); /* as a bijection's */
};

/* ---- what one compilation of this folder offers (kernels.c). */
struct fathom_isa {
    const char *name;
    size_t width; /* doubles in a vector */

    const struct bijection   *const *bijections;   /* NULL-terminated */
    const struct transformer *const *transformers; /* NULL-terminated */
    const struct conditioner *mlp, *piecewise;

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

    /* Sums over arrays, sums.c. */
    double (*sum_squares)(const double *x, size_t n);
    double (*log_sum_exp)(const double *weight, const double *x, size_t n);
    void (*matmul)(double *c, size_t c_step, const double *a, size_t row_step, size_t k_step, const double *x,
                   size_t x_step, size_t n_rows, size_t n_k, size_t n_columns);
};

/* by name; NULL if there is none */
const struct bijection   *fathom_isa_bijection(const struct fathom_isa *isa, const char *name);
const struct transformer *fathom_isa_transformer(const struct fathom_isa *isa, const char *name);

/* The conditioner of a coupling is chosen by its shape alone (piecewise.c says why it may be). */
static inline const struct conditioner *conditioner_of(const struct fathom_isa *isa, size_t n_in)
{
    return n_in == 1 ? isa->piecewise : isa->mlp;
}

#endif
