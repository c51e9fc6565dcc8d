/* residual_net.c - the network of a residual block with its tangents (residual_net.h).
 *
 *   h_0 = x,  a_l = W'_l h_l + b_l,  h_(l+1) = phi(a_l),  g = a_n                                          (values)
 *   h_0. = e_d,  a_l. = W'_l h_l.,  h_(l+1). = phi'(a_l) a_l.,  column d of J = a_n.                     (tangents)
 *
 * A dot after a name stands for d / dx_d (a_d. where d matters), _bar for d loss / d, the adjoint.
 *
 * W' = W / max(1, sigma / c), c = L^(1/n) for n matrices, sigma = u^T W v with u and v of the power iteration as constants
 * (Miyato et al. 2018; Gouk et al. 2021, "Regularisation of neural networks by enforcing Lipschitz continuity").  Where
 * sigma > c, with G = d loss / d W' and <G, W> = sum_ij G_ij W_ij,
 *
 *   d loss / d W = (G - (<G, W> / sigma) u v^T) c / sigma.
 *
 * The activation, with f(x) = x s, s = sigmoid(beta x), t = 1 - s, beta = softplus(b), and k = 1.1 (Chen et al. 2019,
 * sec. 3.3), is phi = f / k, or [f(x), f(-x)] / (1.004 k) (Perugachi-Diaz et al. 2021, sec. 3.3).  f(-x) = f(x) - x, so
 *
 *   f' = s + beta x s t,  f'' = beta q,  q = s t (2 + beta x (t - s)),  df/dbeta = x^2 s t,  df'/dbeta = x q,
 *
 * and the second half has the same f'', df/dbeta and df'/dbeta, and the slope f' - 1 = -(t - beta x s t).
 * Backward, reverse accumulation over values and tangents alike: H = the adjoints of a unit's outputs, summed over the
 * halves, and H2 that of the second half; H_d., H2_d. are those of the tangents.  But for phi's factor 1 / k or 1 / (1.004 k),
 *
 *   a_bar = f' H - H2 + f'' sum_d a_d. H_d.,  a_d._bar = f' H_d. - H2_d.,
 *   beta_bar = x^2 s t H + x q sum_d a_d. H_d.
 *
 * Invariant: a row's numbers depend on that row alone, and the sums over rows have one order, so the bits are the same
 * for every vector width and for every number of rows. */
#include "residual_net.h"

#include "../residual_config.h"
#include "internal.h"
#include "power_iteration.h"

enum { POWER_STEPS = 5 };
static const double RAW_BETA = 0.5; /* its initial value: Chen et al.'s code */

/* ------------------------------------------------------------------------------------------------ parameters ---- */

size_t ISA(residual_net_trained)(const fathom_config *config)
{
    size_t n = 0;
    for (size_t l = 0; l <= config->hidden; l++)
        n += residual_own_params(config, l);
    return n;
}

size_t ISA(residual_net_n_params)(const fathom_config *config)
{
    size_t n = ISA(residual_net_trained)(config);
    for (size_t l = 0; l <= config->hidden; l++)
        n += residual_fan_out(config, l) + residual_fan_in(config, l);
    return n;
}

size_t ISA(residual_net_units)(size_t *length, const fathom_config *config)
{
    size_t n = 0;
    for (size_t l = 0; l <= config->hidden; l++) {
        n += layer_same_units(length ? length + n : NULL, residual_fan_in(config, l), residual_fan_out(config, l));
        n += layer_same_units(length ? length + n : NULL, 1, residual_fan_out(config, l) + (l < config->hidden));
    }
    for (size_t l = 0; l <= config->hidden; l++) {
        n += layer_same_units(length ? length + n : NULL, residual_fan_out(config, l), 1);
        n += layer_same_units(length ? length + n : NULL, residual_fan_in(config, l), 1);
    }
    return n;
}

