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
 * A tile goes through in passes (softmax | bin | slopes | rational), each short enough to keep the machine busy; only
 * the bin's own two slopes are ever computed. */
#include "kernels.h"

static const double MIN_BIN = 1e-3, MIN_SLOPE = 1e-3;
static const double SLOPE_SHIFT = 0.53974241723695207924; /* softplus^-1(1 - 1e-3) = log(e^0.999 - 1) */

/* What the passes hand on, and forward to backward, a row each: the bin's number (-1: outside), its knots, the raw
 * slopes there, what they become and d delta / d raw, theta, and d limited y / d y. */
enum { BIN, X0, X1, Y0, Y1, RAW0, RAW1, DELTA0, DELTA1, SLOPE0, SLOPE1, THETA, GATE, N_SAVED };

static size_t n_bins(const fathom_config *config) { return config->knots + 1; }
static size_t n_outputs(const fathom_config *config) { return 3 * n_bins(config) + 1; }
static size_t n_saved(const fathom_config *config) { (void)config; return N_SAVED; }

/* raw -> softmax(raw) in place, raw: [bins][STRIDE] */
static void softmax(double *raw, size_t bins)
{
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec greatest = load(raw + i), sum = all(0.0);
        for (size_t k = 1; k < bins; k++) {
            vec a = load(ROW(raw, k) + i);
            greatest = choose(less(greatest, a), a, greatest);
        }
        for (size_t k = 0; k < bins; k++) {
            vec e = exp_(load(ROW(raw, k) + i) - greatest);
            store(ROW(raw, k) + i, e);
            sum += e;
        }
        vec scale = all(1.0) / sum;
        for (size_t k = 0; k < bins; k++)
            store(ROW(raw, k) + i, load(ROW(raw, k) + i) * scale);
    }
}

/* The bin that holds u ([TILE], already inside the interval) along x, or along y for the inverse: its knots, number and
 * raw slopes. */
static void locate(double *saved, const double *outputs, const double *u, bool along_y, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    const double *a = outputs, *b = ROW(outputs, bins), *d = ROW(outputs, 2 * bins);
    const double low = -config->interval, high = config->interval;
    const vec room = all(2.0 * high - (double)bins * MIN_BIN);

    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec ui = load(u + i), bin = all(0.0);
        vec x0 = all(low), y0 = all(low), d0 = load(d + i), d1 = load(ROW(d, 1) + i);
        vec width = all(MIN_BIN) + room * load(a + i), height = all(MIN_BIN) + room * load(b + i);
        vec sum_x = width, sum_y = height;
        vec x1 = bins == 1 ? all(high) : all(low) + sum_x, y1 = bins == 1 ? all(high) : all(low) + sum_y;
        vec knot_x = x1, knot_y = y1;
        for (size_t k = 1; k < bins; k++) {
            mask here = less(along_y ? knot_y : knot_x, ui);
            sum_x += all(MIN_BIN) + room * load(ROW(a, k) + i);
            sum_y += all(MIN_BIN) + room * load(ROW(b, k) + i);
            vec next_x = k + 1 == bins ? all(high) : all(low) + sum_x;
            vec next_y = k + 1 == bins ? all(high) : all(low) + sum_y;
            x0 = choose(here, knot_x, x0), x1 = choose(here, next_x, x1);
            y0 = choose(here, knot_y, y0), y1 = choose(here, next_y, y1);
            d0 = choose(here, load(ROW(d, k) + i), d0), d1 = choose(here, load(ROW(d, k + 1) + i), d1);
            bin = choose(here, all((double)k), bin);
            knot_x = next_x, knot_y = next_y;
        }
        store(ROW(saved, BIN) + i, bin);
        store(ROW(saved, X0) + i, x0), store(ROW(saved, X1) + i, x1);
        store(ROW(saved, Y0) + i, y0), store(ROW(saved, Y1) + i, y1);
        store(ROW(saved, RAW0) + i, d0), store(ROW(saved, RAW1) + i, d1);
    }
}

/* raw slopes -> delta and d delta / d raw */
static void slopes(double *saved)
{
    for (int end = 0; end < 2; end++)
        for (int i = 0; i < TILE; i += VEC_WIDTH) {
            vec slope, value = softplus(&slope, load(ROW(saved, RAW0 + end) + i) + all(SLOPE_SHIFT));
            store(ROW(saved, DELTA0 + end) + i, value + all(MIN_SLOPE));
            store(ROW(saved, SLOPE0 + end) + i, slope);
        }
}

