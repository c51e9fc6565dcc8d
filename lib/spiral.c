/* spiral.c - the two-armed spiral: rows drawn from it, and the density that they were drawn from.
 *
 * A row is a point of an arm plus noise: t ~ U(0.5, 3.5), arm = +-1 with equal chance,
 *
 *     raw = arm c(t) + sigma N(0, I),   c(t) = t (cos 2.5t, sin 2.5t),   sigma = 0.08,
 *
 * so its density is the noise's, averaged over the arms:
 *
 *     p(raw) = 1/2 sum_arm 1/3 int_0.5^3.5 N(raw; arm c(t), sigma^2 I) dt.
 *
 * The integral is taken by Gauss-Legendre quadrature on equal panels of t.  Only the panels near a point count, and a
 * disc around each panel tells which; terms are added relative to the largest (log-sum-exp), so that a point far from
 * the arms has a finite log density long after its density is too small for a double.
 *
 * Invariant: nodes, order of additions and elementary functions are fixed, so the bits are.
 */
#include <math.h>

#include "elementary.h"
#include "fathom.h"
#include "standardise.h"

static const double t_first = 0.5, t_length = 3.0, turn = 2.5, sigma = 0.08;

/* ---------------------------------------------------------------------------------------------------- rows ---- */

static void draw_rows(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All t, then all arms, then all noise: the order in which NumPy draws them.  They wait in the rows themselves. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = t_first + t_length * fathom_pcg64_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        raw[2 * i + 1] = (double)(2 * fathom_pcg64_integer(&rng, 0, 2) - 1);
    for (size_t i = 0; i < n; i++) {
        const double t = raw[2 * i], arm = raw[2 * i + 1];
        raw[2 * i] = arm * (t * same_cos(turn * t)) + sigma * fathom_pcg64_normal(&rng);
        raw[2 * i + 1] = arm * (t * same_sin(turn * t)) + sigma * fathom_pcg64_normal(&rng);
    }
}

fathom_status fathom_spiral(fathom_dataset *out, uint64_t seed, size_t n, const fathom_dataset *frame)
{
    fathom_dataset data;
    if (n < 2 || (frame != NULL && frame->dim != 2))
        return FATHOM_BAD_ARGUMENT;
    if (!fathom_dataset_alloc(&data, n, 2))
        return FATHOM_NO_MEMORY;

    draw_rows(data.x, seed, n);
    if (frame != NULL) {
        fathom_dataset_into_frame(&data, frame);
    } else if (fathom_dataset_standardise(&data) < 2) { /* every row equal: n too small for this seed */
        fathom_dataset_free(&data);
        return FATHOM_BAD_ARGUMENT;
    }
    *out = data;
    return FATHOM_OK;
}

/* ------------------------------------------------------------------------------------------------- density ---- */

/* The rule's abscissas and weights on [-1, 1], the positive half (Abramowitz & Stegun 1964, table 25.4, n = 16). */
enum { HALF = 8, ORDER = 2 * HALF };
static const struct { double abscissa, weight; } rule[HALF] = {
    {0.095012509837637441, 0.1894506104550685},
    {0.28160355077925892,  0.18260341504492358},
    {0.45801677765722737,  0.16915651939500254},
    {0.61787624440264377,  0.14959598881657674},
    {0.755404408355003,    0.12462897125553388},
    {0.86563120238783176,  0.095158511682492786},
    {0.9445750230732326,   0.062253523938647894},
    {0.98940093499164994,  0.027152459411754096},
};

/* Panels of t.  Where the density is above 1e-12 of its peak, exp(-d^2 / 2 sigma^2) falls at most like exp(-825 t)
 * (off an arm's end) or like a normal of deviation 0.0084 in t (across an arm); at this width the rule's remainder is
 * below 1e-10 of the integral in both cases. */
enum { PANELS = 128, NODES = PANELS * ORDER };

/* One arm; the other is its reflection through the origin. */
typedef struct arm_quadrature {
    double x[NODES], y[NODES];                      /* c(t) at the nodes, panel by panel */
    double weight[ORDER];                           /* of a panel's nodes                */
    double disc_x[PANELS], disc_y[PANELS], disc_r[PANELS]; /* each panel's nodes lie in its disc */
} arm_quadrature;

