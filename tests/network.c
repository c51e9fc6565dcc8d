/* network.c - a batch through a conditioner, and through the plain loop (network.h). */
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/conditioner_plain.h"

size_t fan_in(const struct shape *s, size_t layer) { return layer == 0 ? s->n_in : s->width; }
size_t fan_out(const struct shape *s, size_t layer) { return layer == s->hidden ? s->n_out : s->width; }

size_t n_params(const struct shape *s)
{
    size_t n = 0;
    for (size_t l = 0; l <= s->hidden; l++)
        n += fan_out(s, l) * (fan_in(s, l) + 1);
    return n;
}

double *random_params(const struct shape *s, uint64_t seed)
{
    double *params = need(n_params(s) * sizeof *params), *p = params;
    draw(params, seed, 1.0, n_params(s));
    for (size_t l = 0; l <= s->hidden; p += fan_out(s, l) * (fan_in(s, l) + 1), l++)
        for (size_t k = 0; k < fan_out(s, l) * fan_in(s, l); k++)
            p[k] *= l == 0 ? 1.0 : 1.4 / sqrt((double)fan_in(s, l));
    return params;
}

struct answer new_answer(const struct shape *s)
{
    return (struct answer){ need(s->batch * s->n_out * sizeof(double)), need(s->batch * s->n_in * sizeof(double)),
                            need(n_params(s) * sizeof(double)) };
}

void free_answer(struct answer *a)
{
    free(a->out);
    free(a->din);
    free(a->gradient);
}

/* Output u of row i of a slab (conditioner.h). */
static double *output(double *outputs, const struct shape *s, size_t u, size_t i)
{
    return ROW(outputs + conditioner_out(s->n_out, i), u) + i % TILE;
}

void ask(struct answer *a, const struct conditioner *c, const struct shape *s, const double *params, const double *x,
         const double *dout)
{
    const size_t most = s->n_in == 1 ? TILE : SLAB, n_out = conditioner_out(s->n_out, most);
    void        *state = c->create(s->n_in, s->n_out, s->width, s->hidden, most);
    double      *in = need(s->n_in * SLAB_STRIDE * sizeof *in), *din = need(s->n_in * SLAB_STRIDE * sizeof *din);
    double      *out = need(n_out * sizeof *out), *up = need(n_out * sizeof *up);
    assert_non_null(state);
    assert_int_equal(c->prepare(state, params), FATHOM_OK);
    for (size_t first = 0; first < s->batch; first += most) {
        const size_t live = s->batch - first < most ? s->batch - first : most;
        memset(din, 0, s->n_in * SLAB_STRIDE * sizeof *din);
        for (size_t i = 0; i < most; i++) { /* elements from padded(live) on must not be read: NaN */
            const bool   beyond = i >= padded(live);
            const size_t row = first + (i < live ? i : 0);
            for (size_t k = 0; k < s->n_in; k++)
                COORDINATE(in, k)[i] = beyond ? NAN : x[row * s->n_in + k];
            for (size_t u = 0; u < padded(s->n_out); u++)
                *output(up, s, u, i) = u >= s->n_out ? 0.0 : beyond ? NAN : i < live ? dout[row * s->n_out + u] : 0.0;
        }
        c->forward(out, in, state, padded(live));
        c->backward(din, up, state, padded(live));
        for (size_t i = 0; i < live; i++) {
            for (size_t u = 0; u < s->n_out; u++)
                a->out[(first + i) * s->n_out + u] = *output(out, s, u, i);
            for (size_t k = 0; k < s->n_in; k++)
                a->din[(first + i) * s->n_in + k] = COORDINATE(din, k)[i];
        }
        for (size_t u = s->n_out; u < padded(s->n_out); u++)
            for (size_t i = 0; i < padded(live); i++) /* NaN: 0 times infinity */
                assert_true(*output(out, s, u, i) == 0.0 || isnan(*output(out, s, u, i)));
    }
    memset(a->gradient, 0, n_params(s) * sizeof *a->gradient);
    c->finish(a->gradient, state);
    assert_true(c->bytes(state) > n_params(s) / 2);
    c->destroy(state);
    free(in);
    free(din);
    free(out);
    free(up);
}

/* ------------------------------------------------------------------------------------------- the plain loop ---- */

void plain(long double *out, long double *din, long double *gradient, const struct shape *s, const double *params,
           const double *x, const double *dout)
{
    const struct plain_shape shape = { s->n_in, s->n_out, s->width, s->hidden };
    conditioner_plain(out, din, gradient, &shape, params, x, dout);
}

void ask_plain(struct answer *a, const struct shape *s, const double *params, const double *x, const double *dout)
{
    long double out[MOST_WIDTH], din[MOST_WIDTH], *gradient = need(n_params(s) * sizeof *gradient);
    for (size_t i = 0; i < s->batch; i++) {
        plain(out, din, gradient, s, params, x + i * s->n_in, dout + i * s->n_out);
        for (size_t u = 0; u < s->n_out; u++)
            a->out[i * s->n_out + u] = (double)out[u];
        for (size_t k = 0; k < s->n_in; k++)
            a->din[i * s->n_in + k] = (double)din[k];
    }
    for (size_t k = 0; k < n_params(s); k++)
        a->gradient[k] = (double)gradient[k];
    free(gradient);
}
