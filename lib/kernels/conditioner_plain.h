/* conditioner_plain.h - what a conditioner computes, written plainly: the network of one row and its derivative, in
 * long double.
 *
 *   h_0 = x,  h_{l+1} = max(0, W_l h_l + b_l),  out = W_L h_L + b_L
 *   d_L = dout,  dW_l = d_l h_l^T,  db_l = d_l,  d_{l-1} = W_l^T d_l where h_l > 0, else 0,  din = W_0^T d_0
 *
 * conditioner_dense.c and conditioner_piecewise.c compute the same for many rows, fast; the tests compare them with
 * this loop.  Nothing in the library calls it. */
#ifndef FATHOM_CONDITIONER_PLAIN_H
#define FATHOM_CONDITIONER_PLAIN_H

#include <stddef.h>

enum { PLAIN_LAYERS = 9, PLAIN_WIDTH = 200 /* at most, of inputs, hidden units and outputs */ };

struct plain_shape {
    size_t n_in, n_out, width, hidden;
};

static inline size_t plain_fan_in(const struct plain_shape *s, size_t layer) { return layer == 0 ? s->n_in : s->width; }
static inline size_t plain_fan_out(const struct plain_shape *s, size_t layer)
{
    return layer == s->hidden ? s->n_out : s->width;
}

/* In: h[0] = x.  Out: h[l + 1] = layer l's output, and start[l]: layer l's parameters begin at params + start[l]; they
 * are W, [fan_out][fan_in], then b, [fan_out]. */
static inline void plain_forward(long double h[PLAIN_LAYERS + 1][PLAIN_WIDTH], size_t start[PLAIN_LAYERS],
                                 const struct plain_shape *s, const double *params)
{
    size_t at = 0;
    for (size_t l = 0; l <= s->hidden; l++) {
        const size_t  fan_in = plain_fan_in(s, l), fan_out = plain_fan_out(s, l);
        const double *w = params + at, *b = w + fan_in * fan_out;
        start[l] = at;
        for (size_t u = 0; u < fan_out; u++) {
            long double sum = b[u];
            for (size_t k = 0; k < fan_in; k++)
                sum += (long double)w[u * fan_in + k] * h[l][k];
            h[l + 1][u] = l < s->hidden && !(sum > 0) ? 0 : sum;
        }
        at += fan_out * (fan_in + 1);
    }
}

/* out: [n_out]; din: [n_in]; gradient: [n_params], d loss / d params is added to it, or NULL; x: [n_in];
 * dout: [n_out], d loss / d out. */
static inline void conditioner_plain(long double *out, long double *din, long double *gradient,
                                     const struct plain_shape *s, const double *params, const double *x,
                                     const double *dout)
{
    long double h[PLAIN_LAYERS + 1][PLAIN_WIDTH], d[2][PLAIN_WIDTH];
    size_t      start[PLAIN_LAYERS];
    for (size_t k = 0; k < s->n_in; k++)
        h[0][k] = x[k];
    plain_forward(h, start, s, params);
    for (size_t u = 0; u < s->n_out; u++) {
        out[u] = h[s->hidden + 1][u];
        d[(s->hidden + 1) % 2][u] = dout[u];
    }
    for (size_t l = s->hidden + 1; l-- > 0;) {
        const size_t       fan_in = plain_fan_in(s, l), fan_out = plain_fan_out(s, l);
        const long double *above = d[(l + 1) % 2];
        for (size_t k = 0; k < fan_in; k++) {
            long double sum = 0;
            for (size_t u = 0; u < fan_out; u++)
                sum += above[u] * params[start[l] + u * fan_in + k];
            d[l % 2][k] = l > 0 && !(h[l][k] > 0) ? 0 : sum;
        }
        for (size_t u = 0; u < fan_out && gradient; u++) {
            for (size_t k = 0; k < fan_in; k++)
                gradient[start[l] + u * fan_in + k] += above[u] * h[l][k];
            gradient[start[l] + fan_out * fan_in + u] += above[u];
        }
    }
    for (size_t k = 0; k < s->n_in; k++)
        din[k] = d[0][k];
}

#endif
