/* inverse_error.c - the rounding error of a flow's inverse, to first order (Higham 2002, "Accuracy and stability of
 * numerical algorithms", sec. 3.8).
 *
 * Layer l takes v_(l-1) to v_l; v_0 = x and v_n = z.  On the way back each v_l is right to ROUNDING max(1, |v_l|) in
 * each coordinate, as a coupling's inverse leaves it (kernels/mixture_cdf.h).  The layers before it take that to
 *
 *   |error of x_c|  <=  ROUNDING sum_l sum_d |B_l[c][d]| max(1, |v_l[d]|),   B_l = dx / dv_l = B_(l-1) L_l^-1,  B_0 = 1
 *
 * with L_l = dv_l / dv_(l-1), exact by D backward passes of the layer alone (jacobian.c).  No coupling need be flat for
 * this to be large: the slopes of several multiply.  The Jacobian of the whole flow would not do: a layer may stretch what
 * the one before it squeezed, and the digits are lost all the same.  Newton steps on the whole flow do not help either:
 * its latent is rounded, too.
 *
 * B L^-1 is Gauss-Jordan elimination by columns: what makes L the identity makes B that.  Where L is singular it is
 * infinite or NaN, and exceeds everything. */
#include "inverse_error.h"

#include <math.h>

static const double ROUNDING = 0x1p-50;
static const double TOLERANCE = 1e-10, FAR = 40.0; /* fathom.h promises TOLERANCE max(1, |x| / FAR) */

struct inverse_error {
    size_t  dim;
    double *before, *dx; /* [D][SLAB_STRIDE]: a layer's rows; an upstream gradient, then the gradient */
    double *stack;       /* [SLAB][2 D][D]: of each row L on top of B                            */
    double *bound;       /* [SLAB][D]: the sum over the layers so far                            */
    double *allowed;     /* [SLAB][D]: TOLERANCE max(1, |x| / FAR)                               */
    _Alignas(CACHE_LINE) double memory[];
};

struct inverse_error *fathom_inverse_error_new(size_t dim)
{
    const size_t          slab = dim * SLAB_STRIDE, stack = SLAB * 2 * dim * dim, bound = SLAB * dim;
    struct inverse_error *e = zeros(sizeof *e + (2 * slab + stack + 2 * bound) * sizeof(double));
    if (!e)
        return NULL;
    e->dim = dim;
    e->before = e->memory;
    e->dx = e->before + slab;
    e->stack = e->dx + slab;
    e->bound = e->stack + stack;
    e->allowed = e->bound + bound;
    return e;
}

static double *of_row(const struct inverse_error *e, size_t i) { return e->stack + i * 2 * e->dim * e->dim; }

/* ws->x passes layer l; L = its Jacobian at each row. */
static void pass(struct inverse_error *e, fathom_workspace *ws, size_t l, size_t live)
{
    const size_t        dim = e->dim, rows = padded(live);
    const struct layer *layer = ws->layers[l].layer;
    memcpy(e->before, ws->x, dim * SLAB_STRIDE * sizeof(double));
    for (size_t k = 0; k < dim; k++) {
        memcpy(ws->x, e->before, dim * SLAB_STRIDE * sizeof(double));
        layer->forward(ws->x, &ws->volume, ws->layers[l].state, rows);
        for (size_t d = 0; d < dim; d++)
            for (size_t i = 0; i < rows; i++)
                COORDINATE(e->dx, d)[i] = d == k ? 1.0 : 0.0;
        layer->backward(e->dx, ws->dlogp, ws->layers[l].state, rows);
        for (size_t i = 0; i < live; i++)
            for (size_t c = 0; c < dim; c++)
                of_row(e, i)[k * dim + c] = COORDINATE(e->dx, c)[i];
    }
}

/* a: [2 D][D], L on top of B; B becomes B L^-1. */
static void eliminate(double *a, size_t dim)
{
    for (size_t k = 0; k < dim; k++) {
        size_t pivot = k;
        for (size_t c = k + 1; c < dim; c++)
            pivot = fabs(a[k * dim + c]) > fabs(a[k * dim + pivot]) ? c : pivot;
        const double inverse = 1.0 / a[k * dim + pivot];
        for (size_t r = k; r < 2 * dim; r++) {
            const double scaled = a[r * dim + pivot] * inverse;
            a[r * dim + pivot] = a[r * dim + k];
            a[r * dim + k] = scaled;
        }
        for (size_t c = 0; c < dim; c++) {
            const double factor = a[k * dim + c];
            if (c != k && factor != 0.0)
                for (size_t r = k; r < 2 * dim; r++)
                    a[r * dim + c] -= factor * a[r * dim + k];
        }
    }
}

static double at_least_1(double size) { return size > 1.0 ? size : 1.0; }

/* Adds the part of v = ws->x to each row's bound. */
static void add(struct inverse_error *e, const fathom_workspace *ws, size_t live)
{
    const size_t dim = e->dim;
    for (size_t i = 0; i < live; i++) {
        const double *b = of_row(e, i) + dim * dim;
        for (size_t c = 0; c < dim; c++)
            for (size_t d = 0; d < dim; d++)
                e->bound[i * dim + c] += fabs(b[c * dim + d]) * at_least_1(fabs(COORDINATE(ws->x, d)[i]));
    }
}

bool fathom_inverse_error_exceeds(struct inverse_error *e, fathom_workspace *ws, size_t live)
{
    const size_t dim = e->dim;
    bool         exceeds = false;
    volume_start(&ws->volume, padded(live));
    memset(ws->dlogp, 0, sizeof ws->dlogp);
    for (size_t i = 0; i < live; i++)
        for (size_t c = 0; c < dim; c++) {
            for (size_t d = 0; d < dim; d++)
                of_row(e, i)[(dim + c) * dim + d] = c == d ? 1.0 : 0.0;
            e->bound[i * dim + c] = 0.0;
            e->allowed[i * dim + c] = TOLERANCE * at_least_1(fabs(COORDINATE(ws->x, c)[i]) / FAR);
        }
    add(e, ws, live);
    for (size_t l = 0; l < ws->flow->n_layers; l++) {
        pass(e, ws, l, live);
        for (size_t i = 0; i < live; i++)
            eliminate(of_row(e, i), dim);
        add(e, ws, live);
    }
    for (size_t i = 0; i < live * dim; i++)
        exceeds |= !(ROUNDING * e->bound[i] <= e->allowed[i]);
    return exceeds;
}
