/* dataset.c - datasets from rows of numbers in a stream: the user's own data instead of the spiral.
 *
 * rows.c reads the numbers from the text.  This file splits the rows into training rows and held-out rows, and
 * standardises both.
 *
 * Invariant: the outputs are written once, at the end, after the last call that can fail.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "rows.h"
#include "standardise.h"

fathom_read_options fathom_read_options_default(void)
{
    return (fathom_read_options){ .decimal = '.', .most = FATHOM_DIM_MAX };
}

/* -------------------------------------------------------------------------------------------------- memory ---- */

bool fathom_dataset_alloc(fathom_dataset *out, size_t n, size_t dim)
{
    fathom_dataset data = { .n = n, .dim = dim };
    if (dim == 0 || n > SIZE_MAX / sizeof(double) / dim)
        return false;
    data.x = malloc(n * dim * sizeof(double) + (n == 0)); /* never of size 0, which may give NULL */
    data.mean = malloc(dim * sizeof(double));
    data.sd = malloc(dim * sizeof(double));
    if (data.x == NULL || data.mean == NULL || data.sd == NULL) {
        fathom_dataset_free(&data);
        return false;
    }
    *out = data;
    return true;
}

void fathom_dataset_free(fathom_dataset *data)
{
    if (data == NULL)
        return;
    free(data->x);
    free(data->mean);
    free(data->sd);
    *data = (fathom_dataset){ 0 };
}

/* ------------------------------------------------------------------------------------------------ held out ---- */

/* held[i]: whether row i is held out.  The first n_held of a Fisher-Yates shuffle of the rows are (Durstenfeld 1964,
 * "Algorithm 235"). */
static bool choose_held(bool *held, uint64_t seed, size_t n_held, size_t n)
{
    if (n > SIZE_MAX / sizeof(size_t))
        return false;
    size_t *order = malloc(n * sizeof *order);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        held[i] = false;
    }
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n_held; i++) {
        const size_t j = (size_t)fathom_pcg64_integer(&rng, (int64_t)i, (int64_t)n);
        const size_t chosen = order[j];
        order[j] = order[i];
        held[chosen] = true;
    }
    free(order);
    return true;
}

/* Copies each row into train or kept; both keep the order of the text. */
static void deal_rows(fathom_dataset *train, fathom_dataset *kept, const struct rows *rows, const bool *held)
{
    double      *to_train = train->x, *to_kept = kept->x;
    const size_t dim = rows->columns.n;
    for (size_t i = 0; i < rows->n; i++) {
        double **to = held[i] ? &to_kept : &to_train;
        memcpy(*to, rows->value + i * dim, dim * sizeof(double));
        *to += dim;
    }
}

/* Are two numbers of the column different, if only by less than a deviation can say? */
static bool varies(const fathom_dataset *data, size_t column)
{
    for (size_t i = 1; i < data->n; i++)
        if (data->x[i * data->dim + column] != data->x[column])
            return true;
    return false;
}

static fathom_status standardise_both(const struct rows *rows, const struct read_place *place, fathom_dataset *train,
                                      fathom_dataset *kept)
{
    const struct columns *columns = &rows->columns;
    const size_t          constant = fathom_dataset_standardise(train);
    if (constant < columns->n)
        return fathom_read_fail(place, FATHOM_BAD_DATA,
                                "lines %zu to %zu, %s: %s over the %zu training rows; legal: a column that varies",
                                rows->first_line, rows->last_line,
                                fathom_column_name(columns, columns->place[constant]).text,
                                varies(train, constant) ? "deviates by less than the smallest normal number, 2.2e-308,"
                                                        : "constant",
                                train->n);
    fathom_dataset_into_frame(kept, train);
    for (size_t i = 0; i < kept->n * kept->dim; i++)
        if (!isfinite(kept->x[i]))
            return fathom_read_fail(place, FATHOM_BAD_DATA,
                                    "lines %zu to %zu, %s: a held-out row lies too far from the training rows",
                                    rows->first_line, rows->last_line,
                                    fathom_column_name(columns, columns->place[i % kept->dim]).text);
    return FATHOM_OK;
}

