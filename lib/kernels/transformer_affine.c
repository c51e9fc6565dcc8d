/* affine.c - the affine transformer (Dinh, Sohl-Dickstein & Bengio 2017, "Real NVP", eq. 7):
 *
 *   y = x s + loc,  s = softplus(raw + c),  c = softplus^-1(1),  log|dy/dx| = log s
 *
 * so that zero outputs of the conditioner are the identity.  Outputs a coordinate: loc, raw. */
#include "internal.h"

static const double SOFTPLUS_INVERSE_1 = 0.54132485461291810898; /* log(e - 1) */

enum { LOC, RAW, N_OUTPUTS };
enum { X, S, SLOPE, N_SAVED };

static size_t n_outputs(const fathom_config *config) { (void)config; return N_OUTPUTS; }
static size_t n_saved(const fathom_config *config) { (void)config; return N_SAVED; }

static void forward(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows)
{
    (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec slope, s = softplus(&slope, load(ROW(outputs, RAW) + i) + all(SOFTPLUS_INVERSE_1)), xi = load(x + i);
        store(ROW(saved, X) + i, xi);
        store(ROW(saved, S) + i, s);
        store(ROW(saved, SLOPE) + i, slope);
        store(x + i, xi * s + load(ROW(outputs, LOC) + i));
        grow(volume, i, s);
    }
}

/* dx = dy s;  dloc = dy;  draw = (dy x + dlog_det / s) ds/draw */
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

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows)
{
    (void)saved, (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec slope, s = softplus(&slope, load(ROW(outputs, RAW) + i) + all(SOFTPLUS_INVERSE_1));
        store(x + i, (load(x + i) - load(ROW(outputs, LOC) + i)) / s);
        grow(volume, i, all(1.0) / s);
    }
}

const struct transformer ISA(affine) = { "affine", n_outputs, n_saved, forward, inverse, backward };
