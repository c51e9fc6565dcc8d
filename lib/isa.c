/* isa.c - the instruction sets that this library was built for, best first; which of them this CPU runs; and the layers
 * and transformers of a set, by name. */
#include "kernels/kernels.h"

#include <string.h>

#if defined __x86_64__
extern const struct fathom_isa fathom_isa_v3, fathom_isa_v4;
#endif

static const struct fathom_isa *const sets[] = {
#if defined __x86_64__
    &fathom_isa_v4,
    &fathom_isa_v3,
#endif
    &fathom_isa_ref,
};

const fathom_isa *fathom_isa_find(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if ((!name || strcmp(name, sets[i]->name) == 0) && sets[i]->supported())
            return sets[i];
    return NULL;
}

const char *fathom_isa_name(const fathom_isa *isa) { return isa->name; }

const struct layer *fathom_isa_layer(const struct fathom_isa *isa, const char *name)
{
    for (const struct layer *const *l = isa->layers; *l; l++)
        if (strcmp((*l)->name, name) == 0)
            return *l;
    return NULL;
}

const struct transformer *fathom_isa_transformer(const struct fathom_isa *isa, const char *name)
{
    for (const struct transformer *const *t = isa->transformers; *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}
