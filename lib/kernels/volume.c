/* volume.c - the logarithm of a product of slopes (volume.h).
 *
 * log |det J| of a row is a sum of logarithms of slopes: one per coupling layer and transformed coordinate.
 * Multiplying the slopes first costs one multiplication per slope and one logarithm at the end.  The product's
 * relative error, in units in the last place, is at most the number of factors.  Where the product of a row would
 * leave the range of doubles, volume_grow takes its logarithm at once.  So any number of layers may follow each
 * other. */
#include "internal.h"

void ISA(volume_log_det)(double *log_det, const struct volume *volume, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(log_det + i, load(volume->log + i) + vec_log(load(volume->factor + i)));
}
