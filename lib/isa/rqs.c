/* rqs.c - the rational-quadratic spline transformer (Durkan, Bekasov, Murray & Papamakarios 2019, "Neural spline
 * flows", sec. 3.1; the equation numbers below are that paper's).
 *
 * A monotone map of [-B, B] onto itself through K + 1 knots (x_k, y_k) with slopes delta_k there; the identity, with
 * log-det 0, outside.  Outputs a coordinate: K raw widths, K raw heights, K + 1 raw slopes, where K = knots + 1:
 *
 *   width_k  = MIN_BIN + (2 B - K MIN_BIN) softmax(a)_k,  x_0 = -B, x_k = -B + partial sum, x_K = B; heights likewise
 *   delta_k  = softplus(d_k + c) + MIN_SLOPE,  c = softplus^-1(1 - MIN_SLOPE): zero outputs are the identity
 *
 * The bin of x is that of the last knot strictly below x, clipped to a valid bin.  Inside it, with
 * theta = (x - x_k) / w, w and h the bin's width and height, s = h / w:
 *
 *   y      = y_k + h alpha / beta                                                                           (eq. 4)
 *   alpha  = s theta^2 + delta_k theta (1 - theta),  beta = s + (delta_{k+1} + delta_k - 2 s) theta (1 - theta)
 *   dy/dx  = s^2 gamma / beta^2,  gamma = delta_{k+1} theta^2 + 2 s theta (1 - theta) + delta_k (1 - theta)^2  (eq. 5)
 *
 * A tile goes through in passes (exponentials | bin | slopes | rational), each short enough to keep the machine busy;
 * the softmax is never written out, only the bin's own two slopes are ever computed, and backward takes from forward
 * the quotients that it would have to divide for again. */
#include "kernels.h"

static const double MIN_BIN = 1e-3, MIN_SLOPE = 1e-3;
static const double SLOPE_SHIFT = 0.53974241723695207924; /* softplus^-1(1 - 1e-3) = log(e^0.999 - 1) */

/* What the passes hand on, and forward to backward, of each row: the bin's number (-1: outside), its left knot, width
 * and height, the slopes there (raw at first) and d delta / d raw, theta, 1 / width, 1 / beta, d limited y / d y, and
 * what makes the exponentials widths and heights; then the K exponentials of the widths, and K of the heights. */
enum { BIN, X0, W, Y0, H, DELTA0, DELTA1, SLOPE0, SLOPE1, THETA, IN_W, IN_BETA, GATE, SHARE_X, SHARE_Y, EXPONENTIALS };

/* They lie octet of rows by octet, [n_saved][8] each: a tile's are one stream of memory, which a deep flow reads from
 * beyond the nearest caches.  Row i's begin at KEPT. */
#define KEPT(saved, i, config) ((saved) + (i) / 8 * 8 * n_saved(config) + (i) % 8)
#define NUMBER(kept, r) ((kept) + (size_t)(r) * 8)

static size_t n_bins(const fathom_config *config) { return config->knots + 1; }
static size_t n_outputs(const fathom_config *config) { return 3 * n_bins(config) + 1; }
static size_t n_saved(const fathom_config *config) { return EXPONENTIALS + 2 * n_bins(config); }

/* The softmax without its quotient: e_k = exp(raw_k - greatest), no less than e^-708, raw: [bins][STRIDE], from number
 * `first` on, and share = room / sum_k e_k, so that width_k = MIN_BIN + share e_k. */
INLINE void exponentials(double *saved, size_t first, size_t share, const double *raw, double room,
                         const fathom_config *config, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec greatest = load(raw + i), least = all(LEAST_EXPONENT), sum = all(0.0);
        for (size_t k = 1; k < n_bins(config); k++)
            greatest = greater(load(ROW(raw, k) + i), greatest);
        for (size_t k = 0; k < n_bins(config); k++) {
            vec ek = exp_within(greater(least, load(ROW(raw, k) + i) - greatest)); /* NaN stays */
            store(NUMBER(kept, first + k), ek);
            sum += ek;
        }
        store(NUMBER(kept, share), all(room) / sum);
    }
}

