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
 * The integral is computed by Gauss-Legendre quadrature on equal panels of t.  Only panels near the point contribute;
 * a disc around each panel is compared with the point.  The terms are added relative to the largest (log-sum-exp).  So
 * a point far from the arms has a finite log density even where its density is too small for a double.
 *
 * Invariant: nodes, order of additions and elementary functions are fixed, so the bits are fixed too.
 */
#include <math.h>
#include <stdlib.h>

#include "data_set.h"
#include "elementary.h"
#include "gauss_legendre.h"
#include "kernels/kernels.h"

static const double t_first = 0.5, t_length = 3.0, turn = 2.5, sigma = 0.08;

/* ---------------------------------------------------------------------------------------------------- rows ---- */

void fathom_spiral_draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All t, then all arms, then all noise: the order in which NumPy draws them.  t and arm are first stored in raw. */
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

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_spiral_draw(raw, seed, n);
    return FATHOM_OK;
}

/* ------------------------------------------------------------------------------------------------- density ---- */

/* Panels of t.  Where the density is above 1e-12 of its peak, exp(-d^2 / 2 sigma^2) falls at most like exp(-825 t)
 * (off an arm's end) or like a normal of deviation 0.0084 in t (across an arm); at this width the rule's remainder is
 * below 1e-10 of the integral in both cases. */
enum { PANELS = 128, ARMS = 2, NODES = ARMS * PANELS * ORDER };

/* Both arms, panel by panel: first all of the arm +1, then its reflection through the origin. */
typedef struct arm_quadrature {
    double x[NODES], y[NODES];                               /* c(t) at the nodes                         */
    double weight[ORDER];                                    /* of a panel's nodes                        */
    double centre_x[ARMS * PANELS], centre_y[ARMS * PANELS]; /* of a disc that holds the panel's nodes */
    double radius;                                           /* of the largest disc                       */
} arm_quadrature;

static void quadrature_nodes(arm_quadrature *q)
{
    const double half_width = t_length / (2 * PANELS);
    for (int k = 0; k < HALF; k++)
        q->weight[HALF + k] = q->weight[HALF - 1 - k] = half_width * gauss_legendre[k].weight;

    q->radius = 0.0;
    for (int p = 0; p < PANELS; p++) {
        double      *x = q->x + p * ORDER, *y = q->y + p * ORDER;
        const double middle = t_first + (2 * p + 1) * half_width;
        for (int k = 0; k < ORDER; k++) {
            const double a = k < HALF ? -gauss_legendre[HALF - 1 - k].abscissa : gauss_legendre[k - HALF].abscissa;
            const double t = middle + half_width * a;
            x[k] = t * same_cos(turn * t);
            y[k] = t * same_sin(turn * t);
        }
        q->centre_x[p] = 0.5 * (x[0] + x[ORDER - 1]);
        q->centre_y[p] = 0.5 * (y[0] + y[ORDER - 1]);
        for (int k = 0; k < ORDER; k++) {
            const double dx = x[k] - q->centre_x[p], dy = y[k] - q->centre_y[p], r = sqrt(dx * dx + dy * dy);
            q->radius = r > q->radius ? r : q->radius;
        }
    }
    for (int k = 0; k < PANELS * ORDER; k++) {
        q->x[PANELS * ORDER + k] = -q->x[k];
        q->y[PANELS * ORDER + k] = -q->y[k];
    }
    for (int p = 0; p < PANELS; p++) {
        q->centre_x[PANELS + p] = -q->centre_x[p];
        q->centre_y[PANELS + p] = -q->centre_y[p];
    }
}

/* Scratch memory for one point.  It is on the heap, as the nodes are, since a thread's stack may be as small as 128
 * KiB. */
typedef struct point_terms {
    double square[ARMS * PANELS];          /* squared distances of the panels */
    double exponent[NODES], weight[NODES]; /* of the nodes that count         */
} point_terms;

/* log of the sum over both arms of int exp(-|raw - arm c(t)|^2 / 2 sigma^2) dt. */
static double log_arm_integral(const arm_quadrature *q, point_terms *terms, const fathom_isa *isa, double raw_x,
                               double raw_y)
{
    /* exp(-negligible) times the number of nodes is below the precision of a double. */
    const double negligible = 45.0, two_variances = 2.0 * sigma * sigma, exponent_scale = -1.0 / two_variances;

    /* Squared distances of the panels, and the least of them (eight partial ones: a compiler can make them vectors). */
    double *square = terms->square, least[8];
    for (int i = 0; i < 8; i++)
        least[i] = INFINITY;
    for (int p = 0; p < ARMS * PANELS; p++) {
        const double dx = raw_x - q->centre_x[p], dy = raw_y - q->centre_y[p];
        square[p] = dx * dx + dy * dy;
    }
    for (int p = 0; p < ARMS * PANELS; p += 8)
        for (int i = 0; i < 8; i++)
            least[i] = square[p + i] < least[i] ? square[p + i] : least[i];
    for (int i = 1; i < 8; i++)
        least[0] = least[i] < least[0] ? least[i] : least[0];

    /* The largest distance of a node that is not negligible beside the nearest one; and that of the centre of a panel
     * that may contain such a node, with an allowance for rounding. */
    const double nearest = sqrt(least[0]) + q->radius, reach = sqrt(nearest * nearest + negligible * two_variances);
    const double limit = (reach + q->radius) * (reach + q->radius) * (1.0 + 1e-12);
    double      *exponent = terms->exponent, *weight = terms->weight;
    size_t       n = 0;
    for (int p = 0; p < ARMS * PANELS; p++) {
        if (!(square[p] <= limit))
            continue;
        for (int k = 0; k < ORDER; k++) {
            const double dx = raw_x - q->x[p * ORDER + k], dy = raw_y - q->y[p * ORDER + k];
            exponent[n + (size_t)k] = (dx * dx + dy * dy) * exponent_scale;
            weight[n + (size_t)k] = q->weight[k];
        }
        n += ORDER;
    }
    return isa->log_sum_exp(weight, exponent, n); /* -inf farther away than a double can square */
}

fathom_status fathom_spiral_log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    const double pi = 3.141592653589793;
    const double sd_x = frame->sd[0], sd_y = frame->sd[1];

    /* 1/2 for the arms, 1/t_length for t, the noise's 1 / (2 pi sigma^2), and the frame's change of area. */
    const double log_constant = same_log(sd_x) + same_log(sd_y) - same_log(2.0 * t_length * 2.0 * pi * sigma * sigma);

    const fathom_isa *isa = fathom_isa_find(NULL); /* every set gives the same bits */
    struct {
        arm_quadrature q;
        point_terms    terms;
    } *heap = malloc(sizeof *heap);
    if (!heap)
        return FATHOM_NO_MEMORY;
    quadrature_nodes(&heap->q);
    for (size_t i = 0; i < n; i++) {
        const double raw_x = frame->mean[0] + sd_x * x[2 * i], raw_y = frame->mean[1] + sd_y * x[2 * i + 1];
        logp[i] = raw_x != raw_x || raw_y != raw_y
                    ? NAN
                    : log_constant + log_arm_integral(&heap->q, &heap->terms, isa, raw_x, raw_y);
    }
    free(heap);
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_spiral = {
    .name = "spiral",
    .dim = 2,
    .draw = draw,
    .log_density = fathom_spiral_log_density,
    .entropy = 2.235887274, /* by the trapezoid rule, steps of 0.04, 0.02 and 0.01 alike */
};
