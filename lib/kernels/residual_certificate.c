/* residual_certificate.c - the Lipschitz constant of a residual block's network, from singular values, and the block made one
 * with a constant of L at most (fathom_certificate.h).
 *
 * Lip g <= prod_l |W_l|, the activations' constants being 1 at most.
 *
 * Invariant: a block that was certified is not changed by a second certificate. */
#include "../residual_config.h"
#include "../spectral_norm.h"
#include "internal.h"
#include "power_iteration.h"
#include "residual_net.h"

/* The relative error of a norm is below the first, and what is rounded up is larger than what is compared. */
static const double MARGIN = 1.0 + 0x1p-40, WIDER_MARGIN = 1.0 + 0x1p-39;

/* *norm = |w / scale|, w: [n_rows][n_columns]; divided: [n_rows n_columns], scratch memory. */
static fathom_status norm_of(double *norm, double *divided, const double *w, double scale, size_t n_rows,
                             size_t n_columns)
{
    for (size_t i = 0; i < n_rows * n_columns; i++)
        divided[i] = w[i] / scale;
    return fathom_spectral_norm(norm, divided, n_rows, n_columns);
}

static size_t largest_matrix(const fathom_config *config)
{
    size_t most = 0;
    for (size_t l = 0; l <= config->hidden; l++) {
        const size_t n = residual_fan_in(config, l) * residual_fan_out(config, l);
        most = n > most ? n : most;
    }
    return most;
}

/* A product of norms as a certificate. */
static double bound_of(double product, const fathom_config *config)
{
    const double rounded = fathom_round_up(product * WIDER_MARGIN);
    return product * MARGIN <= config->lipschitz * (1.0 - 0x1p-41) * MARGIN && rounded > config->lipschitz
             ? config->lipschitz
             : rounded;
}

fathom_status ISA(residual_net_lipschitz)(double *lipschitz, const struct residual_net *net,
                                          const fathom_config *config)
{
    double       *divided = malloc(largest_matrix(config) * sizeof *divided), product = 1.0;
    fathom_status status = divided ? FATHOM_OK : FATHOM_NO_MEMORY;
    for (size_t l = 0; l < net->n_layers && status == FATHOM_OK; l++) {
        const struct residual_layer *layer = &net->layers[l];
        double                       norm;
        status = norm_of(&norm, divided, layer->w, layer->scale, layer->fan_out, layer->fan_in);
        if (status == FATHOM_OK)
            product *= norm;
    }
    free(divided);
    if (status == FATHOM_OK)
        *lipschitz = bound_of(product, config);
    return status;
}

/* What is found out of the matrices before one is changed. */
struct found {
    double scale[RESIDUAL_LAYERS], power[RESIDUAL_LAYERS], norm[RESIDUAL_LAYERS];
};

static fathom_status look(struct found *found, double *divided, const double *params, const fathom_config *config)
{
    const double *vectors = params + ISA(residual_net_trained)(config), limit = fathom_residual_norm_limit(config);
    fathom_status status = FATHOM_OK;
    for (size_t l = 0; l <= config->hidden && status == FATHOM_OK; l++) {
        const size_t in = residual_fan_in(config, l), out = residual_fan_out(config, l);
        double       lengths, sigma = ISA(power_sigma)(&lengths, vectors, vectors + out, params, out, in);
        found->scale[l] = sigma > limit ? sigma / limit : 1.0;
        found->power[l] = sigma > limit ? limit : sigma;
        status = norm_of(&found->norm[l], divided, params, found->scale[l], out, in);
        params += residual_own_params(config, l);
        vectors += out + in;
    }
    return status;
}

fathom_status ISA(residual_net_certify)(double *params, fathom_certificate *certificate, const fathom_config *config)
{
    const double  limit = fathom_residual_norm_limit(config);
    double       *divided = malloc(largest_matrix(config) * sizeof *divided), after = 1.0, before = 1.0, power = 1.0;
    struct found  found;
    size_t        scaled = 0;
    fathom_status status = divided ? look(&found, divided, params, config) : FATHOM_NO_MEMORY;
    free(divided);
    if (status != FATHOM_OK)
        return status;
    for (size_t l = 0; l <= config->hidden; l++) {
        const size_t n = residual_fan_in(config, l) * residual_fan_out(config, l);
        const bool   above = found.norm[l] * MARGIN > limit;
        const double factor = above ? limit / fathom_round_up(found.norm[l] * WIDER_MARGIN) : 1.0;
        for (size_t i = 0; i < n && (above || found.scale[l] > 1.0); i++)
            params[i] = params[i] / found.scale[l] * factor;
        scaled += above;
        before *= found.norm[l];
        after *= found.norm[l] * factor;
        power *= found.power[l];
        params += residual_own_params(config, l);
    }
    certificate->lipschitz = bound_of(after, config);
    certificate->by_power = power;
    certificate->before = fathom_round_up(before * WIDER_MARGIN);
    certificate->scaled = scaled;
    certificate->banach_steps = fathom_banach_steps(certificate->lipschitz);
    return FATHOM_OK;
}