/* Makes two datasets of the rows that were read; kept may have no row. */
static fathom_status split_rows(fathom_dataset *train, fathom_dataset *kept, const struct rows *rows,
                                const struct read_place *place, const fathom_read_options *options)
{
    const double  heldout = options->heldout;
    const size_t  n = rows->n, n_held = (size_t)(heldout * (double)n + 0.5);
    fathom_status status = FATHOM_OK;

    if (heldout > 0.0 && n_held == 0)
        return fathom_read_fail(place, FATHOM_BAD_DATA,
                                "%zu rows, of which a fraction of %g is none; legal: at least "
                                "one",
                                n, heldout);
    if (n_held > n || n - n_held < 2)
        return fathom_read_fail(place, FATHOM_BAD_DATA,
                                "%zu rows, of which a fraction of %g leaves fewer than two to "
                                "train on",
                                n, heldout);

    bool *held = malloc(n);
    if (held == NULL || !choose_held(held, options->seed, n_held, n) ||
        !fathom_dataset_alloc(train, n - n_held, rows->columns.n) ||
        !fathom_dataset_alloc(kept, n_held, rows->columns.n)) {
        status = fathom_read_fail(place, FATHOM_NO_MEMORY, "%zu rows: not enough memory", n);
    } else {
        deal_rows(train, kept, rows, held);
        status = standardise_both(rows, place, train, kept);
    }
    free(held);
    return status;
}

static fathom_status make_report(fathom_read_report *report, const struct rows *rows, size_t heldout,
                                 const struct read_place *place)
{
    report->rows = rows->n;
    report->heldout = heldout;
    report->separator = rows->separator;
    report->header_line = rows->header_line;
    report->first_line = rows->first_line;
    report->last_line = rows->last_line;
    report->notices = rows->notices;
    if (!fathom_columns_report(report, &rows->columns))
        return fathom_read_fail(place, FATHOM_NO_MEMORY, "%zu rows: not enough memory", rows->n);
    return FATHOM_OK;
}

static fathom_status check_options(const fathom_read_options *o, const struct read_place *place, bool room)
{
    if (!(o->heldout >= 0.0 && o->heldout < 1.0) || (o->heldout > 0.0 && !room))
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT,
                                "held-out fraction %g; legal: 0 to below 1, and a place "
                                "for the rows",
                                o->heldout);
    if (o->separator != '\0' && fathom_separator_name(o->separator) == NULL)
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT, "separator of code %d; legal: tab ; , | blank",
                                o->separator);
    if ((o->decimal != '.' && o->decimal != ',') || o->decimal == o->separator)
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT,
                                "decimal sign of code %d; legal: . and , and not the "
                                "separator",
                                o->decimal);
    if (o->header != FATHOM_HEADER_AUTO && o->header != FATHOM_HEADER_YES && o->header != FATHOM_HEADER_NO)
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT, "header %d; legal: 0 to 2", (int)o->header);
    if (o->most < 2)
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT, "at most %zu columns; legal: at least 2", o->most);
    return FATHOM_OK;
}

fathom_status fathom_dataset_read(fathom_dataset *train, fathom_dataset *kept, fathom_read_report *report, FILE *in,
                                  const char *name, const fathom_read_options *options, fathom_error *error)
{
    const fathom_read_options defaults = fathom_read_options_default(), *chosen = options ? options : &defaults;
    const struct read_place   place = { name, error };
    struct rows               rows = { 0 };
    fathom_dataset            a = { 0 }, b = { 0 };
    fathom_read_report        made = { 0 };

    fathom_status status = check_options(chosen, &place, kept != NULL);
    if (status == FATHOM_OK)
        status = fathom_rows_read(&rows, in, &place, chosen);
    if (status == FATHOM_OK)
        status = split_rows(&a, &b, &rows, &place, chosen);
    if (status == FATHOM_OK && report != NULL)
        status = make_report(&made, &rows, b.n, &place);
    fathom_rows_free(&rows);
    if (b.n == 0)
        fathom_dataset_free(&b);
    if (status == FATHOM_OK) {
        *train = a;
        if (kept != NULL)
            *kept = b;
        if (report != NULL)
            *report = made;
        return FATHOM_OK;
    }
    fathom_dataset_free(&a);
    fathom_dataset_free(&b);
    fathom_read_report_free(&made);
    return status;
}
