/* run_cells.c - the cells of a table of runs (run_cells.h). */
#include "run_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "exit.h"
#include "statistics.h"

enum word { COUPLING, DEPTH, LR, ARM, STATUS, FIRST_KIND, N_WORDS };
static const char *const word_names[] = { "coupling", "depth", "lr", "arm", "status", "first_kind" };
enum number { VALIDATION, HELDOUT, INVERSE_ERROR, CONDITION, DEAD, ACTED, FIRST_ROWS, N_NUMBERS };
static const char *const number_names[] = { "validation_logp", "heldout_logp", "inverse_error", "condition_number",
                                            "dead_units",      "acted",        "first_rows" };

/* The table's columns that matter, and scratch memory for the numbers of one cell. */
struct reading {
    const struct table *runs;
    size_t              word[N_WORDS];
    double             *number[N_NUMBERS]; /* each [rows] */
    double             *value;             /* [rows]      */
};

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the cells of the runs");
    return memory;
}

static struct reading open_reading(const struct table *runs)
{
    struct reading r = { .runs = runs };
    for (size_t i = 0; i < N_WORDS; i++)
        if (!table_find(&r.word[i], runs, word_names[i]))
            exit_failed("the table %s has no column '%s' to make cells of", table_name(runs), word_names[i]);
    for (size_t i = 0; i < N_NUMBERS; i++)
        r.number[i] = derive_numbers(runs, number_names[i]);
    r.value = need(malloc((table_rows(runs) + 1) * sizeof *r.value));
    return r;
}

static void close_reading(struct reading *r)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        free(r->number[i]);
    free(r->value);
}

static const char *word(const struct reading *r, size_t row, enum word which)
{
    return table_cell(r->runs, row, r->word[which]);
}

static bool is_ok(const struct reading *r, size_t row) { return strcmp(word(r, row, STATUS), "ok") == 0; }

/* ---------------------------------------------------------------------------------------------- quartiles ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Which runs' numbers a median is of, and what stands for a number that is none. */
enum choice {
    OF_OK,           /* the ok runs that have a finite number                                    */
    OF_OK_ELSE_HUGE, /* all ok runs, infinity for a number that is none                          */
    OF_ALL,          /* all runs that have one                                                   */
    OF_DIVERGED,     /* the diverged runs that have one                                          */
    RANKED           /* all runs: the number of an ok run that has one, otherwise minus infinity */
};

/* The numbers of rows: [n], sorted, in r->value.  Returns how many. */
static size_t choose(const struct reading *r, const size_t *rows, size_t n, enum number which, enum choice choice)
{
    size_t chosen = 0, known = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = r->number[which][rows[i]];
        const bool   ok = is_ok(r, rows[i]), finite = isfinite(x);
        known += finite;
        if (choice == RANKED)
            r->value[chosen++] = ok && finite ? x : -INFINITY;
        else if (choice == OF_OK_ELSE_HUGE && ok)
            r->value[chosen++] = finite ? x : INFINITY;
        else if (finite && (choice == OF_ALL || (choice == OF_OK && ok) ||
                            (choice == OF_DIVERGED && strcmp(word(r, rows[i], STATUS), "diverged") == 0)))
            r->value[chosen++] = x;
    }
    if (choice == OF_OK_ELSE_HUGE && known == 0)
        chosen = 0; /* no run measured it */
    qsort(r->value, chosen, sizeof *r->value, ascending);
    return chosen;
}

static double median(const struct reading *r, const size_t *rows, size_t n, enum number which, enum choice choice)
{
    return statistics_quantile(r->value, choose(r, rows, n, which, choice), 0.5);
}

/* -------------------------------------------------------------------------------------------------- cells ---- */

static size_t count(const struct reading *r, const size_t *rows, size_t n, const char *status)
{
    size_t met = 0;
    for (size_t i = 0; i < n; i++)
        met += strcmp(word(r, rows[i], STATUS), status) == 0;
    return met;
}

