/* plane.c - a density on the plane (plane.h).
 *
 * Rows of one's own may have a few far outside all others.  A square that held them would show nothing and resolve
 * nothing: the square is then that of the others, and frames, each twice as wide as the one before, lead out to the far
 * ones.
 *
 * The picture and all parts of the integral are the same thing, a square grid of midpoints, so there is one kind of
 * job: a band of a grid's lines.  Each line is summed by itself and the lines' sums are added at the end, so the
 * integral does not depend on how the bands were shared out.  exp is the library's own deterministic one: glibc's has
 * other bits on another CPU.
 */
#include "plane.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"
#include "exit.h"
#include "parallel.h"

/* Cells on a side.  For the spiral the inner square is [-3, 3]^2, in steps of 0.006, a tenth of an arm's width; the
 * frame around it, to +-8, is the tail of the base distribution, in steps of 1/32. */
enum { INNER_SIDE = 1024, OUTER_SIDE = 512 };

enum { BAND = 16 }; /* lines per job */

/* Half sides of nested squares about the origin: the first holds the rows, or nearly all, the last all and more. */
enum { MOST_SQUARES = 64 };
static const double base_reach = 8; /* beyond it the base distribution, a standard normal, has 1e-15 of its mass */
struct squares {
    size_t n;
    double half[MOST_SQUARES];
};

struct grid {
    const struct run *run;
    const double     *params;
    size_t            side;
    double            half, step; /* [-half, half]^2 in side x side cells of this step */
    double            hole;       /* but without [-hole, hole]^2                       */
    double           *value;      /* [side][side], or NULL: only the sums              */
    double           *line_sum;   /* [side]                                            */
};

struct bands {
    const struct grid    *grids;
    const struct session *session;
    size_t               *grid, *first_line; /* of each job */
    uint64_t             *cost;
    size_t                n;
};

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the density on the plane");
    return memory;
}

static double centre(const struct grid *g, size_t cell) { return ((double)cell + 0.5) * g->step - g->half; }

/* points: the line's midpoints, but for the hole's; gives how many. */
static size_t fill_line(double *points, const struct grid *g, size_t line)
{
    const double y = centre(g, line);
    size_t       n = 0;
    for (size_t i = 0; i < g->side; i++) {
        const double x = centre(g, i);
        if (fabs(x) < g->hole && fabs(y) < g->hole)
            continue;
        points[2 * n] = x;
        points[2 * n++ + 1] = y;
    }
    return n;
}

static void do_band(void *context, size_t index, struct progress *progress)
{
    const struct bands *bands = context;
    const struct grid  *g = &bands->grids[bands->grid[index]];
    fathom_flow        *flow = need(fathom_flow_new(&g->run->flow, NULL, NULL));
    fathom_workspace   *workspace = need(fathom_workspace_new(flow, bands->session->options->isa));
    double             *points = need(malloc(3 * g->side * sizeof *points)), *density = points + 2 * g->side;

    for (size_t line = bands->first_line[index]; line < g->side && line < bands->first_line[index] + BAND; line++) {
        const size_t n = fill_line(points, g, line);
        if (fathom_flow_log_prob(density, workspace, g->params, points, n) != FATHOM_OK)
            need(NULL);
        for (size_t i = 0; i < n; i++)
            density[i] = same_exp(density[i]);
        if (g->value)
            memcpy(g->value + line * g->side, density, g->side * sizeof *density);
        g->line_sum[line] = fathom_sum(density, n);
    }
    free(points);
    fathom_workspace_free(workspace);
    fathom_flow_free(flow);
    parallel_add(progress, bands->cost[index]);
}

static double midpoint_rule(const struct grid *g) { return fathom_sum(g->line_sum, g->side) * (g->step * g->step); }

/* The larger coordinate of each row by size, in ascending order.  The caller frees. */
static double *reaches(const fathom_dataset *data)
{
    double *reach = need(malloc(data->n * sizeof *reach));
    for (size_t i = 0; i < data->n; i++) {
        const double x = fabs(data->x[2 * i]), y = fabs(data->x[2 * i + 1]);
        reach[i] = x > y ? x : y;
    }
    gsl_sort(reach, 1, data->n);
    return reach;
}

