/* density.c - the density of trained flows on the plane: a picture of it at each depth, and its integral.
 *
 * A density that is right integrates to one: log_det, base and every layer's forward map are in that number.  It is
 * taken by the midpoint rule, fine where the rows are and coarser in a wide frame around them, and once more with
 * twice the step: where both agree, the rule has converged.
 *
 * The picture and all parts of the integral are the same thing, a square grid of midpoints, so there is one kind of
 * job: a band of a grid's lines.  Each line is summed by itself and the lines' sums are added at the end, so the
 * integral does not depend on how the bands were shared out.  exp is the library's own deterministic one: glibc's has
 * other bits on another CPU.
 */
#include "runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"
#include "leave.h"
#include "parallel.h"

static const struct program program = {
    .name = "density",
    .summary = "Trains a flow of each depth on two-dimensional rows and writes its density on the plane,\n"
               "density.tsv, its integral, density_integral.tsv, and the rows themselves, spiral.tsv.",
    .takes = TAKES_DATA | TAKES_FLOW | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES_OUTPUT,
};

/* Cells on a side.  For the spiral the inner square is [-3, 3]^2, in steps of 0.006, a tenth of an arm's width; the
 * frame around it, to +-8, is the tail of the base distribution, in steps of 1/32. */
enum { INNER_SIDE = 1024, OUTER_SIDE = 512 };

enum { BAND = 16 }; /* lines a job */

/* Cells on a side of the picture. */
enum { PICTURE_SIDE = 128 };

struct density {
    double *x;                         /* [PICTURE_SIDE]: the cells' centres, on both axes      */
    double *value;                     /* [PICTURE_SIDE][PICTURE_SIDE]: p(x[column], x[row])    */
    double  integral, coarse_integral;
};

struct grid {
    const struct run    *run;
    const double        *params;
    size_t               side;
    double               half, step; /* [-half, half]^2 in side x side cells of this step */
    double               hole;       /* but without [-hole, hole]^2                       */
    double              *value;      /* [side][side], or NULL: only the sums              */
    double              *line_sum;   /* [side]                                            */
};

struct bands {
    const struct grid  *grids;
    const struct setup *setup;
    size_t             *grid, *first_line; /* of each job */
    uint64_t           *cost;
    size_t              n;
};

static void *need(void *memory)
{
    if (!memory)
        leave_failed("not enough memory for the density on the plane");
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
    fathom_workspace   *workspace = need(fathom_workspace_new(flow, bands->setup->options->isa));
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
    progress_add(progress, bands->cost[index]);
}

static double midpoint_rule(const struct grid *g) { return fathom_sum(g->line_sum, g->side) * (g->step * g->step); }

/* The smallest whole number that no coordinate of a row exceeds. */
static double half_side(const fathom_dataset *data)
{
    double reach = 1;
    for (size_t i = 0; i < 2 * data->n; i++)
        reach = fabs(data->x[i]) > reach ? fabs(data->x[i]) : reach;
    return ceil(reach);
}

static struct grid grid_of(const struct run *run, const double *params, double half, double hole, size_t side,
                           double *value)
{
    return (struct grid){run, params, side, half, 2 * half / (double)side, hole, value,
                         need(calloc(side, sizeof(double)))};
}

/* Of each density: its picture, then inner square and outer frame of the integral, then both with twice the step. */
enum { PICTURE, INNER, OUTER, COARSE_INNER, COARSE_OUTER, GRIDS };