/* The diverged runs of which that was not finite first. */
static size_t count_first(const struct reading *r, const size_t *rows, size_t n, const char *kind)
{
    size_t met = 0;
    for (size_t i = 0; i < n; i++)
        met += strcmp(word(r, rows[i], STATUS), "diverged") == 0 && strcmp(word(r, rows[i], FIRST_KIND), kind) == 0;
    return met;
}

static struct run_cell cell_of(const struct reading *r, const size_t *rows, size_t n)
{
    struct run_cell cell = {
        .coupling = word(r, rows[0], COUPLING),
        .depth = word(r, rows[0], DEPTH),
        .lr = word(r, rows[0], LR),
        .arm = word(r, rows[0], ARM),
        .runs = n,
        .ok = count(r, rows, n, "ok"),
        .ruined = count(r, rows, n, "ruined"),
        .diverged = count(r, rows, n, "diverged"),
        .validation = median(r, rows, n, VALIDATION, RANKED),
        .condition_number = median(r, rows, n, CONDITION, OF_OK_ELSE_HUGE),
        .dead_units = median(r, rows, n, DEAD, OF_OK),
        .acted = median(r, rows, n, ACTED, OF_ALL),
        .scale_underflow = count_first(r, rows, n, "scale-underflow"),
        .latent_overflow = count_first(r, rows, n, "latent-overflow"),
        .gradient_overflow = count_first(r, rows, n, "gradient-overflow"),
        .first_rows = median(r, rows, n, FIRST_ROWS, OF_DIVERGED),
    };
    size_t chosen = choose(r, rows, n, HELDOUT, OF_OK);
    cell.heldout_q1 = statistics_quantile(r->value, chosen, 0.25);
    cell.heldout = statistics_quantile(r->value, chosen, 0.5);
    cell.heldout_q3 = statistics_quantile(r->value, chosen, 0.75);
    chosen = choose(r, rows, n, INVERSE_ERROR, OF_OK_ELSE_HUGE);
    cell.inverse_error = statistics_quantile(r->value, chosen, 0.5);
    cell.inverse_error_max = statistics_quantile(r->value, chosen, 1);
    return cell;
}

static bool same_cell(const struct reading *r, size_t a, size_t b)
{
    bool same = true;
    for (enum word i = COUPLING; i <= ARM && same; i++)
        same = strcmp(word(r, a, i), word(r, b, i)) == 0;
    return same;
}

struct run_cells run_cells_of(const struct table *runs, size_t at_most)
{
    const size_t     n = table_rows(runs);
    struct reading   r = open_reading(runs);
    struct run_cells cells = { need(malloc((n + 1) * sizeof *cells.cell)), 0 };
    size_t          *rows = need(malloc((n + 1) * sizeof *rows));
    bool            *taken = need(calloc(n + 1, sizeof *taken));
    for (size_t first = 0; first < n; first++) {
        size_t size = 0;
        for (size_t row = first; row < n && !taken[first]; row++)
            if (same_cell(&r, first, row)) {
                taken[row] = row > first;
                if (size < at_most)
                    rows[size++] = row;
            }
        if (size > 0)
            cells.cell[cells.n++] = cell_of(&r, rows, size);
    }
    free(rows);
    free(taken);
    close_reading(&r);
    return cells;
}

void run_cells_fill(struct table *table, const struct table *runs)
{
    struct run_cells cells = run_cells_of(runs, SIZE_MAX);
    for (size_t i = 0; i < cells.n; i++) {
        const struct run_cell *c = &cells.cell[i];
        const char *const      words[] = { c->coupling, c->depth, c->lr, c->arm };
        const size_t           counts[] = { c->runs, c->ok, c->ruined, c->diverged };
        const double           numbers[] = { c->validation,       c->heldout_q1,    c->heldout,
                                             c->heldout_q3,       c->inverse_error, c->inverse_error_max,
                                             c->condition_number, c->dead_units,    c->acted };
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            table_text(table, words[k]);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            table_count(table, counts[k]);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            table_number(table, numbers[k]);
        table_count(table, c->scale_underflow);
        table_count(table, c->latent_overflow);
        table_count(table, c->gradient_overflow);
        table_number(table, c->first_rows);
    }
    free(cells.cell);
}
