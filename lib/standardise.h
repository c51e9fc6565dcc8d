/* standardise.h - rows into coordinates of mean 0 and standard deviation 1: what every kind of dataset shares. */
#ifndef FATHOM_STANDARDISE_H
#define FATHOM_STANDARDISE_H

#include "fathom.h"

/* data->x holds raw rows: sets mean and sd from them and standardises x.  n >= 2, all finite.
 * Returns the first column whose standard deviation is 0 (then x, mean and sd are of no use), or dim if none is. */
size_t fathom_dataset_standardise(fathom_dataset *data);

/* data->x holds raw rows: puts them into the frame's coordinates and copies its mean and sd. */
void fathom_dataset_into_frame(fathom_dataset *data, const fathom_dataset *frame);

#endif
