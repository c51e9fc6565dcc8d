/* cell.c - one row of a table of cells (cell.h). */
#include "cell.h"

#include <math.h>

static size_t count_in(const struct table *table, const char *column, const char *where)
{
    const double n = query_number(table, column, where);
    return n > 0 ? (size_t)n : 0;
}

struct cell cell_measure(const struct table *table, const char *where)
{
    return (struct cell){
        .runs = count_in(table, "runs", where),
        .ok = count_in(table, "ok", where),
        .ruined = count_in(table, "ruined", where),
        .diverged = count_in(table, "diverged", where),
        .heldout_q1 = query_number(table, "heldout_q1", where),
        .heldout = query_number(table, "heldout", where),
        .heldout_q3 = query_number(table, "heldout_q3", where),
        .validation = query_number(table, "validation", where),
        .inverse_error = query_number(table, "inverse_error", where),
        .condition_number = query_number(table, "condition_number", where),
        .dead_units = query_number(table, "dead_units", where),
        .acted = query_number(table, "acted", where),
    };
}

const char *cell_lost(struct pool *pool, const struct cell *cell)
{
    if (cell->runs == 0)
        return "not run";
    const char *lost = text(pool, "%zu of %zu", cell->runs - cell->ok, cell->runs);
    return cell->ruined ? text(pool, "%s (%zu ruined)", lost, cell->ruined) : lost;
}

const char *cell_heldout(struct pool *pool, const struct cell *cell)
{
    if (!isfinite(cell->heldout))
        return "-";
    return text(pool, "%s [%s, %s]", text_number(pool, 3, cell->heldout), text_number(pool, 3, cell->heldout_q1),
                text_number(pool, 3, cell->heldout_q3));
}

const char *cell_share(struct pool *pool, double share)
{
    return isfinite(share) ? text(pool, "%.3g %%", 100 * share) : "-";
}

void cell_print(struct bytes *table, struct pool *pool, const struct cell *cell)
{
    bytes_print(table, " %s | %s | %s | %s | %s |\n", cell_lost(pool, cell), cell_heldout(pool, cell),
                text_short(pool, cell->inverse_error), text_short(pool, cell->condition_number),
                cell_share(pool, cell->dead_units));
}