/* The bin that holds u ([rows], already inside the interval) along x, or along y for the inverse: its number, left
 * knot, width, height and raw slopes.  Knot by knot from the left: as long as u lies beyond a knot, the bin that begins
 * there is the better guess.  The last bin ends at B itself. */
INLINE void locate(double *saved, const double *outputs, const double *u, bool along_y, const fathom_config *config,
                   size_t rows)
{
    const size_t bins = n_bins(config);
    const double *d = ROW(outputs, 2 * bins);
    const vec start = all(-config->interval), end = all(config->interval), least = all(MIN_BIN);

    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        const double *a = NUMBER(kept, EXPONENTIALS), *b = NUMBER(a, bins);
        vec ui = load(u + i), share_x = load(NUMBER(kept, SHARE_X)), share_y = load(NUMBER(kept, SHARE_Y));
        vec bin = all(0.0), left_x = start, left_y = start;
        vec x0 = start, y0 = start, w = fused(share_x, load(a), least), h = fused(share_y, load(b), least);
        vec d0 = load(d + i), d1 = load(ROW(d, 1) + i), wide = w, high = h;
        for (size_t k = 1; k < bins; k++) {
            left_x += wide, left_y += high;
            wide = fused(share_x, load(NUMBER(a, k)), least), high = fused(share_y, load(NUMBER(b, k)), least);
            mask here = less(along_y ? left_y : left_x, ui); /* or further right */
            bin = added(here, bin, all(1.0));
            x0 = choose(here, left_x, x0), w = choose(here, wide, w);
            y0 = choose(here, left_y, y0), h = choose(here, high, h);
            d0 = choose(here, load(ROW(d, k) + i), d0), d1 = choose(here, load(ROW(d, k + 1) + i), d1);
        }
        mask last = equal(bin, all((double)(bins - 1)));
        store(NUMBER(kept, BIN), bin);
        store(NUMBER(kept, X0), x0), store(NUMBER(kept, W), choose(last, end - x0, w));
        store(NUMBER(kept, Y0), y0), store(NUMBER(kept, H), choose(last, end - y0, h));
        store(NUMBER(kept, DELTA0), d0), store(NUMBER(kept, DELTA1), d1);
    }
}

/* raw slopes -> delta and d delta / d raw */
INLINE void slopes(double *saved, const fathom_config *config, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        for (int end = 0; end < 2; end++) {
            double *kept = KEPT(saved, i, config);
            vec slope, value = softplus(&slope, load(NUMBER(kept, DELTA0 + end)) + all(SLOPE_SHIFT));
            store(NUMBER(kept, DELTA0 + end), value + all(MIN_SLOPE));
            store(NUMBER(kept, SLOPE0 + end), slope);
        }
}

/* Rows inside the interval keep their value, others go as 0 through the passes and are put back at the end. */
INLINE mask inside(vec u, double interval)
{
    vec size = choose(less(u, all(0.0)), -u, u);
    return either(less(size, all(interval)), equal(size, all(interval)));
}

static void hold_inside(double *u, const double *x, double interval, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(u + i, choose(inside(load(x + i), interval), load(x + i), all(0.0)));
}

/* The value limited to [-B, B], and d limited / d value: 1 inside, 0 outside, 1/2 at a tie as in jnp.clip. */
INLINE vec limit(vec *gate, vec value, double interval)
{
    vec lo = all(-interval), hi = all(interval);
    vec limited = choose(less(value, lo), lo, choose(less(hi, value), hi, value));
    *gate = choose(either(less(value, lo), less(hi, value)), all(0.0),
                   choose(either(equal(value, lo), equal(value, hi)), all(0.5), all(1.0)));
    return limited;
}

/* What both directions begin with: the bin of u, and what belongs to it, in `saved`. */
INLINE void find_bin(double *saved, const double *outputs, const double *u, bool along_y, const fathom_config *config,
                    size_t rows)
{
    const size_t bins = n_bins(config);
    const double room = 2.0 * config->interval - (double)bins * MIN_BIN;
    exponentials(saved, EXPONENTIALS, SHARE_X, outputs, room, config, rows);
    exponentials(saved, EXPONENTIALS + bins, SHARE_Y, ROW(outputs, bins), room, config, rows);
    locate(saved, outputs, u, along_y, config, rows);
    slopes(saved, config, rows);
}

