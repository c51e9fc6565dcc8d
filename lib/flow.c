/* flow.c - a stack of bijections and a base distribution (Rezende & Mohamed 2015; Papamakarios et al. 2021, eq. 5):
 *
 *   z = T_n(... T_2(T_1(x))),   log p(x) = log base(z) + sum_i log |det J_i|
 *
 * A flow is the list of its layers with the offset of each layer's parameters.  A workspace is one thread's state of
 * these layers.  Rows pass in slabs (kernels/tile.h): each slab passes through the whole stack and, for a gradient,
 * back, while it is in cache.  `live` is the number of rows in a slab; the slab is filled up to padded(live) with
 * copies. */
#include "flow.h"
#include "residual_config.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "elementary.h"
#include "inverse_error.h"

/* One block, data -> latent, of which a configuration may leave out layers.  Because of the flips the second coupling
 * transforms the coordinates that the first one leaves unchanged. */
enum { BLOCK_LENGTH = 8 };
static const char *const COUPLING_BLOCK[BLOCK_LENGTH] = { "actnorm",  "rotation", "orthogonal", "matrix",
                                                          "coupling", "flip",     "coupling",   "flip" };
static const char *const RESIDUAL_BLOCK[BLOCK_LENGTH] = { "actnorm", "residual" };

static const char *const *block_of(const fathom_config *config)
{
    return config->block == FATHOM_BLOCK_RESIDUAL ? RESIDUAL_BLOCK : COUPLING_BLOCK;
}

/* The layer at a block's head that mixes all coordinates. */
static const char *rotation_name(fathom_rotation rotation)
{
    return rotation == FATHOM_ROTATION_FROZEN ? "orthogonal" : rotation == FATHOM_ROTATION_FREE ? "matrix" : "rotation";
}

static bool has_layer(const fathom_config *config, const char *name)
{
    const fathom_mixing mixing = config->mixing;
    if (!name)
        return false;
    if (strcmp(name, "actnorm") == 0)
        return config->actnorm != FATHOM_ACTNORM_NONE;
    if (strcmp(name, "rotation") == 0 || strcmp(name, "orthogonal") == 0 || strcmp(name, "matrix") == 0)
        return (mixing == FATHOM_MIXING_FULL || mixing == FATHOM_MIXING_NO_FLIPS) &&
               strcmp(name, rotation_name(config->rotation)) == 0;
    if (strcmp(name, "flip") == 0)
        return mixing == FATHOM_MIXING_FULL || mixing == FATHOM_MIXING_NO_ROTATIONS;
    return true;
}

/* ------------------------------------------------------------------------------------------- configuration ---- */

fathom_config fathom_config_default(void)
{
    return (fathom_config){ .dim = 2,
                            .depth = 1,
                            .coupling = "spline",
                            .knots = 8,
                            .interval = 4.0,
                            .width = 24,
                            .hidden = 2,
                            .actnorm = FATHOM_ACTNORM_NONE,
                            .mixing = FATHOM_MIXING_FULL,
                            .components = 8,
                            .rotation = FATHOM_ROTATION_HOUSEHOLDER,
                            .block = FATHOM_BLOCK_COUPLING,
                            .lipschitz = 0.9,
                            .activation = FATHOM_ACTIVATION_LIPSWISH,
                            .log_det = FATHOM_LOG_DET_EXACT,
                            .terms = 10,
                            .stop = 0.1 };
}

__attribute__((format(printf, 2, 3))) static fathom_status refuse(fathom_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error)
        vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return FATHOM_BAD_ARGUMENT;
}

