/* transformer_spline.c - the rational-quadratic spline transformer (Durkan, Bekasov, Murray & Papamakarios 2019,
 * "Neural spline flows", sec. 3.1; the equation numbers below are that paper's).
 *
 * A monotone map of [-B, B] onto itself through K + 1 knots (x_k, y_k) with slope delta_k at knot k.  Outside it is the
 * identity, with log-det 0.  With `knots` inner knots there are K = knots + 1 bins.  Outputs per coordinate: K raw
 * widths a, K raw heights b, K + 1 raw slopes d:
 *
 *   width_k  = MIN_BIN + (2 B - K MIN_BIN) softmax(a)_k,  x_0 = -B, x_k = -B + partial sum, x_K = B; heights likewise
 *   delta_k  = softplus(d_k + c) + MIN_SLOPE,  c = softplus^-1(1 - MIN_SLOPE): zero outputs give the identity
 *
 * The bin of x is that of the last knot strictly below x, clipped to a valid bin.  Inside it, with
 * theta = (x - x_k) / w, w and h the bin's width and height, s = h / w:
 *
 *   y      = y_k + h alpha / beta                                                                           (eq. 4)
 *   alpha  = s theta^2 + delta_k theta (1 - theta),  beta = s + (delta_{k+1} + delta_k - 2 s) theta (1 - theta)
 *   dy/dx  = s^2 gamma / beta^2,  gamma = delta_{k+1} theta^2 + 2 s theta (1 - theta) + delta_k (1 - theta)^2  (eq. 5)
 *
 * Names in the code: delta0, delta1 = delta_k, delta_{k+1};  rest = 1 - theta;  both = theta (1 - theta);
 * bend = delta_{k+1} + delta_k - 2 s;  room = 2 B - K MIN_BIN.
 *
 * A tile is processed in passes: exponentials, locate, slopes, and the rational function.  Four short loops run faster
 * than one long loop.  Only the exponentials of the softmax are stored, not the softmax itself.  Only the two slopes of
 * the row's bin are computed.  forward stores its quotients, so backward does not divide by them again. */
#include "../softplus.h"
#include "internal.h"

static const double MIN_BIN = FATHOM_MIN_BIN, MIN_SLOPE = 1e-3;
static const double SLOPE_SHIFT = 0.53974241723695207924; /* softplus^-1(1 - 1e-3) = log(e^0.999 - 1) */

/* The numbers of a row that one pass stores for the next one, and forward for backward. */
enum {
    BIN,         /* the bin's number, from 0; -1: the row lies outside [-B, B]        */
    X0,          /* the bin's left knot x_k                                           */
    W,           /* its width w                                                       */
    Y0,          /* the knot's y_k                                                    */
    H,           /* the bin's height h                                                */
    DELTA0,      /* the slope delta_k at the left knot; until `slopes`, its raw value */
    DELTA1,      /* the slope delta_{k+1} at the right knot; likewise                 */
    SLOPE0,      /* d delta_k / d raw                                                 */
    SLOPE1,      /* d delta_{k+1} / d raw                                             */
    THETA,       /* theta                                                             */
    INV_W,       /* 1 / w                                                             */
    INV_BETA,    /* 1 / beta                                                          */
    GATE,        /* d (y limited to [-B, B]) / d y: 1 inside, 1/2 at an end, else 0   */
    SHARE_X,     /* width_k = MIN_BIN + SHARE_X times the k-th exponential            */
    SHARE_Y,     /* likewise for the heights                                          */
    EXPONENTIALS /* the first of K exponentials of the widths, then K of the heights  */
};

/* Layout: [rows / 8][n_saved][8].  All numbers of eight rows are contiguous, so backward reads a tile's as one stream;
 * in a deep flow they come from beyond the nearest caches.  KEPT points to the first number of row i, NUMBER to its
 * number r. */
#define KEPT(saved, i, config) ((saved) + (i) / 8 * 8 * n_saved(config) + (i) % 8)
#define NUMBER(kept, r) ((kept) + (size_t)(r)*8)

static size_t n_bins(const fathom_config *config) { return config->knots + 1; }
static size_t n_outputs(const fathom_config *config) { return 3 * n_bins(config) + 1; }
static size_t n_saved(const fathom_config *config) { return EXPONENTIALS + 2 * n_bins(config); }

/* The softmax without its quotients.  raw: [bins][STRIDE].  Stores e_k = exp(raw_k - max_j raw_j), but at least e^-708,
 * as the numbers first, first + 1, ...; and share = room / sum_k e_k as the number of that name.  So
 * width_k = MIN_BIN + share e_k. */
