/* dataset.h - the memory of a dataset, for the files of the library that make one. */
#ifndef FATHOM_DATASET_H
#define FATHOM_DATASET_H

#include "fathom.h"

/* Allocates the arrays for n rows of dim numbers.  False if memory is short; then *out is unchanged and nothing is
 * allocated. */
bool fathom_dataset_alloc(fathom_dataset *out, size_t n, size_t dim);

#endif
