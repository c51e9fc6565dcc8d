/* standardise.h - changes rows to coordinates of mean 0 and standard deviation 1, for every kind of dataset. */
#ifndef FATHOM_STANDARDISE_H
#define FATHOM_STANDARDISE_H

#include "fathom.h"

/* data->x holds raw rows: sets mean and sd from them and standardises x.  n >= 2, all finite.
 * Returns the first column whose standard deviation is 0 or subnormal, or dim if there is none.  In the first case x,
 * mean and sd must not be used. */
size_t fathom_dataset_standardise(fathom_dataset *data);

/* data->x holds raw rows: standardises them with the mean and sd of `frame`, and copies these into data. */
void fathom_dataset_into_frame(fathom_dataset *data, const fathom_dataset *frame);

#endif
