/* density.c - the density of trained flows on the plane: a picture of it at each depth, and its integral.
 *
 * A density that is right integrates to one: log_det, base and every layer's forward map are in that number.  It is
 * taken by the midpoint rule, fine where the rows are and coarser in a wide frame around them, and once more with
 * twice the step: where both agree, the rule has converged.  Where they do not, a line on stderr says so.
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
#include "runner.h"

#include <gsl/gsl_sort.h>
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

/* Half sides of nested squares about the origin: the first holds the rows, or nearly all, the last all and more. */
enum { MOST_SQUARES = 64 };
static const double base_reach = 8; /* beyond it the base distribution, a standard normal, has 1e-15 of its mass */
struct squares {
    size_t n;
    double half[MOST_SQUARES];
};

/* Integrals that differ by more are not resolved; the spiral's differ by 2.4e-5 at most. */
static const double resolved = 1e-3;
/* One that is resolved and further from 1 has not all of the density's mass in the squares. */
static const double whole = 1e-2;

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
    struct squares s = {2, {half, half <= 4 ? base_reach : 2 * half}};
    free(reach);
    if (all > 4 * most && most > 0) {
        s = (struct squares){1, {1}};
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
    return (struct grid){run, params, side, half, 2 * half / (double)side, hole, value,
                         need(calloc(side, sizeof(double)))};
}

/* Of each density: its picture, then square and frames of the integral, then these with twice the step. */
static void fill_grids(struct grid *g, struct density *density, const struct run *run, const double *params,
                         const struct squares *squares)
{
    size_t n = 0;
    density->x = need(malloc(PICTURE_SIDE * sizeof(double)));
    density->value = need(malloc(PICTURE_SIDE * PICTURE_SIDE * sizeof(double)));
    g[n++] = grid_of(run, params, squares->half[0], 0, PICTURE_SIDE, density->value);
    for (size_t coarser = 1; coarser <= 2; coarser++)
        for (size_t k = 0; k < squares->n; k++)
            g[n++] = grid_of(run, params, squares->half[k], k ? squares->half[k - 1] : 0,
                             (k ? OUTER_SIDE : INNER_SIDE) / coarser, NULL);
}

static void finish(struct density *density, const struct grid *g, const struct squares *squares)
{
    for (size_t c = 0; c < PICTURE_SIDE; c++)
        density->x[c] = centre(&g[0], c);
    density->integral = density->coarse_integral = 0;
    for (size_t k = 0; k < squares->n; k++) {
        density->integral += midpoint_rule(&g[1 + k]);
        density->coarse_integral += midpoint_rule(&g[1 + squares->n + k]);
    }
}

static void compute(struct density *densities, const struct run *runs, const struct run_result *results,
                    const size_t *which, const struct setup *setup, const struct squares *squares, size_t n)
{
    const struct parallel how = {.what = "density bands", .threads = setup->options->threads,
                                 .quiet = setup->options->quiet};
    const size_t each = 1 + 2 * squares->n, most = each * n * (INNER_SIDE / BAND + 1);
    struct grid *grids = need(malloc((each * n + 1) * sizeof *grids));
    struct bands bands = {.grids = grids, .setup = setup, .grid = need(calloc(most + 1, sizeof(size_t))),
                          .first_line = need(calloc(most + 1, sizeof(size_t))),
                          .cost = need(calloc(most + 1, sizeof(uint64_t)))};

    for (size_t i = 0; i < n; i++)
        fill_grids(&grids[each * i], &densities[i], &runs[which[i]], results[which[i]].params, squares);
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
}

/* An integral that is no check of its density is told; the table holds both numbers, the figure "not resolved". */
static void warn_of_integral(const struct density *d, const struct squares *squares, size_t depth)
{
    const double reach = squares->half[squares->n - 1];
    if (!(fabs(d->integral - d->coarse_integral) <= resolved))
        fprintf(stderr, "%s: warning: depth %zu: the integral of the density is not resolved by its grid: %.5g, and "
                "%.5g with twice the step\n", program.name, depth, d->integral, d->coarse_integral);
    else if (!(fabs(d->integral - 1) <= whole))
        fprintf(stderr, "%s: warning: depth %zu: the integral of the density over [-%g, %g]^2 is %.5g: the rest lies "
                "outside, or between the grid's points\n", program.name, depth, reach, reach, d->integral);
}

enum { TABLES = 3 };

/* Of the runs that did not diverge, in their order.
 *   density.tsv            a picture of 128 x 128 cells of the square that holds the training rows, or nearly all
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
    const struct squares squares = squares_of(&setup->train);
    size_t         *which = need(calloc(n + 1, sizeof *which)), n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (results[i].status == FATHOM_OK)
            which[n_kept++] = i;
        else
            fprintf(stderr, "%s: warning: depth %zu: %s: it has no density to show\n", program.name, runs[i].flow.depth,
                    fathom_status_name(results[i].status));
    compute(densities, runs, results, which, setup, &squares, n_kept);

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
        warn_of_integral(d, &squares, depth);
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
        leave_failed("%s: %zu columns; a picture of the plane takes rows of 2; --columns picks two", options.data,
                     setup.train.dim);

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