static fathom_status check(fathom_config *config, fathom_error *error)
{
    const struct transformer *t = config->coupling ? fathom_isa_transformer(&fathom_isa_ref, config->coupling) : NULL;
    if (config->dim < FATHOM_DIM_MIN || config->dim > FATHOM_DIM_MAX)
        return refuse(error, "%zu coordinates; a flow takes %d to %d", config->dim, FATHOM_DIM_MIN, FATHOM_DIM_MAX);
    if (config->depth < FATHOM_DEPTH_MIN || config->depth > FATHOM_DEPTH_MAX)
        return refuse(error, "depth %zu; legal is %d to %d", config->depth, FATHOM_DEPTH_MIN, FATHOM_DEPTH_MAX);
    if (config->knots < FATHOM_KNOTS_MIN || config->knots > FATHOM_KNOTS_MAX)
        return refuse(error, "%zu inner knots; legal is %d to %d", config->knots, FATHOM_KNOTS_MIN, FATHOM_KNOTS_MAX);
    if (!(config->interval > 0.0 && config->interval <= FATHOM_INTERVAL_MAX))
        return refuse(error, "interval %.17g; legal is above 0, up to %.0f", config->interval, FATHOM_INTERVAL_MAX);
    if (!((double)(config->knots + 1) * FATHOM_MIN_BIN < 2.0 * config->interval))
        return refuse(error, "bins of the least width %g do not fit: (knots + 1) %g must be below 2 interval = %.17g",
                      FATHOM_MIN_BIN, FATHOM_MIN_BIN, 2.0 * config->interval);
    if (config->width < FATHOM_WIDTH_MIN || config->width > FATHOM_WIDTH_MAX)
        return refuse(error, "width %zu; legal is %d to %d", config->width, FATHOM_WIDTH_MIN, FATHOM_WIDTH_MAX);
    if (config->hidden > FATHOM_HIDDEN_MAX)
        return refuse(error, "%zu hidden layers; legal is 0 to %d", config->hidden, FATHOM_HIDDEN_MAX);
    if (config->actnorm != FATHOM_ACTNORM_NONE && config->actnorm != FATHOM_ACTNORM_DEFAULT &&
        config->actnorm != FATHOM_ACTNORM_DATA)
        return refuse(error, "actnorm %d; legal is none, default or data", (int)config->actnorm);
    if (config->mixing != FATHOM_MIXING_FULL && config->mixing != FATHOM_MIXING_NO_FLIPS &&
        config->mixing != FATHOM_MIXING_NO_ROTATIONS && config->mixing != FATHOM_MIXING_NONE)
        return refuse(error, "mixing %d; legal is full, no flips, no rotations or none", (int)config->mixing);
    if (config->components < FATHOM_COMPONENTS_MIN || config->components > FATHOM_COMPONENTS_MAX)
        return refuse(error, "%zu components; legal is %d to %d", config->components, FATHOM_COMPONENTS_MIN,
                      FATHOM_COMPONENTS_MAX);
    if (config->rotation != FATHOM_ROTATION_HOUSEHOLDER && config->rotation != FATHOM_ROTATION_FROZEN &&
        config->rotation != FATHOM_ROTATION_FREE)
        return refuse(error, "rotation %d; legal is householder, frozen or free", (int)config->rotation);
    if (!t)
        return refuse(error, "no coupling is called '%.40s'", config->coupling ? config->coupling : "");
    config->coupling = t->name; /* outlives the caller's string */
    return fathom_residual_check(config, error);
}

static size_t block_n_params(const fathom_config *config)
{
    size_t n = 0;
    for (size_t i = 0; i < BLOCK_LENGTH; i++)
        if (has_layer(config, block_of(config)[i]))
            n += layer_n_params(fathom_isa_layer(&fathom_isa_ref, block_of(config)[i]), config);
    return n;
}

static size_t base_n_params(const fathom_config *config) { return 2 * config->dim; }

size_t fathom_n_params(const fathom_config *config, fathom_error *error)
{
    fathom_config copy = *config;
    if (check(&copy, error) != FATHOM_OK)
        return 0;
    return base_n_params(&copy) + copy.depth * block_n_params(&copy);
}