static void forward(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows)
{
    double u[TILE];

    hold_inside(u, x, config->interval, rows);
    find_bin(saved, outputs, u, false, config, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec in_w = all(1.0) / load(NUMBER(kept, W)), h = load(NUMBER(kept, H)), s = h * in_w;
        vec delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1)), one = all(1.0);
        vec theta = (load(u + i) - load(NUMBER(kept, X0))) * in_w, rest = one - theta, both = theta * rest;

        vec alpha = s * theta * theta + delta0 * both;
        vec in_beta = one / (s + (delta1 + delta0 - (s + s)) * both);
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, y = limit(&gate, load(NUMBER(kept, Y0)) + h * alpha * in_beta, config->interval); /* eq. 4 */
        vec ratio = s * in_beta, slope = ratio * ratio * gamma;                                       /* eq. 5 */

        mask in = inside(load(x + i), config->interval);
        store(NUMBER(kept, THETA), theta);
        store(NUMBER(kept, IN_W), in_w);
        store(NUMBER(kept, IN_BETA), in_beta);
        store(NUMBER(kept, GATE), gate);
        store(NUMBER(kept, BIN), choose(in, load(NUMBER(kept, BIN)), all(-1.0)));
        store(x + i, choose(in, y, load(x + i)));
        grow(volume, i, choose(in, slope, one));
    }
}

/* d loss / d raw widths, first half.  d loss / d width_j is *left for the bins left of the row's own (they move its
 * left knot), *own for its own, 0 right of it.  With p = softmax(raw) and k the row's bin,
 *
 *   draw_j = room p_j (d_j - mean),  mean = sum_j p_j d_j,  room p_j = share e_j = width_j - MIN_BIN
 *
 * and the sum of p over the bins on the left is in their knots already: room sum_{j<k} p_j = x_k + B - k MIN_BIN, which
 * is `before`.  On return left, own and right are share (d_j - mean): times e_j it is draw_j. */
INLINE void spread(vec *left, vec *own, vec *right, vec before, vec width, vec share, double room)
{
    vec mean = (*left * before + *own * (width - all(MIN_BIN))) * all(1.0 / room);
    *left = (*left - mean) * share;
    *own = (*own - mean) * share;
    *right = -mean * share;
}

