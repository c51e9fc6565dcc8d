/* density.c - a correct density integrates to one: that number depends on log_det, base and every layer's forward map.
 *
 * Trains a flow of each depth, and tabulates its density on the plane and its integral.  A warning on stderr names an
 * integral whose quadrature has not converged.
 */
#include "experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"
#include "own_rows.h"
#include "plane.h"
#include "run_table.h"

/* Integrals that differ by more are not resolved; the spiral's differ by 2.4e-5 at most. */
static const double resolved = 1e-3;
/* One that is resolved and further from 1 has not all of the density's mass in the squares. */
static const double whole = 1e-2;

/* Warns of an integral that does not check its density; the table has both numbers, the figure "not resolved". */
static void warn_of_integral(const struct plane_density *d, const char *program, double reach)
{
    const size_t depth = d->run->flow.depth;
    if (!(fabs(d->integral - d->coarse_integral) <= resolved))
        fprintf(stderr,
                "%s: warning: depth %zu: the integral of the density is not resolved by its grid: %.5g, and "
                "%.5g with twice the step\n",
                program, depth, d->integral, d->coarse_integral);
    else if (!(fabs(d->integral - 1) <= whole))
        fprintf(stderr,
                "%s: warning: depth %zu: the integral of the density over [-%g, %g]^2 is %.5g: the rest lies "
                "outside, or between the grid's points\n",
                program, depth, reach, reach, d->integral);
}

struct densities {
    struct plane_density *list; /* [n]: of the runs that did not diverge, in their order */
    size_t                n;
};

static void *measure(const struct outcome *outcome)
{
    struct densities *densities = calloc(1, sizeof *densities);
    if (densities)
        densities->list = calloc(outcome->n + 1, sizeof *densities->list);
    if (!densities || !densities->list)
        exit_failed("not enough memory for the density on the plane");
    for (size_t i = 0; i < outcome->n; i++) {
        const struct run_result *result = &outcome->results[i];
        if (result->params && isfinite(result->train_logp))
            densities->list[densities->n++] = (struct plane_density){ .run = &outcome->runs[i],
                                                                      .params = result->params,
                                                                      .train_logp = result->train_logp };
        else
            fprintf(stderr, "%s: warning: depth %zu: %s: its density is not shown\n", outcome->session->program->name,
                    outcome->runs[i].flow.depth, fathom_status_name(result->status));
    }
    const double reach = plane_compute(densities->list, outcome->session, densities->n);
    for (size_t i = 0; i < densities->n; i++)
        warn_of_integral(&densities->list[i], outcome->session->program->name, reach);
    return densities;
}

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    struct densities *densities = measured;
    for (size_t i = 0; i < densities->n; i++)
        plane_free(&densities->list[i]);
    free(densities->list);
    free(densities);
}

/* A picture of PLANE_SIDE x PLANE_SIDE cells per depth. */
static void fill_pictures(struct table *table, const struct outcome *outcome)
{
    const struct densities *densities = outcome->measured;
    for (size_t i = 0; i < densities->n; i++)
        for (size_t cell = 0; cell < PLANE_SIDE * PLANE_SIDE; cell++) {
            const struct plane_density *d = &densities->list[i];
            table_count(table, d->run->flow.depth);
            table_number(table, d->x[cell % PLANE_SIDE]);
            table_number(table, d->x[cell / PLANE_SIDE]);
            table_number(table, d->value[cell]);
        }
}

static void fill_integrals(struct table *table, const struct outcome *outcome)
{
    const struct densities *densities = outcome->measured;
    for (size_t i = 0; i < densities->n; i++) {
        table_count(table, densities->list[i].run->flow.depth);
        table_number(table, densities->list[i].integral);
        table_number(table, densities->list[i].coarse_integral);
        table_number(table, densities->list[i].train_logp);
        run_table_hash(table, &outcome->results[densities->list[i].run - outcome->runs].params_hash);
    }
}

/* The training rows, to be drawn on top of the pictures. */
static void fill_rows(struct table *table, const struct outcome *outcome)
{
    const fathom_dataset *train = &outcome->session->train;
    for (size_t i = 0; i < 2 * train->n; i++)
        table_number(table, train->x[i]);
}

static void check_rows(const struct session *session)
{
    if (session->train.dim != 2)
        exit_failed("%s: %zu columns; a picture of the plane takes rows of 2%s", own_rows_name(session->options),
                    session->train.dim, session->set ? "" : "; --columns picks two");
}

static const struct design design = {
    .nesting = { AXIS_DEPTH },
    .train = true,
    .keep_params = true,
};

const struct experiment density = {
    .program = {
        .name = "density",
        .summary = "Trains a flow of each depth on two-dimensional rows and writes its density on the plane,\n"
                   "density.tsv, its integral, density_integral.tsv, and the rows themselves, spiral.tsv.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES_START | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .check_rows = check_rows,
    .design = &design,
    .measure = measure, .release = release,
    .tables = {
        {"density", "depth x y density", .fill = fill_pictures},
        {"density_integral", "depth integral coarse_integral train_logp params_sha256", .fill = fill_integrals},
        {"spiral", "x0 x1", .fill = fill_rows},
    },
    .figures = {"density"},
    .notebook_but = TAKES(OPTION_DEPTHS),
};
