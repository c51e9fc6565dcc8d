/* couplings.c - the names of couplings, as kernels/list.h lists their transformers. */
#include "kernels/kernels.h"

size_t fathom_n_couplings(void)
{
    size_t n = 0;
    while (fathom_isa_ref.transformers[n])
        n++;
    return n;
}

const char *fathom_coupling_name(size_t i)
{
    return i < fathom_n_couplings() ? fathom_isa_ref.transformers[i]->name : NULL;
}
