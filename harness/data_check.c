/* data_check.c - rows that a flow will fit, but that deserve a warning (data_check.h has the rules and the reasons). */
#include "data_check.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

static const size_t least_rows = 10;
static const double few_repeats = 10, few_whole_repeats = 2, few_share = 0.1;
static const double null_eigenvalue = 1e-10;
static const double far_deviations = 10, alone_deviations = 20, far_alone = 3, squeezed = 0.1;
static const double overflow = 1.3e154; /* its square is out of range, and so is log p */

/* ------------------------------------------------------------------------------------------------- notices ---- */

struct check {
    struct notices       *notices;
    const fathom_dataset *train, *heldout;
    const char *const    *names;
    const size_t         *places;
    size_t                of_kind[NOTICE_KINDS];
};

enum { NAME_SIZE = 80 };

static size_t place_of(const struct check *check, size_t column)
{
    return check->places ? check->places[column] : column + 1;
}

/* "column 2", or "column 2 (height)". */
static void name_column(char *text, size_t size, const struct check *check, size_t column)
{
    if (check->names && check->names[column] && *check->names[column])
        snprintf(text, size, "column %zu (%s)", place_of(check, column),
                 fathom_show(check->names[column], strlen(check->names[column])).text);
    else
        snprintf(text, size, "column %zu", place_of(check, column));
}

__attribute__((format(printf, 4, 5))) static void notice(struct check *check, enum notice_kind kind, size_t column,
                                                         const char *format, ...)
{
    const size_t   before = check->of_kind[kind]++;
    struct notice *own = &check->notices->list[kind * NOTICES_PER_KIND];
    if (before >= NOTICES_PER_KIND) {
        struct notice *last = &own[NOTICES_PER_KIND - 1];
        char          *more = strstr(last->text, " (and ");
        const size_t   at = more ? (size_t)(more - last->text) : strlen(last->text), n = before + 1 - NOTICES_PER_KIND;
        snprintf(last->text + at, NOTICE_SIZE - at, " (and %zu more column%s likewise)", n, n == 1 ? "" : "s");
        return;
    }
    struct notice *new = &own[before];
    va_list args;
    *new = (struct notice){ .kind = kind, .column = column };
    va_start(args, format);
    vsnprintf(new->text, NOTICE_SIZE - 40, format, args); /* and room for the count */
    va_end(args);
}

/* ------------------------------------------------------------------------------------------ a sorted column ---- */

static double raw_of(const fathom_dataset *data, size_t column, double x)
{
    return x * data->sd[column] + data->mean[column];
}

/* A whole number, as far as the last bits allow that are left when it has been standardised and taken back. */
static bool is_whole(double raw, double mean)
{
    const double size = fmax(1, fmax(fabs(raw), fabs(mean)));
    return size < 1e11 && fabs(raw - nearbyint(raw)) <= 1e-12 * size;
}

/* The different values of sorted[n], the rows of the most frequent one, and whether all are whole in raw units. */
struct values {
    size_t n, most_rows;
    double most;
    bool   whole;
};

static struct values count_values(const double *sorted, const fathom_dataset *data, size_t column)
{
    struct values v = { .whole = true };
    for (size_t i = 0, next; i < data->n; i = next) {
        for (next = i + 1; next < data->n && sorted[next] == sorted[i]; next++)
            ;
        v.n++;
        if (next - i > v.most_rows) {
            v.most_rows = next - i;
            v.most = sorted[i];
        }
        v.whole = v.whole && is_whole(raw_of(data, column, sorted[i]), data->mean[column]);
    }
    return v;
}

static void check_few_values(struct check *check, size_t column, const double *sorted)
{
    const fathom_dataset *data = check->train;
    const double          n = (double)data->n;
    const struct values   v = count_values(sorted, data, column);
    const double          each = n / (double)v.n;
    char                  name[NAME_SIZE];
    name_column(name, sizeof name, check, column);
    if (each >= few_repeats || (v.whole && each >= few_whole_repeats))
        notice(check, NOTICE_FEW_VALUES, column,
               "%s: %zu different %s in %zu rows: a density has no bound there, and "
               "log p can grow with depth and training without limit",
               name, v.n, v.whole ? "whole numbers" : "values", data->n);
    else if (v.most_rows >= 5 && (double)v.most_rows >= few_share * n)
        notice(check, NOTICE_FEW_VALUES, column,
               "%s: the value %.6g in %zu of %zu rows: a density has no bound there, "
               "and log p can grow with depth and training without limit",
               name, raw_of(data, column, v.most), v.most_rows, data->n);
}