INLINE void exponentials(double *saved, size_t first, size_t share, const double *raw, double room,
                         const fathom_config *config, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec     greatest = load(raw + i), least = broadcast(LEAST_EXPONENT), sum = broadcast(0.0);
        for (size_t k = 1; k < n_bins(config); k++)
            greatest = max(load(ROW(raw, k) + i), greatest);
        for (size_t k = 0; k < n_bins(config); k++) {
            vec ek = vec_exp_in_range(max(least, load(ROW(raw, k) + i) - greatest)); /* NaN stays NaN */
            store(NUMBER(kept, first + k), ek);
            sum += ek;
        }
        store(NUMBER(kept, share), broadcast(room) / sum);
    }
}

/* Finds the bin that contains u along x, or along y for the inverse.  u: [rows], in [-B, B].  Stores the bin's number,
 * left knot, width, height and raw slopes.  The knots are compared from left to right: each knot below u replaces the
 * bin found so far by the bin that begins there.  The last bin ends at B exactly: its width is B - x_k, which equals
 * MIN_BIN + share e_k up to rounding, so backward treats it as every other bin. */
INLINE void locate(double *saved, const double *outputs, const double *u, bool along_y, const fathom_config *config,
                   size_t rows)
{
    const size_t  bins = n_bins(config);
    const double *d = ROW(outputs, 2 * bins);
    const vec     start = broadcast(-config->interval), end = broadcast(config->interval), least = broadcast(MIN_BIN);

    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double       *kept = KEPT(saved, i, config);
        const double *a = NUMBER(kept, EXPONENTIALS), *b = NUMBER(a, bins);
        vec           ui = load(u + i), share_x = load(NUMBER(kept, SHARE_X)), share_y = load(NUMBER(kept, SHARE_Y));
        vec           bin = broadcast(0.0), left_x = start, left_y = start;
        vec           x0 = start, y0 = start, w = fmadd(share_x, load(a), least), h = fmadd(share_y, load(b), least);
        vec           d0 = load(d + i), d1 = load(ROW(d, 1) + i), wide = w, high = h;
        for (size_t k = 1; k < bins; k++) {
            left_x += wide, left_y += high;
            wide = fmadd(share_x, load(NUMBER(a, k)), least), high = fmadd(share_y, load(NUMBER(b, k)), least);
            mask here = less(along_y ? left_y : left_x, ui); /* in this bin, or further right */
            bin = mask_add(here, bin, broadcast(1.0));
            x0 = mask_select(here, left_x, x0), w = mask_select(here, wide, w);
            y0 = mask_select(here, left_y, y0), h = mask_select(here, high, h);
            d0 = mask_select(here, load(ROW(d, k) + i), d0), d1 = mask_select(here, load(ROW(d, k + 1) + i), d1);
        }
        mask last = equal(bin, broadcast((double)(bins - 1)));
        store(NUMBER(kept, BIN), bin);
        store(NUMBER(kept, X0), x0), store(NUMBER(kept, W), mask_select(last, end - x0, w));
        store(NUMBER(kept, Y0), y0), store(NUMBER(kept, H), mask_select(last, end - y0, h));
        store(NUMBER(kept, DELTA0), d0), store(NUMBER(kept, DELTA1), d1);
    }
}

/* Replaces the raw slopes by delta_k and delta_{k+1}, and stores d delta / d raw. */
INLINE void slopes(double *saved, const fathom_config *config, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        for (int end = 0; end < 2; end++) {
            double *kept = KEPT(saved, i, config);
            vec     slope, value = softplus(&slope, load(NUMBER(kept, DELTA0 + end)) + broadcast(SLOPE_SHIFT));
            store(NUMBER(kept, DELTA0 + end), value + broadcast(MIN_SLOPE));
            store(NUMBER(kept, SLOPE0 + end), slope);
        }
}

/* |u| <= interval; false for NaN. */
INLINE mask inside(vec u, double interval)
{
    vec size = mask_select(less(u, broadcast(0.0)), -u, u);
    return mask_or(less(size, broadcast(interval)), equal(size, broadcast(interval)));
}

/* u = x inside the interval and 0 elsewhere, so that rows outside compute something finite.  Their result is then
 * replaced by x. */
static void zero_outside(double *u, const double *x, double interval, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(u + i, mask_select(inside(load(x + i), interval), load(x + i), broadcast(0.0)));
}

