/* network.h - a batch through a conditioner, and through the plain loop of lib/kernels/conditioner_plain.h. */
#ifndef FATHOM_TESTS_NETWORK_H
#define FATHOM_TESTS_NETWORK_H

#include "common.h"

enum { MOST_WIDTH = 200 };

struct shape {
    size_t n_in, n_out, width, hidden, batch;
};

size_t fan_in(const struct shape *s, size_t layer);
size_t fan_out(const struct shape *s, size_t layer);
size_t n_params(const struct shape *s);

/* Weights as a flow starts with, and kinks spread over the rows: [n_params], the caller frees. */
double *random_params(const struct shape *s, uint64_t seed);

/* What a conditioner makes of a batch. */
struct answer {
    double *out;      /* [batch][n_out]  */
    double *din;      /* [batch][n_in]   */
    double *gradient; /* [n_params]      */
};

struct answer new_answer(const struct shape *s);
void          free_answer(struct answer *a);

/* x: [batch][n_in], dout: [batch][n_out].  By slabs as a flow does: the last is filled up with copies of a row whose
 * upstream gradient is zero. */
void ask(struct answer *a, const struct conditioner *c, const struct shape *s, const double *params, const double *x,
         const double *dout);

/* One row; out: [n_out], din: [n_in], gradient: [n_params] += or NULL. */
void plain(long double *out, long double *din, long double *gradient, const struct shape *s, const double *params,
           const double *x, const double *dout);
void ask_plain(struct answer *a, const struct shape *s, const double *params, const double *x, const double *dout);

#endif