static void compute(struct density *densities, const struct run *runs, const struct run_result *results,
                    const size_t *which, const struct setup *setup, size_t n)
{
    const struct parallel how = {.what = "density bands", .threads = setup->options->threads,
                                 .quiet = setup->options->quiet};
    /* Whole numbers, and 8 or twice the inner half: so the frame's cells end where the inner square begins. */
    const double half = half_side(&setup->train), outer = half <= 4 ? 8 : 2 * half;
    const size_t most = GRIDS * n * (INNER_SIDE / BAND + 1);
    struct grid *grids = need(malloc((GRIDS * n + 1) * sizeof *grids));
    struct bands bands = {.grids = grids, .setup = setup, .grid = need(calloc(most + 1, sizeof(size_t))),
                          .first_line = need(calloc(most + 1, sizeof(size_t))),
                          .cost = need(calloc(most + 1, sizeof(uint64_t)))};

    for (size_t i = 0; i < n; i++) {
        const struct run *run = &runs[which[i]];
        const double     *params = results[which[i]].params;
        struct grid      *g = &grids[GRIDS * i];
        densities[i].x = need(malloc(PICTURE_SIDE * sizeof(double)));
        densities[i].value = need(malloc(PICTURE_SIDE * PICTURE_SIDE * sizeof(double)));
        g[PICTURE] = grid_of(run, params, half, 0, PICTURE_SIDE, densities[i].value);
        g[INNER] = grid_of(run, params, half, 0, INNER_SIDE, NULL);
        g[OUTER] = grid_of(run, params, outer, half, OUTER_SIDE, NULL);
        g[COARSE_INNER] = grid_of(run, params, half, 0, INNER_SIDE / 2, NULL);
        g[COARSE_OUTER] = grid_of(run, params, outer, half, OUTER_SIDE / 2, NULL);
    }
    for (size_t g = 0; g < GRIDS * n; g++)
        for (size_t line = 0; line < grids[g].side; line += BAND) {
            bands.grid[bands.n] = g;
            bands.first_line[bands.n] = line;
            bands.cost[bands.n++] = grids[g].run->flow.depth * grids[g].side;
        }
    parallel_do(&how, do_band, &bands, bands.cost, bands.n);

    for (size_t i = 0; i < n; i++) {
        const struct grid *g = &grids[GRIDS * i];
        for (size_t c = 0; c < PICTURE_SIDE; c++)
            densities[i].x[c] = centre(&g[PICTURE], c);
        densities[i].integral = midpoint_rule(&g[INNER]) + midpoint_rule(&g[OUTER]);
        densities[i].coarse_integral = midpoint_rule(&g[COARSE_INNER]) + midpoint_rule(&g[COARSE_OUTER]);
    }
    for (size_t g = 0; g < GRIDS * n; g++)
        free(grids[g].line_sum);
    free(grids);
    free(bands.grid);
    free(bands.first_line);
    free(bands.cost);
}

enum { TABLES = 3 };

/* Of the runs that did not diverge, in their order.
 *   density.tsv            a picture of 128 x 128 cells of the smallest square of whole-numbered half side that holds
 *                          all training rows
 *   density_integral.tsv   the second integral with twice the step
 *   spiral.tsv             the training rows, to be drawn on top */
static void density_tables(struct table *tables[TABLES], const struct run *runs, const struct run_result *results,
                           const struct setup *setup, size_t n)
{
    struct table   *plane = tables[0] = setup_table(setup, "density", "depth x y density");
    struct table   *integral = tables[1] =
        setup_table(setup, "density_integral", "depth integral coarse_integral mean_logp");
    struct table   *rows = tables[2] = setup_table(setup, "spiral", "x0 x1");
    struct density *densities = need(calloc(n + 1, sizeof *densities));
    size_t         *which = need(calloc(n + 1, sizeof *which)), n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (results[i].status == FATHOM_OK)
            which[n_kept++] = i;
    compute(densities, runs, results, which, setup, n_kept);

    for (size_t k = 0; k < n_kept; k++) {
        const struct density *d = &densities[k];
        const size_t          depth = runs[which[k]].flow.depth;
        for (size_t cell = 0; cell < PICTURE_SIDE * PICTURE_SIDE; cell++) {
            table_count(plane, depth);
            table_number(plane, d->x[cell % PICTURE_SIDE]);
            table_number(plane, d->x[cell / PICTURE_SIDE]);
            table_number(plane, d->value[cell]);
        }
        table_count(integral, depth);
        table_number(integral, d->integral);
        table_number(integral, d->coarse_integral);
        table_number(integral, results[which[k]].mean_logp);
        free(d->x);
        free(d->value);
    }
    for (size_t i = 0; i < 2 * setup->train.n; i++)
        table_number(rows, setup->train.x[i]);
    free(densities);
    free(which);
}

int main(int argc, char **argv)
{
    const struct options defaults = options_default();
    struct options       options = defaults;
    struct setup         setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);
    if (setup.train.dim != 2)
        leave_failed("%s: %zu columns; a picture of the plane takes rows of 2", options.data, setup.train.dim);

    const size_t n = options.depths.n;
    struct run  *runs = runner_runs(n);
    for (size_t d = 0; d < n; d++) {
        runs[d] = runner_run(&setup, options.depths.depth[d], options.seed);
        runs[d].train = runs[d].keep_params = true;
    }
    struct run_result *results = runner_results(n);
    runner_do(results, runs, &setup, n);

    struct table *tables[TABLES];
    density_tables(tables, runs, results, &setup, n);
    const char *const figures[] = {"density", NULL};
    const int         code = setup_finish(&setup, tables, TABLES, figures, &defaults, TAKES(OPTION_DEPTHS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
