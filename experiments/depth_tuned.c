/* depth_tuned.c - "Stacking coupling blocks steadily improves the fit": with the rate chosen for each depth, at equal
 * parameters, at equal work, and on other data sets (PROTOCOL.md, Depth).
 *
 * Every depth is trained at every rate.  The validation rows choose a rate per configuration; the test rows choose
 * nothing.  The arms of equal parameters and equal work are relative to depth 8, where all three arms are the same runs:
 * these are made once and stand in the table with the arm "width".
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "exit.h"
#include "tuned_rate.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { REFERENCE_DEPTH = 8 }; /* the notebook's deepest */

/* -------------------------------------------------------------------------------------------------- the parts ---- */

static const double rates[] = { 3e-3, 1e-2, 3e-2, 1e-1 };
enum { N_RATES_OTHER = 3 }; /* the fourth on the spiral alone */

static const struct data_level spiral[] = { { "spiral", 0 } };
static const struct data_level plane[] = {
    { "moons", 0 }, { "checkerboard", 0 }, { "gaussians", 0 }, { "circles", 0 }, { "pinwheel", 0 },
};
static const struct data_level four_dimensions[] = { { "two_spirals_4d", 0 } };

static const struct arm width[] = { { .name = "width" } };
static const struct arm params[] = { { .name = "params", .equal_params = REFERENCE_DEPTH } };
static const struct arm work[] = { { .name = "work", .equal_work = REFERENCE_DEPTH } };

#define PART(levels, arm, rates_of, seeds_of)                                                                          \
    {                                                                                                                  \
        .nesting = { AXIS_DATA, AXIS_ARM, AXIS_DEPTH, AXIS_RATE, AXIS_SEED }, .data = levels, .n_data = COUNT(levels), \
        .arms = arm, .n_arms = COUNT(arm), .rates = rates, .n_rates = rates_of, .seeds = seeds_of, .train = true,      \
        .validation = true,                                                                                            \
    }

static const struct design parts[] = {
    PART(spiral, width, COUNT(rates), 12),          PART(spiral, params, COUNT(rates), 12),
    PART(spiral, work, COUNT(rates), 12),           PART(plane, width, N_RATES_OTHER, 8),
    PART(four_dimensions, width, N_RATES_OTHER, 4),
};

static void defaults(struct options *options)
{
    options->seed = 200;
    options->seeds = 12;
    options->depths = (struct depth_list){ 5, { 1, 2, 4, 8, 16 } };
}

static void check_rows(const struct session *session)
{
    if (!session->set && session->validation.n == 0)
        exit_failed("--data FILE: needs --validation FRACTION, the rows that choose the rate");
}

/* ------------------------------------------------------------------------------------------- the tuned rates ---- */

/* The runs' columns, as words and numbers. */
struct reading {
    const struct table *runs;
    size_t              data, arm, depth, width, steps, lr, status; /* places of columns */
    double             *params, *flops, *validation, *test, *kl;    /* [rows]            */
    double             *score;                                      /* [rows], room      */
};

static size_t place(const struct table *runs, const char *name)
{
    size_t column;
    if (!table_find(&column, runs, name))
        exit_failed("the table %s has no column '%s'", table_name(runs), name);
    return column;
}

static struct reading open_reading(const struct table *runs)
{
    struct reading r = { runs,
                         place(runs, "data"),
                         place(runs, "arm"),
                         place(runs, "depth"),
                         place(runs, "width"),
                         place(runs, "steps"),
                         place(runs, "lr"),
                         place(runs, "status"),
                         derive_numbers(runs, "n_params"),
                         derive_numbers(runs, "flops"),
                         derive_numbers(runs, "validation_logp"),
                         derive_numbers(runs, "test_logp"),
                         derive_numbers(runs, "kl"),
                         malloc((table_rows(runs) + 1) * sizeof(double)) };
    if (!r.score)
        exit_failed("not enough memory for the tuned rates");
    return r;
}

static void close_reading(struct reading *r)
{
    free(r->params);
    free(r->flops);
    free(r->validation);
    free(r->test);
    free(r->kl);
    free(r->score);
}

static bool alike(const struct reading *r, size_t column, size_t a, size_t b)
{
    return strcmp(table_cell(r->runs, a, column), table_cell(r->runs, b, column)) == 0;
}

static bool same_configuration(const struct reading *r, size_t a, size_t b)
{
    return alike(r, r->data, a, b) && alike(r, r->arm, a, b) && alike(r, r->depth, a, b);
}

/* A configuration at one rate: the rows from `first` to `end`, which follow each other. */
struct cell {
    size_t first, end, ok;
    double lr, validation;   /* median, a run that is not ok counting as minus infinity */
    double q1, test, q3, kl; /* of the ok runs; NaN: there is none                      */
};

/* By linear interpolation; x: sorted. */
static double quantile(const double *x, size_t n, double part)
{
    if (n == 0)
        return NAN;
    const double at = part * (double)(n - 1);
    const size_t below = (size_t)at;
    return below + 1 < n ? x[below] + (at - (double)below) * (x[below + 1] - x[below]) : x[below];
}

