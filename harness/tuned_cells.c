/* tuned_cells.c - medians per configuration and rate, and the tuned rates (tuned_cells.h). */
#include "tuned_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "exit.h"
#include "statistics.h"
#include "tuned_rate.h"

enum number { VALIDATION, TEST, KL, INVERSE_ERROR, FLOPS, N_PARAMS, LR, NUMBERS };
static const char *const number_name[NUMBERS] = { "validation_logp", "test_logp", "kl", "inverse_error",
                                                  "flops",           "n_params",  "lr" };
enum word { DATA, ARM, DEPTH, RATE, STATUS, WIDTH, STEPS, WORDS };
static const char *const word_name[WORDS] = { "data", "arm", "depth", "lr", "status", "width", "steps" };

struct reading {
    const struct table *runs;
    size_t              n, word[WORDS];
    double             *number[NUMBERS]; /* [n]; NULL: not needed       */
    double             *score;           /* [n], room                      */
    size_t             *cell;            /* [n]: the cell of each row      */
    size_t             *first;           /* [n_cells]: its first row       */
    size_t              n_cells;
};

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

static void find_cells(struct reading *r)
{
    for (size_t row = 0; row < r->n; row++) {
        size_t c = 0;
        while (c < r->n_cells && !alike(r, r->first[c], row, RATE + 1))
            c++;
        if (c == r->n_cells)
            r->first[r->n_cells++] = row;
        r->cell[row] = c;
    }
}

static void open_reading(struct reading *r, const struct table *runs, bool inverse)
{
    *r = (struct reading){ .runs = runs, .n = table_rows(runs) };
    for (int w = 0; w < WORDS; w++)
        if (!table_find(&r->word[w], runs, word_name[w]))
            exit_failed("the table %s has no column '%s'", table_name(runs), word_name[w]);
    for (int k = 0; k < NUMBERS; k++)
        if (k != INVERSE_ERROR || inverse)
            r->number[k] = derive_numbers(runs, number_name[k]);
    r->score = malloc((r->n + 1) * sizeof *r->score);
    r->cell = malloc((r->n + 1) * sizeof *r->cell);
    r->first = malloc((r->n + 1) * sizeof *r->first);
    if (!r->score || !r->cell || !r->first)
        exit_failed("not enough memory for the tuned rates");
    find_cells(r);
}

static void close_reading(struct reading *r)
{
    for (int k = 0; k < NUMBERS; k++)
        free(r->number[k]);
    free(r->score);
    free(r->cell);
    free(r->first);
}

/* A quantile of the cell's ok runs; NaN: none has the number. */
static double quantile(const struct reading *r, size_t cell, enum number k, double part)
{
    size_t n = 0;
    for (size_t row = 0; row < r->n; row++)
        if (r->cell[row] == cell && ok(r, row) && isfinite(r->number[k][row]))
            r->score[n++] = r->number[k][row];
    if (n > 0)
        tuned_rate_median(r->score, n); /* sorts */
    return statistics_quantile(r->score, n, part);
}

static double validation(const struct reading *r, size_t cell)
{
    size_t n = 0;
    for (size_t row = 0; row < r->n; row++)
        if (r->cell[row] == cell)
            r->score[n++] = ok(r, row) && isfinite(r->number[VALIDATION][row]) ? r->number[VALIDATION][row] : -INFINITY;
    return tuned_rate_median(r->score, n);
}

/* The cell has the best rate of its configuration. */
static bool tuned(const struct reading *r, size_t cell)
{
    const size_t first = r->first[cell];
    const double mine = validation(r, cell), rate = r->number[LR][first];
    bool         best = true;
    for (size_t other = 0; other < r->n_cells && best; other++)
        if (other != cell && alike(r, first, r->first[other], DEPTH + 1))
            best = !tuned_rate_beats(validation(r, other), r->number[LR][r->first[other]], mine, rate);
    return best;
}

static void put_cell(struct table *table, const struct reading *r, size_t cell, const char *arm)
{
    const size_t first = r->first[cell];
    size_t       runs = 0, n_ok = 0;
    for (size_t row = first; row < r->n; row++)
        if (r->cell[row] == cell) {
            runs++;
            n_ok += ok(r, row);
        }
    table_text(table, word(r, first, DATA));
    table_text(table, arm);
    table_text(table, word(r, first, DEPTH));
    table_text(table, word(r, first, WIDTH));
    table_text(table, word(r, first, STEPS));
    table_count(table, (size_t)r->number[N_PARAMS][first]);
    table_number(table, r->number[FLOPS][first]);
    table_text(table, word(r, first, RATE));
    table_count(table, tuned(r, cell));
    table_count(table, runs);
    table_count(table, n_ok);
    table_number(table, validation(r, cell));
    table_number(table, quantile(r, cell, TEST, 0.25));
    table_number(table, quantile(r, cell, TEST, 0.5));
    table_number(table, quantile(r, cell, TEST, 0.75));
    table_number(table, quantile(r, cell, KL, 0.5));
    if (r->number[INVERSE_ERROR])
        table_number(table, quantile(r, cell, INVERSE_ERROR, 0.5));
}

void tuned_cells_fill(struct table *table, const struct table *runs)
{
    struct reading r;
    size_t         column;
    open_reading(&r, runs, table_find(&column, table, "inverse_error"));
    for (size_t cell = 0; cell < r.n_cells; cell++)
        put_cell(table, &r, cell, word(&r, r.first[cell], ARM));
    close_reading(&r);
}

/* ---------------------------------------------------------------------------------------- a shared configuration ---- */

/* The cells of the shared configuration of these data, in the arm of the cell `like`. */
static void put_shared(struct table *table, const struct reading *r, size_t like, const char *arm, double depth)
{
    const size_t row = r->first[like];
    for (size_t c = 0; c < r->n_cells; c++)
        if (alike(r, r->first[c], row, DATA + 1) && strcmp(word(r, r->first[c], ARM), arm) == 0 &&
            strtod(word(r, r->first[c], DEPTH), NULL) == depth)
            put_cell(table, r, c, word(r, row, ARM));
}

void tuned_cells_fill_shared(struct table *table, const struct table *runs, const char *arm, double depth)
{
    struct reading r;
    size_t         column;
    open_reading(&r, runs, table_find(&column, table, "inverse_error"));
    for (size_t c = 0, begin = 0; begin < r.n_cells; begin = c) {
        bool shared = strcmp(word(&r, r.first[begin], ARM), arm) == 0; /* it has these cells, or has had them */
        for (; c < r.n_cells && alike(&r, r.first[begin], r.first[c], ARM + 1); c++) {
            if (!shared && strtod(word(&r, r.first[c], DEPTH), NULL) > depth) {
                put_shared(table, &r, begin, arm, depth);
                shared = true;
            }
            put_cell(table, &r, c, word(&r, r.first[c], ARM));
        }
        if (!shared)
            put_shared(table, &r, begin, arm, depth);
    }
    close_reading(&r);
}
