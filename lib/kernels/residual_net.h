/* residual_net.h - the network g of a residual block, its Jacobian J = dg/dx by forward accumulation, and the gradient
 * through both.
 *
 * A row has 1 + D streams: its values, and the D tangents d/dx_1, ..., d/dx_D.  Linear layers treat all of them alike, so
 * streams are more columns of one matrix product.  An array of streams is [units][STREAMS(D)]; stream s of a unit begins
 * `s rows` behind the unit's start, so the columns of all streams are contiguous (tile.h has `rows`).
 *
 * The functions of a network are called in the order of a layer's (layer.h). */
#ifndef FATHOM_RESIDUAL_NET_H
#define FATHOM_RESIDUAL_NET_H

#include "../fathom_certificate.h"
#include "aligned.h"
#include "tile.h"
#include "vec.h"

/* Doubles from one unit of an array of streams to the next. */
#define STREAMS(dim) ((1 + (dim)) * (size_t)STRIDE)

enum { RESIDUAL_LAYERS = FATHOM_HIDDEN_MAX + 1 };

struct residual_layer {
    size_t        fan_in, fan_out;
    const double *w, *b, *raw_beta; /* in the caller's parameters; no raw_beta in the last layer                    */
    const double *u, *v;            /* of the power iteration, there too                                            */
    double        sigma, lengths;   /* of power_sigma                                                               */
    double        scale;            /* max(1, sigma / c)                                                            */
    double        beta, slope;      /* softplus(raw_beta), its derivative                                           */
    double       *weight;           /* [fan_out][step_of(fan_in)], W / scale                                        */
    double       *a;                /* [fan_out] streams, before the activation; backward: d loss / d a             */
    double       *gate;             /* [fan_out][STRIDE], sigmoid(beta a); of hidden layers                         */
    double       *dw;               /* [fan_out][step_of(fan_in)], d loss / d weight summed so far                  */
    double       *db;               /* [fan_out + 1][8], d loss / d b, then / d beta, in eight partial sums         */
};

struct residual_net {
    size_t                dim, n_layers, halves; /* halves: 2 for CLipSwish, else 1                         */
    double                limit;                 /* c                                                       */
    double                output_scale;          /* of the activation                                       */
    size_t                n_doubles, n_scratch, n_sums;
    double               *input;               /* [D] streams: x, and the tangents e_d                    */
    double               *sums;                /* all dw and db                                           */
    double               *h, *dh, *transposed; /* scratch memory                                          */
    double               *own_scratch;         /* the same if it belongs to this network, otherwise NULL  */
    struct residual_layer layers[RESIDUAL_LAYERS];
    _Alignas(CACHE_LINE) double memory[];
};

static inline size_t residual_halves(const fathom_config *config)
{
    return config->activation == FATHOM_ACTIVATION_CLIPSWISH ? 2 : 1;
}
static inline size_t residual_fan_in(const fathom_config *config, size_t l)
{
    return l == 0 ? config->dim : config->width * residual_halves(config);
}
static inline size_t residual_fan_out(const fathom_config *config, size_t l)
{
    return l == config->hidden ? config->dim : config->width;
}
/* W, b and, of a hidden layer, beta. */
static inline size_t residual_own_params(const fathom_config *config, size_t l)
{
    return residual_fan_out(config, l) * (residual_fan_in(config, l) + 1) + (l < config->hidden);
}

/* Parameters: W0, b0, beta0, W1, b1, beta1, ..., W_n, b_n, each W [fan_out][fan_in]; then the buffers u0, v0, u1, v1, ...
 * The number of the first kind, and of all. */
size_t ISA(residual_net_trained)(const fathom_config *config);
size_t ISA(residual_net_n_params)(const fathom_config *config);
size_t ISA(residual_net_units)(size_t *length, const fathom_config *config); /* as a layer's `units` */
void   ISA(residual_net_init)(double *params, const fathom_config *config, fathom_key key);

/* 5 power iterations of each matrix from its persistent vectors (Behrmann et al. 2019, appendix D). */
void ISA(residual_net_advance)(double *params, const fathom_config *config);

struct residual_net *ISA(residual_net_create)(const fathom_config *config); /* NULL: not enough memory */
void                 ISA(residual_net_destroy)(struct residual_net *net);
size_t               ISA(residual_net_bytes)(const struct residual_net *net);
void                 ISA(residual_net_share)(struct residual_net *net, const struct residual_net *other);
void                 ISA(residual_net_prepare)(struct residual_net *net, const double *params);

/* Returns [D] streams: g(x), and the columns of J.  x: [D][SLAB_STRIDE].  Valid until the next call. */
const double *ISA(residual_net_forward)(struct residual_net *net, const double *x, size_t rows);

/* After forward of the same tile, once.  doutput: [D] streams, d loss / d g and d loss / d J; dx: [D][SLAB_STRIDE],
 * d loss / d x is added to it. */
void ISA(residual_net_backward)(double *dx, const double *doutput, struct residual_net *net, size_t rows);

/* Makes every matrix the one that the network uses, with a spectral norm of c at most (fathom_flow_certify). */
fathom_status ISA(residual_net_certify)(double *params, fathom_certificate *certificate, const fathom_config *config);

/* *lipschitz = the certified Lipschitz constant of the network that was prepared.  FATHOM_OK, FATHOM_NO_CONVERGENCE,
 * FATHOM_NO_MEMORY. */
fathom_status ISA(residual_net_lipschitz)(double *lipschitz, const struct residual_net *net,
                                          const fathom_config *config);

/* gradient: [n_params] = d loss / d params, buffers included, for which it is 0. */
void ISA(residual_net_finish)(double *gradient, struct residual_net *net);

#endif
