/* warm_start.c - "the warm start is ahead the whole way and lands at a better optimum": cold against warm at the same
 * rotations, rates, steps and batches (PROTOCOL.md, Warm start).
 *
 * The warm start is the diagonal solution of iterative Gaussianization; the cold one has its rotations.  Both keep them, so
 * that the density stays a density.  The certificate is the density's integral over the plane.  The ablation trains the
 * rotations as free matrices while their log-det counts as 0, as an earlier version of the sibling notebook's library did.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "flow_integrals.h"
#include "reach.h"
#include "run_table.h"
#include "training_course.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ------------------------------------------------------------------------------------------------ the parts ---- */

enum { SIBLING_WIDTH = 64 };
static const struct arm cold_warm[] = {
    { .name = "cold", .start = "rotations", .rotation = "frozen", .width = SIBLING_WIDTH },
    { .name = "warm", .start = "warm", .rotation = "frozen", .width = SIBLING_WIDTH },
};
static const struct arm notebook_width[] = {
    { .name = "cold", .start = "rotations", .rotation = "frozen" },
    { .name = "warm", .start = "warm", .rotation = "frozen" },
};
static const struct arm trained[] = {
    { .name = "trained", .start = "cold", .rotation = "householder", .width = SIBLING_WIDTH },
};
static const struct arm free_matrix[] = {
    { .name = "free", .start = "warm", .rotation = "free", .width = SIBLING_WIDTH },
};

static const struct coupling_level mixture[] = { { "mixture", 1 } }, spline[] = { { "spline", 1 } };
static const struct data_level     spiral[] = { { "spiral", 0 } }, others[] = { { "moons", 0 }, { "checkerboard", 0 } };
static const double                rates[] = { 1e-3, 3e-3, 1e-2 }, middle[] = { 3e-3 }, lowest[] = { 1e-3 };

#define PART(levels, coupling, rates_of, arms_of, seeds_of, ...)                                                    \
    {                                                                                                               \
        .nesting = { AXIS_DATA, AXIS_COUPLING, AXIS_DEPTH, AXIS_RATE, AXIS_ARM, AXIS_SEED }, .data = levels,        \
        .n_data = COUNT(levels), .couplings = coupling, .n_couplings = 1, .depths = __VA_ARGS__, .rates = rates_of, \
        .n_rates = COUNT(rates_of), .arms = arms_of, .n_arms = COUNT(arms_of), .seeds = seeds_of, .probe = true,    \
        .train = true, .validation = true, .keep_first_params = true, .trace = TRACE_ALL,                           \
    }

static const struct design parts[] = {
    PART(spiral, mixture, rates, cold_warm, 24, { 1, { 4 } }),
    PART(spiral, mixture, middle, cold_warm, 8, { 2, { 2, 8 } }),
    PART(spiral, spline, middle, notebook_width, 8, { 1, { 4 } }),
    PART(others, mixture, middle, cold_warm, 8, { 1, { 4 } }),
    PART(spiral, mixture, middle, trained, 8, { 1, { 4 } }),
    PART(spiral, mixture, lowest, free_matrix, 1, { 1, { 4 } }),
};

static void defaults(struct options *options)
{
    options->seed = 300;
    options->seeds = 24;
    options->flow.coupling = NULL; /* each part's own */
}

/* A run of the primary part. */
static bool is_primary(const struct run *run)
{
    return !run->rows && strcmp(run->flow.coupling, "mixture") == 0 && run->flow.depth == 4 &&
           (strcmp(run->arm, "cold") == 0 || strcmp(run->arm, "warm") == 0);
}

/* ------------------------------------------------------------------------------------------ batch losses ---- */

/* Of each run, and when it reaches the final value of the cold run that is alike in all but its start. */
static void fill_reach(struct table *table, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        const struct run *run = &outcome->runs[i], *other = run;
        for (size_t k = 0; k < outcome->n && strcmp(other->arm, "cold") != 0; k++) {
            const struct run *cold = &outcome->runs[k];
            if (strcmp(cold->arm, "cold") == 0 && cold->rows == run->rows && cold->seed == run->seed &&
                cold->flow.depth == run->flow.depth && cold->training.peak_lr == run->training.peak_lr &&
                strcmp(cold->flow.coupling, run->flow.coupling) == 0)
                other = cold;
        }
        const bool there = strcmp(other->arm, "cold") == 0;
        reach_put(table, run, &outcome->results[i], there ? &outcome->results[other - outcome->runs] : NULL,
                  outcome->session);
    }
}

/* Of the cells of the primary part: quartiles over the seeds of the loss at a step. */
static void fill_loss(struct table *table, const struct outcome *outcome)
{
    for (size_t first = 0, end; first < outcome->n; first = end) {
        const struct run *run = &outcome->runs[first];
        for (end = first; end < outcome->n && outcome->runs[end].arm == run->arm &&
                          outcome->runs[end].training.peak_lr == run->training.peak_lr &&
                          is_primary(&outcome->runs[end]);)
            end++;
        if (end > first)
            training_course_put(table, &outcome->runs[first], &outcome->results[first], end - first);
        else
            end++;
    }
}

/* ---------------------------------------------------------------------------------------------- the density ---- */

enum { COURSE = 12 /* parts of the training, at whose ends the ablation's integral is taken */ };
static const size_t most_points = 4000000, course_points = 500000;