/* The value limited to [-B, B]; *gate = d limited / d value: 1 inside, 0 outside, 1/2 at an end, as jnp.clip has it. */
INLINE vec limit(vec *gate, vec value, double interval)
{
    vec lo = broadcast(-interval), hi = broadcast(interval);
    vec limited = mask_select(less(value, lo), lo, mask_select(less(hi, value), hi, value));
    *gate = mask_select(mask_or(less(value, lo), less(hi, value)), broadcast(0.0),
                        mask_select(mask_or(equal(value, lo), equal(value, hi)), broadcast(0.5), broadcast(1.0)));
    return limited;
}

/* The passes that forward and inverse share: stores all that belongs to u's bin in `saved`. */
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

static void forward(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    double u[TILE];

    zero_outside(u, x, config->interval, rows);
    find_bin(saved, outputs, u, false, config, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec     inv_w = broadcast(1.0) / load(NUMBER(kept, W)), h = load(NUMBER(kept, H)), s = h * inv_w;
        vec     delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1)), one = broadcast(1.0);
        vec     theta = (load(u + i) - load(NUMBER(kept, X0))) * inv_w, rest = one - theta, both = theta * rest;

        vec alpha = s * theta * theta + delta0 * both;
        vec inv_beta = one / (s + (delta1 + delta0 - (s + s)) * both);
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, y = limit(&gate, load(NUMBER(kept, Y0)) + h * alpha * inv_beta, config->interval); /* eq. 4 */
        vec ratio = s * inv_beta, slope = ratio * ratio * gamma;                                     /* eq. 5 */

        mask in = inside(load(x + i), config->interval);
        store(NUMBER(kept, THETA), theta);
        store(NUMBER(kept, INV_W), inv_w);
        store(NUMBER(kept, INV_BETA), inv_beta);
        store(NUMBER(kept, GATE), gate);
        store(NUMBER(kept, BIN), mask_select(in, load(NUMBER(kept, BIN)), broadcast(-1.0)));
        store(x + i, mask_select(in, y, load(x + i)));
        volume_grow(volume, i, mask_select(in, slope, one));
    }
}

/* From d loss / d width_j to d loss / d raw_j, but for the factor e_j; also for heights.  With k the row's bin,
 * d_j = d loss / d width_j takes only three values: *left for j < k (these bins move the knot x_k), *own for j = k, and
 * 0 for j > k.  With p = softmax(raw) the chain rule gives
 *
 *   draw_j = room p_j (d_j - mean),  mean = sum_j p_j d_j,  room p_j = share e_j = width_j - MIN_BIN
 *
 * so  room mean = *left before + *own (width_k - MIN_BIN)  with  before = room sum_{j<k} p_j = x_k + B - k MIN_BIN.
 * On return *left, *own and *right are share (d_j - mean) for j < k, j = k and j > k; times e_j that is draw_j. */
INLINE void softmax_gradient(vec *left, vec *own, vec *right, vec before, vec width, vec share, double room)
{
    vec mean = (*left * before + *own * (width - broadcast(MIN_BIN))) * broadcast(1.0 / room);
    *left = (*left - mean) * share;
    *own = (*own - mean) * share;
    *right = -mean * share;
}

/* The chain rule backward through  y = y_k + h alpha / beta  and  log dy/dx = 2 log s + log gamma - 2 log beta,  with
 * dy and dlog the upstream gradients of these two and ratio = alpha / beta:
 *
 *   dalpha = dy h / beta,  dbeta = -(dy h ratio + 2 dlog) / beta,  dgamma = dlog / gamma
 *   dtheta = dalpha (2 s theta + delta_k turn) + dbeta bend turn
 *          + 2 dgamma (delta_{k+1} theta + s turn - delta_k (1 - theta)),          turn = 1 - 2 theta
 *   ds     = dalpha theta^2 + dbeta (1 - 2 both) + 2 dgamma both + 2 dlog / s
 *   ddelta_k = (dalpha + dbeta) both + dgamma (1 - theta)^2,  ddelta_{k+1} = dbeta both + dgamma theta^2
 *
 * then, with theta = (x - x_k) / w and s = h / w,
 *
 *   dx = dtheta / w,  dx_k = -dx,  dw = -(dtheta theta + ds s) / w,  dy_k = dy,  dh = dy ratio + ds / w
 *
 * softmax_gradient, SLOPE0 and SLOPE1 lead from these to the raw outputs.  A row outside has doutputs = 0 and
 * dx = dy. */
