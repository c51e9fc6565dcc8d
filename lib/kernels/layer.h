/* layer.h - a layer: a bijection y = f(x) of R^D with its gradient, as a table of functions.
 *
 * A layer's state is used in this order for one parameter vector.  First `prepare`.  Then, for each slab, `forward` or
 * `inverse`; `backward` may follow `forward` of the same slab.  Last `finish`, which writes the layer's part of the
 * flat gradient, summed over all those slabs.  forward, inverse and backward work on a slab in place (tile.h).
 *
 * A new layer is one file, layer_NAME.c, which ends in such a table, and one line in list.h.  Slots that a layer does
 * not need stay NULL.  Callers use the functions layer_...() below, which give a NULL slot its meaning, and test
 * `share` and `conditioner` before they call them. */
#ifndef FATHOM_LAYER_H
#define FATHOM_LAYER_H

#include <stdlib.h>
#include <string.h>

#include "../fathom_certificate.h"
#include "conditioner.h"
#include "tile.h"
#include "volume.h"

struct layer {
    const char *name;

    size_t (*n_params)(const fathom_config *config); /* NULL: none */
    /* params: [n_params].  NULL: all start at zero. */
    void (*init)(double *params, const fathom_config *config, fathom_key key);

    /* How many of the parameters, the last ones, are buffers: their gradient is 0, and `advance` alone moves them.
     * NULL: none. */
    size_t (*n_buffers)(const fathom_config *config);
    /* Called by the trainer before each gradient, with a key for each step: moves the buffers.  NULL: there are none. */
    void (*advance)(double *params, const fathom_config *config, fathom_key key);
    /* Bounds the Lipschitz constant of the layer (fathom_flow_certify).  NULL: it has no bound. */
    fathom_status (*certify)(double *params, fathom_certificate *certificate, const fathom_config *config);

    /* Returns the number of units of the parameters, which lie one after the other, and their lengths, length: [units],
     * or NULL.  A unit is a row of a matrix [out][in], or a whole vector (Brock et al. 2021, sec. 4).  NULL: all
     * parameters are one unit. */
    size_t (*units)(size_t *length, const fathom_config *config);

    /* Returns the state, or NULL if memory is short.  NULL: the state is a copy of the configuration. */
    void *(*create)(const fathom_config *config);
    /* state may be NULL.  NULL: free(). */
    void (*destroy)(void *state);
    /* Returns how many bytes of memory the state holds now.  NULL: the size of that copy. */
    size_t (*bytes)(const void *state);

    /* params: [n_params], which must not change before finish.  Returns FATHOM_OK or FATHOM_NO_MEMORY.
     * NULL: nothing to prepare. */
    fathom_status (*prepare)(void *state, const double *params);

    /* From now until the next prepare, forward and backward take the estimate of log |det dy/dx| that training uses
     * (fathom_log_det): a function of the parameters and of the row's number, from 0, among those that forward was given
     * since prepare.  Without this call log |det dy/dx| is exact.  NULL: it always is. */
    void (*estimate)(void *state);

    /* x: [D][SLAB_STRIDE], in place, becomes y (inverse: y becomes x).  log |det dy/dx| (inverse: log |det dx/dy|) of each
     * row is added to volume.  rows: how many rows the slab has.  inverse returns FATHOM_OK; FATHOM_NO_CONVERGENCE if an
     * iteration did not reach its tolerance in some row, and each such row becomes NaN; FATHOM_NO_MEMORY.
     * Never NULL. */
    void (*forward)(double *x, struct volume *volume, void *state, size_t rows);
    fathom_status (*inverse)(double *x, struct volume *volume, void *state, size_t rows);

    /* After forward of the same slab.  dx: [D][SLAB_STRIDE], in: d loss / d y, out: d loss / d x.
     * dlog_det: [rows], d loss / d log |det dy/dx| of this layer; it is the same for every layer, because the flow's
     * log-determinant is the sum of the layers'.  Adds to the parameters' gradient in the state.  Never NULL. */
    void (*backward)(double *dx, const double *dlog_det, void *state, size_t rows);

    /* gradient: [n_params] = d loss / d params, summed over all slabs since prepare.  NULL: no parameters. */
    void (*finish)(double *gradient, void *state);

    /* From now on this state uses the scratch memory of `other`.  So all layers of a flow use the same memory, and it
     * stays in the nearest cache.  Both states are of one kind and shape; their calls never overlap; `other` is
     * destroyed after the last call on this state; no third state uses this state's scratch memory.
     * NULL: there is no scratch memory. */
    void (*share)(void *state, const void *other);

    /* Returns the layer's conditioner and the state of it, to be inspected (flow_view.c).  NULL: there is none. */
    struct conditioner_use (*conditioner)(const void *state);
};

static inline size_t layer_n_params(const struct layer *layer, const fathom_config *config)
{
    return layer->n_params ? layer->n_params(config) : 0;
}

static inline size_t layer_n_buffers(const struct layer *layer, const fathom_config *config)
{
    return layer->n_buffers ? layer->n_buffers(config) : 0;
}

static inline size_t layer_units(size_t *length, const struct layer *layer, const fathom_config *config)
{
    if (layer->units)
        return layer->units(length, config);
    const size_t n = layer_n_params(layer, config);
    if (length && n > 0)
        *length = n;
    return n > 0;
}

/* n units of the same length.  length: [n] or NULL.  Returns n. */
static inline size_t layer_same_units(size_t *length, size_t each, size_t n)
{
    for (size_t i = 0; length && i < n; i++)
        length[i] = each;
    return n;
}

static inline void layer_init(double *params, const struct layer *layer, const fathom_config *config, fathom_key key)
{
    if (layer->init)
        layer->init(params, config, key);
    else
        memset(params, 0, layer_n_params(layer, config) * sizeof *params);
}

static inline void *layer_create(const struct layer *layer, const fathom_config *config)
{
    if (layer->create)
        return layer->create(config);
    fathom_config *state = malloc(sizeof *state);
    return state ? memcpy(state, config, sizeof *state) : NULL;
}

static inline void layer_destroy(const struct layer *layer, void *state)
{
    if (layer->destroy)
        layer->destroy(state);
    else
        free(state);
}

static inline size_t layer_bytes(const struct layer *layer, const void *state)
{
    return layer->bytes ? layer->bytes(state) : sizeof(fathom_config);
}

static inline fathom_status layer_prepare(const struct layer *layer, void *state, const double *params)
{
    return layer->prepare ? layer->prepare(state, params) : FATHOM_OK;
}

static inline void layer_finish(double *gradient, const struct layer *layer, void *state)
{
    if (layer->finish)
        layer->finish(gradient, state);
}

#endif
