/* warm_start.c - a flow that starts at the diagonal solution of iterative Gaussianization (Laparra, Camps-Valls & Malo
 * 2011, "Iterative Gaussianization: from ICA to random rotations", with principal axes; fathom_warm.h).  Diagonal: each
 * coupling's conditioner gives the same outputs at every row, so a coupling maps each coordinate by itself.
 *
 * All rows stand at one layer.  The layer gets its parameters from them, and they go on through it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "elementary.h"
#include "slabs.h"

static const double LARGEST_LOG_SD = 4.99; /* the mixture coupling's sd is exp(5 tanh raw) */

struct warm {
    fathom_workspace *ws;
    struct slabs      rows;
    double           *params;  /* [n_params]                                                             */
    double           *column;  /* [n]                                                                    */
    double           *product; /* [n]                                                                    */
    double           *ideal;   /* [D - D / 2][n], Phi^-1(F) at one coupling; NULL: no distance is asked for */
    double            square;  /* the sum over couplings so far of the mean square distance from it      */
    size_t            couplings;
};

static double mean_of(const double *x, size_t n) { return fathom_sum(x, n) / (double)n; }

/* out: [n], coordinate d less its mean. */
static void centred_column(double *out, const struct slabs *rows, size_t d)
{
    fathom_slabs_column(out, rows, d);
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
    fathom_slabs_column(w->column, &w->rows, d);
    fathom_status status = fathom_mixture_fit(mixture, NULL, w->column, n, w->ws->flow->config.components, NULL);
    const double  most = same_exp(LARGEST_LOG_SD);
    for (size_t k = 0; k < mixture->n && (status == FATHOM_OK || status == FATHOM_NO_CONVERGENCE); k++)
        mixture->sd[k] = mixture->sd[k] < most ? mixture->sd[k] : most;
    return status == FATHOM_NO_CONVERGENCE ? FATHOM_OK : status; /* the mixture after the last iteration will do */
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
        for (size_t i = 0; i < w->rows.n && status == FATHOM_OK && w->ideal; i++)
            w->ideal[(d - n_in) * w->rows.n + i] = fathom_mixture_gaussianise(&mixture, w->column[i]);
    }
    return status;
}

/* Behind a coupling: its mean square distance from the ideal, over rows and transformed coordinates. */
static void add_distance(struct warm *w)
{
    const size_t n = w->rows.n, n_in = w->rows.dim / 2, n_transformed = w->rows.dim - n_in;
    double       square[FATHOM_DIM_MAX];
    for (size_t j = 0; j < n_transformed; j++) {
        fathom_slabs_column(w->column, &w->rows, n_in + j);
        for (size_t i = 0; i < n; i++) {
            const double from = w->column[i] - w->ideal[j * n + i];
            w->product[i] = from * from;
        }
        square[j] = mean_of(w->product, n);
    }
    w->square += mean_of(square, n_transformed);
    w->couplings++;
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
        status = fathom_slabs_actnorm(own, &w->rows);
    else if (is_matrix(name))
        status = principal_axes(own, w);
    else if (coupling)
        status = fit_coupling(own, w);
    if (status == FATHOM_OK)
        status = fathom_slabs_pass(&w->rows, w->ws, l, own);
    if (status == FATHOM_OK && coupling && w->ideal)
        add_distance(w);
    return status;
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
                         bool with_distance)
{
    const fathom_flow *flow = w->ws->flow;
    const size_t       n_transformed = flow->config.dim - flow->config.dim / 2;
    w->ideal = with_distance ? malloc(n_transformed * n * sizeof *w->ideal) : NULL;
    w->params = malloc(flow->n_params * sizeof *w->params);
    w->column = malloc(n * sizeof *w->column);
    w->product = malloc(n * sizeof *w->product);
    const bool    complete = w->params && w->column && w->product && (w->ideal || !with_distance);
    fathom_status status = complete ? FATHOM_OK : FATHOM_NO_MEMORY;
    if (status == FATHOM_OK)
        status = fathom_slabs_load(&w->rows, x, rows, n, &flow->config);
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
    if (n == 0 || ws->flow->config.block == FATHOM_BLOCK_RESIDUAL ||
        (start != FATHOM_START_ROTATIONS && start != FATHOM_START_WARM) ||
        !fathom_isa_transformer(&fathom_isa_ref, ws->flow->config.coupling)->fit)
        return FATHOM_BAD_ARGUMENT;
    const fathom_status status = fit(&w, params, x, rows, n, distance != NULL);
    if (status == FATHOM_OK) {
        if (distance)
            *distance = sqrt(w.square / (double)w.couplings);
        write_params(params, &w, start);
    }
    free(w.params);
    free(w.column);
    free(w.product);
    free(w.ideal);
    fathom_slabs_free(&w.rows);
    return status;
}