/* Weights and biases uniform on [-1/sqrt(fan_in), 1/sqrt(fan_in)), as a conditioner's; u and v normal, then iterated. */
void ISA(residual_net_init)(double *params, const fathom_config *config, fathom_key key)
{
    fathom_key keys[RESIDUAL_LAYERS], part[4];
    double    *vectors = params + ISA(residual_net_trained)(config);
    fathom_key_split(keys, key, config->hidden + 1);
    for (size_t l = 0, at = 0; l <= config->hidden; at += residual_own_params(config, l), l++) {
        const size_t in = residual_fan_in(config, l), out = residual_fan_out(config, l);
        const double limit = 1.0 / sqrt((double)in);
        fathom_key_split(part, keys[l], 4);
        fathom_uniform(params + at, part[0], -limit, limit, out * in);
        fathom_uniform(params + at + out * in, part[1], -limit, limit, out);
        if (l < config->hidden)
            params[at + out * in + out] = RAW_BETA;
        fathom_normal(vectors, part[2], out);
        fathom_normal(vectors + out, part[3], in);
        vectors += out + in;
    }
    ISA(residual_net_advance)(params, config);
}

void ISA(residual_net_advance)(double *params, const fathom_config *config)
{
    double *vectors = params + ISA(residual_net_trained)(config), *w = params;
    for (size_t l = 0; l <= config->hidden; l++) {
        const size_t in = residual_fan_in(config, l), out = residual_fan_out(config, l);
        ISA(power_iterate)(vectors, vectors + out, w, out, in, POWER_STEPS);
        vectors += out + in;
        w += residual_own_params(config, l);
    }
}

/* ----------------------------------------------------------------------------------------------------- state ---- */

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* [widest] streams: h, dh; [TILE (1 + D)][widest]: h transposed */
static void place_scratch(struct residual_net *net, double *scratch)
{
    const size_t widest = net->n_scratch / (2 * STREAMS(net->dim) + TILE * (1 + net->dim));
    net->h = scratch;
    net->dh = net->h + widest * STREAMS(net->dim);
    net->transposed = net->dh + widest * STREAMS(net->dim);
}

/* Returns the memory behind the layer's. */
static double *place_layer(struct residual_layer *layer, double *memory, size_t dim, bool hidden)
{
    const size_t n = layer->fan_out;
    layer->weight = memory;
    layer->a = layer->weight + n * row_step(layer->fan_in);
    layer->gate = layer->a + n * STREAMS(dim);
    return layer->gate + (hidden ? n * STRIDE : 0);
}

struct residual_net *ISA(residual_net_create)(const fathom_config *config)
{
    const size_t dim = config->dim,
                 widest = row_step(
                     larger(larger(dim, 16), config->hidden > 0 ? config->width * residual_halves(config) : 0));
    size_t doubles = dim * STREAMS(dim), sums = 0;
    for (size_t l = 0; l <= config->hidden; l++) {
        const size_t in = residual_fan_in(config, l), out = residual_fan_out(config, l);
        doubles += out * row_step(in) + out * STREAMS(dim) + (l < config->hidden ? out * STRIDE : 0);
        sums += out * row_step(in) + (out + 1) * 8;
    }
    struct residual_net *net = zeros(sizeof *net + (doubles + sums) * sizeof(double));
    if (!net)
        return NULL;
    *net = (struct residual_net){ .dim = dim,
                                  .n_layers = config->hidden + 1,
                                  .halves = residual_halves(config),
                                  .limit = fathom_residual_norm_limit(config),
                                  .output_scale = residual_halves(config) == 2 ? 1.0 / (1.1 * 1.004) : 1.0 / 1.1,
                                  .n_doubles = doubles + sums,
                                  .n_scratch = widest * (2 * STREAMS(dim) + TILE * (1 + dim)),
                                  .n_sums = sums };
    net->own_scratch = zeros(net->n_scratch * sizeof(double));
    if (!net->own_scratch) {
        free(net);
        return NULL;
    }
    place_scratch(net, net->own_scratch);
    net->sums = net->memory;
    net->input = net->sums + sums;
    double *sum = net->sums, *memory = net->input + dim * STREAMS(dim);
    for (size_t l = 0; l < net->n_layers; l++) {
        struct residual_layer *layer = &net->layers[l];
        layer->fan_in = residual_fan_in(config, l);
        layer->fan_out = residual_fan_out(config, l);
        layer->dw = sum;
        layer->db = sum + layer->fan_out * row_step(layer->fan_in);
        sum = layer->db + (layer->fan_out + 1) * 8;
        memory = place_layer(layer, memory, dim, l < config->hidden);
    }
    return net;
}

