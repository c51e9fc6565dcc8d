/* option_values.c - one value of one option (option_values.h).
 *
 * A value is read strictly: the whole text must be one number of the stated range, so that a typing error can never
 * become another experiment.
 */
#include "option_values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "table.h"

const char *option_word(const struct option_row *row, size_t i) { return row->word ? row->word(i) : row->words[i]; }

/* "a whole number from 1 to 256", "a number above 0, at most 1000 or none" ... from the row alone. */
void option_describe_legal(char *text, size_t size, const struct option_row *row)
{
    size_t at = 0;
    char   low[TABLE_SETTING_SIZE], high[TABLE_SETTING_SIZE];
    snprintf(low, sizeof low, "%.17g", row->low);
    if (row->high < 1e17)
        snprintf(high, sizeof high, "%.17g", row->high);
    else
        table_shortest(high, row->high);
    switch (row->kind) {
    case KIND_COUNT:
        snprintf(text, size, "a whole number from %s to %s", low, high);
        return;
    case KIND_DEPTHS:
        snprintf(text, size, "1 to %d whole numbers from %s to %s, separated by commas, none twice", DEPTHS_MAX, low,
                 high);
        return;
    case KIND_REAL:
    case KIND_CLIP:
    case KIND_RATE:
        snprintf(text, size, "%sa number %s %s and %s %s%s", row->kind == KIND_CLIP ? "none, or " : "",
                 row->above_low ? "above" : "from", low, row->below_high ? "below" : "at most", high,
                 row->kind == KIND_RATE ? ", tuned, or tuned:LIST of such numbers, separated by commas, none twice"
                                        : "");
        return;
    case KIND_WORD:
    case KIND_PLACE:
    case KIND_SIGN:
        snprintf(text, size, "one of");
        for (size_t i = 0; option_word(row, i); i++) {
            at = strlen(text);
            snprintf(text + at, size - at, "%s%s", i == 0 ? " " : ", ", option_word(row, i));
        }
        at = strlen(text);
        snprintf(text + at, size - at, "%s", row->signs ? ", or the sign itself" : "");
        return;
    case KIND_FORMAT:
        snprintf(text, size, "of svg, png, pdf, separated by commas");
        return;
    case KIND_TEXT:
        snprintf(text, size, "%s that is not empty and does not begin with --%s", /* a column has no folder */
                 strcmp(row->argument, "LIST") == 0 ? "a list" : "a name",
                 strcmp(row->argument, "LIST") == 0 ? "" : " (./--name is legal)");
        return;
    case KIND_FLAG:
        snprintf(text, size, "given without a value");
        return;
    }
}

/* The first `length` characters, all of them digits, as a number of the row's range. */
static bool read_count(uint64_t *value, const struct option_row *row, const char *text, size_t length)
{
    char digits[32];
    if (length == 0 || length >= sizeof digits || strspn(text, "0123456789") < length)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    errno = 0;
    unsigned long long number = strtoull(digits, NULL, 10);
    if (errno != 0 || (double)number < row->low || (double)number > row->high)
        return false;
    *value = number;
    return true;
}

/* Decimal notation only: strtod alone would take "nan", "inf", "0x10" and leading blanks. */
static bool read_real(double *value, const struct option_row *row, const char *text)
{
    char *end;
    if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
        return false;
    double number = strtod(text, &end);
    if (*end || end == text || !isfinite(number) || number < row->low || number > row->high ||
        (row->above_low && number == row->low) || (row->below_high && number == row->high))
        return false;
    *value = number;
    return true;
}

/* The notebook's rate and the next two of about half a decade each. */
static const struct rate_list rates_to_tune = { 3, { 0.003, 0.01, 0.03 } };

static bool read_rates(struct rate_list *list, const struct option_row *row, const char *text)
{
    struct rate_list read = { 0 };
    for (bool more = true; more;) {
        const size_t length = strcspn(text, ",");
        char         number[64];
        double       rate;
        if (read.n == RATES_MAX || length >= sizeof number)
            return false;
        memcpy(number, text, length);
        number[length] = '\0';
        if (!read_real(&rate, row, number))
            return false;
        for (size_t i = 0; i < read.n; i++)
            if (read.rate[i] == rate)
                return false;
        read.rate[read.n++] = rate;
        more = text[length] == ',';
        text += length + more;
    }
    *list = read;
    return true;
}

/* One rate, or those of which the validation rows choose. */
static bool read_rate(struct options *options, double *rate, const struct option_row *row, const char *text)
{
    struct rate_list rates = { 0 };
    if (strcmp(text, "tuned") == 0)
        rates = rates_to_tune;
    else if (strncmp(text, "tuned:", strlen("tuned:")) == 0) {
        if (!read_rates(&rates, row, text + strlen("tuned:")))
            return false;
    } else if (!read_real(rate, row, text))
        return false;
    if (rates.n > 0)
        *rate = rates.rate[0];
    options->rates = rates;
    return true;
}