/* The ok runs' numbers, sorted, in r->score. */
static size_t sorted(const struct reading *r, const struct cell *cell, const double *x)
{
    size_t n = 0;
    for (size_t row = cell->first; row < cell->end; row++)
        if (strcmp(table_cell(r->runs, row, r->status), "ok") == 0 && isfinite(x[row]))
            r->score[n++] = x[row];
    if (n > 0)
        tuned_rate_median(r->score, n); /* sorts */
    return n;
}

static struct cell cell_from(const struct reading *r, size_t first)
{
    struct cell cell = { .first = first, .end = first, .lr = table_cell_number(r->runs, first, r->lr) };
    size_t      n = 0;
    while (cell.end < table_rows(r->runs) && same_configuration(r, first, cell.end) &&
           alike(r, r->lr, first, cell.end)) {
        const bool ok = strcmp(table_cell(r->runs, cell.end, r->status), "ok") == 0;
        cell.ok += ok;
        r->score[n++] = ok && isfinite(r->validation[cell.end]) ? r->validation[cell.end] : -INFINITY;
        cell.end++;
    }
    cell.validation = tuned_rate_median(r->score, n);
    n = sorted(r, &cell, r->test);
    cell.q1 = quantile(r->score, n, 0.25);
    cell.test = quantile(r->score, n, 0.5);
    cell.q3 = quantile(r->score, n, 0.75);
    n = sorted(r, &cell, r->kl);
    cell.kl = quantile(r->score, n, 0.5);
    return cell;
}

static void put_cell(struct table *table, const struct reading *r, const struct cell *cell, const char *arm, bool tuned)
{
    const size_t row = cell->first;
    const double numbers[] = { cell->validation, cell->q1, cell->test, cell->q3, cell->kl };
    table_text(table, table_cell(r->runs, row, r->data));
    table_text(table, arm);
    table_text(table, table_cell(r->runs, row, r->depth));
    table_text(table, table_cell(r->runs, row, r->width));
    table_text(table, table_cell(r->runs, row, r->steps));
    table_count(table, (size_t)r->params[row]);
    table_number(table, r->flops[row]);
    table_text(table, table_cell(r->runs, row, r->lr));
    table_count(table, tuned);
    table_count(table, cell->end - cell->first);
    table_count(table, cell->ok);
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
}

/* The cells of the configuration that starts at `first`, one per rate; returns the row behind them. */
static size_t put_configuration(struct table *table, const struct reading *r, size_t first, const char *arm)
{
    struct cell cell[COUNT(rates)];
    size_t      n = 0, best = 0, row = first;
    while (row < table_rows(r->runs) && same_configuration(r, first, row) && n < COUNT(rates)) {
        cell[n] = cell_from(r, row);
        row = cell[n].end;
        if (tuned_rate_beats(cell[n].validation, cell[n].lr, cell[best].validation, cell[best].lr))
            best = n;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        put_cell(table, r, &cell[i], arm, i == best);
    return row;
}

/* The first row of the arm "width" at the reference depth on the data of `row`. */
static size_t reference_row(const struct reading *r, size_t row)
{
    for (size_t i = 0; i < table_rows(r->runs); i++)
        if (alike(r, r->data, i, row) && strcmp(table_cell(r->runs, i, r->arm), "width") == 0 &&
            table_cell_number(r->runs, i, r->depth) == REFERENCE_DEPTH)
            return i;
    return table_rows(r->runs);
}

/* A row per data set, arm, depth and rate.  In the arms of equal parameters and work, the reference depth's runs are those
 * of the arm "width"; they stand here in each arm, before the first deeper one or at the arm's end. */
static void derive_rates(struct table *table, const struct table *runs)
{
    struct reading r = open_reading(runs);
    const size_t   n = table_rows(runs);
    for (size_t row = 0; row < n;) {
        const char  *arm = table_cell(runs, row, r.arm);
        const size_t first = row, reference = strcmp(arm, "width") != 0 ? reference_row(&r, row) : n;
        bool         shared = reference == n; /* is there already, or there is none */
        while (row < n && alike(&r, r.data, first, row) && alike(&r, r.arm, first, row)) {
            if (!shared && table_cell_number(runs, row, r.depth) > REFERENCE_DEPTH) {
                put_configuration(table, &r, reference, arm);
                shared = true;
            }
            row = put_configuration(table, &r, row, arm);
        }
        if (!shared)
            put_configuration(table, &r, reference, arm);
    }
    close_reading(&r);
}

const struct experiment depth_tuned = {
    .program = {
        .name = "depth_tuned",
        .summary = "Trains flows of growing depth at several peak rates, of which the validation rows choose\n"
                   "one per depth: on the spiral also at equal parameters and at equal work, and on all other\n"
                   "data sets unless one is named: depth_tuned.tsv.  --seeds 12 gives the spiral 12 flows per\n"
                   "cell, other sets of the plane 8 and four dimensions 4; another number scales all three.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_LR),
    },
    .defaults = defaults,
    .check_rows = check_rows,
    .design = parts,
    .n_designs = COUNT(parts),
    .truth = true,
    .tables = {
        {"depth_tuned", "data arm depth width steps lr seed n_params flops status train_logp validation_logp test_logp "
                        "kl kl_std_error params_sha256"},
        {"depth_tuned_rates", "data arm depth width steps n_params flops lr tuned runs ok validation test_q1 test "
                              "test_q3 kl", .summary_of = "depth_tuned", .derive = derive_rates},
    },
    .figures = {"depth_tuned"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