size_t fathom_n_trained(const fathom_config *config, fathom_error *error)
{
    fathom_config copy = *config;
    size_t        buffers = 0;
    if (check(&copy, error) != FATHOM_OK)
        return 0;
    for (size_t i = 0; i < BLOCK_LENGTH; i++)
        if (has_layer(&copy, block_of(&copy)[i]))
            buffers += layer_n_buffers(fathom_isa_layer(&fathom_isa_ref, block_of(&copy)[i]), &copy);
    return fathom_n_params(&copy, NULL) - copy.depth * buffers;
}

fathom_flow *fathom_flow_new(const fathom_config *config, fathom_status *status, fathom_error *error)
{
    fathom_config copy = *config;
    fathom_status outcome = check(&copy, error);
    fathom_flow  *flow = NULL;
    if (outcome == FATHOM_OK) {
        flow = calloc(1, sizeof *flow + copy.depth * BLOCK_LENGTH * sizeof *flow->layers);
        outcome = flow ? FATHOM_OK : FATHOM_NO_MEMORY;
        if (!flow && error)
            snprintf(error->text, sizeof error->text, "not enough memory for a flow of depth %zu", copy.depth);
    }
    if (flow) {
        flow->config = copy;
        flow->n_params = base_n_params(&copy);
        for (size_t block = 0; block < copy.depth; block++)
            for (size_t i = 0; i < BLOCK_LENGTH; i++) {
                const char *name = block_of(&copy)[i];
                if (!has_layer(&copy, name))
                    continue;
                flow->layers[flow->n_layers++] = (struct flow_layer){ name, flow->n_params };
                flow->n_params += layer_n_params(fathom_isa_layer(&fathom_isa_ref, name), &copy);
            }
    }
    if (status)
        *status = outcome;
    return flow;
}

void fathom_flow_free(fathom_flow *flow) { free(flow); }

size_t               fathom_flow_n_params(const fathom_flow *flow) { return flow->n_params; }
const fathom_config *fathom_flow_config(const fathom_flow *flow) { return &flow->config; }

void fathom_flow_init(double *params, const fathom_flow *flow, fathom_key key)
{
    const size_t dim = flow->config.dim, layers_per_block = flow->n_layers / flow->config.depth;
    for (size_t d = 0; d < dim; d++) {
        params[d] = 0.0;
        params[dim + d] = SOFTPLUS_INVERSE_1;
    }
    for (size_t block = 0; block < flow->config.depth; block++) {
        /* key `block` of split(key, depth): draws are by counter, so the other keys need not be computed */
        fathom_key     keys[3], block_key;
        const uint32_t counter[2] = { 0, (uint32_t)block };
        fathom_threefry(block_key.word, key, counter);
        fathom_key_split(keys, block_key, 3);
        size_t next = 1;
        for (size_t i = block * layers_per_block; i < (block + 1) * layers_per_block; i++) {
            const struct flow_layer *layer = &flow->layers[i];
            bool                     coupling = strcmp(layer->name, "coupling") == 0;
            layer_init(params + layer->offset, fathom_isa_layer(&fathom_isa_ref, layer->name), &flow->config,
                       coupling ? keys[next++] : keys[0]);
        }
    }
}

size_t fathom_flow_units(size_t *length, const fathom_flow *flow)
{
    size_t n = layer_same_units(length, flow->config.dim, 2); /* of the base */
    for (size_t l = 0; l < flow->n_layers; l++)
        n += layer_units(length ? length + n : NULL, fathom_isa_layer(&fathom_isa_ref, flow->layers[l].name),
                         &flow->config);
    return n;
}

/* ----------------------------------------------------------------------------------------------- workspace ---- */

