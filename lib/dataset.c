/* dataset.c - datasets from rows of numbers in a stream: the user's own data instead of the spiral.
 *
 * rows.c reads the numbers from the text.  This file splits the rows into training, held-out and validation rows, and
 * standardises all of them by the training rows.
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

/* --------------------------------------------------------------------------------------------------- parts ---- */

enum part { TRAIN, HELDOUT, VALIDATION, N_PARTS };

/* How many rows each part has. */
struct shares {
    size_t of[N_PARTS];
};

/* part[i]: which part row i belongs to.  The first of a Fisher-Yates shuffle of the rows are held out (Durstenfeld 1964,
 * "Algorithm 235"), the next are for validation. */
static bool choose_parts(unsigned char *part, uint64_t seed, const struct shares *shares, size_t n)
{
    const size_t n_held = shares->of[HELDOUT], n_chosen = n_held + shares->of[VALIDATION];
    if (n > SIZE_MAX / sizeof(size_t))
        return false;
    size_t *order = malloc(n * sizeof *order);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        part[i] = TRAIN;
    }
    fathom_pcg64 rng;
    fathom_pcg64_seed(&rng, seed);
    for (size_t i = 0; i < n_chosen; i++) {
        const size_t j = (size_t)fathom_pcg64_integer(&rng, (int64_t)i, (int64_t)n);
        const size_t chosen = order[j];
        order[j] = order[i];
        part[chosen] = i < n_held ? HELDOUT : VALIDATION;
    }
    free(order);
    return true;
}

