/* transformer_sinh_arcsinh.c - a transformer that the library does not have, to show what a transformer is:
 * sinh-arcsinh (Jones & Pewsey 2009, "Sinh-arcsinh distributions", Biometrika 96(4)), which skews and stretches tails.
 *
 *   y = sinh u,  u = e^s asinh(x) + shift,   log|dy/dx| = log cosh u + s - log(1 + x^2) / 2
 *
 * Outputs of the conditioner per coordinate: shift, s; zeros are the identity.  tests/add_kernels.sh puts this file
 * into a copy of the library, with one line in lib/kernels/list.h, and trains with it. */
#include "kernels/internal.h"

enum { SHIFT, S, N_OUTPUTS }; /* rows of the outputs                          */
enum { X, U, E, N_SAVED };    /* kept for backward: x, u = asinh(y), and e^s  */

static double hyperbolic_sine(double u)
{
    double grown = same_expm1(u);
    return (grown + grown / (grown + 1)) / 2;
}
static double log_cosh(double u) { return fabs(u) + same_log1p(same_exp(-2 * fabs(u))) - 0.69314718055994531; }
static double arcsinh(double x) { return copysign(same_log1p(fabs(x) + x * x / (1 + sqrt(x * x + 1))), x); }

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
    for (size_t i = 0; i < rows; i++) {
        const double s = ROW(outputs, S)[i], e = same_exp(s), u = e * arcsinh(x[i]) + ROW(outputs, SHIFT)[i];
        ROW(saved, X)[i] = x[i];
        ROW(saved, U)[i] = u;
        ROW(saved, E)[i] = e;
        volume->log[i] += log_cosh(u) + s - same_log1p(x[i] * x[i]) / 2;
        x[i] = hyperbolic_sine(u);
    }
}

/* du = dy cosh u + dlog_det tanh u;  dx = du e^s / sqrt(1 + x^2) - dlog_det x / (1 + x^2);
 * dshift = du;  ds = du e^s asinh(x) + dlog_det */
static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    (void)config;
    for (size_t i = 0; i < rows; i++) {
        const double x = ROW(saved, X)[i], e = ROW(saved, E)[i], sinh_u = hyperbolic_sine(ROW(saved, U)[i]);
        const double cosh_u = sqrt(1 + sinh_u * sinh_u), du = dx[i] * cosh_u + dlog_det[i] * sinh_u / cosh_u;
        dx[i] = du * e / sqrt(1 + x * x) - dlog_det[i] * x / (1 + x * x);
        ROW(doutputs, SHIFT)[i] = du;
        ROW(doutputs, S)[i] = du * e * arcsinh(x) + dlog_det[i];
    }
}

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    (void)saved, (void)config;
    for (size_t i = 0; i < rows; i++) {
        const double s = ROW(outputs, S)[i], v = (arcsinh(x[i]) - ROW(outputs, SHIFT)[i]) * same_exp(-s);
        volume->log[i] += log_cosh(v) - s - same_log1p(x[i] * x[i]) / 2;
        x[i] = hyperbolic_sine(v);
    }
}

const struct transformer ISA(transformer_sinh_arcsinh) = {
    .name = "sinh_arcsinh",
    .n_outputs = n_outputs,
    .n_saved = n_saved,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
};