/* Mean and deviation of sorted[first .. end - 1]. */
static void moments(double *mean, double *sd, const double *sorted, size_t first, size_t end)
{
    const double n = (double)(end - first);
    double       sum = 0, square = 0;
    for (size_t i = first; i < end; i++)
        sum += sorted[i];
    *mean = sum / n;
    for (size_t i = first; i < end; i++)
        square += (sorted[i] - *mean) * (sorted[i] - *mean);
    *sd = sorted[first] < sorted[end - 1] ? sqrt(square / n) : 0; /* not the mean's rounding */
}

/* The value that is further from the mean, which is 0, against all rows that have another one. */
static void check_far_value(struct check *check, size_t column, const double *sorted)
{
    const size_t n = check->train->n;
    const bool   end = sorted[n - 1] > -sorted[0];
    const double value = sorted[end ? n - 1 : 0];
    size_t       same = 1;
    while (same < n && sorted[end ? n - 1 - same : same] == value)
        same++;
    const size_t first = end ? 0 : same, last = end ? n - same : n;
    if ((double)same > few_share * (double)n) /* check_few_values reports it */
        return;
    const double value_raw = raw_of(check->train, column, value);
    double       mean, sd;
    char         name[NAME_SIZE];
    moments(&mean, &sd, sorted, first, last);
    const double out = fabs(value - mean), next = fmax(mean - sorted[first], sorted[last - 1] - mean);
    const bool   alone = out > alone_deviations * sd && out > far_alone * next;
    const double middle = sorted[3 * n / 4] - sorted[n / 4];
    if (!alone && !(out > far_deviations * sd && middle < squeezed))
        return;
    if (sd == 0 && fabs(value_raw) < 0x1p53) /* flags: two values; but beside 1e200 all others are the same */
        return;
    name_column(name, sizeof name, check, column);
    notice(check, NOTICE_FAR_VALUE, column,
           "%s: the value %.6g (%zu row%s) is %.3g deviations of the other rows away "
           "from their mean: it sets the scale, and squeezes them together; if it stands for a missing value, leave it "
           "out",
           name, value_raw, same, same == 1 ? "" : "s", sd > 0 ? out / sd : INFINITY);
}

static void check_far_heldout(struct check *check, size_t column, const double *sorted)
{
    const fathom_dataset *kept = check->heldout;
    const double          reach = fmax(-sorted[0], sorted[check->train->n - 1]);
    double                far = 0;
    char                  name[NAME_SIZE];
    for (size_t i = 0; i < kept->n; i++) {
        const double x = kept->x[i * kept->dim + column];
        if (!(fabs(x) <= fabs(far)))
            far = x;
    }
    if (fabs(far) <= far_deviations || fabs(far) <= far_alone * reach)
        return;
    name_column(name, sizeof name, check, column);
    notice(check, NOTICE_FAR_HELDOUT, column,
           "%s: the held-out value %.6g is %.3g deviations of the training rows "
           "out, further than any of them: %s",
           name, raw_of(kept, column, far), fabs(far),
           fabs(far) < overflow ? "it alone decides the held-out log p"
                                : "log p overflows, and the held-out log p is nan");
}

/* ---------------------------------------------------------------------------------------------- dependence ---- */

/* The lower triangle of the correlations: of standardised columns, the mean products. */
static void correlate(gsl_matrix *correlation, const fathom_dataset *data)
{
    gsl_matrix_set_zero(correlation);
    for (size_t i = 0; i < data->n; i++) {
        const double *x = data->x + i * data->dim;
        for (size_t a = 0; a < data->dim; a++) {
            double *row = gsl_matrix_ptr(correlation, a, 0);
            for (size_t b = 0; b <= a; b++)
                row[b] += x[a] * x[b];
        }
    }
    gsl_matrix_scale(correlation, 1 / (double)data->n);
}

