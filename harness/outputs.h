/* outputs.h - what a program leaves in its folder: its tables, the figures drawn from them, and their manifest, as one
 * set.
 *
 * Invariant: when the set is in place, every table and figure of the program in the folder is of this run, or (figures
 * only) was drawn from tables with the same bytes.  A table or figure of an earlier run that this one did not make is
 * removed, and named on stderr.
 */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include "plot.h"
#include "table.h"

struct outputs {
    const char          *program;
    struct table *const *tables;
    size_t               n_tables;
    const char *const   *figures; /* names, ended by NULL */
    plot_options         plot;    /* .out: the folder */
    bool                 no_plot;
};

enum outputs_status {
    OUTPUTS_OK,
    OUTPUTS_FAILED,   /* nothing was changed; one line in *error                                     */
    OUTPUTS_NO_FIGURE /* a figure could not be drawn, all else is in place; one line in *error       */
};
/* Draws the figures, then puts everything in place. */
enum outputs_status outputs_write(const struct outputs *what, fathom_error *error);

#endif
