/* mixture_cdf.h - what the mixture transformers share: z = Phi^-1(F(x)), F the distribution function of a mixture of K
 * Gaussians (Laparra, Camps-Valls & Malo 2011, "Iterative Gaussianization", sec. II; as a coupling with a logistic
 * mixture: Ho et al. 2019, "Flow++", sec. 3.3):
 *
 *   F(x) = sum_k w_k Phi(u_k),  f(x) = sum_k w_k phi(u_k) / s_k,  u_k = (x - mean_k) / s_k
 *   w = softmax(logits),  s_k = exp(5 tanh raw_k),  log dz/dx = log f(x) - log phi(z)
 *
 * Outputs per coordinate: K logits, K means, K raw scales.
 *
 * Invariant: F itself is never computed, so that z is right where F rounds to 0 or 1.  Of the two tails F and 1 - F
 * one, T <= 3/4 (choose_tail), is computed, as its logarithm.  Left of a component's mean the component's own lower tail
 * is phi(u) R(|u|), R Mills' ratio (normal_cdf.h), and right of it the upper one is.  The component's part of T is
 *
 *   w_k phi(u_k) R(|u_k|)        if x lies on T's side of its mean, and
 *   w_k - w_k phi(u_k) R(|u_k|)  on the other side
 *
 * With  d_k = log w_k - u_k^2/2,  e_k = exp(d_k - top),  top = max d_k,  all but log T follows from one exponential per
 * component.  T = e^shift S / N, with N = sum_k exp(logit_k - max logit), and shift = 0 unless T is small; so
 *
 *   y = |z| = Phi^-1 of T,  T = phi(y) R(y),  dz/dx = f / phi(z) = e^(top - shift) D R(y) / (sqrt(2 pi) S),
 *   D = sum_k e_k / s_k
 *
 * In this form -u^2/2 and z^2/2, which far out are both large, are not subtracted.  In a wide gap between components
 * dz/dx underflows to 0; its logarithm is right.  Beyond |u_k| = FARTHEST u_k stays there, and so does z. */
#ifndef FATHOM_MIXTURE_CDF_H
#define FATHOM_MIXTURE_CDF_H

#include "internal.h"
#include "normal_cdf.h"

static const double LOG_SCALE_MAX = 5.0; /* |log s| is at most this                          */
static const double LOG_SD_MAX = 4.99;   /* and of a fitted mixture this, so that raw is finite */
static const double FARTHEST = 1e140;    /* |u| at most, so that u^2 is finite               */
static const double SMALL_TAIL = -20.0;  /* log of a tail that is computed with its own shift */
static const double ROUNDING = 0x1p-50, INVERSE_TOLERANCE = 1e-10; /* see inverse_of                                  */

enum {           /* The numbers of a row */
       Z,        /* z                                                                    */
       SLOPE,    /* dz/dx                                                                */
       LIFT,     /* R(y) if T is the lower tail, -R(y) if it is the upper one            */
       INV_N,    /* 1 / N                                                                */
       INV_TAIL, /* 1 / S                                                                */
       INV_D,    /* 1 / D                                                                */
       FIRST     /* the first component's numbers; then the second's, ...                */
};
enum {             /* and of each of its components */
       LOG_WEIGHT, /* logit_k - max logit: log w_k + log N                               */
       WEIGHT,     /* N w_k                                                              */
       INV_S,      /* 1 / s_k                                                            */
       BEND,       /* d log s_k / d raw                                                  */
       U,          /* u_k                                                                */
       E,          /* e_k                                                                */
       PART,       /* the component's part of S                                          */
       N_NUMBERS
};

/* Layout: [rows / 8][n_saved][8], as transformer_spline.c has it.  NUMBER is row i's number r, OF its component k's. */
#define KEPT(saved, i, config) ((saved) + (i) / 8 * 8 * n_saved(config) + (i) % 8)
#define NUMBER(kept, r) ((kept) + (size_t)(r)*8)
#define OF(kept, k, r) NUMBER(kept, FIRST + (k)*N_NUMBERS + (r))

static size_t n_outputs(const fathom_config *config) { return 3 * config->components; }
static size_t n_saved(const fathom_config *config) { return FIRST + N_NUMBERS * config->components; }