static void backward(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows)
{
    const size_t bins = n_bins(config);
    const double interval = config->interval, room = 2.0 * interval - (double)bins * MIN_BIN;
    double      *draw_a = doutputs, *draw_b = ROW(doutputs, bins), *draw_d = ROW(doutputs, 2 * bins);

    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *kept = KEPT(saved, i, config), *a = NUMBER(kept, EXPONENTIALS), *b = NUMBER(a, bins);
        const vec     one = broadcast(1.0), two = broadcast(2.0);
        vec           theta = load(NUMBER(kept, THETA)), bin = load(NUMBER(kept, BIN));
        vec           inv_w = load(NUMBER(kept, INV_W)), inv_beta = load(NUMBER(kept, INV_BETA));
        vec           w = load(NUMBER(kept, W)), h = load(NUMBER(kept, H)), s = h * inv_w;
        vec           delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1));
        vec           rest = one - theta, both = theta * rest, theta2 = theta * theta, bend = delta1 + delta0 - two * s;
        vec           alpha = s * theta2 + delta0 * both;
        vec           gamma = delta1 * theta2 + two * s * both + delta0 * rest * rest;

        mask in = less(broadcast(-0.5), bin);
        vec  dy = mask_select(in, load(dx + i) * load(NUMBER(kept, GATE)), broadcast(0.0));
        vec  dlog = mask_select(in, load(dlog_det + i), broadcast(0.0));
        vec  ratio = alpha * inv_beta;
        vec  dratio = dy * h;
        vec  dalpha = dratio * inv_beta;
        vec  dbeta = -(dratio * ratio + two * dlog) * inv_beta;
        vec  dlog_s_gamma = dlog / (s * gamma), dgamma = dlog_s_gamma * s;

        vec turn = one - two * theta; /* d both / d theta */
        vec dtheta = dalpha * (two * s * theta + delta0 * turn) + dbeta * bend * turn +
                     two * dgamma * (delta1 * theta + s * turn - delta0 * rest);
        vec ds = dalpha * theta2 + dbeta * (one - two * both) + two * dgamma * both + two * (dlog_s_gamma * gamma);
        vec ddelta0 = (dalpha + dbeta) * both + dgamma * rest * rest;
        vec ddelta1 = dbeta * both + dgamma * theta2;

        vec du = dtheta * inv_w;
        store(dx + i, mask_select(in, du, load(dx + i)));
        vec a_left = -du, a_own = -(dtheta * theta + ds * s) * inv_w, a_right;
        vec b_left = dy, b_own = dy * ratio + ds * inv_w, b_right;
        vec draw0 = ddelta0 * load(NUMBER(kept, SLOPE0)), draw1 = ddelta1 * load(NUMBER(kept, SLOPE1));

        vec start = broadcast(-interval) + broadcast(MIN_BIN) * bin;
        softmax_gradient(&a_left, &a_own, &a_right, load(NUMBER(kept, X0)) - start, w, load(NUMBER(kept, SHARE_X)),
                         room);
        softmax_gradient(&b_left, &b_own, &b_right, load(NUMBER(kept, Y0)) - start, h, load(NUMBER(kept, SHARE_Y)),
                         room);
        vec number = broadcast(0.0), slope = broadcast(0.0), da = a_left, db = b_left;
        for (size_t k = 0; k < bins; k++) {
            mask own = equal(number, bin); /* outside, bin -1: never, and all are 0 */
            store(ROW(draw_a, k) + i, load(NUMBER(a, k)) * mask_select(own, a_own, da));
            store(ROW(draw_b, k) + i, load(NUMBER(b, k)) * mask_select(own, b_own, db));
            store(ROW(draw_d, k) + i, mask_select(own, draw0, slope));
            da = mask_select(own, a_right, da), db = mask_select(own, b_right, db);
            slope = mask_select(own, draw1, broadcast(0.0));
            number += one;
        }
        store(ROW(draw_d, bins) + i, slope);
    }
}

/* theta is a root of a t^2 + b t + c = 0 (eq. 6-8).  The form t = 2 c / (-b - sqrt(b^2 - 4 a c)) is stable only for
 * b >= 0.  If b < 0, the equation is written for t = 1 - theta instead, that is from the bin's right end, with delta_k
 * and delta_{k+1} exchanged.  Its b is 2 h s minus the first one, hence positive.  dx/dy = 1 / (dy/dx). */
