/* report_conditioner.c - what a conditioner of one input is, and why that makes it cheap.
 *
 * Not a claim of the notebook: counts, read off the table of one trained conditioner's straight lines.  Every output
 * has the same breakpoints, so the segments are counted on the first output alone.
 */
#include "report_parts.h"

#include <stdlib.h>

struct lines {
    size_t n, empty;        /* segments over the training rows' range; of them, without a training row */
    size_t occupied;        /* ...that the last batch has rows in                                      */
    double rows, batch;     /* training rows; rows of that batch                                       */
};

static struct lines count_lines(struct report *report)
{
    const struct table *table = report->table[CONDITIONER];
    size_t              column = 0;
    table_find(&column, table, "output");
    const char         *where = SAY("output=%s", table_cell(table, 0, column));
    const struct sample rows = question_numbers(&report->pool, table, "rows", where);
    const struct sample batch = question_numbers(&report->pool, table, "batch_rows", where);
    struct lines        lines = {.n = rows.n};
    for (size_t i = 0; i < rows.n && i < batch.n; i++) {
        lines.empty += rows.x[i] == 0;
        lines.occupied += batch.x[i] > 0;
        lines.rows += rows.x[i];
        lines.batch += batch.x[i];
    }
    return lines;
}

void report_conditioner(struct report *report)
{
    const struct table *table = report->table[CONDITIONER];
    const struct lines  lines = count_lines(report);
    const char         *whole = table_value(table, "segments-of-the-line");
    const char         *width = table_value(table, "width"), *hidden = table_value(table, "hidden");
    report_print(report,
        "A coupling moves some coordinates by a map whose parameters a small network, the conditioner, computes from "
        "the\nothers. In two dimensions it reads a single number $x$:\n\n"
        "$$c(x) = W_L \\max(0, \\ldots \\max(0, W_0 x + b_0) \\ldots) + b_L .$$\n\n"
        "As $x$ grows, each hidden unit is a straight line until it, or some unit below it, switches on or off. So "
        "all of\n$c$ is a continuous function made of straight lines, with finitely many breakpoints that all "
        "outputs share\n(Montufar, Pascanu, Cho & Bengio 2014). Training moves the breakpoints and tilts the lines; it "
        "cannot make a curve.\n\n");
    report_figure(report, "conditioner", "the first conditioner of a trained flow: outputs, slopes, and the rows that "
                                         "lie on each line");
    report_print(report, "| of this conditioner | number |\n|---|---|\n");
    if (width && hidden)
        report_print(report, "| hidden units | %ld |\n", strtol(width, NULL, 10) * strtol(hidden, NULL, 10));
    if (whole)
        report_print(report, "| straight lines, from $-\\infty$ to $\\infty$ | %s |\n", whole);
    report_print(report,
        "| straight lines over the training rows' range | %zu |\n"
        "| of them, with no training row on them | %zu |\n"
        "| rows of a batch | %.0f |\n"
        "| lines that a batch lies on | %zu |\n\n", lines.n, lines.empty, lines.batch, lines.occupied);
    report_print(report,
        "The program uses this. Rows on one line need the matrices at most once, for the line's slope and its value: "
        "for the\nbatch of %.0f rows, the matrix work of %zu at most. It is less, for between two neighbours most "
        "often a single unit of\nthe last hidden layer switches, and all others need no second look. Finding the "
        "breakpoints takes the hidden\nlayers alone and is done once a step, however many rows there are. Backward it "
        "is the same: of the rows on a line, the\nweights' gradient depends on $\\sum d$ and $\\sum d x$ alone, where "
        "$d$ is the loss's gradient at the outputs. That is\nexact up to rounding; tests hold it against the dense "
        "network, which serves where a conditioner has two inputs or more.\n\n", lines.batch, 2 * lines.occupied);
    report_source(report, CONDITIONER, "breakpoints `lib/kernels/conditioner_piecewise.c`, lines and their gradient `lib/kernels/conditioner_lines.c`, "
                                       "the dense network `lib/kernels/conditioner_dense.c`");
}
