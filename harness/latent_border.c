/* latent_border.c - the mass outside a square by the image of its border (latent_border.h).
 *
 * The border is a polygon.  A side whose middle lies off its chord becomes two sides, and the triangle between them is added
 * to the area, until the triangles are small.  Invariant: the sides close the border.
 */
#include "latent_border.h"

#include <math.h>
#include <stdlib.h>

#include "elementary.h"
#include "flow_view.h"

enum { FIRST = 1024 /* sides, whole numbers of them on each edge */, MOST = 1 << 16 /* sides of one round */ };
static const double small = 1e-13; /* triangle: 1e5 of them are still below 1e-7 */
static const double close = 0.02;  /* ends of a side that need no closer look    */

struct side {
    double from, to; /* along the border, 0 to 4 */
    double u[2], v[2];
};

/* The point of the border so far along it. */
static void place(double x[2], double along, double reach)
{
    const int    edge = along >= 4 ? 3 : (int)along;
    const double at = reach * (2 * (along - edge) - 1);
    const double corner[4][2] = { { at, -reach }, { reach, at }, { -at, reach }, { -reach, -at } };
    x[0] = corner[edge][0];
    x[1] = corner[edge][1];
}

/* u: [n][2] = Phi(t) of the points along the border, [n]. */
static fathom_status image(double *u, fathom_workspace *ws, const double *params, const double *along, double reach,
                           size_t n)
{
    for (size_t i = 0; i < n; i++)
        place(u + 2 * i, along[i], reach);
    const fathom_status status = fathom_flow_view_standard(u, ws, params, u, n);
    for (size_t i = 0; i < 2 * n && status == FATHOM_OK; i++)
        u[i] = same_erfc(-u[i] / sqrt(2)) / 2;
    return status;
}

/* Twice the signed area of the triangle a, b, c. */
static double cross(const double *a, const double *b, const double *c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
}

/* The first polygon: its sides, [FIRST], and its area. */
static double first_polygon(struct side *side, const double *u)
{
    double area = 0;
    for (size_t i = 0; i < FIRST; i++) {
        const double *a = u + 2 * i, *b = u + 2 * ((i + 1) % FIRST);
        side[i] = (struct side){ 4 * (double)i / FIRST, 4 * (double)(i + 1) / FIRST, { a[0], a[1] }, { b[0], b[1] } };
        area += (a[0] * b[1] - b[0] * a[1]) / 2;
    }
    return area;
}

/* Splits the sides, [n], at their middles' images u; those that need another look become `next`; returns how many. */
static size_t split(struct side *next, double *area, double *error, const struct side *side, const double *u, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct side *s = &side[i];
        const double      *middle = u + 2 * i, added = cross(s->u, middle, s->v) / 2;
        const double       wide = fabs(s->v[0] - s->u[0]) + fabs(s->v[1] - s->u[1]) + fabs(middle[0] - s->u[0]) +
                            fabs(middle[1] - s->u[1]);
        const double half = (s->from + s->to) / 2;
        *area += added;
        if ((fabs(added) > small || wide > close) && kept + 2 <= MOST && half > s->from && half < s->to) {
            next[kept++] = (struct side){ s->from, half, { s->u[0], s->u[1] }, { middle[0], middle[1] } };
            next[kept++] = (struct side){ half, s->to, { middle[0], middle[1] }, { s->v[0], s->v[1] } };
        } else
            *error += fabs(added);
    }
    return kept;
}

fathom_status latent_border(double *outside, double *error, fathom_workspace *ws, const double *params, double reach)
{
    struct side  *side = malloc(MOST * sizeof *side), *next = malloc(MOST * sizeof *next);
    double       *along = malloc(3 * (size_t)MOST * sizeof *along), *u = along + MOST;
    fathom_status status = side && next && along ? FATHOM_OK : FATHOM_NO_MEMORY;
    double        area = 0, unsure = 0;
    for (size_t i = 0; i < FIRST && status == FATHOM_OK; i++)
        along[i] = 4 * (double)i / FIRST;
    if (status == FATHOM_OK)
        status = image(u, ws, params, along, reach, FIRST);
    if (status == FATHOM_OK)
        area = first_polygon(side, u);
    for (size_t n = FIRST; n > 0 && status == FATHOM_OK && isfinite(area);) {
        for (size_t i = 0; i < n; i++)
            along[i] = (side[i].from + side[i].to) / 2;
        status = image(u, ws, params, along, reach, n);
        if (status != FATHOM_OK)
            break;
        n = split(next, &area, &unsure, side, u, n);
        struct side *const done = side;
        side = next;
        next = done;
    }
    if (status == FATHOM_OK) {
        *outside = isfinite(area) ? 1 - fabs(area) : NAN;
        *error = unsure;
    }
    free(side);
    free(next);
    free(along);
    return status;
}
