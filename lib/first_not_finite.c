/* first_not_finite.c - where a batch ceases to be finite: layer by layer, slab by slab (first_not_finite.h).
 *
 * A row's log |det J| of one layer is a sum of logarithms of scales.  It is -inf where a scale underflows to 0.  The pass
 * takes it of each layer alone, because a sum over layers does not tell whose it is. */
#include "first_not_finite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* The first layer, so far, after which a row is not finite, and how many rows are so there. */
struct found {
    size_t layer, underflows, overflows;
};

static void note(struct found *found, size_t layer, size_t underflows, size_t overflows)
{
    if (underflows + overflows == 0)
        return;
    if (layer < found->layer)
        *found = (struct found){ .layer = layer };
    found->underflows += underflows;
    found->overflows += overflows;
}

/* The slab ws->x after a layer, whose log |det J| is ws->logp. */
static void look(struct found *found, size_t layer, const fathom_workspace *ws, const uint32_t *counts, size_t live)
{
    size_t underflows = 0, overflows = 0;
    for (size_t i = 0; i < live; i++) {
        bool finite = isfinite(ws->logp[i]);
        for (size_t d = 0; d < ws->flow->config.dim; d++)
            finite = finite && isfinite(COORDINATE(ws->x, d)[i]);
        if (ws->logp[i] == -INFINITY)
            underflows += counts[i];
        else if (!finite)
            overflows += counts[i];
    }
    note(found, layer, underflows, overflows);
}

/* log p of the latent ws->x under the base. */
static void look_at_base(struct found *found, fathom_workspace *ws, const double *params, const uint32_t *counts,
                         size_t live)
{
    size_t overflows = 0;
    memset(ws->logp, 0, sizeof ws->logp);
    ws->isa->base_log_prob(ws->logp, ws->x, params, ws->flow->config.dim, padded(live));
    for (size_t i = 0; i < live; i++)
        if (!isfinite(ws->logp[i]))
            overflows += counts[i];
    note(found, ws->flow->n_layers, 0, overflows);
}

static void forward_pass(struct found *found, fathom_workspace *ws, const double *params, const double *x,
                         const uint32_t *rows, const uint32_t *counts, size_t n)
{
    const size_t n_layers = ws->flow->n_layers;
    for (size_t first = 0; first < n; first += slab_rows(&ws->flow->config)) {
        const size_t live = fathom_flow_load_slab(ws->x, x, rows, first, n, &ws->flow->config);
        for (size_t l = 0; l < n_layers && l <= found->layer; l++) {
            volume_start(&ws->volume, padded(live));
            ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, padded(live));
            ws->isa->log_det(ws->logp, &ws->volume, padded(live));
            look(found, l, ws, counts + first, live);
        }
        if (found->layer >= n_layers)
            look_at_base(found, ws, params, counts + first, live);
    }
}

static bool has_norm(const double *gradient, size_t n) { return isfinite(fathom_norm(gradient, n)); }

/* The first layer whose part of the gradient has no finite norm, or n_layers. */
static size_t layer_of_gradient(const double *gradient, const fathom_flow *flow)
{
    size_t l = 0;
    for (; l < flow->n_layers; l++) {
        const size_t from = flow->layers[l].offset;
        if (!has_norm(gradient + from, (l + 1 < flow->n_layers ? flow->layers[l + 1].offset : flow->n_params) - from))
            break;
    }
    return l;
}

/* The rows whose own gradient has no finite norm. */
static fathom_status rows_of_gradient(size_t *found, double *gradient, fathom_workspace *ws, const double *params,
                                      const double *x, const uint32_t *rows, const uint32_t *counts, size_t n)
{
    fathom_status status = FATHOM_OK;
    *found = 0;
    for (size_t i = 0; i < n && status == FATHOM_OK; i++) {
        double loss;
        status = fathom_flow_nll(&loss, gradient, ws, params, x, rows + i, NULL, 1);
        if (status == FATHOM_OK && !has_norm(gradient, ws->flow->n_params))
            *found += counts[i];
    }
    return status;
}

fathom_status fathom_flow_first_not_finite(fathom_first *first, double *gradient, fathom_workspace *ws,
                                           const double *params, const double *x, const uint32_t *rows,
                                           const uint32_t *counts, size_t n)
{
    const fathom_flow *flow = ws->flow;
    const size_t       nowhere = flow->n_layers + 1, per_block = flow->n_layers / flow->config.depth;
    struct found       found = { .layer = nowhere };
    fathom_first       answer = { .kind = FATHOM_FIRST_GRADIENT_OVERFLOW };
    fathom_status      status = fathom_flow_prepare(ws, params);
    if (status == FATHOM_OK)
        fathom_flow_estimate(ws);
    if (status == FATHOM_OK)
        forward_pass(&found, ws, params, x, rows, counts, n);
    if (found.underflows > 0)
        answer.kind = FATHOM_FIRST_SCALE_UNDERFLOW, answer.rows = found.underflows;
    else if (found.overflows > 0)
        answer.kind = FATHOM_FIRST_LATENT_OVERFLOW, answer.rows = found.overflows;
    else if (status == FATHOM_OK) {
        found.layer = layer_of_gradient(gradient, flow);
        status = rows_of_gradient(&answer.rows, gradient, ws, params, x, rows, counts, n);
    }
    if (status != FATHOM_OK)
        return status;
    answer.layer = found.layer;
    answer.block = found.layer / per_block;
    answer.name = found.layer < flow->n_layers ? flow->layers[found.layer].name : "base";
    *first = answer;
    return FATHOM_OK;
}

const char *fathom_first_kind_name(fathom_first_kind kind)
{
    switch (kind) {
    case FATHOM_FIRST_NONE:
        return "none";
    case FATHOM_FIRST_SCALE_UNDERFLOW:
        return "scale-underflow";
    case FATHOM_FIRST_LATENT_OVERFLOW:
        return "latent-overflow";
    case FATHOM_FIRST_GRADIENT_OVERFLOW:
        return "gradient-overflow";
    }
    return "unknown";
}
