/* stabiliser.c - the list of stabilisers, and their names (stabiliser.h). */
#include "stabiliser.h"

#include <string.h>

extern const struct stabiliser stabiliser_clip, stabiliser_skip, stabiliser_olmo, stabiliser_zclip, stabiliser_agc,
    stabiliser_amsgrad, stabiliser_beta2, stabiliser_rewind;

static const struct stabiliser *const stabilisers[] = {
    &stabiliser_clip, &stabiliser_skip,    &stabiliser_olmo,  &stabiliser_zclip,
    &stabiliser_agc,  &stabiliser_amsgrad, &stabiliser_beta2, &stabiliser_rewind,
};
enum { N_STABILISERS = sizeof stabilisers / sizeof *stabilisers };

size_t fathom_n_stabilisers(void) { return N_STABILISERS; }

const char *fathom_stabiliser_name(size_t i) { return i < N_STABILISERS ? stabilisers[i]->name : NULL; }

const struct stabiliser *stabiliser_find(const char *name)
{
    for (size_t i = 0; i < N_STABILISERS; i++)
        if (!name || strcmp(stabilisers[i]->name, name) == 0)
            return stabilisers[i];
    return NULL;
}