/* Copies each row into its part; all keep the order of the text. */
static void deal_rows(fathom_dataset data[N_PARTS], const struct rows *rows, const unsigned char *part)
{
    double      *to[N_PARTS] = { data[TRAIN].x, data[HELDOUT].x, data[VALIDATION].x };
    const size_t dim = rows->columns.n;
    for (size_t i = 0; i < rows->n; i++) {
        memcpy(to[part[i]], rows->value + i * dim, dim * sizeof(double));
        to[part[i]] += dim;
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

static fathom_status into_frame(fathom_dataset *kept, const fathom_dataset *train, const char *called,
                                const struct rows *rows, const struct read_place *place)
{
    fathom_dataset_into_frame(kept, train);
    for (size_t i = 0; i < kept->n * kept->dim; i++)
        if (!isfinite(kept->x[i]))
            return fathom_read_fail(place, FATHOM_BAD_DATA,
                                    "lines %zu to %zu, %s: a %s row lies too far from the training rows",
                                    rows->first_line, rows->last_line,
                                    fathom_column_name(&rows->columns, rows->columns.place[i % kept->dim]).text,
                                    called);
    return FATHOM_OK;
}

static fathom_status standardise_all(const struct rows *rows, const struct read_place *place,
                                     fathom_dataset data[N_PARTS])
{
    const struct columns *columns = &rows->columns;
    const size_t          constant = fathom_dataset_standardise(&data[TRAIN]);
    if (constant < columns->n)
        return fathom_read_fail(
            place, FATHOM_BAD_DATA, "lines %zu to %zu, %s: %s over the %zu training rows; legal: a column that varies",
            rows->first_line, rows->last_line, fathom_column_name(columns, columns->place[constant]).text,
            varies(&data[TRAIN], constant) ? "deviates by less than the smallest normal number, 2.2e-308," : "constant",
            data[TRAIN].n);
    const fathom_status status = into_frame(&data[HELDOUT], &data[TRAIN], "held-out", rows, place);
    return status == FATHOM_OK ? into_frame(&data[VALIDATION], &data[TRAIN], "validation", rows, place) : status;
}

/* Each fraction rounded to nearest. */
static fathom_status share_rows(struct shares *shares, const struct rows *rows, const struct read_place *place,
                                const fathom_read_options *options)
{
    const size_t n = rows->n;
    const double fraction[N_PARTS] = { [HELDOUT] = options->heldout, [VALIDATION] = options->validation };
    shares->of[TRAIN] = n;
    for (enum part p = HELDOUT; p < N_PARTS; p++) {
        shares->of[p] = (size_t)(fraction[p] * (double)n + 0.5);
        if (fraction[p] > 0.0 && shares->of[p] == 0)
            return fathom_read_fail(place, FATHOM_BAD_DATA,
                                    "%zu rows, of which a fraction of %g is none; legal: at least "
                                    "one",
                                    n, fraction[p]);
        if (shares->of[p] > shares->of[TRAIN] || shares->of[TRAIN] - shares->of[p] < 2)
            return fathom_read_fail(place, FATHOM_BAD_DATA,
                                    "%zu rows, of which a fraction of %g leaves fewer than two to "
                                    "train on",
                                    n, options->heldout + options->validation);
        shares->of[TRAIN] -= shares->of[p];
    }
    return FATHOM_OK;
}

/* Makes a dataset of each part; all but the training rows may have no row. */
static fathom_status split_rows(fathom_dataset data[N_PARTS], const struct rows *rows, const struct read_place *place,
                                const fathom_read_options *options)
{
    struct shares shares;
    fathom_status status = share_rows(&shares, rows, place, options);
    if (status != FATHOM_OK)
        return status;
    unsigned char *part = malloc(rows->n);
    bool           room = part != NULL && choose_parts(part, options->seed, &shares, rows->n);
    for (enum part p = TRAIN; p < N_PARTS && room; p++)
        room = fathom_dataset_alloc(&data[p], shares.of[p], rows->columns.n);
    if (room) {
        deal_rows(data, rows, part);
        status = standardise_all(rows, place, data);
    } else
        status = fathom_read_fail(place, FATHOM_NO_MEMORY, "%zu rows: not enough memory", rows->n);
    free(part);
    return status;
}

static fathom_status make_report(fathom_read_report *report, const struct rows *rows,
                                 const fathom_dataset data[N_PARTS], const struct read_place *place)
{
    report->rows = rows->n;
    report->heldout = data[HELDOUT].n;
    report->validation = data[VALIDATION].n;
    report->separator = rows->separator;
    report->header_line = rows->header_line;
    report->first_line = rows->first_line;
    report->last_line = rows->last_line;
    report->notices = rows->notices;
    if (!fathom_columns_report(report, &rows->columns))
        return fathom_read_fail(place, FATHOM_NO_MEMORY, "%zu rows: not enough memory", rows->n);
    return FATHOM_OK;
}

static bool is_fraction(double fraction, bool room)
{
    return fraction >= 0.0 && fraction < 1.0 && (fraction == 0.0 || room);
}

static fathom_status check_options(const fathom_read_options *o, const struct read_place *place, bool room,
                                   bool validation_room)
{
    if (!is_fraction(o->heldout, room) || !is_fraction(o->validation, validation_room))
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT,
                                "%s fraction %g; legal: 0 to below 1, and a place "
                                "for the rows",
                                is_fraction(o->heldout, room) ? "validation" : "held-out",
                                is_fraction(o->heldout, room) ? o->validation : o->heldout);
    if (!(o->heldout + o->validation < 1.0))
        return fathom_read_fail(place, FATHOM_BAD_ARGUMENT,
                                "held-out fraction %g and validation fraction %g; legal: together below 1", o->heldout,
                                o->validation);
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

fathom_status fathom_dataset_read_parts(fathom_dataset *train, fathom_dataset *kept, fathom_dataset *validation,
                                        fathom_read_report *report, FILE *in, const char *name,
                                        const fathom_read_options *options, fathom_error *error)
{
    const fathom_read_options defaults = fathom_read_options_default(), *chosen = options ? options : &defaults;
    const struct read_place   place = { name, error };
    struct rows               rows = { 0 };
    fathom_dataset data[N_PARTS] = { 0 }, *const out[N_PARTS] = { train, kept, validation };
    fathom_read_report made = { 0 };

    fathom_status status = check_options(chosen, &place, kept != NULL, validation != NULL);
    if (status == FATHOM_OK)
        status = fathom_rows_read(&rows, in, &place, chosen);
    if (status == FATHOM_OK)
        status = split_rows(data, &rows, &place, chosen);
    if (status == FATHOM_OK && report != NULL)
        status = make_report(&made, &rows, data, &place);
    fathom_rows_free(&rows);
    for (enum part p = TRAIN; p < N_PARTS; p++) {
        if (status != FATHOM_OK || data[p].n == 0)
            fathom_dataset_free(&data[p]);
        if (status == FATHOM_OK && out[p] != NULL)
            *out[p] = data[p];
    }
    if (status == FATHOM_OK && report != NULL)
        *report = made;
    if (status != FATHOM_OK)
        fathom_read_report_free(&made);
    return status;
}

fathom_status fathom_dataset_read(fathom_dataset *train, fathom_dataset *kept, fathom_read_report *report, FILE *in,
                                  const char *name, const fathom_read_options *options, fathom_error *error)
{
    return fathom_dataset_read_parts(train, kept, NULL, report, in, name, options, error);
}