fathom_workspace *fathom_workspace_new(const fathom_flow *flow, const fathom_isa *isa)
{
    const size_t      dim = flow->config.dim, n_doubles = 2 * dim * SLAB_STRIDE + 2 * dim * 8;
    fathom_workspace *ws = calloc(1, sizeof *ws + flow->n_layers * sizeof *ws->layers);
    if (!ws)
        return NULL;
    ws->flow = flow;
    ws->isa = isa;
    ws->n_doubles = n_doubles;
    ws->memory = zeros(n_doubles * sizeof(double));
    bool complete = ws->memory;
    for (size_t l = 0; l < flow->n_layers && complete; l++) {
        ws->layers[l].layer = fathom_isa_layer(isa, flow->layers[l].name);
        ws->layers[l].state = layer_create(ws->layers[l].layer, &flow->config);
        complete = ws->layers[l].state;
        for (size_t first = 0; first < l && complete && ws->layers[l].layer->share; first++)
            if (ws->layers[first].layer == ws->layers[l].layer) {
                ws->layers[l].layer->share(ws->layers[l].state, ws->layers[first].state);
                break;
            }
    }
    if (!complete) {
        fathom_workspace_free(ws);
        return NULL;
    }
    ws->volume = volume_in(&ws->volume_memory);
    ws->x = ws->memory;
    ws->z = ws->x + dim * SLAB_STRIDE;
    ws->partial = ws->z + dim * SLAB_STRIDE;
    return ws;
}

void fathom_workspace_free(fathom_workspace *ws)
{
    if (!ws)
        return;
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        if (ws->layers[l].state)
            layer_destroy(ws->layers[l].layer, ws->layers[l].state);
    free(ws->memory);
    free(ws);
}

size_t fathom_workspace_bytes(const fathom_workspace *ws)
{
    size_t total = sizeof *ws + ws->flow->n_layers * sizeof *ws->layers + ws->n_doubles * sizeof(double);
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        total += layer_bytes(ws->layers[l].layer, ws->layers[l].state);
    return total;
}

fathom_status fathom_flow_prepare(fathom_workspace *ws, const double *params)
{
    for (size_t l = 0; l < ws->flow->n_layers; l++) {
        fathom_status status = layer_prepare(ws->layers[l].layer, ws->layers[l].state,
                                             params + ws->flow->layers[l].offset);
        if (status != FATHOM_OK)
            return status;
    }
    return FATHOM_OK;
}

/* --------------------------------------------------------------------------------------------------- slabs ---- */

size_t fathom_flow_load_slab(double *slab, const double *x, const uint32_t *rows, size_t first, size_t n,
                             const fathom_config *config)
{
    const size_t dim = config->dim, most = slab_rows(config), live = n - first < most ? n - first : most;
    for (size_t i = 0; i < live; i++) {
        const double *from = x + (rows ? rows[first + i] : first + i) * dim;
        for (size_t d = 0; d < dim; d++)
            COORDINATE(slab, d)[i] = from[d];
    }
    for (size_t d = 0; d < dim; d++)
        for (size_t i = live; i < padded(live); i++)
            COORDINATE(slab, d)[i] = COORDINATE(slab, d)[0];
    return live;
}

static void store_slab(double *x, const double *slab, size_t first, size_t live, size_t dim)
{
    for (size_t i = 0; i < live; i++)
        for (size_t d = 0; d < dim; d++)
            x[(first + i) * dim + d] = COORDINATE(slab, d)[i];
}

static void store_log_det(double *log_det, fathom_workspace *ws, size_t live)
{
    ws->isa->log_det(ws->logp, &ws->volume, padded(live));
    memcpy(log_det, ws->logp, live * sizeof(double));
}

static void forward(fathom_workspace *ws, size_t live)
{
    volume_start(&ws->volume, padded(live));
    for (size_t l = 0; l < ws->flow->n_layers; l++)
        ws->layers[l].layer->forward(ws->x, &ws->volume, ws->layers[l].state, padded(live));
}

static void backward(fathom_workspace *ws, size_t live)
{
    for (size_t l = ws->flow->n_layers; l-- > 0;)
        ws->layers[l].layer->backward(ws->x, ws->dlogp, ws->layers[l].state, padded(live));
}

