/* normal.c - standard normals by inverting the error function: sqrt 2 erfinv(u), u uniform on (-1, 1).
 *
 * One uniform gives one normal, so draw i needs no other draw. */
#include <float.h>

#include "elementary.h"
#include "fathom.h"

void fathom_normal(double *out, fathom_key key, size_t n)
{
    const double after_minus_one = -1.0 + DBL_EPSILON / 2; /* -1, where erfinv is infinite, is not drawn */
    const double sqrt_2 = 1.4142135623730951;

    fathom_uniform(out, key, after_minus_one, 1.0, n);
    for (size_t i = 0; i < n; i++)
        out[i] = sqrt_2 * fathom_same_erfinv(out[i]);
}
