/* flow_view.h - one coupling of a flow: the rows that its conditioner reads, and the conditioner itself; the range of all
 * couplings' scales; and the latent rows in the base's own units.
 *
 * The programs of this suite inspect trained flows with it.  It is not part of fathom.h. */
#ifndef FATHOM_FLOW_VIEW_H
#define FATHOM_FLOW_VIEW_H

#include "kernels/kernels.h"

/* coupling: its number from 0, data -> latent; a block has two.  Computes input: [n][n_in], what its conditioner reads
 * when the rows x, [n][D], pass through the flow; n_in = D / 2.  `use` becomes that conditioner with a state prepared
 * for params, which belongs to ws and is valid until the next call on ws.  FATHOM_BAD_ARGUMENT if there is no such
 * coupling; FATHOM_NO_MEMORY. */
fathom_status fathom_flow_view_coupling(double *input, struct conditioner_use *use, fathom_workspace *ws,
                                        const double *params, const double *x, size_t n, size_t coupling);

/* *least, *greatest = the least and the greatest log |dy/dx| over all couplings, the coordinates that they transform, and
 * the rows x, [n][D], as these pass through the flow: for the affine couplings log s.  -inf where a scale underflows to 0;
 * one that is NaN is left out.  +inf and -inf if there is none.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_flow_view_log_scale(double *least, double *greatest, fathom_workspace *ws, const double *params,
                                         const double *x, size_t n);

/* t: [n][D] = the latent rows of x, [n][D], in the base's units: t_d = (z_d - loc_d) / s_d (kernels/base.c), standard
 * normal and independent if x is distributed as the flow.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_flow_view_standard(double *t, fathom_workspace *ws, const double *params, const double *x,
                                        size_t n);

#endif
