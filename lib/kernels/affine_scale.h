/* affine_scale.h - what the affine transformers share whose scale s is given by its logarithm:
 *
 *   y = x s + loc,  s = e^(log s),  log|dy/dx| = log s
 *
 * A file transformer_affine_NAME.c includes this one, defines log_scale, which is its formula, and ends in
 * AFFINE_SCALE(symbol, name).  Outputs per coordinate: loc, raw.
 *
 * Invariant: no logarithm of s is taken.  Where s underflows to 0 (log s < -708), log s is still right, and so is its
 * slope: the row's density is finite.  x cannot be recovered there.  transformer_affine.c is the notebook's softplus,
 * whose log s is the logarithm of s, so it is -inf there. */
#ifndef FATHOM_AFFINE_SCALE_H
#define FATHOM_AFFINE_SCALE_H

#include "internal.h"

/* log s, and d log s / d raw in *slope.  Both are right for |raw| <= 1e6: log s to a few units in the last place of
 * max(1, |log s|); the slope likewise, but 0 below 3e-308.  NaN gives NaN. */
INLINE vec log_scale(vec *slope, vec raw);

enum { LOC, RAW, N_OUTPUTS };          /* rows of the outputs                                            */
enum { STRETCHED, S, SLOPE, N_SAVED }; /* rows that forward keeps for backward: x s, s, d log s / d raw  */

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
        vec slope, log_s = log_scale(&slope, load(ROW(outputs, RAW) + i)), s = vec_exp_any(log_s);
        vec stretched = load(x + i) * s;
        store(ROW(saved, STRETCHED) + i, stretched);
        store(ROW(saved, S) + i, s);
        store(ROW(saved, SLOPE) + i, slope);
        store(x + i, stretched + load(ROW(outputs, LOC) + i));
        volume_add_log(volume, i, log_s);
    }
}

/* dx = dy s;  dloc = dy;  draw = (dy x s + dlog_det) SLOPE,  since d s / d raw = s SLOPE */
static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec dy = load(dx + i), dlog_s = dy * load(ROW(saved, STRETCHED) + i) + load(dlog_det + i);
        store(dx + i, dy * load(ROW(saved, S) + i));
        store(ROW(doutputs, LOC) + i, dy);
        store(ROW(doutputs, RAW) + i, dlog_s * load(ROW(saved, SLOPE) + i));
    }
}

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    (void)saved, (void)config;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec slope, log_s = log_scale(&slope, load(ROW(outputs, RAW) + i));
        store(x + i, (load(x + i) - load(ROW(outputs, LOC) + i)) / vec_exp_any(log_s));
        volume_add_log(volume, i, -log_s);
    }
}

/* log_scale at one number. */
static double log_scale_at(double raw)
{
    double out[VEC_WIDTH];
    vec    slope;
    store(out, log_scale(&slope, broadcast(raw)));
    return out[0];
}

/* y = (x - mean) / sd, as nearly as the scale goes: where its range ends, log s keeps FROM_END from the end, so that the
 * slope is not 0 there.  log s increases with raw, so halving an interval finds raw. */
static fathom_status fit(double *outputs, const fathom_mixture *mixture, const fathom_config *config)
{
    (void)config;
    static const double LARGEST_RAW = 1e6, FROM_END = 1e-3;
    const double        least = log_scale_at(-LARGEST_RAW) + FROM_END, most = log_scale_at(LARGEST_RAW) - FROM_END;
    double              wanted = -same_log(fathom_mixture_sd(mixture)), low = -LARGEST_RAW, high = LARGEST_RAW;
    wanted = wanted < least ? least : wanted > most ? most : wanted;
    for (double raw = 0.0; raw > low && raw < high; raw = 0.5 * (low + high)) {
        const bool below = log_scale_at(raw) < wanted;
        low = below ? raw : low;
        high = below ? high : raw;
    }
    outputs[LOC] = -fathom_mixture_mean(mixture) * same_exp(log_scale_at(high));
    outputs[RAW] = high;
    return FATHOM_OK;
}

/* The table of transformer_SYMBOL.c; `text` is the coupling's name (fathom_coupling_name). */
#define AFFINE_SCALE(symbol, text)                         \
    const struct transformer ISA(transformer_##symbol) = { \
        .name = text,                                      \
        .n_outputs = n_outputs,                            \
        .n_saved = n_saved,                                \
        .forward = forward,                                \
        .inverse = inverse,                                \
        .backward = backward,                              \
        .fit = fit,                                        \
    }

#endif
