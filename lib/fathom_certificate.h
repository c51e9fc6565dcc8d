/* fathom_certificate.h - residual flows that were trained: what guarantees their inverse, and how they are scored.
 *
 * Not included by fathom.h, which it includes; its conventions hold here.
 */
#ifndef FATHOM_CERTIFICATE_H
#define FATHOM_CERTIFICATE_H

#include "fathom.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of one residual block y = x + g(x).
 *
 * The Lipschitz constant of g is at most the product of the spectral norms of its matrices, because the activations have
 * the constant 1 at most.  Training bounds each norm by power iteration (Miyato et al. 2018, "Spectral normalization for
 * generative adversarial networks"), whose value is never above the norm and may be far below.  The certificate rests on
 * singular values instead. */
typedef struct fathom_certificate {
    double lipschitz;    /* at most this is Lip g, for certain: rounded up to 4 digits, and at most config.lipschitz */
    double by_power;     /* what power iteration says of the block that was given: the product of its estimates   */
    double before;       /* the true product of that block, rounded up to 4 digits: above config.lipschitz, if power
                            iteration fell short                                                              */
    size_t scaled;       /* matrices that were scaled down                                                    */
    size_t banach_steps; /* steps of Banach's iteration x <- y - g(x) from x = y after which the error is at most 1e-12
                            of the first step's length / (1 - L): the least k with L^k <= 1e-12               */
} fathom_certificate;

/* Makes every block of a residual flow a map whose Lipschitz constant is at most config.lipschitz: a matrix, as the network
 * uses it, whose spectral norm, rounded up to 4 digits, is above c = L^(1/n), n matrices per block, is multiplied by
 * c / norm.  params: [n_params], changed in place: each matrix becomes the one that the network uses.  certificate:
 * [depth], or NULL.  A second call changes nothing but the last bits.
 * FATHOM_OK; FATHOM_BAD_ARGUMENT if the blocks are no residual blocks; FATHOM_NO_CONVERGENCE if a matrix is not finite;
 * FATHOM_NO_MEMORY.  On error params and certificate are as they were. */
fathom_status fathom_flow_certify(double *params, fathom_certificate *certificate, const fathom_flow *flow);

/* The least k with L^k <= 1e-12; 0 < lipschitz < 1. */
size_t fathom_banach_steps(double lipschitz);

/* norm = the greatest singular value of a, [n_rows][n_columns], a as it was, by one-sided Jacobi rotations; its relative
 * error is below 1e-13 in every test, and n_rows n_columns 2^-53 at most.  FATHOM_NO_CONVERGENCE if an entry is not finite,
 * FATHOM_NO_MEMORY; norm is then unchanged. */
fathom_status fathom_spectral_norm(double *norm, const double *a, size_t n_rows, size_t n_columns);

/* How many of the parameters are buffers: training does not move them, and their gradient is 0.  A residual block has the
 * vectors of its power iterations, and the key of its random draws.  0 for coupling flows. */
size_t fathom_flow_n_buffers(const fathom_flow *flow);

/* value: [n] = log |det (I + J)| of n matrices, or the estimate of it that config->log_det names, with config->terms and
 * ->stop; gradient: [n][D][D] = d value / d J, or NULL.  jacobian: [n][D][D], D = config->dim, each of spectral norm below
 * 1, else a value may be NaN.  Matrix i has the draws of row i of `key`.  FATHOM_OK; FATHOM_BAD_ARGUMENT if the
 * configuration is out of its ranges; FATHOM_NO_MEMORY.  On error value and gradient are as they were. */
fathom_status fathom_log_det_estimate(double *value, double *gradient, const double *jacobian,
                                      const fathom_config *config, fathom_key key, size_t n);

#ifdef __cplusplus
}
#endif
#endif