static double distance(double x, double y)
{
    return sqrt(x * x + y * y);
}

static void quadrature_nodes(arm_quadrature *q)
{
    const double half_width = t_length / (2 * PANELS);
    for (int k = 0; k < HALF; k++)
        q->weight[HALF + k] = q->weight[HALF - 1 - k] = half_width * rule[k].weight;

    for (int p = 0; p < PANELS; p++) {
        double      *x = q->x + p * ORDER, *y = q->y + p * ORDER;
        const double centre = t_first + (2 * p + 1) * half_width;
        for (int k = 0; k < ORDER; k++) {
            const double a = k < HALF ? -rule[HALF - 1 - k].abscissa : rule[k - HALF].abscissa;
            const double t = centre + half_width * a;
            x[k] = t * same_cos(turn * t);
            y[k] = t * same_sin(turn * t);
        }
        q->disc_x[p] = 0.5 * (x[0] + x[ORDER - 1]);
        q->disc_y[p] = 0.5 * (y[0] + y[ORDER - 1]);
        q->disc_r[p] = 0.0;
        for (int k = 0; k < ORDER; k++) {
            const double r = distance(x[k] - q->disc_x[p], y[k] - q->disc_y[p]);
            q->disc_r[p] = r > q->disc_r[p] ? r : q->disc_r[p];
        }
    }
}

/* log of the sum over both arms of int exp(-|raw - arm c(t)|^2 / 2 sigma^2) dt. */
static double log_arm_integral(const arm_quadrature *q, double raw_x, double raw_y)
{
    /* exp(-negligible) times all the nodes there are is below a double's precision. */
    const double negligible = 45.0, two_variances = 2.0 * sigma * sigma;

    /* How far the nodes of each panel are at least, and the nearest node of all at most. */
    double gap[2][PANELS], nearest = INFINITY;
    for (int arm = 0; arm < 2; arm++) {
        const double sign = arm == 0 ? 1.0 : -1.0;
        for (int p = 0; p < PANELS; p++) {
            const double d = distance(raw_x - sign * q->disc_x[p], raw_y - sign * q->disc_y[p]);
            const double at_most = d + q->disc_r[p];
            gap[arm][p] = d - q->disc_r[p] > 0.0 ? d - q->disc_r[p] : 0.0;
            nearest = at_most < nearest ? at_most : nearest;
        }
    }

    /* Squared distances of the nodes that may matter, and the least of them. */
    const double reach = nearest * nearest + negligible * two_variances;
    double       square[2 * NODES], weight[2 * NODES], least = INFINITY;
    size_t       count = 0;
    for (int arm = 0; arm < 2; arm++) {
        const double sign = arm == 0 ? 1.0 : -1.0;
        for (int p = 0; p < PANELS; p++) {
            if (gap[arm][p] * gap[arm][p] > reach)
                continue;
            for (int k = 0; k < ORDER; k++) {
                const double dx = raw_x - sign * q->x[p * ORDER + k], dy = raw_y - sign * q->y[p * ORDER + k];
                const double d2 = dx * dx + dy * dy;
                square[count] = d2;
                weight[count++] = q->weight[k];
                least = d2 < least ? d2 : least;
            }
        }
    }
    if (!(least < INFINITY)) /* farther away than a double can square */
        return -INFINITY;

    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double below = (square[i] - least) / two_variances;
        if (below < negligible)
            sum += weight[i] * same_exp(-below);
    }
    return same_log(sum) - least / two_variances;
}

void fathom_spiral_log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    const double pi = 3.141592653589793;
    const double sd_x = frame->sd[0], sd_y = frame->sd[1];

    /* 1/2 for the arms, 1/t_length for t, the noise's 1 / (2 pi sigma^2), and the frame's change of area. */
    const double log_constant = same_log(sd_x) + same_log(sd_y) - same_log(2.0 * t_length * 2.0 * pi * sigma * sigma);

    arm_quadrature q;
    quadrature_nodes(&q);
    for (size_t i = 0; i < n; i++) {
        const double raw_x = frame->mean[0] + sd_x * x[2 * i], raw_y = frame->mean[1] + sd_y * x[2 * i + 1];
        logp[i] = raw_x != raw_x || raw_y != raw_y ? NAN : log_constant + log_arm_integral(&q, raw_x, raw_y);
    }
}