static bool read_depths(struct depth_list *list, const struct option_row *row, const char *text)
{
    struct depth_list read = { 0 };
    for (;;) {
        size_t   length = strcspn(text, ",");
        uint64_t depth;
        if (read.n == DEPTHS_MAX || !read_count(&depth, row, text, length))
            return false;
        for (size_t i = 0; i < read.n; i++)
            if (read.depth[i] == depth)
                return false;
        read.depth[read.n++] = depth;
        if (!text[length])
            break;
        text += length + 1;
    }
    *list = read;
    return true;
}

static bool read_word(size_t *place, const struct option_row *row, const char *text)
{
    for (*place = 0; option_word(row, *place); ++*place)
        if (strcmp(option_word(row, *place), text) == 0)
            return true;
    return false;
}

bool option_read(struct options *options, const struct option_row *row, const char *text)
{
    void        *field = (char *)options + row->offset;
    size_t       place;
    fathom_error ignored;
    switch (row->kind) {
    case KIND_COUNT:
        return read_count(field, row, text, strlen(text));
    case KIND_REAL:
        return read_real(field, row, text);
    case KIND_CLIP:
        if (strcmp(text, "none") == 0)
            *(double *)field = INFINITY;
        return strcmp(text, "none") == 0 || read_real(field, row, text);
    case KIND_RATE:
        return read_rate(options, field, row, text);
    case KIND_DEPTHS:
        return read_depths(field, row, text);
    case KIND_WORD:
        if (!read_word(&place, row, text))
            return false;
        *(const char **)field = option_word(row, place);
        return true;
    case KIND_PLACE:
        if (!read_word(&place, row, text))
            return false;
        *(int *)field = (int)place;
        return true;
    case KIND_SIGN:
        if (read_word(&place, row, text))
            *(char *)field = row->signs[place];
        else if (*text && !text[1] && strchr(row->signs, *text))
            *(char *)field = *text;
        else
            return false;
        return true;
    case KIND_FORMAT:
        *(const char **)field = text;
        return plot_formats(&options->formats, text, &ignored) == PLOT_OK;
    case KIND_TEXT: /* `--out $DIR --no-plot` with DIR unset must not make a folder called --no-plot */
        *(const char **)field = text;
        return *text != '\0' && strncmp(text, "--", 2) != 0;
    case KIND_FLAG:
        *(bool *)field = true;
        return true;
    }
    return false;
}

/* The inverse of option_read: the text that gives the same value. */
void option_print(char *text, size_t size, const struct options *options, const struct option_row *row)
{
    const void              *field = (const char *)options + row->offset;
    const struct depth_list *list = field;
    const char              *unset = row->unset ? row->unset : "", *sign;
    char                     shortest[TABLE_SETTING_SIZE];
    size_t                   at = 0;
    switch (row->kind) {
    case KIND_COUNT:
        if (*(const uint64_t *)field == 0 && row->low > 0)
            snprintf(text, size, "%s", unset);
        else
            snprintf(text, size, "%llu", (unsigned long long)*(const uint64_t *)field);
        return;
    case KIND_REAL:
    case KIND_CLIP:
        table_shortest(shortest, *(const double *)field);
        snprintf(text, size, "%s", isinf(*(const double *)field) ? "none" : shortest);
        return;
    case KIND_RATE:
        table_shortest(shortest, *(const double *)field);
        snprintf(text, size, "%s", options->rates.n > 0 ? "tuned" : shortest);
        for (size_t i = 0; i < options->rates.n; i++) {
            table_shortest(shortest, options->rates.rate[i]);
            at = strlen(text);
            snprintf(text + at, size - at, "%s%s", i > 0 ? "," : ":", shortest);
        }
        return;
    case KIND_DEPTHS:
        for (size_t i = 0; i < list->n && at < size; i++)
            at += (size_t)snprintf(text + at, size - at, "%s%zu", i ? "," : "", list->depth[i]);
        return;
    case KIND_PLACE:
        snprintf(text, size, "%s", row->words[*(const int *)field]);
        return;
    case KIND_SIGN:
        sign = *(const char *)field ? strchr(row->signs, *(const char *)field) : NULL;
        snprintf(text, size, "%s", sign ? row->words[sign - row->signs] : unset);
        return;
    case KIND_WORD:
    case KIND_FORMAT:
    case KIND_TEXT:
        snprintf(text, size, "%s", *(const char *const *)field ? *(const char *const *)field : unset);
        return;
    case KIND_FLAG:
        snprintf(text, size, "%s", *(const bool *)field ? "yes" : "no");
        return;
    }
}
