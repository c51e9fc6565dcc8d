/* tuned_cells.c - medians per configuration and rate, and the tuned rates (tuned_cells.h). */
#include "tuned_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "exit.h"
#include "tuned_rate.h"

enum number { VALIDATION, TEST, KL, INVERSE_ERROR, FLOPS, N_PARAMS, LR, NUMBERS };
static const char *const number_name[NUMBERS] = { "validation_logp", "test_logp", "kl", "inverse_error",
                                                  "flops",           "n_params",  "lr" };
enum word { DATA, ARM, DEPTH, RATE, STATUS, WIDTH, STEPS, WORDS };
static const char *const word_name[WORDS] = { "data", "arm", "depth", "lr", "status", "width", "steps" };

struct reading {
    const struct table *runs;
    size_t              n, word[WORDS];
    double             *number[NUMBERS]; /* [n]                      */
    double             *score;           /* [n], room                */
    bool               *done;            /* [n]: its cell is written */
};

static void open_reading(struct reading *r, const struct table *runs)
{
    *r = (struct reading){ .runs = runs, .n = table_rows(runs) };
    for (int w = 0; w < WORDS; w++)
        if (!table_find(&r->word[w], runs, word_name[w]))
            exit_failed("the table %s has no column '%s'", table_name(runs), word_name[w]);
    for (int k = 0; k < NUMBERS; k++)
        r->number[k] = derive_numbers(runs, number_name[k]);
    r->score = malloc((r->n + 1) * sizeof *r->score);
    r->done = calloc(r->n + 1, sizeof *r->done);
    if (!r->score || !r->done)
        exit_failed("not enough memory for the tuned rates");
}

static void close_reading(struct reading *r)
{
    for (int k = 0; k < NUMBERS; k++)
        free(r->number[k]);
    free(r->score);
    free(r->done);
}

static const char *word(const struct reading *r, size_t row, enum word w)
{
    return table_cell(r->runs, row, r->word[w]);
}

/* Alike in the words before `end`: ARM + 1, DEPTH + 1, ... */
static bool alike(const struct reading *r, size_t a, size_t b, int end)
{
    bool same = true;
    for (int w = 0; w < end && same; w++)
        same = strcmp(word(r, a, (enum word)w), word(r, b, (enum word)w)) == 0;
    return same;
}

static bool ok(const struct reading *r, size_t row) { return strcmp(word(r, row, STATUS), "ok") == 0; }

/* A quantile of the cell's ok runs, by linear interpolation; NaN: none has the number. */
static double quantile(const struct reading *r, size_t first, enum number k, double part)
{
    size_t n = 0;
    for (size_t row = first; row < r->n; row++)
        if (alike(r, first, row, RATE + 1) && ok(r, row) && isfinite(r->number[k][row]))
            r->score[n++] = r->number[k][row];
    if (n == 0)
        return NAN;
    tuned_rate_median(r->score, n); /* sorts */
    const double at = part * (double)(n - 1);
    const size_t below = (size_t)at;
    return below + 1 < n ? r->score[below] + (at - (double)below) * (r->score[below + 1] - r->score[below])
                         : r->score[below];
}

static double validation(const struct reading *r, size_t first)
{
    size_t n = 0;
    for (size_t row = first; row < r->n; row++)
        if (alike(r, first, row, RATE + 1))
            r->score[n++] = ok(r, row) && isfinite(r->number[VALIDATION][row]) ? r->number[VALIDATION][row] : -INFINITY;
    return tuned_rate_median(r->score, n);
}

/* The cell that starts at `first` has the best rate of its configuration. */
static bool tuned(const struct reading *r, size_t first)
{
    const double mine = validation(r, first), rate = r->number[LR][first];
    bool         best = true;
    for (size_t row = 0; row < r->n && best; row++)
        if (alike(r, first, row, DEPTH + 1) && !alike(r, first, row, RATE + 1)) {
            size_t other = row;
            for (size_t before = row; before-- > 0;)
                other = alike(r, row, before, RATE + 1) ? before : other;
            best = !tuned_rate_beats(validation(r, other), r->number[LR][other], mine, rate);
        }
    return best;
}

static void put_cell(struct table *table, const struct reading *r, size_t first)
{
    size_t runs = 0, n_ok = 0;
    for (size_t row = first; row < r->n; row++)
        if (alike(r, first, row, RATE + 1)) {
            r->done[row] = true;
            runs++;
            n_ok += ok(r, row);
        }
    table_text(table, word(r, first, DATA));
    table_text(table, word(r, first, ARM));
    table_text(table, word(r, first, DEPTH));
    table_text(table, word(r, first, WIDTH));
    table_text(table, word(r, first, STEPS));
    table_count(table, (size_t)r->number[N_PARAMS][first]);
    table_number(table, r->number[FLOPS][first]);
    table_text(table, word(r, first, RATE));
    table_count(table, tuned(r, first));
    table_count(table, runs);
    table_count(table, n_ok);
    table_number(table, validation(r, first));
    table_number(table, quantile(r, first, TEST, 0.25));
    table_number(table, quantile(r, first, TEST, 0.5));
    table_number(table, quantile(r, first, TEST, 0.75));
    table_number(table, quantile(r, first, KL, 0.5));
    table_number(table, quantile(r, first, INVERSE_ERROR, 0.5));
}

void tuned_cells_fill(struct table *table, const struct table *runs)
{
    struct reading r;
    open_reading(&r, runs);
    for (size_t row = 0; row < r.n; row++)
        if (!r.done[row])
            put_cell(table, &r, row);
    close_reading(&r);
}