/* "columns 1, 3 and 4" with a part in the directions that do not vary.  Gives the first. */
static size_t name_dependent(char *text, size_t size, const struct check *check, const gsl_vector *values,
                             const gsl_matrix *vectors)
{
    const double part = 0.1; /* of a direction's unit length: what is below it is rounding */
    const size_t dim = values->size;
    size_t       columns[FATHOM_DIM_MAX], n = 0, at = 0;
    for (size_t c = 0; c < dim && n < FATHOM_DIM_MAX; c++) {
        double square = 0;
        for (size_t k = 0; k < dim; k++)
            if (gsl_vector_get(values, k) <= null_eigenvalue)
                square += pow(gsl_matrix_get(vectors, c, k), 2);
        if (square > part * part)
            columns[n++] = c;
    }
    at = (size_t)snprintf(text, size, "column%s", n == 1 ? "" : "s");
    for (size_t i = 0; i < n && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu",
                               i == 0       ? " "
                               : i + 1 == n ? " and "
                                            : ", ",
                               place_of(check, columns[i]));
    return n ? columns[0] : 0;
}

static bool check_dependence(struct check *check)
{
    const fathom_dataset      *data = check->train;
    const size_t               dim = data->dim;
    gsl_matrix                *correlation = gsl_matrix_alloc(dim, dim), *vectors = gsl_matrix_alloc(dim, dim);
    gsl_vector                *values = gsl_vector_alloc(dim);
    gsl_eigen_symmv_workspace *workspace = gsl_eigen_symmv_alloc(dim);
    const bool                 good = correlation && vectors && values && workspace;
    if (good) {
        char   names[200];
        size_t rank = 0;
        correlate(correlation, data);
        gsl_eigen_symmv(correlation, values, vectors, workspace);
        for (size_t k = 0; k < dim; k++)
            rank += gsl_vector_get(values, k) > null_eigenvalue;
        if (rank < dim) {
            const size_t first = name_dependent(names, sizeof names, check, values, vectors);
            notice(check, NOTICE_DEPENDENCE, first,
                   "%s determine each other: the %zu rows vary in %zu of %zu "
                   "dimensions: a density has no bound there, and log p can grow with depth and training without limit",
                   names, data->n, rank, dim);
        }
    }
    gsl_eigen_symmv_free(workspace);
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    gsl_matrix_free(correlation);
    return good;
}

/* ----------------------------------------------------------------------------------------------- all of it ---- */

static void check_column(struct check *check, size_t column, double *sorted)
{
    const fathom_dataset *data = check->train;
    for (size_t i = 0; i < data->n; i++)
        sorted[i] = data->x[i * data->dim + column];
    gsl_sort(sorted, 1, data->n);
    if (data->n >= least_rows) {
        check_few_values(check, column, sorted);
        check_far_value(check, column, sorted);
    }
    check_far_heldout(check, column, sorted);
}

/* The notices of a kind stand together, in NOTICES_PER_KIND places of their own: the empty ones go. */
static void close_gaps(struct check *check)
{
    struct notices *notices = check->notices;
    for (int kind = 0; kind < NOTICE_KINDS; kind++)
        for (size_t i = 0; i < check->of_kind[kind] && i < NOTICES_PER_KIND; i++)
            notices->list[notices->n++] = notices->list[kind * NOTICES_PER_KIND + i];
}

bool data_check(struct notices *notices, const fathom_dataset *train, const fathom_dataset *heldout,
                const char *const *names, const size_t *places)
{
    struct check check = { .notices = notices, .train = train, .heldout = heldout, .names = names, .places = places };
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* GSL's own ends the program if memory is short */
    double              *sorted = malloc(train->n * sizeof *sorted);
    const bool           good = sorted && check_dependence(&check);
    notices->n = 0;
    for (size_t c = 0; good && c < train->dim; c++)
        check_column(&check, c, sorted);
    close_gaps(&check);
    free(sorted);
    gsl_set_error_handler(handler);
    return good;
}
