/* best_rate.c - each scale's best rate at each depth, and the scale that these recommend (best_rate.h). */
#include "best_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "exit.h"
#include "run_cells.h"
#include "tuned_rate.h"

static size_t column_of(const struct table *table, const char *name)
{
    size_t column;
    if (!table_find(&column, table, name))
        exit_failed("the table %s has no column '%s'", table_name(table), name);
    return column;
}

/* --------------------------------------------------------------------------------------------- best rates ---- */

static bool takes_part(const struct run_cell *cell)
{
    return strncmp(cell->coupling, "affine", strlen("affine")) == 0 && strcmp(cell->arm, "clip") == 0;
}

/* Keeps the cells that take part. */
static struct run_cells cells_of(const struct table *runs, size_t at_most)
{
    struct run_cells cells = run_cells_of(runs, at_most);
    size_t           kept = 0;
    for (size_t i = 0; i < cells.n; i++)
        if (takes_part(&cells.cell[i]))
            cells.cell[kept++] = cells.cell[i];
    cells.n = kept;
    return cells;
}

static size_t smallest(const struct table *runs)
{
    struct run_cells cells = cells_of(runs, SIZE_MAX);
    size_t           least = SIZE_MAX;
    for (size_t i = 0; i < cells.n; i++)
        least = cells.cell[i].runs < least ? cells.cell[i].runs : least;
    free(cells.cell);
    return least;
}

/* False: runs were trained, and none has a validation score: there are no validation rows (a file has none). */
static bool can_choose(const struct table *runs)
{
    const size_t status = column_of(runs, "status"), validation = column_of(runs, "validation_logp");
    bool         trained = false, scored = false;
    for (size_t row = 0; row < table_rows(runs); row++) {
        const char *outcome = table_cell(runs, row, status);
        trained |= strcmp(outcome, "ok") == 0 || strcmp(outcome, "ruined") == 0;
        scored |= isfinite(table_cell_number(runs, row, validation));
    }
    return scored || !trained;
}

/* a is a better rate than b of the same coupling and depth. */
static bool beats(const struct run_cell *a, const struct run_cell *b)
{
    return tuned_rate_beats(a->validation, strtod(a->lr, NULL), b->validation, strtod(b->lr, NULL));
}

static bool same_scale(const struct run_cell *a, const struct run_cell *b)
{
    return strcmp(a->coupling, b->coupling) == 0 && strcmp(a->depth, b->depth) == 0;
}

static bool is_best(const struct run_cells *cells, size_t i)
{
    bool best = true;
    for (size_t k = 0; k < cells->n && best; k++)
        best = k == i || !same_scale(&cells->cell[i], &cells->cell[k]) || !beats(&cells->cell[k], &cells->cell[i]);
    return best;
}

/* Where a cell stands in the table. */
struct place {
    size_t coupling; /* the first cell of the same one */
    double depth, lr;
    size_t cell;
};

static int in_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->coupling != y->coupling)
        return x->coupling < y->coupling ? -1 : 1;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return (x->lr > y->lr) - (x->lr < y->lr);
}

/* [n]: by coupling, in the order of first rows, then depth and rate, ascending: the parts of a design mix them. */
static struct place *places_of(const struct run_cells *cells)
{
    struct place *places = malloc((cells->n + 1) * sizeof *places);
    if (!places)
        exit_failed("not enough memory for the scales");
    for (size_t i = 0; i < cells->n; i++) {
        const struct run_cell *c = &cells->cell[i];
        size_t                 first = 0;
        while (strcmp(cells->cell[first].coupling, c->coupling) != 0)
            first++;
        places[i] = (struct place){ first, strtod(c->depth, NULL), strtod(c->lr, NULL), i };
    }
    qsort(places, cells->n, sizeof *places, in_order);
    return places;
}

