/* transformer_affine.c - the affine transformer (Dinh, Sohl-Dickstein & Bengio 2017, "Real NVP", eq. 7):
 *
 *   y = x s + loc,  s = softplus(raw + c),  c = softplus^-1(1),  log|dy/dx| = log s
 *
 * The paper's scale is exp(raw).  With softplus it grows only linearly.  Zero outputs of the conditioner give the
 * identity.  Outputs per coordinate: loc, raw.
 *
 * Read this file first: every kernel is built alike.  A vec holds the numbers of VEC_WIDTH rows (vec.h).  ROW(a, r) is
 * row r of an array whose rows are outputs or saved numbers and whose columns are a tile's rows (tile.h).  volume
 * collects log|dy/dx| (volume.h).  dq stands for d loss / d q: draw is d loss / d raw. */
#include "../softplus.h"
#include "internal.h"

enum {      /* rows of the outputs */
       LOC, /* the shift                 */
       RAW, /* the scale before softplus */
       N_OUTPUTS
};
enum {        /* rows that forward keeps for backward */
       X,     /* the input         */
       S,     /* the scale         */
       SLOPE, /* d s / d raw       */
       N_SAVED
};

static size_t n_outputs(const fathom_config *config)
{
    (void)config;
    return N_OUTPUTS;
}
static size_t n_saved(const fathom_config *config)
{
    (void)config;
    return N_SAVED;
}

static void forward(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec       slope, s = softplus(&slope, load(ROW(outputs, RAW) + i) + broadcast(SOFTPLUS_INVERSE_1));
        const vec xi = load(x + i);
        store(ROW(saved, X) + i, xi);
        store(ROW(saved, S) + i, s);
        store(ROW(saved, SLOPE) + i, slope);
        store(x + i, xi * s + load(ROW(outputs, LOC) + i));
        volume_grow(volume, i, s);
    }
}

/* dx = dy s;  dloc = dy;  draw = (dy x + dlog_det / s) SLOPE,  since log|dy/dx| = log s */
static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec dy = load(dx + i), xi = load(ROW(saved, X) + i), s = load(ROW(saved, S) + i);
        store(dx + i, dy * s);
        store(ROW(doutputs, LOC) + i, dy);
        store(ROW(doutputs, RAW) + i, (dy * xi + load(dlog_det + i) / s) * load(ROW(saved, SLOPE) + i));
    }
}

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    (void)saved, (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec slope, s = softplus(&slope, load(ROW(outputs, RAW) + i) + broadcast(SOFTPLUS_INVERSE_1));
        store(x + i, (load(x + i) - load(ROW(outputs, LOC) + i)) / s);
        volume_grow(volume, i, broadcast(1.0) / s);
    }
}

/* y = (x - mean) / sd, of which softplus takes any scale. */
static fathom_status fit(double *outputs, const fathom_mixture *mixture, const fathom_config *config)
{
    (void)config;
    const double s = 1.0 / fathom_mixture_sd(mixture);
    outputs[LOC] = -fathom_mixture_mean(mixture) * s;
    outputs[RAW] = softplus_inverse(s) - SOFTPLUS_INVERSE_1;
    return FATHOM_OK;
}

const struct transformer ISA(transformer_affine) = {
    .name = "affine",
    .n_outputs = n_outputs,
    .n_saved = n_saved,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .fit = fit,
};