fathom_status fathom_flow_forward(double *z, double *log_det, fathom_workspace *ws, const double *params,
                                  const double *x, size_t n)
{
    const size_t  dim = ws->flow->config.dim;
    fathom_status status = fathom_flow_prepare(ws, params);
    for (size_t first = 0; first < n && status == FATHOM_OK; first += slab_rows(&ws->flow->config)) {
        size_t live = fathom_flow_load_slab(ws->x, x, NULL, first, n, &ws->flow->config);
        forward(ws, live);
        if (z)
            store_slab(z, ws->x, first, live, dim);
        if (log_det)
            store_log_det(log_det + first, ws, live);
    }
    return status;
}

/* A spline's bins are no narrower than FATHOM_MIN_BIN.  So on a wide interval some pieces are so flat that different rows have
 * the same latent in double precision, and no inverse is right for all of them.  fathom.h gives the limit. */
static bool has_inverse(const fathom_config *config)
{
    return config->block == FATHOM_BLOCK_RESIDUAL || strcmp(config->coupling, "spline") != 0 ||
           config->interval <= FATHOM_INVERSE_INTERVAL;
}

static bool is_mixture(const fathom_config *config)
{
    return config->block == FATHOM_BLOCK_COUPLING && strncmp(config->coupling, "mixture", 7) == 0;
}

/* error NULL: only the couplings themselves say what is flat. */
static fathom_status inverse(double *x, double *log_det, fathom_workspace *ws, const double *params, const double *z,
                             size_t n, struct inverse_error *error)
{
    const size_t  dim = ws->flow->config.dim;
    fathom_status status = fathom_flow_prepare(ws, params);
    bool          flat = false;
    for (size_t first = 0; first < n && status != FATHOM_NO_MEMORY; first += slab_rows(&ws->flow->config)) {
        size_t live = fathom_flow_load_slab(ws->x, z, NULL, first, n, &ws->flow->config);
        volume_start(&ws->volume, padded(live));
        for (size_t l = ws->flow->n_layers; l-- > 0;) {
            const fathom_status outcome = ws->layers[l].layer->inverse(ws->x, &ws->volume, ws->layers[l].state,
                                                                       padded(live));
            status = outcome == FATHOM_OK || status == FATHOM_NO_MEMORY ? status : outcome;
        }
        flat |= ws->volume.flat;
        if (x)
            store_slab(x, ws->x, first, live, dim);
        if (log_det)
            store_log_det(log_det + first, ws, live);
        flat = flat || (error && fathom_inverse_error_exceeds(error, ws, live));
    }
    return status == FATHOM_OK && flat ? FATHOM_FLAT : status;
}

fathom_status fathom_flow_inverse(double *x, double *log_det, fathom_workspace *ws, const double *params,
                                  const double *z, size_t n)
{
    struct inverse_error *error = NULL;
    if (!has_inverse(&ws->flow->config))
        return FATHOM_BAD_ARGUMENT;
    if (is_mixture(&ws->flow->config) && !(error = fathom_inverse_error_new(ws->flow->config.dim)))
        return FATHOM_NO_MEMORY;
    const fathom_status status = inverse(x, log_det, ws, params, z, n, error);
    free(error);
    return status;
}

/* ws->logp = log p of the slab ws->x; replaces ws->x by its latent. */
static void log_prob(fathom_workspace *ws, const double *params, size_t live)
{
    forward(ws, live);
    ws->isa->log_det(ws->logp, &ws->volume, padded(live));
    ws->isa->base_log_prob(ws->logp, ws->x, params, ws->flow->config.dim, padded(live));
}

fathom_status fathom_flow_log_prob(double *logp, fathom_workspace *ws, const double *params, const double *x, size_t n)
{
    fathom_status status = fathom_flow_prepare(ws, params);
    for (size_t first = 0; first < n && status == FATHOM_OK; first += slab_rows(&ws->flow->config)) {
        size_t live = fathom_flow_load_slab(ws->x, x, NULL, first, n, &ws->flow->config);
        log_prob(ws, params, live);
        memcpy(logp + first, ws->logp, live * sizeof(double));
    }
    return status;
}