void ISA(residual_net_destroy)(struct residual_net *net)
{
    if (net)
        free(net->own_scratch);
    free(net);
}

size_t ISA(residual_net_bytes)(const struct residual_net *net)
{
    return sizeof *net + (net->n_doubles + (net->own_scratch ? net->n_scratch : 0)) * sizeof(double);
}

void ISA(residual_net_share)(struct residual_net *net, const struct residual_net *other)
{
    free(net->own_scratch);
    net->own_scratch = NULL;
    place_scratch(net, other->h);
}

void ISA(residual_net_prepare)(struct residual_net *net, const double *params)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        struct residual_layer *layer = &net->layers[l];
        layer->w = params;
        layer->b = params + layer->fan_out * layer->fan_in;
        params = layer->b + layer->fan_out;
        layer->raw_beta = l + 1 < net->n_layers ? params++ : NULL;
    }
    for (size_t l = 0; l < net->n_layers; l++) {
        struct residual_layer *layer = &net->layers[l];
        layer->u = params;
        layer->v = params + layer->fan_out;
        params = layer->v + layer->fan_in;
        layer->sigma = ISA(power_sigma)(&layer->lengths, layer->u, layer->v, layer->w, layer->fan_out, layer->fan_in);
        layer->scale = layer->sigma > net->limit ? layer->sigma / net->limit : 1.0;
        for (size_t r = 0; r < layer->fan_out; r++)
            for (size_t k = 0; k < layer->fan_in; k++)
                layer->weight[r * row_step(layer->fan_in) + k] = layer->w[r * layer->fan_in + k] / layer->scale;
        if (layer->raw_beta) {
            double slope[8], beta[8];
            vec    s, b = softplus(&s, broadcast(*layer->raw_beta));
            store(beta, b);
            store(slope, s);
            layer->beta = *beta;
            layer->slope = *slope;
        }
    }
    memset(net->sums, 0, net->n_sums * sizeof(double));
}

/* --------------------------------------------------------------------------------------------------- forward ---- */

/* s = sigmoid(x), t = 1 - s, both to full precision. */
INLINE vec sigmoid(vec *t, vec x)
{
    const mask positive = less(broadcast(0.0), x);
    const vec  one = broadcast(1.0), e = vec_exp(mask_select(positive, -x, x)), r = one / (one + e), er = e * r;
    *t = mask_select(positive, er, r);
    return mask_select(positive, r, er);
}

/* h = phi(a) with tangents, of one hidden layer.  h: [halves fan_out] streams. */
static void activate(double *h, const struct residual_net *net, const struct residual_layer *layer, size_t rows)
{
    const size_t step = STREAMS(net->dim), second = layer->fan_out * step;
    const vec    beta = broadcast(layer->beta), scale = broadcast(net->output_scale);
    for (size_t unit = 0; unit < layer->fan_out; unit++) {
        const double *a = layer->a + unit * step;
        double       *out = h + unit * step;
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            const vec x = load(a + i), bx = beta * x;
            vec       t, s = sigmoid(&t, bx);
            const vec bend = bx * (s * t), slope = (s + bend) * scale, slope2 = (bend - t) * scale;
            store(ROW(layer->gate, unit) + i, s);
            store(out + i, x * s * scale);
            if (net->halves == 2)
                store(out + second + i, -(x * t * scale));
            for (size_t d = rows; d <= net->dim * rows; d += rows) {
                const vec tangent = load(a + d + i);
                store(out + d + i, tangent * slope);
                if (net->halves == 2)
                    store(out + second + d + i, tangent * slope2);
            }
        }
    }
}