struct measured {
    struct flow_integrals cells, course;
    size_t                first_course; /* course: the frozen run's, then the free one's */
};

static bool is_plane(const struct run *run) { return run->flow.dim == 2; }

static const struct run_result *result_of(const struct outcome *outcome, const struct run *run)
{
    return &outcome->results[run - outcome->runs];
}

static void *measure(const struct outcome *outcome)
{
    struct measured      *m = calloc(1, sizeof *m);
    const struct options *options = outcome->session->options;
    if (!m)
        exit_failed("not enough memory for the integrals");
    m->cells = (struct flow_integrals){ .tolerance = PLANE_INTEGRAL_TOLERANCE, .points = most_points };
    m->course = (struct flow_integrals){ .tolerance = 100 * PLANE_INTEGRAL_TOLERANCE, .points = course_points };
    for (size_t i = 0; i < outcome->n; i++) {
        const struct run *run = &outcome->runs[i];
        if (run->seed != options->seed || !is_plane(run))
            continue;
        if (strcmp(run->arm, "warm") == 0) {
            flow_integrals_add_start(&m->cells, run, outcome->session);
            if (outcome->results[i].status == FATHOM_OK)
                flow_integrals_add(&m->cells, run, outcome->session, outcome->results[i].params, run->training.steps);
        }
        if (strcmp(run->arm, "free") == 0 ||
            (is_primary(run) && strcmp(run->arm, "warm") == 0 && run->training.peak_lr == lowest[0]))
            flow_integrals_add_course(&m->course, run, outcome->session, COURSE);
    }
    flow_integrals_compute(&m->cells, outcome->session);
    flow_integrals_compute(&m->course, outcome->session);
    return m;
}

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    struct measured *m = measured;
    flow_integrals_free(&m->cells);
    flow_integrals_free(&m->course);
    free(m);
}

static void put_integral(struct table *table, const struct plane_integral *integral)
{
    table_number(table, integral->value);
    table_number(table, integral->outside);
    table_number(table, plane_integral_whole(integral));
    table_number(table, integral->error);
}

static void fill_integrals(struct table *table, const struct outcome *outcome)
{
    const struct measured *m = outcome->measured;
    for (size_t i = 0; i < m->cells.n; i++) {
        const struct flow_integral *one = &m->cells.list[i];
        const struct run_result    *result = result_of(outcome, one->run);
        run_table_put(table, "data coupling depth lr arm seed", one->run, result, outcome->session);
        table_count(table, one->step);
        run_table_put(table, "status", one->run, result, outcome->session);
        put_integral(table, &one->integral);
    }
}

static void fill_course(struct table *table, const struct outcome *outcome)
{
    const struct measured *m = outcome->measured;
    for (size_t i = 0; i < m->course.n; i++) {
        const struct flow_integral *one = &m->course.list[i];
        run_table_put(table, "rotation seed", one->run, NULL, NULL);
        table_count(table, one->step);
        table_number(table, one->train_logp);
        put_integral(table, &one->integral);
        table_number(table, one->determinant);
    }
}

enum { PICTURE_SIDE = 128 };

/* Of the first warm run of the primary part at the middle rate, at its start and at its end. */
static void fill_pictures(struct table *table, const struct outcome *outcome)
{
    const struct measured *m = outcome->measured;
    double                 x[2 * PICTURE_SIDE], density[PICTURE_SIDE];
    for (size_t i = 0; i < m->cells.n; i++) {
        const struct flow_integral *one = &m->cells.list[i];
        if (!is_primary(one->run) || one->run->training.peak_lr != middle[0])
            continue;
        for (size_t line = 0; line < PICTURE_SIDE; line++) {
            flow_integrals_line(density, x, one, outcome->session, line, PICTURE_SIDE);
            for (size_t c = 0; c < PICTURE_SIDE; c++) {
                table_count(table, one->step);
                table_number(table, x[2 * c]);
                table_number(table, x[2 * c + 1]);
                table_digits(table, density[c]);
            }
        }
    }
}

const struct experiment warm_start = {
    .program = {
        .name = "warm_start",
        .summary = "Trains flows from a warm start, the diagonal solution of iterative Gaussianization, and cold\n"
                   "at the same rotations: warm_start.tsv.  --seeds 24 gives the primary cells 24 flows and the\n"
                   "others 8; another number scales both.  --width is of the spline flows; mixtures have 64 units.\n"
                   "Takes the density's integral over the plane, also where rotations are trained as free matrices:\n"
                   "warm_start_integral.tsv, warm_start_free.tsv.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM) | TAKES(OPTION_LR)),
    },
    .defaults = defaults,
    .design = parts,
    .n_designs = COUNT(parts),
    .measure = measure, .release = release,
    .tables = {
        {"warm_start", "data coupling depth lr arm rotation start width seed n_params untrained_logp warm_distance status "
                       "diverged_at train_logp validation_logp heldout_logp params_sha256"},
        {"warm_start_reach", REACH_COLUMNS, .fill = fill_reach},
        {"warm_start_loss", TRAINING_COURSE_COLUMNS, .fill = fill_loss},
        {"warm_start_integral", "data coupling depth lr arm seed step status square outside integral error",
         .fill = fill_integrals},
        {"warm_start_free", "rotation seed step train_logp square outside integral error determinant",
         .fill = fill_course},
        {"warm_start_density", "step x y density", .fill = fill_pictures},
    },
    .figures = {"warm_start", "warm_start_density", "warm_start_free"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