/* Rows inside the interval keep their value, others go as 0 through the passes and are put back at the end. */
INLINE mask inside(vec u, double interval)
{
    vec size = choose(less(u, all(0.0)), -u, u);
    return either(less(size, all(interval)), equal(size, all(interval)));
}

static void hold_inside(double *u, const double *x, double interval)
{
    for (int i = 0; i < TILE; i += VEC_WIDTH)
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

static void forward(double *x, double *log_det, double *outputs, double *saved, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    double u[TILE];

    hold_inside(u, x, config->interval);
    softmax(outputs, bins);
    softmax(ROW(outputs, bins), bins);
    locate(saved, outputs, u, false, config);
    slopes(saved);
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec x0 = load(ROW(saved, X0) + i), w = load(ROW(saved, X1) + i) - x0;
        vec y0 = load(ROW(saved, Y0) + i), h = load(ROW(saved, Y1) + i) - y0, s = h / w;
        vec delta0 = load(ROW(saved, DELTA0) + i), delta1 = load(ROW(saved, DELTA1) + i), one = all(1.0);
        vec theta = (load(u + i) - x0) / w, rest = one - theta, both = theta * rest;

        vec alpha = s * theta * theta + delta0 * both;
        vec beta = s + (delta1 + delta0 - (s + s)) * both;
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, y = limit(&gate, y0 + h * alpha / beta, config->interval); /* eq. 4 */
        vec ratio = s / beta, slope = ratio * ratio * gamma;                 /* eq. 5 */

        mask in = inside(load(x + i), config->interval);
        store(ROW(saved, THETA) + i, theta);
        store(ROW(saved, GATE) + i, gate);
        store(ROW(saved, BIN) + i, choose(in, load(ROW(saved, BIN) + i), all(-1.0)));
        store(x + i, choose(in, y, load(x + i)));
        store(log_det + i, load(log_det + i) + log_(choose(in, slope, one)));
    }
}

/* d loss / d (width_k, k = 0..K-1) -> d loss / d raw widths, in place of p = softmax(raw).  d/d width_k is d_left for
 * the bins left of the row's own (it moves their right knot, the own bin's left one), d_own for the own bin, else 0:
 *   draw_k = room p_k (d_k - sum_j p_j d_j) */
static void softmax_backward(double *p, const double *d_left, const double *d_own, const double *bin, double room,
                             size_t bins)
{
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec left = load(d_left + i), own = load(d_own + i), b = load(bin + i), mean = all(0.0);
        for (size_t k = 0; k < bins; k++) {
            vec number = all((double)k), pk = load(ROW(p, k) + i);
            vec dk = choose(less(number, b), left, choose(equal(number, b), own, all(0.0)));
            mean = fused(pk, dk, mean);
        }
        for (size_t k = 0; k < bins; k++) {
            vec number = all((double)k), pk = load(ROW(p, k) + i);
            vec dk = choose(less(number, b), left, choose(equal(number, b), own, all(0.0)));
            store(ROW(p, k) + i, all(room) * pk * (dk - mean));
        }
    }
}

