/* volume.c - the logarithm of a product of slopes.
 *
 * log |det J| of a stack is a sum of logarithms: of couplings, one a layer, moved coordinate and row.  The product of
 * their slopes costs a multiplication each and in the end one logarithm, good to as many units in the last place of the
 * product as it has factors.  A row whose product is about to leave the doubles' range takes its logarithm at once
 * (grow in kernels.h), so any number of layers may follow each other. */
#include "internal.h"

void ISA(log_det)(double *log_det, const struct volume *volume, size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH)
        store(log_det + i, load(volume->log + i) + log_(load(volume->factor + i)));
}
