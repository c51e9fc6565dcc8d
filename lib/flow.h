/* flow.h - the members of a flow and of a workspace, for the files that look into them. */
#ifndef FATHOM_FLOW_H
#define FATHOM_FLOW_H

#include "kernels/kernels.h"

struct flow_layer {
    const char *name;
    size_t      offset; /* of its first parameter */
};

struct fathom_flow {
    fathom_config     config;
    size_t            n_params, n_layers;
    struct flow_layer layers[];
};

struct fathom_workspace {
    const fathom_flow   *flow;
    const fathom_isa    *isa;
    double              *x;       /* [D][SLAB_STRIDE], the slab                                  */
    double              *z;       /* [D][SLAB_STRIDE], its latent, for the base                  */
    double              *partial; /* [2 D][8], d loss / d base parameters, in eight partial sums */
    struct volume        volume;
    struct volume_memory volume_memory;
    double               logp[SLAB], dlogp[SLAB];
    size_t               n_doubles;
    double              *memory;
    struct {
        const struct layer *layer;
        void               *state;
    } layers[];
};

/* Copies the rows from `first` on of x, or of x[rows], into a slab: slab_rows(config) of them, but none from row n on.
 * Returns their number.  Copies of the slab's first row fill it up to a multiple of 8. */
size_t fathom_flow_load_slab(double *slab, const double *x, const uint32_t *rows, size_t first, size_t n,
                             const fathom_config *config);

/* Prepares all layers for params (layer.h).  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_flow_prepare(fathom_workspace *ws, const double *params);

/* After it: log |det J| as training takes it, until the next fathom_flow_prepare (layer.h, `estimate`). */
void fathom_flow_estimate(fathom_workspace *ws);

/* Before each gradient of a training: moves the buffers of params (layer.h, `advance`).  step: from 0.  advance.c. */
void fathom_flow_advance(double *params, const fathom_workspace *ws, uint64_t step);

/* The scale s_d = softplus(raw_d) of the base in coordinate d < dim (kernels/base.c). */
double fathom_flow_base_scale(const double *params, size_t dim, size_t d);

/* The units of the flow's parameters (layer.h): the base's loc, its raw scale, then layer by layer.  Returns their number
 * and their lengths, length: [units] or NULL.  The lengths add up to n_params. */
size_t fathom_flow_units(size_t *length, const fathom_flow *flow);

#endif
