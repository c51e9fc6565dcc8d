/* transformer.h - a transformer: the scalar bijection of a coupling, y = f(x; outputs), as a table of functions.
 *
 * f is monotone in x.  Each row has its own `outputs`, the parameters of f, which the conditioner computes.  One call
 * transforms one coordinate of a tile.
 * A new transformer is one file, transformer_NAME.c, which ends in such a table, and one line in list.h; the couplings
 * are then called by its name (fathom_coupling_name, --coupling NAME). */
#ifndef FATHOM_TRANSFORMER_H
#define FATHOM_TRANSFORMER_H

#include "../fathom_warm.h"
#include "tile.h"
#include "volume.h"

struct transformer {
    const char *name;
    size_t (*n_outputs)(const fathom_config *config); /* outputs of the conditioner per coordinate              */
    size_t (*n_saved)(const fathom_config *config);   /* doubles per row that forward writes for backward       */

    /* x: [rows], in place, becomes y (inverse: y becomes x).  log |dy/dx| (inverse: log |dx/dy|) of each row is added
     * to volume.  outputs: [n_outputs][STRIDE].  saved: n_saved STRIDE doubles, in an order that the transformer
     * chooses; forward writes them for backward; inverse may use them as scratch memory.
     * inverse sets volume->flat if the map is so flat at some row that its y is that of many x, or y is out of its
     * range; x is then one that comes nearest. */
    void (*forward)(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows);
    void (*inverse)(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows);
    /* After forward of the same tile.  dx: [rows], in: d loss / d y, out: d loss / d x.
     * doutputs: [n_outputs][STRIDE], out: d loss / d outputs.  saved: as forward wrote it.
     * dlog_det: [rows], d loss / d log |dy/dx|. */
    void (*backward)(double *dx, double *doutputs, const double *saved, const double *dlog_det,
                     const fathom_config *config, size_t rows);

    /* outputs: [n_outputs], of one row = those with which f comes nearest to Phi^-1(F(x)), F the distribution function of
     * the mixture of config->components components.  FATHOM_OK, or FATHOM_NO_MEMORY.  NULL: f has no such outputs. */
    fathom_status (*fit)(double *outputs, const fathom_mixture *mixture, const fathom_config *config);
};

#endif
