/* data_sets.c - data sets by name: drawn and standardised, and their log density (data_set.h).
 *
 * data_sets.h lists them.  Invariant: held-out rows are in the coordinates of the training rows, their `frame`.
 */
#include "data_set.h"

#include <string.h>

#include "dataset.h"
#include "standardise.h"

#define DATA_SET(name) extern const struct fathom_data_set fathom_data_set_##name;
#include "data_sets.h"

static const struct fathom_data_set *const all[] = {
#define DATA_SET(name) &fathom_data_set_##name,
#include "data_sets.h"
    NULL
};
enum { N_ALL = sizeof all / sizeof *all - 1 };

const char *fathom_data_set_name(size_t i) { return i < N_ALL ? all[i]->name : NULL; }

const fathom_data_set *fathom_data_set_find(const char *name)
{
    for (size_t i = 0; i < N_ALL; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

fathom_status fathom_data_set_draw(fathom_dataset *out, const fathom_data_set *set, uint64_t seed, size_t n,
                                   const fathom_dataset *frame)
{
    fathom_dataset data;
    if (n < 2 || (frame != NULL && frame->dim != set->dim))
        return FATHOM_BAD_ARGUMENT;
    if (!fathom_dataset_alloc(&data, n, set->dim))
        return FATHOM_NO_MEMORY;

    fathom_status status = set->draw(data.x, seed, n);
    if (status == FATHOM_OK && frame != NULL)
        fathom_dataset_into_frame(&data, frame);
    else if (status == FATHOM_OK && fathom_dataset_standardise(&data) < set->dim)
        status = FATHOM_BAD_ARGUMENT; /* every row equal: n too small for this seed */
    if (status == FATHOM_OK)
        *out = data;
    else
        fathom_dataset_free(&data);
    return status;
}

bool fathom_data_set_has_density(const fathom_data_set *set) { return set->log_density != NULL; }

fathom_status fathom_data_set_log_density(double *logp, const fathom_data_set *set, const double *x,
                                          const fathom_dataset *frame, size_t n)
{
    if (!set->log_density || frame->dim != set->dim)
        return FATHOM_BAD_ARGUMENT;
    return set->log_density(logp, x, frame, n);
}

double fathom_data_set_entropy(const fathom_data_set *set) { return set->entropy; }

fathom_status fathom_spiral(fathom_dataset *out, uint64_t seed, size_t n, const fathom_dataset *frame)
{
    return fathom_data_set_draw(out, &fathom_data_set_spiral, seed, n, frame);
}
