/* layer.h - a layer: a bijection of R^D with its gradient, as a table of functions.
 *
 * The life of a layer's state, for one parameter vector: `prepare`; then, per tile, `forward` or `inverse`, and after
 * `forward` perhaps `backward`; then `finish`, which writes the layer's part of the flat gradient, summed over all
 * those tiles.  Every function works on a tile in place (tile.h).
 *
 * A new layer is one file, layer_NAME.c, which ends in such a table, and one line in list.h.  Slots that a layer does
 * not need stay NULL.  Callers use the functions layer_...() below, which give a NULL slot its meaning, and test
 * `share` and `conditioner` before they call them. */
#ifndef FATHOM_LAYER_H
#define FATHOM_LAYER_H

#include <stdlib.h>
#include <string.h>

#include "../fathom.h"
#include "conditioner.h"
#include "tile.h"
#include "volume.h"

struct layer {
    const char *name;

    size_t (*n_params)(const fathom_config *config); /* NULL: none */
    /* params: [n_params].  NULL: all start at zero. */
    void (*init)(double *params, const fathom_config *config, fathom_key key);

    void *(*create)(const fathom_config *config); /* the state, or NULL if memory is short.  NULL: the state is a copy
                                                     of the configuration                                      */
    void  (*destroy)(void *state);                /* state may be NULL.  NULL: free()                          */
    size_t (*bytes)(const void *state);           /* that the state holds now.  NULL: those of that copy       */

    /* params: [n_params], which must not change before finish.  Returns FATHOM_OK or FATHOM_NO_MEMORY.
     * NULL: nothing to prepare. */
    fathom_status (*prepare)(void *state, const double *params);

    /* x: [D][STRIDE], in place; volume grows by |det J|, or by that of the inverse map.  Never NULL. */
    void (*forward)(double *x, struct volume *volume, void *state, size_t rows);
    void (*inverse)(double *x, struct volume *volume, void *state, size_t rows);

    /* After forward of the same tile.  dx: [D][STRIDE], in: d loss / d y, out: d loss / d x;
     * dlog_det: [rows], d loss / d log_det.  Never NULL. */
    void (*backward)(double *dx, const double *dlog_det, void *state, size_t rows);

    /* gradient: [n_params], d loss / d params of all tiles since prepare.  NULL: no parameters. */
    void (*finish)(double *gradient, void *state);

    /* From now on this state uses the scratch memory of `other`, which then stays in the nearest cache for all layers
     * of a flow.  Both states are of one kind and shape; their calls never overlap; `other` is destroyed after the last
     * call on this state; no third state uses this state's scratch memory.  NULL: no scratch memory. */
    void (*share)(void *state, const void *other);

    /* The conditioner inside, for a look at it (flow_view.c).  NULL: there is none. */
    struct conditioner_use (*conditioner)(const void *state);
};

static inline size_t layer_n_params(const struct layer *layer, const fathom_config *config)
{
    return layer->n_params ? layer->n_params(config) : 0;
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