/* The first square: of the smallest whole-numbered half side that holds all rows.  But if the furthest row is more than
 * four times as far out as 99 of 100, then of the smallest power of two that is at least twice as far as these.
 * Each frame's cells end where the square before it begins: the half sides are whole numbers, 8 or twice the one
 * before, or powers of two. */
static struct squares squares_of(const fathom_dataset *data)
{
    double        *reach = reaches(data);
    const double   all = reach[data->n - 1], most = reach[(data->n - 1) * 99 / 100], half = ceil(all > 1 ? all : 1);
    struct squares s = { 2, { half, half <= 4 ? base_reach : 2 * half } };
    free(reach);
    if (all > 4 * most && most > 0) {
        s = (struct squares){ 1, { 1 } };
        while (s.half[0] < 2 * most)
            s.half[0] *= 2;
        while (s.half[0] / 2 >= 2 * most)
            s.half[0] /= 2;
        for (double last = s.half[0]; (last < 2 * all || last < base_reach) && s.n < MOST_SQUARES; s.n++)
            s.half[s.n] = last *= 2;
    }
    return s;
}

static struct grid grid_of(const struct run *run, const double *params, double half, double hole, size_t side,
                           double *value)
{
    return (struct grid){
        run, params, side, half, 2 * half / (double)side, hole, value, need(calloc(side, sizeof(double)))
    };
}

/* Of each density: its picture, then square and frames of the integral, then these with twice the step. */
static void fill_grids(struct grid *g, struct plane_density *density, const struct squares *squares)
{
    const struct run *run = density->run;
    const double     *params = density->params;
    size_t            n = 0;
    density->x = need(malloc(PLANE_SIDE * sizeof(double)));
    density->value = need(malloc(PLANE_SIDE * PLANE_SIDE * sizeof(double)));
    g[n++] = grid_of(run, params, squares->half[0], 0, PLANE_SIDE, density->value);
    for (size_t coarser = 1; coarser <= 2; coarser++)
        for (size_t k = 0; k < squares->n; k++)
            g[n++] = grid_of(run, params, squares->half[k], k ? squares->half[k - 1] : 0,
                             (k ? OUTER_SIDE : INNER_SIDE) / coarser, NULL);
}

static void finish(struct plane_density *density, const struct grid *g, const struct squares *squares)
{
    for (size_t c = 0; c < PLANE_SIDE; c++)
        density->x[c] = centre(&g[0], c);
    density->integral = density->coarse_integral = 0;
    for (size_t k = 0; k < squares->n; k++) {
        density->integral += midpoint_rule(&g[1 + k]);
        density->coarse_integral += midpoint_rule(&g[1 + squares->n + k]);
    }
}

double plane_compute(struct plane_density *densities, const struct session *session, size_t n)
{
    const struct squares  all = squares_of(&session->train), *squares = &all;
    const struct parallel how = { .what = "density bands",
                                  .threads = session->options->threads,
                                  .quiet = session->options->quiet };
    const size_t          each = 1 + 2 * squares->n, most = each * n * (INNER_SIDE / BAND + 1);
    struct grid          *grids = need(malloc((each * n + 1) * sizeof *grids));
    struct bands          bands = { .grids = grids,
                                    .session = session,
                                    .grid = need(calloc(most + 1, sizeof(size_t))),
                                    .first_line = need(calloc(most + 1, sizeof(size_t))),
                                    .cost = need(calloc(most + 1, sizeof(uint64_t))) };

    for (size_t i = 0; i < n; i++)
        fill_grids(&grids[each * i], &densities[i], squares);
    for (size_t g = 0; g < each * n; g++)
        for (size_t line = 0; line < grids[g].side; line += BAND) {
            bands.grid[bands.n] = g;
            bands.first_line[bands.n] = line;
            bands.cost[bands.n++] = grids[g].run->flow.depth * grids[g].side;
        }
    parallel_do(&how, do_band, &bands, bands.cost, bands.n);

    for (size_t i = 0; i < n; i++)
        finish(&densities[i], &grids[each * i], squares);
    for (size_t g = 0; g < each * n; g++)
        free(grids[g].line_sum);
    free(grids);
    free(bands.grid);
    free(bands.first_line);
    free(bands.cost);
    return squares->half[squares->n - 1];
}

void plane_free(struct plane_density *density)
{
    free(density->x);
    free(density->value);
}
