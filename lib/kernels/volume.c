/* volume.c - the logarithm of a product of slopes (volume.h).
 *
 * log |det J| of a stack is a sum of logarithms: one per coupling layer, moved coordinate and row.  Their product costs
 * one multiplication per slope and one logarithm at the end.  Its error, in units in the last place of the product, is
 * at most the number of factors.  A row whose product would leave the range of doubles takes its logarithm at once
 * (volume_grow), so any number of layers may follow each other. */
#include "internal.h"

void ISA(volume_log_det)(double *log_det, const struct volume *volume, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(log_det + i, load(volume->log + i) + vec_log(load(volume->factor + i)));
}