double fathom_flow_base_scale(const double *params, size_t dim, size_t d)
{
    const double raw = params[dim + d], size = raw < 0.0 ? -raw : raw;
    return (raw > 0.0 ? raw : 0.0) + same_log1p(same_exp(-size));
}

fathom_status fathom_flow_sample(double *x, fathom_workspace *ws, const double *params, fathom_key key, size_t n)
{
    const size_t dim = ws->flow->config.dim;
    if (!has_inverse(&ws->flow->config))
        return FATHOM_BAD_ARGUMENT;
    fathom_normal(x, key, n * dim);
    for (size_t d = 0; d < dim; d++) {
        const double scale = fathom_flow_base_scale(params, dim, d);
        for (size_t i = 0; i < n; i++)
            x[i * dim + d] = x[i * dim + d] * scale + params[d];
    }
    const fathom_status status = inverse(x, NULL, ws, params, x, n, NULL);
    return status == FATHOM_FLAT ? FATHOM_OK : status;
}

/* The loss is -sum_i w_i log p(x_i) / sum_i w_i with the counts w; so the upstream gradient is dlogp_i = -w_i / sum w.
 * The filling rows of a slab have weight 0. */
fathom_status fathom_flow_nll(double *loss, double *gradient, fathom_workspace *ws, const double *params,
                              const double *x, const uint32_t *rows, const uint32_t *counts, size_t n)
{
    const fathom_flow *flow = ws->flow;
    const size_t       dim = flow->config.dim;
    double             total[8] = { 0 }, weight[SLAB] = { 0 }, n_drawn = counts ? 0.0 : (double)n;
    if (n == 0)
        return FATHOM_BAD_ARGUMENT;
    for (size_t i = 0; counts && i < n; i++)
        n_drawn += counts[i];
    if (n_drawn == 0.0)
        return FATHOM_BAD_ARGUMENT;
    fathom_status status = fathom_flow_prepare(ws, params);
    if (status != FATHOM_OK)
        return status;
    fathom_flow_estimate(ws);
    memset(ws->partial, 0, 2 * dim * 8 * sizeof(double));
    for (size_t first = 0; first < n; first += slab_rows(&ws->flow->config)) {
        size_t live = fathom_flow_load_slab(ws->x, x, rows, first, n, &ws->flow->config);
        log_prob(ws, params, live);
        for (size_t i = 0; i < padded(live); i++)
            weight[i] = i >= live ? 0.0 : counts ? counts[first + i] : 1.0;
        for (size_t i = 0; i < live; i++)
            total[i % 8] += weight[i] * ws->logp[i];
        if (!gradient)
            continue;
        for (size_t i = 0; i < padded(live); i++)
            ws->dlogp[i] = -weight[i] / n_drawn;
        for (size_t d = 0; d < dim; d++)
            memcpy(COORDINATE(ws->z, d), COORDINATE(ws->x, d), padded(live) * sizeof(double));
        ws->isa->base_backward(ws->x, ws->partial, ws->dlogp, ws->z, params, dim, padded(live));
        backward(ws, live);
    }
    double sum = ((total[0] + total[1]) + (total[2] + total[3])) + ((total[4] + total[5]) + (total[6] + total[7]));
    *loss = -(sum / n_drawn);
    if (!gradient)
        return FATHOM_OK;
    for (size_t d = 0; d < 2 * dim; d++)
        gradient[d] = fathom_sum(ws->partial + d * 8, 8);
    for (size_t l = 0; l < flow->n_layers; l++)
        layer_finish(gradient + flow->layers[l].offset, ws->layers[l].layer, ws->layers[l].state);
    return FATHOM_OK;
}