static void backward(double *dx, double *outputs, double *saved, const double *dlog_det, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    const double room = 2.0 * config->interval - (double)bins * MIN_BIN, *bin = ROW(saved, BIN);
    double d_x0[TILE], d_w[TILE], d_y0[TILE], d_h[TILE], d_raw0[TILE], d_raw1[TILE];

    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec theta = load(ROW(saved, THETA) + i), one = all(1.0), two = all(2.0);
        vec in_w = one / (load(ROW(saved, X1) + i) - load(ROW(saved, X0) + i));
        vec h = load(ROW(saved, Y1) + i) - load(ROW(saved, Y0) + i), s = h * in_w;
        vec delta0 = load(ROW(saved, DELTA0) + i), delta1 = load(ROW(saved, DELTA1) + i);
        vec rest = one - theta, both = theta * rest, theta2 = theta * theta, bend = delta1 + delta0 - two * s;
        vec alpha = s * theta2 + delta0 * both;
        vec in_beta = one / (s + bend * both);
        vec gamma = delta1 * theta2 + two * s * both + delta0 * rest * rest;

        mask in = less(all(-0.5), load(bin + i));
        vec dy = choose(in, load(dx + i) * load(ROW(saved, GATE) + i), all(0.0));
        vec dl = choose(in, load(dlog_det + i), all(0.0));
        vec ratio = alpha * in_beta;                        /* y = y_k + h ratio               */
        vec dratio = dy * h;
        vec dalpha = dratio * in_beta;                      /* log dy/dx = 2 log s + log gamma */
        vec dbeta = -(dratio * ratio + two * dl) * in_beta; /*             - 2 log beta        */
        vec dgamma = dl / gamma;

        vec turn = one - two * theta;                       /* d both / d theta                */
        vec dtheta = dalpha * (two * s * theta + delta0 * turn) + dbeta * bend * turn
                   + two * dgamma * (delta1 * theta + s * turn - delta0 * rest);
        vec ds = dalpha * theta2 + dbeta * (one - two * both) + two * dgamma * both + two * dl / s;
        vec ddelta0 = (dalpha + dbeta) * both + dgamma * rest * rest;
        vec ddelta1 = dbeta * both + dgamma * theta2;

        vec du = dtheta * in_w;                             /* theta = (u - x_k) / w,  s = h / w */
        store(dx + i, choose(in, du, load(dx + i)));
        store(d_x0 + i, -du);
        store(d_w + i, -(dtheta * theta + ds * s) * in_w);
        store(d_y0 + i, dy);
        store(d_h + i, dy * ratio + ds * in_w);
        store(d_raw0 + i, ddelta0 * load(ROW(saved, SLOPE0) + i));
        store(d_raw1 + i, ddelta1 * load(ROW(saved, SLOPE1) + i));
    }
    softmax_backward(outputs, d_x0, d_w, bin, room, bins);
    softmax_backward(ROW(outputs, bins), d_y0, d_h, bin, room, bins);
    for (int i = 0; i < TILE; i += VEC_WIDTH) /* outside (bin -1) d_raw1, which goes to slope 0, is 0 */
        for (size_t k = 0; k <= bins; k++) {
            vec own = load(bin + i), number = all((double)k);
            vec right = choose(equal(number, own + all(1.0)), load(d_raw1 + i), all(0.0));
            store(ROW(outputs, 2 * bins + k) + i, choose(equal(number, own), load(d_raw0 + i), right));
        }
}

/* The quadratic of eq. 6-8 in its stable form, theta = 2 c / (-b - sqrt(b^2 - 4 a c)); log|dx/dy| = -log|dy/dx|. */
static void inverse(double *x, double *log_det, double *outputs, double *saved, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    double u[TILE];

    hold_inside(u, x, config->interval);
    softmax(outputs, bins);
    softmax(ROW(outputs, bins), bins);
    locate(saved, outputs, u, true, config);
    slopes(saved);
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec x0 = load(ROW(saved, X0) + i), w = load(ROW(saved, X1) + i) - x0;
        vec y0 = load(ROW(saved, Y0) + i), h = load(ROW(saved, Y1) + i) - y0, s = h / w;
        vec delta0 = load(ROW(saved, DELTA0) + i), delta1 = load(ROW(saved, DELTA1) + i), one = all(1.0);

        vec rise = load(u + i) - y0, bend = delta1 + delta0 - (s + s);
        vec a = h * (s - delta0) + rise * bend; /* eq. 7 */
        vec b = h * delta0 - rise * bend;
        vec c = -s * rise;
        vec square = b * b - all(4.0) * a * c; /* >= 0 but for rounding */
        square = choose(less(square, all(0.0)), all(0.0), square);
        vec theta = all(2.0) * c / (-b - root(square)), rest = one - theta, both = theta * rest;
        vec beta = s + bend * both;
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, back = limit(&gate, theta * w + x0, config->interval);
        vec ratio = s / beta, slope = ratio * ratio * gamma;

        mask in = inside(load(x + i), config->interval);
        store(x + i, choose(in, back, load(x + i)));
        store(log_det + i, load(log_det + i) - log_(choose(in, slope, one)));
    }
}

const struct transformer ISA(rqs) = { "spline", n_outputs, n_saved, forward, inverse, backward };