static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    const size_t bins = n_bins(config);
    const double interval = config->interval, room = 2.0 * interval - (double)bins * MIN_BIN;
    double *draw_a = doutputs, *draw_b = ROW(doutputs, bins), *draw_d = ROW(doutputs, 2 * bins);

    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *kept = KEPT(saved, i, config), *a = NUMBER(kept, EXPONENTIALS), *b = NUMBER(a, bins);
        vec theta = load(NUMBER(kept, THETA)), one = all(1.0), two = all(2.0), bin = load(NUMBER(kept, BIN));
        vec in_w = load(NUMBER(kept, IN_W)), in_beta = load(NUMBER(kept, IN_BETA));
        vec w = load(NUMBER(kept, W)), h = load(NUMBER(kept, H)), s = h * in_w;
        vec delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1));
        vec rest = one - theta, both = theta * rest, theta2 = theta * theta, bend = delta1 + delta0 - two * s;
        vec alpha = s * theta2 + delta0 * both;
        vec gamma = delta1 * theta2 + two * s * both + delta0 * rest * rest;

        mask in = less(all(-0.5), bin);
        vec dy = choose(in, load(dx + i) * load(NUMBER(kept, GATE)), all(0.0));
        vec dl = choose(in, load(dlog_det + i), all(0.0));
        vec ratio = alpha * in_beta;                        /* y = y_k + h ratio               */
        vec dratio = dy * h;
        vec dalpha = dratio * in_beta;                      /* log dy/dx = 2 log s + log gamma */
        vec dbeta = -(dratio * ratio + two * dl) * in_beta; /*             - 2 log beta        */
        vec dl_s_gamma = dl / (s * gamma), dgamma = dl_s_gamma * s;

        vec turn = one - two * theta;                       /* d both / d theta                */
        vec dtheta = dalpha * (two * s * theta + delta0 * turn) + dbeta * bend * turn
                   + two * dgamma * (delta1 * theta + s * turn - delta0 * rest);
        vec ds = dalpha * theta2 + dbeta * (one - two * both) + two * dgamma * both + two * (dl_s_gamma * gamma);
        vec ddelta0 = (dalpha + dbeta) * both + dgamma * rest * rest;
        vec ddelta1 = dbeta * both + dgamma * theta2;

        vec du = dtheta * in_w;                             /* theta = (u - x_k) / w,  s = h / w */
        store(dx + i, choose(in, du, load(dx + i)));
        vec a_left = -du, a_own = -(dtheta * theta + ds * s) * in_w, a_right;
        vec b_left = dy, b_own = dy * ratio + ds * in_w, b_right;
        vec draw0 = ddelta0 * load(NUMBER(kept, SLOPE0)), draw1 = ddelta1 * load(NUMBER(kept, SLOPE1));

        vec start = all(-interval) + all(MIN_BIN) * bin;
        spread(&a_left, &a_own, &a_right, load(NUMBER(kept, X0)) - start, w, load(NUMBER(kept, SHARE_X)), room);
        spread(&b_left, &b_own, &b_right, load(NUMBER(kept, Y0)) - start, h, load(NUMBER(kept, SHARE_Y)), room);
        vec number = all(0.0), slope = all(0.0), da = a_left, db = b_left;
        for (size_t k = 0; k < bins; k++) {
            mask own = equal(number, bin); /* outside, bin -1: never, and all are 0 */
            store(ROW(draw_a, k) + i, load(NUMBER(a, k)) * choose(own, a_own, da));
            store(ROW(draw_b, k) + i, load(NUMBER(b, k)) * choose(own, b_own, db));
            store(ROW(draw_d, k) + i, choose(own, draw0, slope));
            da = choose(own, a_right, da), db = choose(own, b_right, db), slope = choose(own, draw1, all(0.0));
            number += one;
        }
        store(ROW(draw_d, bins) + i, slope);
    }
}

/* The quadratic of eq. 6-8 in its stable form, t = 2 c / (-b - sqrt(b^2 - 4 a c)), which is one only if b >= 0: else
 * from the bin's other end, as t = 1 - theta, where b is 2 h s less this one, hence positive; dx/dy = 1 / (dy/dx). */
static void inverse(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows)
{
    double u[TILE];

    hold_inside(u, x, config->interval, rows);
    find_bin(saved, outputs, u, true, config, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec x0 = load(NUMBER(kept, X0)), w = load(NUMBER(kept, W));
        vec y0 = load(NUMBER(kept, Y0)), h = load(NUMBER(kept, H)), s = h / w;
        vec delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1)), one = all(1.0);

        vec rise = load(u + i) - y0, bend = delta1 + delta0 - (s + s), none = all(0.0);
        mask turned = less(h * delta0 - rise * bend, none);
        vec slope0 = choose(turned, delta1, delta0);
        rise = choose(turned, h - rise, rise);
        vec a = h * (s - slope0) + rise * bend; /* eq. 7 */
        vec b = h * slope0 - rise * bend;
        vec c = -s * rise;
        vec square = b * b - all(4.0) * a * c; /* >= 0 but for rounding */
        square = choose(less(square, none), none, square);
        vec t = all(2.0) * c / (-b - root_(square));
        t = choose(less(t, none), none, choose(less(one, t), one, t)); /* not into the next bin, which may be steep */
        vec theta = choose(turned, one - t, t), rest = choose(turned, t, one - t), both = theta * rest;
        vec beta = s + bend * both;
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, end = all(config->interval), back = limit(&gate, theta * w + x0, config->interval);
        back = choose(equal(load(u + i), end), end, back); /* w, from the rounded x0 to B, may fall short of it */
        vec ratio = beta / s, slope = ratio * ratio / gamma; /* dx/dy */

        mask in = inside(load(x + i), config->interval);
        store(x + i, choose(in, back, load(x + i)));
        grow(volume, i, choose(in, slope, one));
    }
}

const struct transformer ISA(rqs) = { "spline", n_outputs, n_saved, forward, inverse, backward };
