/* checkerboard.c - the eight black squares of a board: the cells of side 2 of [-4, 4]^2 in which
 * floor(x / 2) + floor(y / 2) is even, each point of them equally likely (Grathwohl et al. 2019, "FFJORD", toy data).
 *
 * Their area is 32, so the log density is -log 32 inside, and -inf outside.
 */
#include "data_set.h"
#include "elementary.h"
#include "plane_density.h"

static fathom_status draw(double *raw, uint64_t seed, size_t n)
{
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);

    /* All x, then all places in a cell's height, then which of a column's two cells.  Columns count from 0. */
    for (size_t i = 0; i < n; i++)
        raw[2 * i] = fathom_pcg64_uniform(&rng);
    for (size_t i = 0; i < n; i++)
        raw[2 * i + 1] = fathom_pcg64_uniform(&rng);
    for (size_t i = 0; i < n; i++) {
        const int64_t column = (int64_t)(4.0 * raw[2 * i]), row = 2 * fathom_pcg64_integer(&rng, 0, 2) + column % 2;
        raw[2 * i] = 8.0 * raw[2 * i] - 4.0;
        raw[2 * i + 1] = 2.0 * ((double)row + raw[2 * i + 1]) - 4.0;
    }
    return FATHOM_OK;
}

static bool in_cell(double x, double y)
{
    return x >= -4.0 && x < 4.0 && y >= -4.0 && y < 4.0 && ((int)((x + 4.0) / 2.0) + (int)((y + 4.0) / 2.0)) % 2 == 0;
}

/* A row goes into a frame and back, which moves it by a few units in its last place: a point as close to a cell as that
 * belongs to it, so no row that was drawn has the density 0. */
static double log_raw(void *context, const double raw[2])
{
    const double rounding = 1e-13;
    (void)context;
    for (int i = 0; i < 4; i++)
        if (in_cell(raw[0] + (i & 1 ? rounding : -rounding), raw[1] + (i & 2 ? rounding : -rounding)))
            return -same_log(32.0);
    return -INFINITY;
}

static fathom_status log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n)
{
    fathom_plane_log_density(logp, x, frame, n, log_raw, NULL);
    return FATHOM_OK;
}

const struct fathom_data_set fathom_data_set_checkerboard = {
    .name = "checkerboard",
    .dim = 2,
    .draw = draw,
    .log_density = log_density,
    .entropy = 3.4657359027997265, /* log 32 */
};