void best_rate_fill(struct table *table, const struct table *runs)
{
    struct run_cells cells = cells_of(runs, smallest(runs));
    struct place    *places = places_of(&cells);
    const bool       choose = can_choose(runs);
    for (size_t i = 0; i < cells.n; i++) {
        const struct run_cell *c = &cells.cell[places[i].cell];
        const size_t counts[] = { choose && is_best(&cells, places[i].cell), c->runs, c->ok, c->ruined, c->diverged };
        const double numbers[] = { c->validation, c->heldout_q1,    c->heldout,
                                   c->heldout_q3, c->inverse_error, c->condition_number };
        table_text(table, c->coupling);
        table_text(table, c->depth);
        table_text(table, c->lr);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            table_count(table, counts[k]);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            table_number(table, numbers[k]);
    }
    free(places);
    free(cells.cell);
}

/* ----------------------------------------------------------------------------------------- recommendation ---- */

static struct scale_record *record_of(struct recommendation *r, const char *coupling)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->scale[i].coupling, coupling) == 0)
            return &r->scale[i];
    if (r->n == SCALES_MAX)
        exit_failed("more than %d scales", SCALES_MAX);
    r->scale[r->n] = (struct scale_record){ .coupling = coupling };
    return &r->scale[r->n++];
}

static bool holds(const struct scale_record *scale) { return scale->ok == scale->runs; }

/* a is to be recommended rather than b. */
static bool preferred(const struct scale_record *a, const struct scale_record *b)
{
    if (holds(a) != holds(b))
        return holds(a);
    return holds(a) ? a->validation > b->validation : a->ok > b->ok;
}

struct recommendation best_rate_recommend(const struct table *table)
{
    const size_t coupling = column_of(table, "coupling"), depth = column_of(table, "depth"),
                 best = column_of(table, "best"), runs = column_of(table, "runs"), ok = column_of(table, "ok"),
                 validation = column_of(table, "validation");
    struct recommendation r = { .n = 0 };
    for (size_t row = 0; row < table_rows(table); row++) {
        if (table_cell_number(table, row, best) != 1)
            continue;
        struct scale_record *scale = record_of(&r, table_cell(table, row, coupling));
        const double         at = table_cell_number(table, row, depth);
        const double         score = table_cell_number(table, row, validation);
        scale->depths++;
        scale->runs += (size_t)table_cell_number(table, row, runs);
        scale->ok += (size_t)table_cell_number(table, row, ok);
        scale->deepest = at > scale->deepest ? at : scale->deepest;
        scale->validation += isfinite(score) ? score : -INFINITY;
    }
    for (size_t i = 0; i < r.n; i++) {
        r.scale[i].validation /= (double)r.scale[i].depths;
        r.holding += holds(&r.scale[i]);
        r.chosen = preferred(&r.scale[i], &r.scale[r.chosen]) ? i : r.chosen;
    }
    return r;
}

static void put_line(struct table *title, size_t line, const char *words)
{
    table_text(title, "stability");
    table_count(title, line);
    table_text(title, words);
}

void best_rate_title(struct table *title, const struct table *table)
{
    const struct recommendation r = best_rate_recommend(table);
    char                        words[160];
    if (r.n == 0)
        return;
    const struct scale_record *best = &r.scale[r.chosen];
    if (r.holding > 0) {
        snprintf(words, sizeof words, "With clip 1, %zu of %zu scales lose no run at any depth up to %g.", r.holding,
                 r.n, best->deepest);
        put_line(title, 1, words);
        snprintf(words, sizeof words, "Of them, %s fits best.", best->coupling);
    } else {
        snprintf(words, sizeof words, "With clip 1, none of %zu scales keeps every run up to depth %g.", r.n,
                 best->deepest);
        put_line(title, 1, words);
        if (best->ok > 0)
            snprintf(words, sizeof words, "%s loses the fewest: %zu of %zu.", best->coupling, best->runs - best->ok,
                     best->runs);
        else
            snprintf(words, sizeof words, "At the best rates all runs are lost.");
    }
    put_line(title, 2, words);
}