/* a = W' h, and b is added to the values. */
static void linear(const struct residual_net *net, const struct residual_layer *layer, const double *h, size_t rows)
{
    const size_t step = STREAMS(net->dim);
    ISA(matrix_product)
    (layer->a, step, NULL, matrix_rows(layer->weight, row_step(layer->fan_in)), matrix_rows(h, step), layer->fan_out,
     layer->fan_in, (1 + net->dim) * rows);
    for (size_t unit = 0; unit < layer->fan_out; unit++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            double *a = layer->a + unit * step + i;
            store(a, load(a) + broadcast(layer->b[unit]));
        }
}

const double *ISA(residual_net_forward)(struct residual_net *net, const double *x, size_t rows)
{
    const double *h = net->input;
    for (size_t k = 0; k < net->dim; k++) {
        double *input = net->input + k * STREAMS(net->dim);
        memcpy(input, COORDINATE(x, k), rows * sizeof *input);
        for (size_t d = 0; d < net->dim; d++)
            for (size_t i = 0; i < rows; i++)
                input[(1 + d) * rows + i] = d == k ? 1.0 : 0.0;
    }
    for (size_t l = 0; l < net->n_layers; l++) {
        if (l > 0) {
            activate(net->h, net, &net->layers[l - 1], rows);
            h = net->h;
        }
        linear(net, &net->layers[l], h, rows);
    }
    return net->layers[net->n_layers - 1].a;
}

/* -------------------------------------------------------------------------------------------------- backward ---- */

/* VEC_WIDTH rows of one unit of a hidden layer: a -> h again, and a becomes its adjoints, from those of h.  h_second,
 * dh_second: how far the second half's unit is behind the first's; dh_second 0: there is none.  Returns d loss / d beta. */
INLINE vec unit_backward(double *a, double *h, size_t h_second, const double *dh, size_t dh_second, vec s, vec beta,
                         vec scale, size_t dim, size_t rows)
{
    const vec one = broadcast(1.0), x = load(a), t = one - s, st = s * t, bx = beta * x, bend = bx * st;
    const vec slope = (s + bend) * scale, slope2 = (bend - t) * scale;
    const vec q = st * fmadd(bx, t - s, broadcast(2.0)) * scale;
    vec       along = broadcast(0.0), first = load(dh), other = dh_second ? load(dh + dh_second) : broadcast(0.0);
    store(h, x * s * scale);
    if (dh_second)
        store(h + h_second, -(x * t * scale));
    for (size_t d = rows; d <= dim * rows; d += rows) {
        const vec tangent = load(a + d), dfirst = load(dh + d);
        vec       sum = dfirst, back = slope * dfirst;
        store(h + d, tangent * slope);
        if (dh_second) {
            const vec dother = load(dh + dh_second + d);
            store(h + h_second + d, tangent * slope2);
            sum += dother;
            back = fmadd(slope2, dother, back);
        }
        store(a + d, back);
        along = fmadd(tangent, sum, along);
    }
    vec back = slope * first;
    if (dh_second)
        back = fmadd(slope2, other, back);
    store(a, fmadd(beta * q, along, back));
    return fmadd(x * x * st * scale, first + other, x * q * along);
}

/* The layer's a becomes d loss / d a, from dh: [halves fan_out] streams, and h is computed again, into net->transposed;
 * adds to d loss / d beta.  Eight units at a time stay in the nearest cache until they are transposed. */
static void activation_backward(struct residual_net *net, const struct residual_layer *layer, size_t rows)
{
    enum { UNITS = 8 };
    const size_t step = STREAMS(net->dim), fan_out = layer->fan_out, between = row_step(net->halves * fan_out);
    const size_t second = net->halves == 2 ? fan_out * step : 0, n = (1 + net->dim) * rows;
    const vec    beta = broadcast(layer->beta), scale = broadcast(net->output_scale);
    double       dbeta[TILE];
    for (size_t first = 0; first < fan_out; first += UNITS) {
        const size_t units = fan_out - first < UNITS ? fan_out - first : UNITS;
        for (size_t u = 0; u < units; u++) {
            const size_t at = (first + u) * step;
            for (size_t i = 0; i < rows; i += VEC_WIDTH)
                store(dbeta + i,
                      unit_backward(layer->a + at + i, net->h + u * step + i, UNITS * step, net->dh + at + i, second,
                                    load(ROW(layer->gate, first + u) + i), beta, scale, net->dim, rows));
            sum_rows(layer->db + fan_out * 8, dbeta, rows);
        }
        for (size_t half = 0; half < net->halves; half++)
            ISA(matrix_transpose)
        (net->transposed + half * fan_out + first, between, net->h + half * UNITS * step, step, units, n);
    }
}

