/* first_batch.h - a check before the first run: ActNorm from data needs columns that vary over the first batch.
 *
 * The first block's ActNorm takes mean and deviation of each column over the rows of the first minibatch, which all
 * trained runs of a program share; a probe takes the first rows of the data.  ActNorm
 * divides by the deviation, so it must not be 0.
 */
#ifndef FIRST_BATCH_H
#define FIRST_BATCH_H

#include "fathom.h"

/* True if ActNorm of `config` can be initialised from the rows x[rows[0..n-1]] (rows NULL: x[0..n-1]) of the data.
 * Otherwise *column (from 0) is the one that varies least over them, or is the first that is not finite.  It calls
 * fathom_flow_actnorm_init itself, with one block.  Ends the program if memory is short. */
bool first_batch_varies(size_t *column, const fathom_config *config, const fathom_isa *isa, const fathom_dataset *data,
                        const uint32_t *rows, size_t n);

#endif
