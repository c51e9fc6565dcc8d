/* transformer.h - a transformer: the scalar bijection of a coupling, y = f(x; outputs), as a table of functions.
 *
 * Each row has its own `outputs`, which the conditioner computes.  One call transforms one coordinate of a tile.
 * A new transformer is one file, transformer_NAME.c, which ends in such a table, and one line in list.h; the couplings
 * are then called by its name (fathom_coupling_name, --coupling NAME). */
#ifndef FATHOM_TRANSFORMER_H
#define FATHOM_TRANSFORMER_H

#include "../fathom.h"
#include "tile.h"
#include "volume.h"

struct transformer {
    const char *name;
    size_t (*n_outputs)(const fathom_config *config); /* conditioner outputs per coordinate                */
    size_t (*n_saved)(const fathom_config *config);   /* doubles per row that forward keeps for backward   */

    /* x: [rows], in place; volume grows by |dy/dx|, or by |dx/dy|; outputs: [n_outputs][STRIDE], the conditioner's;
     * saved: n_saved STRIDE doubles, in any order. */
    void (*forward)(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows);
    void (*inverse)(double *x, struct volume *volume, const double *outputs, double *saved,
                    const fathom_config *config, size_t rows);
    /* dx: [rows], in: d loss / d y, out: d loss / d x; doutputs: [n_outputs][STRIDE], out: d loss / d outputs. */
    void (*backward)(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows);
};

#endif
