/* layers.c - see layers.h. */
#include "layers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Multiples of 2^-20: x + h is then exact for the steps used here.  Rows 0-15 have a coordinate far out, but for the
 * clipped mixture, which is a bijection only near 0 (test_mixture_coupling.c has its ends). */
static void place_rows(struct layer_case *layer)
{
    const double far = strcmp(layer->config.coupling, "mixture-clipped") == 0 ? 0.0 : 6.5;
    double       x[MOST_DIM * TILE];
    draw(x, 7 + layer->dim, 1.6, layer->dim * TILE);
    for (size_t d = 0; d < layer->dim; d++)
        for (size_t i = 0; i < TILE; i++)
            COORDINATE(layer->x, d)
    [i] = ldexp(nearbyint(ldexp(x[d * TILE + i], 20)), -20) +
          (i < 16 && i % layer->dim == d ? (i % 2 ? far : -far) : 0.0);
}

static void open_layer(struct layer_case *layer, const struct layer *table, const fathom_config *config, double noise)
{
    *layer = (struct layer_case){
        .table = table, .config = *config, .dim = config->dim, .n_params = layer_n_params(table, config)
    };
    const bool coupling = strcmp(table->name, "coupling") == 0, residual = strcmp(table->name, "residual") == 0;
    layer->spline = coupling && strcmp(config->coupling, "spline") == 0;
    snprintf(layer->name, sizeof layer->name, "%s %s, D = %zu, %zu layers of %zu", table->name,
             coupling                                                        ? config->coupling
             : residual && config->activation == FATHOM_ACTIVATION_CLIPSWISH ? "CLipSwish"
                                                                             : "",
             config->dim, config->hidden, config->width);
    layer->state = layer_create(table, config);
    assert_non_null(layer->state);
    assert_true(layer_bytes(table, layer->state) > 0);
    layer->params = need(layer->n_params * sizeof(double));
    double *moved = need(layer->n_params * sizeof(double));
    layer_init(layer->params, table, config, fathom_key_from_seed(3));
    draw(moved, 5, noise, layer->n_params);
    layer->frozen = strcmp(table->name, "orthogonal") == 0;
    layer->no_log_det = strcmp(table->name, "matrix") == 0;
    for (size_t k = 0; k < layer->n_params && !layer->frozen; k++)
        layer->params[k] += moved[k];
    free(moved);
    for (int i = 0; i < 50 && table->advance; i++)
        table->advance(layer->params, config, fathom_key_from_seed(8));
    place_rows(layer);
}

/* Whether a transformer before it in the list has as many outputs, so that their conditioners are alike. */
static bool of_known_size(const struct transformer *const *all, const struct transformer *t,
                          const fathom_config *config)
{
    for (; *all != t; all++)
        if ((*all)->n_outputs(config) == t->n_outputs(config))
            return true;
    return false;
}

/* A coupling has a transformer, a residual block an activation. */
static size_t variants(const struct layer *layer, const struct fathom_isa *isa)
{
    size_t n = 0;
    while (isa->transformers[n])
        n++;
    return strcmp(layer->name, "coupling") == 0 ? n : strcmp(layer->name, "residual") == 0 ? 2 : 1;
}

/* `plane`: transformers of known size, and residual blocks, whose derivatives take the longest, in D = 2 alone. */
static size_t visit(void (*property)(struct layer_case *), const fathom_config *config, double noise, bool plane)
{
    static const size_t      dims[] = { 2, 3, 5 };
    const struct fathom_isa *isa = fathom_isa_find(NULL);
    const struct layer      *all[16];
    size_t                   n = 0, cases = 0;
    for (const struct layer *const *l = isa->layers; *l; l++)
        all[n++] = *l;
    all[n++] = &layer_sinh_arcsinh_example;
    for (size_t b = 0; b < n; b++)
        for (size_t v = 0; v < variants(all[b], isa); v++)
            for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
                struct layer_case               layer;
                fathom_config                   own = *config;
                const struct transformer *const t = isa->transformers[v];
                const bool                      residual = strcmp(all[b]->name, "residual") == 0;
                if (plane && dims[d] > 2 && (residual || of_known_size(isa->transformers, t, config)))
                    continue;
                own.dim = dims[d];
                if (residual)
                    own.activation = (fathom_activation)v;
                else
                    own.coupling = t->name;
                open_layer(&layer, all[b], &own, noise);
                property(&layer);
                layer_destroy(layer.table, layer.state);
                free(layer.params);
                cases++;
            }
    return cases;
}

size_t for_each_layer(void (*property)(struct layer_case *), const fathom_config *config, double noise)
{
    return visit(property, config, noise, false);
}

void on_all_layers(void (*property)(struct layer_case *))
{
    fathom_config config = fathom_config_default();
    assert_true(visit(property, &config, 0.1, true) >= 18);
    config.knots = 3;
    config.interval = 2.5;
    config.width = 7;
    config.hidden = 1;
    for_each_layer(property, &config, 0.1);
}

void case_forward(double *y, double *log_det, struct layer_case *layer, const double *x)
{
    memcpy(y, x, layer->dim * SLAB_STRIDE * sizeof *y);
    memset(log_det, 0, TILE * sizeof *log_det);
    assert_int_equal(layer_prepare(layer->table, layer->state, layer->params), FATHOM_OK);
    run_forward(layer->table, y, log_det, layer->state, TILE);
}

void case_backward(double *dx, double *gradient, const double *dlog_det, struct layer_case *layer)
{
    double y[MOST_DIM * SLAB_STRIDE], log_det[TILE];
    case_forward(y, log_det, layer, layer->x);
    layer->table->backward(dx, dlog_det, layer->state, TILE);
    memset(gradient, 0, layer->n_params * sizeof *gradient);
    layer_finish(gradient, layer->table, layer->state);
}
