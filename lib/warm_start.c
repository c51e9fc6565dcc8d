/* warm_start.c - a flow that starts at the diagonal solution of iterative Gaussianization (Laparra, Camps-Valls & Malo 2011,
 * "Iterative Gaussianization: from ICA to random rotations", algorithm 1 with principal axes; fathom_warm.h).
 *
 * All rows stand at one layer.  The layer gets its parameters from them, and they go on through it.  For the distance a second
 * copy of the rows goes through the same ActNorms, rotations and flips, but through Phi^-1(F) instead of the couplings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "elementary.h"
#include "tiles.h"

static const double LARGEST_LOG_SD = 4.99; /* the mixture coupling's sd is exp(5 tanh raw) */

struct warm {
    fathom_workspace *ws;
    struct tiles      rows, ideal; /* ideal.data is NULL if no distance is asked for */
    double           *params;      /* [n_params]                                     */
    double           *column;      /* [n]                                            */
    double           *product;     /* [n]                                            */
};

static double mean_of(const double *x, size_t n) { return fathom_sum(x, n) / (double)n; }

/* out: [n], coordinate d less its mean. */
static void centred_column(double *out, const struct tiles *rows, size_t d)
{
    fathom_tiles_column(out, rows, d);
    const double mean = mean_of(out, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        out[i] -= mean;
}

/* rotation: [D][D] = the eigenvectors of the rows' covariance, as rows. */
static fathom_status principal_axes(double *rotation, struct warm *w)
{
    const size_t n = w->rows.n, dim = w->rows.dim;
    double       values[FATHOM_DIM_MAX], *covariance = malloc(dim * dim * sizeof *covariance);
    if (!covariance)
        return FATHOM_NO_MEMORY;
    for (size_t p = 0; p < dim; p++) {
        centred_column(w->column, &w->rows, p);
        for (size_t q = p; q < dim; q++) {
            centred_column(w->product, &w->rows, q);
            for (size_t i = 0; i < n; i++)
                w->product[i] *= w->column[i];
            covariance[p * dim + q] = mean_of(w->product, n);
        }
    }
    const fathom_status status = fathom_symmetric_eigen(values, rotation, covariance, dim);
    free(covariance);
    return status;
}

/* The mixture of coordinate d. */
static fathom_status fit_mixture(fathom_mixture *mixture, struct warm *w, size_t d)
{
    const size_t n = w->rows.n;
    centred_column(w->column, &w->rows, d);
    for (size_t i = 0; i < n; i++)
        w->product[i] = w->column[i] * w->column[i];
    const double square = mean_of(w->product, n);
    if (!isfinite(square))
        return FATHOM_BAD_DATA;
    if (!(square > ACTNORM_MIN_SCALE * ACTNORM_MIN_SCALE))
        return FATHOM_DEGENERATE;
    fathom_tiles_column(w->column, &w->rows, d);
    fathom_status status = fathom_mixture_fit(mixture, NULL, w->column, n, w->ws->flow->config.components, NULL);
    const double  most = same_exp(LARGEST_LOG_SD);
    for (size_t k = 0; k < mixture->n && (status == FATHOM_OK || status == FATHOM_NO_CONVERGENCE); k++)
        mixture->sd[k] = mixture->sd[k] < most ? mixture->sd[k] : most;
    return status == FATHOM_NO_CONVERGENCE ? FATHOM_OK : status; /* the mixture after the last iteration will do */
}

static void gaussianise(struct tiles *rows, const fathom_mixture *mixture, size_t d)
{
    for (size_t t = 0; t < rows->n_tiles; t++) {
        double *x = ROW(tiles_at(rows, t), d);
        for (size_t i = 0; i < tiles_rows(rows, t); i++)
            x[i] = fathom_mixture_gaussianise(mixture, x[i]);
    }
}

/* own: the parameters of a coupling's conditioner, whose last are W, [n_out][fan_in], and b, [n_out]. */
static fathom_status fit_coupling(double *own, struct warm *w)
{
    const fathom_config      *config = &w->ws->flow->config;
    const struct transformer *t = fathom_isa_transformer(&fathom_isa_ref, config->coupling);
    const size_t              n_in = config->dim / 2, each = t->n_outputs(config), n_out = (config->dim - n_in) * each;
    const size_t              fan_in = config->hidden > 0 ? config->width : n_in;
    const size_t              n_params = layer_n_params(fathom_isa_layer(&fathom_isa_ref, "coupling"), config);
    double                   *bias = own + n_params - n_out;
    fathom_status             status = FATHOM_OK;
    memset(bias - n_out * fan_in, 0, n_out * fan_in * sizeof *bias);
    for (size_t d = n_in; d < config->dim && status == FATHOM_OK; d++, bias += each) {
        fathom_mixture mixture = { .n = 0 };
        status = fit_mixture(&mixture, w, d);
        if (status == FATHOM_OK)
            status = t->fit(bias, &mixture, config);
        if (status == FATHOM_OK && w->ideal.data)
            gaussianise(&w->ideal, &mixture, d);
    }
    return status;
}

static bool is_matrix(const char *name) { return strcmp(name, "orthogonal") == 0 || strcmp(name, "matrix") == 0; }

static fathom_status fit_layer(struct warm *w, size_t l)
{
    const fathom_flow *flow = w->ws->flow;
    const char        *name = flow->layers[l].name;
    double            *own = w->params + flow->layers[l].offset;
    const bool         coupling = strcmp(name, "coupling") == 0;
    fathom_status      status = FATHOM_OK;
    if (strcmp(name, "actnorm") == 0 && flow->config.actnorm == FATHOM_ACTNORM_DATA)
        status = fathom_tiles_actnorm(own, &w->rows);
    else if (is_matrix(name))
        status = principal_axes(own, w);
    else if (coupling)
        status = fit_coupling(own, w);
    if (status == FATHOM_OK)
        status = fathom_tiles_pass(&w->rows, w->ws, l, own);
    if (status == FATHOM_OK && w->ideal.data && !coupling)
        status = fathom_tiles_pass(&w->ideal, w->ws, l, own);
    return status;
}

/* The root mean square difference between the two copies of the rows. */
static double difference(struct warm *w)
{
    const size_t n = w->rows.n, dim = w->rows.dim;
    double       square[FATHOM_DIM_MAX];
    for (size_t d = 0; d < dim; d++) {
        fathom_tiles_column(w->column, &w->rows, d);
        fathom_tiles_column(w->product, &w->ideal, d);
        for (size_t i = 0; i < n; i++)
            w->product[i] = (w->column[i] - w->product[i]) * (w->column[i] - w->product[i]);
        square[d] = mean_of(w->product, n);
    }
    return sqrt(mean_of(square, dim));
}

/* What was fitted, all of it or the rotations alone. */
static void write_params(double *params, const struct warm *w, fathom_start start)
{
    const fathom_flow *flow = w->ws->flow;
    const size_t       size = flow->config.dim * flow->config.dim;
    if (start == FATHOM_START_WARM)
        memcpy(params, w->params, flow->n_params * sizeof *params);
    for (size_t l = 0; l < flow->n_layers; l++)
        if (is_matrix(flow->layers[l].name))
            memcpy(params + flow->layers[l].offset, w->params + flow->layers[l].offset, size * sizeof *params);
}

/* The whole fit, into w->params. */
static fathom_status fit(struct warm *w, const double *params, const double *x, const uint32_t *rows, size_t n,
                         bool with_ideal)
{
    const fathom_flow *flow = w->ws->flow;
    w->params = malloc(flow->n_params * sizeof *w->params);
    w->column = malloc(n * sizeof *w->column);
    w->product = malloc(n * sizeof *w->product);
    fathom_status status = w->params && w->column && w->product ? FATHOM_OK : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_tiles_load(&w->rows, x, rows, n, flow->config.dim);
    if (status == FATHOM_OK && with_ideal)
        status = fathom_tiles_load(&w->ideal, x, rows, n, flow->config.dim);
    if (status == FATHOM_OK)
        memcpy(w->params, params, flow->n_params * sizeof *params);
    for (size_t l = 0; l < flow->n_layers && status == FATHOM_OK; l++)
        status = fit_layer(w, l);
    return status;
}

fathom_status fathom_flow_warm_start(double *params, fathom_workspace *ws, const double *x, const uint32_t *rows,
                                     size_t n, fathom_start start, double *distance)
{
    struct warm w = { .ws = ws };
    if (start == FATHOM_START_COLD) {
        if (distance)
            *distance = NAN;
        return FATHOM_OK;
    }
    if (n == 0 || (start != FATHOM_START_ROTATIONS && start != FATHOM_START_WARM) ||
        !fathom_isa_transformer(&fathom_isa_ref, ws->flow->config.coupling)->fit)
        return FATHOM_BAD_ARGUMENT;
    const fathom_status status = fit(&w, params, x, rows, n, distance != NULL);
    if (status == FATHOM_OK) {
        if (distance)
            *distance = difference(&w);
        write_params(params, &w, start);
    }
    free(w.params);
    free(w.column);
    free(w.product);
    fathom_tiles_free(&w.rows);
    fathom_tiles_free(&w.ideal);
    return status;
}
