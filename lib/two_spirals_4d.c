/* two_spirals_4d.c - two independent spirals side by side, turned in four dimensions.
 *
 *     raw = H (u, v) / 2,   u a spiral's row (spiral.c) of seed s, v one of seed s + 1000,
 *
 * H the 4 x 4 Hadamard matrix of Sylvester's order, with rows ++++, +-+-, ++--, +--+.  H/2 is orthogonal and symmetric,
 * so (u, v) = H raw / 2, the volume does not change, and
 *
 *     log p(raw) = log p_spiral(u) + log p_spiral(v).
 *
 * Every coordinate of raw depends on both spirals, so no coordinate is a spiral's own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data_set.h"
#include "elementary.h"

enum { DIM = 4, SEED_OF_SECOND = 1000 };

/* y = H x / 2, in place; its own inverse. */
static void turn(double x[DIM])
{
    const double a = x[0] + x[1], b = x[0] - x[1], c = x[2] + x[3], d = x[2] - x[3];
    x[0] = (a + c) / 2;
    x[1] = (b + d) / 2;
    x[2] = (a - c) / 2;
    x[3] = (b - d) / 2;
}

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    double *pair = malloc(2 * n * sizeof *pair);
    if (!pair)
        return FATHOM_NO_MEMORY;
    for (size_t spiral = 0; spiral < 2; spiral++) {
        fathom_spiral_draw(pair, seed + SEED_OF_SECOND * spiral, n);
        for (size_t i = 0; i < n; i++)
            memcpy(raw + DIM * i + 2 * spiral, pair + 2 * i, 2 * sizeof *pair);
    }
    for (size_t i = 0; i < n; i++)
        turn(raw + DIM * i);
    free(pair);
    return FATHOM_OK;
}

/* A row so far out that a sum overflows is not NaN: its density is 0. */
static double log_density_of(const double x[DIM], double log_p)
{
    bool known = true;
    for (size_t c = 0; c < DIM; c++)
        known = known && !isnan(x[c]);
    return known && isnan(log_p) ? -INFINITY : log_p;
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    double               zero[2] = { 0, 0 }, one[2] = { 1, 1 }, log_volume = 0;
    const fathom_dataset raw_frame = { .dim = 2, .mean = zero, .sd = one };
    double              *u = malloc(6 * n * sizeof *u), *v = u + 2 * n, *of_u = v + 2 * n, *of_v = of_u + n;
    fathom_status        status = u ? FATHOM_OK : FATHOM_NO_MEMORY;
    for (size_t c = 0; c < DIM; c++)
        log_volume += same_log(frame->sd[c]);
    for (size_t i = 0; i < n && u; i++) {
        double row[DIM];
        for (size_t c = 0; c < DIM; c++)
            row[c] = frame->mean[c] + frame->sd[c] * x[DIM * i + c];
        turn(row);
        memcpy(u + 2 * i, row, 2 * sizeof *row);
        memcpy(v + 2 * i, row + 2, 2 * sizeof *row);
    }
    if (status == FATHOM_OK)
        status = fathom_spiral_log_density(of_u, u, &raw_frame, n);
    if (status == FATHOM_OK)
        status = fathom_spiral_log_density(of_v, v, &raw_frame, n);
    for (size_t i = 0; i < n && status == FATHOM_OK; i++)
        logp[i] = log_density_of(x + DIM * i, log_volume + (of_u[i] + of_v[i]));
    free(u);
    return status;
}

const struct fathom_data_set fathom_data_set_two_spirals_4d = {
    .name = "two_spirals_4d",
    .dim = DIM,
    .draw = draw,
    .log_density = log_density,
    .entropy = 4.471774547, /* twice the spiral's, 2.2358872737 */
};