/* The mixture of VEC_WIDTH rows. */
struct mixture {
    size_t        n;     /* K                                        */
    double       *kept;  /* their numbers                            */
    const double *means; /* [K][STRIDE], from the first of the rows  */
    vec           inv_n; /* 1 / N                                    */
};

/* What x has to do with z. */
struct image {
    vec  z, log_tail, mills;     /* z, log T, R(y)                                     */
    vec  slope, log_slope;       /* dz/dx and its logarithm                            */
    vec  top, density, inv_tail; /* log f = top + log(D / N) - (log 2 pi)/2;  D;  1 / S */
    mask lower;                  /* T is the lower tail: z = -y                        */
};

INLINE vec size_of(vec a) { return mask_select(less(a, broadcast(0.0)), -a, a); }
INLINE vec lesser(vec a, vec b) { return mask_select(less(a, b), a, b); }

/* -log s = -5 tanh raw, and d log s / d raw = 5 (1 - tanh^2 raw) in *bend.  With e = e^(-2 |raw|): tanh |raw| =
 * (1 - e) / (1 + e),  1 - tanh^2 raw = 4 e / (1 + e)^2. */
INLINE vec minus_log_scale(vec *bend, vec raw)
{
    const vec one = broadcast(1.0), most = broadcast(LOG_SCALE_MAX);
    vec       size = size_of(raw), e = vec_exp(-(size + size)), inverse = one / (one + e);
    vec       log_s = most * (one - e) * inverse;
    *bend = broadcast(4.0) * most * e * inverse * inverse;
    return mask_select(less(raw, broadcast(0.0)), log_s, -log_s);
}

/* Weights and scales, which do not depend on x. */
INLINE struct mixture mixture_of(double *saved, const double *outputs, size_t i, const fathom_config *config)
{
    const size_t   n = config->components;
    struct mixture m = { .n = n, .kept = KEPT(saved, i, config), .means = ROW(outputs, n) + i };
    const double  *logits = outputs + i, *raws = ROW(outputs, 2 * n) + i;
    vec            greatest = load(logits), sum = broadcast(0.0);
    for (size_t k = 1; k < n; k++)
        greatest = max(load(ROW(logits, k)), greatest);
    for (size_t k = 0; k < n; k++) {
        vec log_weight = load(ROW(logits, k)) - greatest, weight = vec_exp(log_weight), bend;
        vec inv_s = vec_exp_in_range(minus_log_scale(&bend, load(ROW(raws, k))));
        store(OF(m.kept, k, LOG_WEIGHT), log_weight);
        store(OF(m.kept, k, WEIGHT), weight);
        store(OF(m.kept, k, INV_S), inv_s);
        store(OF(m.kept, k, BEND), bend);
        sum += weight;
    }
    m.inv_n = broadcast(1.0) / sum;
    return m;
}

/* d_k */
INLINE vec exponent(vec u, vec log_weight) { return fmadd(broadcast(-0.5) * u, u, log_weight); }

/* Stores u_k.  Fills image.top and image.lower, and returns the shift.  T is the tail on whose side of x less weight has
 * its mean, so that T <= 3/4.  Its shift is the greatest exponent of its parts, the lesser of `below` and `above`, if that
 * is small: then no more than K e^SMALL_TAIL of the weight has its mean there, and the two choices agree. */
INLINE vec choose_tail(struct image *image, const struct mixture *m, vec x)
{
    const vec none = broadcast(0.0), farthest = broadcast(FARTHEST);
    vec       top = broadcast(-INFINITY), below = top, above = top, balance = none;
    for (size_t k = 0; k < m->n; k++) {
        vec log_weight = load(OF(m->kept, k, LOG_WEIGHT)), weight = load(OF(m->kept, k, WEIGHT));
        vec u = (x - load(ROW(m->means, k))) * load(OF(m->kept, k, INV_S));
        u = mask_select(less(farthest, u), farthest, mask_select(less(u, -farthest), -farthest, u));
        vec  d = exponent(u, log_weight);
        mask left = less(u, none);
        top = max(d, top);
        below = max(mask_select(left, d, log_weight), below);
        above = max(mask_select(left, log_weight, d), above);
        balance += mask_select(left, weight, -weight);
        store(OF(m->kept, k, U), u);
    }
    vec  shift = lesser(below, above);
    mask small = less(shift, broadcast(SMALL_TAIL));
    image->top = top;
    image->lower = less(none, balance);
    return mask_select(small, shift, none);
}