static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    double u[TILE];

    zero_outside(u, x, config->interval, rows);
    find_bin(saved, outputs, u, true, config, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        double *kept = KEPT(saved, i, config);
        vec     x0 = load(NUMBER(kept, X0)), w = load(NUMBER(kept, W));
        vec     y0 = load(NUMBER(kept, Y0)), h = load(NUMBER(kept, H)), s = h / w;
        vec     delta0 = load(NUMBER(kept, DELTA0)), delta1 = load(NUMBER(kept, DELTA1)), one = broadcast(1.0);

        vec  rise = load(u + i) - y0, bend = delta1 + delta0 - (s + s), none = broadcast(0.0);
        mask from_right = less(h * delta0 - rise * bend, none);
        vec  slope0 = mask_select(from_right, delta1, delta0);
        rise = mask_select(from_right, h - rise, rise);
        vec a = h * (s - slope0) + rise * bend;
        vec b = h * slope0 - rise * bend;
        vec c = -s * rise;
        vec square = b * b - broadcast(4.0) * a * c; /* >= 0 but for rounding */
        square = mask_select(less(square, none), none, square);
        vec t = broadcast(2.0) * c / (-b - vec_sqrt(square));
        /* rounding must not lead into the next bin, which may be steep */
        t = mask_select(less(t, none), none, mask_select(less(one, t), one, t));
        vec theta = mask_select(from_right, one - t, t), rest = mask_select(from_right, t, one - t);
        vec both = theta * rest;
        vec beta = s + bend * both;
        vec gamma = delta1 * theta * theta + (s + s) * both + delta0 * rest * rest;
        vec gate, end = broadcast(config->interval), back = limit(&gate, theta * w + x0, config->interval);
        back = mask_select(equal(load(u + i), end), end, back); /* x_0 + w may be below B by rounding */
        vec ratio = beta / s, slope = ratio * ratio / gamma;    /* dx/dy */

        mask in = inside(load(x + i), config->interval);
        store(x + i, mask_select(in, back, load(x + i)));
        volume_grow(volume, i, mask_select(in, slope, one));
    }
}

/* ------------------------------------------------------------------------------------------------------- fit ---- */

/* raw: [bins], whose softmax gives the bins between these knots, [bins + 1], from -B to B.  A bin is at least 1.5 MIN_BIN
 * before all are scaled to fill the interval.  The knots become those that result. */
static void raw_of_bins(double *raw, double *knots, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    const double room = 2.0 * config->interval - (double)bins * MIN_BIN;
    double       more[FATHOM_KNOTS_MAX + 1], sum = 0.0;
    for (size_t k = 0; k < bins; k++) {
        const double width = knots[k + 1] - knots[k] - MIN_BIN;
        sum += more[k] = width > 0.5 * MIN_BIN ? width : 0.5 * MIN_BIN;
    }
    for (size_t k = 0; k < bins; k++) {
        raw[k] = same_log(more[k] / sum);
        knots[k + 1] = k + 1 < bins ? knots[k] + MIN_BIN + room * (more[k] / sum) : config->interval;
    }
}

/* The inner knots are the quantiles k / bins of that part of the mixture which lies in [-B, B], their heights and
 * slopes those of Phi^-1(F).  The ends are -B and B with slope 1, since the spline goes over into the identity there. */
static fathom_status fit(double *outputs, const fathom_mixture *mixture, const fathom_config *config)
{
    const size_t bins = n_bins(config);
    const double interval = config->interval, from = same_exp(fathom_mixture_log_cdf(mixture, -interval));
    const double part = 1.0 - from - same_exp(fathom_mixture_log_survival(mixture, interval));
    double       x[FATHOM_KNOTS_MAX + 2], y[FATHOM_KNOTS_MAX + 2];
    x[0] = y[0] = -interval;
    for (size_t k = 1; k < bins; k++) {
        const double at = fathom_mixture_quantile(mixture, from + part * ((double)k / (double)bins));
        x[k] = at > x[k - 1] ? (at < interval ? at : interval) : x[k - 1]; /* also where there is no quantile */
    }
    x[bins] = y[bins] = interval;
    raw_of_bins(outputs, x, config);
    for (size_t k = 1; k < bins; k++) {
        const double height = fathom_mixture_gaussianise(mixture, x[k]);
        y[k] = height > y[k - 1] ? (height < interval ? height : interval) : y[k - 1];
    }
    raw_of_bins(outputs + bins, y, config);
    for (size_t k = 0; k <= bins; k++) {
        const double z = fathom_mixture_gaussianise(mixture, x[k]);
        const double log_slope = fathom_mixture_log_density(mixture, x[k]) + 0.5 * z * z + HALF_LOG_2PI;
        const double slope = (k == 0 || k == bins ? 1.0 : same_exp(log_slope)) - MIN_SLOPE;
        outputs[2 * bins + k] = softplus_inverse(slope > MIN_SLOPE ? slope : MIN_SLOPE) - SLOPE_SHIFT;
    }
    return FATHOM_OK;
}

const struct transformer ISA(transformer_spline) = {
    .name = "spline",
    .n_outputs = n_outputs,
    .n_saved = n_saved,
    .forward = forward,
    .inverse = inverse,
    .backward = backward,
    .fit = fit,
};
