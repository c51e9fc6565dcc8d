/* layers.h - every layer there is, as a case for a property.
 *
 * They are the library's own (a new layer is a case as soon as kernels/list.h names it) and the worked example.  A
 * coupling is a case with each transformer of the list, a residual block with each activation, after 50 power iterations.
 * D = 2, 3, 5. */
#ifndef FATHOM_TESTS_LAYERS_H
#define FATHOM_TESTS_LAYERS_H

#include "common.h"

enum { MOST_DIM = 5 };

struct layer_case {
    char                name[96];
    const struct layer *table;
    fathom_config       config;
    void               *state;
    double             *params;
    size_t              n_params, dim;
    bool                spline;     /* its inverse is exact to 1e-9 only                                    */
    bool                frozen;     /* its parameters are not moved, and their gradient is 0                */
    bool                no_log_det; /* it counts log |det| as 0, whatever it is                             */
    double              x[MOST_DIM * SLAB_STRIDE];
};

/* Checks the property on every layer, with parameters moved by normals times `noise`; returns the number of cases. */
size_t for_each_layer(void (*property)(struct layer_case *), const fathom_config *config, double noise);

/* With two conditioners: the notebook's, and a small one of odd shape.  The former is slow, so D = 3 and 5 are tried with
 * one transformer of each number of outputs, and with no residual block. */
void on_all_layers(void (*property)(struct layer_case *));

/* prepare, then y, [D][SLAB_STRIDE], and log_det, [TILE], of x. */
void case_forward(double *y, double *log_det, struct layer_case *layer, const double *x);

/* The same for the case's own x, then backward and finish.  dx: in d loss / dy, out d loss / dx; gradient:
 * [n_params]. */
void case_backward(double *dx, double *gradient, const double *dlog_det, struct layer_case *layer);

/* examples/layer_sinh_arcsinh.c */
extern const struct layer layer_sinh_arcsinh_example;

#endif