/* z and dz/dx at x; stores u_k, e_k and the parts of S. */
INLINE struct image image_of(const struct mixture *m, vec x)
{
    const vec    none = broadcast(0.0), one = broadcast(1.0);
    struct image image;
    const vec    shift = choose_tail(&image, m, x);
    const mask   shifted = less(shift, none);
    const bool   any = mask_count(shifted) > 0;
    const vec    scale = vec_exp(image.top - shift) * broadcast(NORMAL_INV_SQRT_2PI);
    vec          density = none, tail = none;
    for (size_t k = 0; k < m->n; k++) {
        vec u = load(OF(m->kept, k, U)), log_weight = load(OF(m->kept, k, LOG_WEIGHT));
        vec weight = load(OF(m->kept, k, WEIGHT));
        if (any) /* lanes without a shift keep their weight */
            weight = mask_select(shifted, vec_exp(lesser(log_weight - shift, none)), weight);
        vec e = vec_exp(exponent(u, log_weight) - image.top), near = scale * e * mills_ratio(size_of(u));
        vec part = mask_select(less(mask_select(image.lower, u, -u), none), near, weight - near);
        density = fmadd(e, load(OF(m->kept, k, INV_S)), density);
        tail += part;
        store(OF(m->kept, k, E), e);
        store(OF(m->kept, k, PART), part);
    }
    image.inv_tail = one / tail;
    image.density = density;
    image.log_tail = shift + vec_log(tail * m->inv_n);
    vec y = normal_tail_quantile(&image.mills, image.log_tail), ratio = density * image.mills * image.inv_tail;
    image.z = mask_select(image.lower, -y, y);
    image.slope = scale * ratio;
    image.log_slope = image.top - shift + vec_log(ratio * broadcast(NORMAL_INV_SQRT_2PI));
    return image;
}

/* The numbers of the row that backward reads; z and dz may be those of a clip. */
INLINE void keep(const struct mixture *m, const struct image *image, vec z, vec gate)
{
    store(NUMBER(m->kept, Z), z);
    store(NUMBER(m->kept, SLOPE), image->slope * gate);
    store(NUMBER(m->kept, LIFT), mask_select(image->lower, image->mills, -image->mills) * gate);
    store(NUMBER(m->kept, INV_N), m->inv_n);
    store(NUMBER(m->kept, INV_TAIL), image->inv_tail);
    store(NUMBER(m->kept, INV_D), broadcast(1.0) / image->density);
}

/* With the shares  p_k = PART / S  of T,  r_k = e_k / (s_k D)  of f,  and g = dy + dlog_det z, since log dz/dx holds z
 * once more in -log phi(z):
 *
 *   dx       = g dz/dx - dlog_det sum_k r_k u_k / s_k
 *   dlogit_k = g LIFT (p_k - w_k) + dlog_det (r_k - w_k)
 *   dmean_k  = r_k (dlog_det u_k / s_k - g dz/dx)
 *   draw_k   = (dlog_det r_k (u_k^2 - 1) - g dz/dx s_k r_k u_k) BEND */
static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    const size_t n = config->components;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *kept = KEPT(saved, i, config);
        const vec     dlog = load(dlog_det + i), g = fmadd(dlog, load(NUMBER(kept, Z)), load(dx + i));
        const vec     lift = g * load(NUMBER(kept, LIFT)), slope = g * load(NUMBER(kept, SLOPE));
        const vec     inv_n = load(NUMBER(kept, INV_N)), inv_tail = load(NUMBER(kept, INV_TAIL));
        const vec     inv_d = load(NUMBER(kept, INV_D)), one = broadcast(1.0);
        vec           score = broadcast(0.0);
        for (size_t k = 0; k < n; k++) {
            vec inv_s = load(OF(kept, k, INV_S)), u = load(OF(kept, k, U)), e = load(OF(kept, k, E)) * inv_d;
            vec r = e * inv_s, w = load(OF(kept, k, WEIGHT)) * inv_n, p = load(OF(kept, k, PART)) * inv_tail;
            vec pull = r * u * inv_s;
            score += pull;
            store(ROW(doutputs, k) + i, fmadd(lift, p - w, dlog * (r - w)));
            store(ROW(doutputs, n + k) + i, dlog * pull - r * slope);
            store(ROW(doutputs, 2 * n + k) + i,
                  (dlog * r * fmadd(u, u, -one) - slope * e * u) * load(OF(kept, k, BEND)));
        }
        store(dx + i, slope - dlog * score);
    }
}

