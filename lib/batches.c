/* batches.c - the rows that each step of a training run uses: drawn with replacement, with one key per step, as the
 * reference draws them (fathom.h). */
#include "threefry.h"

void fathom_batches(uint32_t *batches, uint64_t seed, size_t first, size_t steps, size_t batch, size_t n)
{
    fathom_key key = fathom_key_from_seed(seed);
    for (size_t step = 0; step < first + steps; step++) {
        fathom_key pair[2]; /* the next step's key, this step's */
        fathom_key_split(pair, key, 2);
        key = pair[0];
        if (step >= first)
            fathom_randint32(batches + (step - first) * batch, pair[1], n, batch);
    }
}