/* dW' += da h^T with net->transposed = h^T, db += da of the values. */
static void weight_gradient(const struct residual_net *net, const struct residual_layer *layer, const double *da,
                            size_t rows)
{
    const size_t step = STREAMS(net->dim), columns = padded(layer->fan_in), between = row_step(layer->fan_in);
    for (size_t unit = 0; unit < layer->fan_out; unit++)
        sum_rows(layer->db + unit * 8, da + unit * step, rows);
    ISA(matrix_add_product)
    (layer->dw, between, matrix_rows(da, step), matrix_rows(net->transposed, between), layer->fan_out,
     (1 + net->dim) * rows, columns);
}

void ISA(residual_net_backward)(double *dx, const double *doutput, struct residual_net *net, size_t rows)
{
    const size_t  step = STREAMS(net->dim);
    const double *da = doutput;
    for (size_t l = net->n_layers; l-- > 1;) {
        const struct residual_layer *layer = &net->layers[l];
        ISA(matrix_product)
        (net->dh, step, NULL, matrix_transposed(layer->weight, row_step(layer->fan_in)), matrix_rows(da, step),
         layer->fan_in, layer->fan_out, (1 + net->dim) * rows);
        activation_backward(net, &net->layers[l - 1], rows);
        weight_gradient(net, layer, da, rows);
        da = net->layers[l - 1].a;
    }
    const struct residual_layer *first = &net->layers[0];
    ISA(matrix_transpose)
    (net->transposed, row_step(net->dim), net->input, step, net->dim, (1 + net->dim) * rows);
    weight_gradient(net, first, da, rows);
    for (size_t k = 0; k < net->dim; k++)
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec sum = load(COORDINATE(dx, k) + i);
            for (size_t unit = 0; unit < first->fan_out; unit++)
                sum = fmadd(broadcast(first->weight[unit * row_step(first->fan_in) + k]), load(da + unit * step + i),
                            sum);
            store(COORDINATE(dx, k) + i, sum);
        }
}

/* Of one matrix. */
static void finish_matrix(double *gradient, const struct residual_layer *layer)
{
    const size_t in = layer->fan_in, columns = row_step(in);
    const bool   held = layer->scale > 1.0;
    double       along = 0.0;
    for (size_t r = 0; r < layer->fan_out && held; r++)
        along += ISA(dot)(layer->dw + r * columns, layer->w + r * in, in);
    along = held ? along / (layer->sigma * layer->lengths) : 0.0;
    for (size_t r = 0; r < layer->fan_out; r++) {
        const double *dw = layer->dw + r * columns, minus = held ? -along * layer->u[r] : 0.0,
                     inverse = 1.0 / layer->scale;
        for (size_t k = 0; k < in; k++)
            gradient[r * in + k] = fma(minus, layer->v[k], dw[k]) * inverse;
    }
}

void ISA(residual_net_finish)(double *gradient, struct residual_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const struct residual_layer *layer = &net->layers[l];
        finish_matrix(gradient, layer);
        gradient += layer->fan_out * layer->fan_in;
        for (size_t r = 0; r < layer->fan_out; r++)
            *gradient++ = sum8(layer->db + r * 8);
        if (layer->raw_beta)
            *gradient++ = layer->slope * sum8(layer->db + layer->fan_out * 8);
    }
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layers[l].fan_in + net->layers[l].fan_out; i++)
            *gradient++ = 0.0;
}