/* x with z(x) = z: Newton's iteration on z(x), which is nearly linear far out, inside a bracket.  The bracket starts
 * from the least and the greatest of  mean_k + s_k z,  between which F passes Phi(z).  A step that would leave it goes
 * to its middle; from the 12th on every other step does.  A lane stays where it is once z(x) differs from z by rounding.
 *
 * volume->flat: a row's x is not determined to INVERSE_TOLERANCE max(1, |x|), that is, this is less than
 * ROUNDING max(1, |z|) dx/dz. */
INLINE vec inverse_of(struct image *image, struct volume *volume, const struct mixture *m, vec z)
{
    enum { NEWTON = 12, STEPS = 200 };
    const vec one = broadcast(1.0), none = broadcast(0.0), half = broadcast(0.5), slack = broadcast(1e-12);
    const vec rounding = broadcast(ROUNDING) * max(size_of(z), one);
    vec       least = broadcast(INFINITY), most = -least, x = none;
    mask      open;
    for (size_t k = 0; k < m->n; k++) {
        vec place = load(ROW(m->means, k)) + z / load(OF(m->kept, k, INV_S));
        vec room = slack * max(size_of(place), one);
        least = lesser(place - room, least);
        most = max(place + room, most);
        x = fmadd(load(OF(m->kept, k, WEIGHT)) * m->inv_n, place, x);
    }
    for (int step = 0;; step++) {
        *image = image_of(m, x);
        vec error = image->z - z;
        open = less(max(broadcast(0x1p-53) * size_of(x) * image->slope, rounding), size_of(error));
        if (step == STEPS || mask_count(open) == 0)
            break;
        mask high = less(none, error);
        most = mask_select(high, x, most);
        least = mask_select(high, least, x);
        vec middle = half * (least + most), next = x - error / image->slope;
        next = mask_select(less(least, next), next, middle);
        next = mask_select(less(next, most), next, middle);
        x = mask_select(open, step > NEWTON && step % 2 ? middle : next, x);
    }
    vec tolerance = broadcast(INVERSE_TOLERANCE) * max(size_of(x), one);
    volume->flat |= mask_count(mask_or(open, less(image->slope * tolerance, rounding))) > 0;
    return x;
}

/* The mixture itself: log weights, means and raw scales, as far as the scales go (|log s| <= LOG_SD_MAX). */
static fathom_status fit(double *outputs, const fathom_mixture *mixture, const fathom_config *config)
{
    const size_t n = config->components;
    if (mixture->n != n)
        return FATHOM_BAD_ARGUMENT;
    for (size_t k = 0; k < n; k++) {
        const double log_weight = same_log(mixture->weight[k]), log_s = same_log(mixture->sd[k]);
        const double within = log_s > LOG_SD_MAX ? LOG_SD_MAX : log_s < -LOG_SD_MAX ? -LOG_SD_MAX : log_s;
        const double t = within / LOG_SCALE_MAX;
        outputs[k] = log_weight > LEAST_EXPONENT ? log_weight : LEAST_EXPONENT;
        outputs[n + k] = mixture->mean[k];
        outputs[2 * n + k] = 0.5 * (same_log1p(t) - same_log1p(-t)); /* artanh */
    }
    return FATHOM_OK;
}

/* The table of transformer_SYMBOL.c; `text` is the coupling's name (fathom_coupling_name). */
#define MIXTURE(symbol, text)                              \
    const struct transformer ISA(transformer_##symbol) = { \
        .name = text,                                      \
        .n_outputs = n_outputs,                            \
        .n_saved = n_saved,                                \
        .forward = forward,                                \
        .inverse = inverse,                                \
        .backward = backward,                              \
        .fit = fit,                                        \
    }

#endif
