/* plane_integral.c - the integral of a density over the plane, by cells that adapt to it (plane_integral.h).
 *
 * A leaf is a cell whose four quarters have been measured.  Its value is the sum of the quarters; its error is how far that
 * is from the rule on the whole cell.  A leaf is halved by making each quarter a leaf, which takes the rule on its own
 * quarters: no point is taken twice.  Before any density is taken, cells are quartered by their latent image alone, until it
 * is far from the base's mass or not wide (is_wide): mass in a small part of a first cell would fall between its points, and
 * no error would show it.  Invariant: the leaves tile the square.
 */
#include "plane_integral.h"

#include <math.h>
#include <stdlib.h>

#include "elementary.h"
#include "flow_view.h"
#include "latent_border.h"

enum { NODES = 4, EACH = NODES * NODES, QUARTERS = 4, AT_A_TIME = 256 /* cells of which the rule is taken at once */ };
enum { SIDE = 32 };                     /* first cells on a side of the square */
static const double deviations = 2;     /* of the error, whose root of the sum of squares is one */
enum { GRID = 5 };                      /* points on a cell's side, its corners included     */
static const double disc = 6, wide = 1; /* of the latent plane: where nearly all mass lies   */

/* The rule's nodes and weights on [-1, 1] (Abramowitz & Stegun 1964, table 25.4, n = 4). */
static const double node[NODES] = { -0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526 };
static const double weight[NODES] = { 0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538 };

struct cell {
    double x, y, half;        /* centre, half side       */
    double rule;              /* on the whole cell       */
    double quarter[QUARTERS]; /* on its quarters         */
    double error;
};

struct plane {
    fathom_workspace *workspace;
    const double     *params;
    double           *points, *density; /* [AT_A_TIME EACH][2], [AT_A_TIME EACH] */
    struct cell      *cell;             /* [n], the leaves                       */
    double           *error;            /* [room], to be sorted                  */
    size_t            n, room, taken;   /* taken: points                         */
    fathom_status     status;
};

static double quarter_x(const struct cell *c, size_t q) { return c->x + (q % 2 ? c->half : -c->half) / 2; }
static double quarter_y(const struct cell *c, size_t q) { return c->y + (q / 2 ? c->half : -c->half) / 2; }

static void add_points(double *points, double x, double y, double half)
{
    for (size_t i = 0; i < EACH; i++) {
        points[2 * i] = x + half * node[i % NODES];
        points[2 * i + 1] = y + half * node[i / NODES];
    }
}

static double rule(const double *density, double half)
{
    double sum = 0;
    for (size_t i = 0; i < EACH; i++)
        sum = fma(weight[i % NODES] * weight[i / NODES], density[i], sum);
    return sum * half * half;
}

/* The density at so many points. */
static void evaluate(struct plane *p, size_t n)
{
    if (p->status == FATHOM_OK)
        p->status = fathom_flow_log_prob(p->density, p->workspace, p->params, p->points, n);
    for (size_t i = 0; i < n && p->status == FATHOM_OK; i++)
        p->density[i] = same_exp(p->density[i]);
    p->taken += n;
}

/* Takes the rule on the quarters of the leaves from `first` on. */
static void measure(struct plane *p, size_t first)
{
    enum { LEAVES = AT_A_TIME / QUARTERS };
    for (; first < p->n && p->status == FATHOM_OK; first += LEAVES) {
        const size_t n = p->n - first < LEAVES ? p->n - first : LEAVES;
        for (size_t i = 0; i < n * QUARTERS; i++) {
            const struct cell *c = &p->cell[first + i / QUARTERS];
            add_points(p->points + 2 * EACH * i, quarter_x(c, i % QUARTERS), quarter_y(c, i % QUARTERS), c->half / 2);
        }
        evaluate(p, n * QUARTERS * EACH);
        for (size_t i = 0; i < n && p->status == FATHOM_OK; i++) {
            struct cell *c = &p->cell[first + i];
            double       sum = 0;
            for (size_t q = 0; q < QUARTERS; q++)
                sum += c->quarter[q] = rule(p->density + EACH * (QUARTERS * i + q), c->half / 2);
            c->error = fabs(sum - c->rule);
        }
    }
}

/* Makes room for n more leaves. */
static bool grow(struct plane *p, size_t n)
{
    if (p->n + n > p->room) {
        const size_t room = 2 * (p->n + n);
        struct cell *cell = realloc(p->cell, room * sizeof *cell);
        double      *error = cell ? realloc(p->error, room * sizeof *error) : NULL;
        p->cell = cell ? cell : p->cell;
        p->error = error ? error : p->error;
        p->room = error ? room : p->room;
        p->status = error ? p->status : FATHOM_NO_MEMORY;
    }
    return p->status == FATHOM_OK;
}

static void tile(struct plane *p, double reach)
{
    const double half = reach / SIDE;
    for (size_t i = 0; i < SIDE * SIDE && grow(p, 1); i++)
        p->cell[p->n++] = (struct cell){ .x = (double)(2 * (i % SIDE) + 1) * half - reach,
                                         .y = (double)(2 * (i / SIDE) + 1) * half - reach,
                                         .half = half };
}

/* A leaf becomes its first quarter; the other three are added. */
static void halve(struct plane *p, size_t k)
{
    const struct cell c = p->cell[k];
    for (size_t q = 0; q < QUARTERS; q++)
        p->cell[q ? p->n++ : k] = (struct cell){
            .x = quarter_x(&c, q), .y = quarter_y(&c, q), .half = c.half / 2, .rule = c.quarter[q]
        };
}

/* May the cell hold mass that four nodes on a side miss?  Its image, by a grid of points, comes near the disc, and is
 * wide. */
static bool is_wide(struct plane *p, const struct cell *c)
{
    double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
    for (size_t i = 0; i < GRID * GRID; i++) {
        p->points[2 * i] = c->x + c->half * (2 * (double)(i % GRID) / (GRID - 1) - 1);
        p->points[2 * i + 1] = c->y + c->half * (2 * (double)(i / GRID) / (GRID - 1) - 1);
    }
    if (p->status == FATHOM_OK)
        p->status = fathom_flow_view_standard(p->points, p->workspace, p->params, p->points, GRID * GRID);
    for (size_t i = 0; i < 2 * GRID * GRID; i++) {
        low[i % 2] = p->points[i] < low[i % 2] ? p->points[i] : low[i % 2];
        high[i % 2] = p->points[i] > high[i % 2] ? p->points[i] : high[i % 2];
    }
    const bool near = low[0] < disc && low[1] < disc && high[0] > -disc && high[1] > -disc;
    return near && (high[0] - low[0] > wide || high[1] - low[1] > wide);
}

/* Quarters wide cells, at most so many. */
static void seek(struct plane *p, size_t most)
{
    for (size_t k = 0; k < p->n && p->n < most && p->status == FATHOM_OK;)
        if (!is_wide(p, &p->cell[k]))
            k++;
        else if (grow(p, QUARTERS))
            halve(p, k);
}

/* The rule on each leaf. */
static void start(struct plane *p)
{
    for (size_t first = 0; first < p->n && p->status == FATHOM_OK; first += AT_A_TIME) {
        const size_t n = p->n - first < AT_A_TIME ? p->n - first : AT_A_TIME;
        for (size_t i = 0; i < n; i++)
            add_points(p->points + 2 * EACH * i, p->cell[first + i].x, p->cell[first + i].y, p->cell[first + i].half);
        evaluate(p, n * EACH);
        for (size_t i = 0; i < n; i++)
            p->cell[first + i].rule = rule(p->density + EACH * i, p->cell[first + i].half);
    }
}

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The error such that the leaves with at least it hold so much of the whole error. */
static double mark(struct plane *p, double whole)
{
    static const double part = 0.8;
    double              sum = 0;
    size_t              i = 0;
    for (size_t k = 0; k < p->n; k++)
        p->error[k] = p->cell[k].error;
    qsort(p->error, p->n, sizeof *p->error, descending);
    while (i + 1 < p->n && (sum += p->error[i]) < part * whole)
        i++;
    return p->error[i];
}

/* whole: the sum of the errors, for the marking. */
static void sum_up(struct plane_integral *out, double *whole, const struct plane *p)
{
    double square = 0;
    out->value = *whole = 0;
    for (size_t k = 0; k < p->n; k++) {
        for (size_t q = 0; q < QUARTERS; q++)
            out->value += p->cell[k].quarter[q];
        *whole += p->cell[k].error;
        square = fma(p->cell[k].error, p->cell[k].error, square);
    }
    out->error = deviations * sqrt(square);
    if (!isfinite(out->value))
        out->value = out->error = NAN;
}

/* Halves the worst leaves, once.  The new ones stand at the end, so that they are measured together. */
static void refine(struct plane *p, double whole)
{
    const double worst = mark(p, whole);
    const size_t before = p->n;
    size_t       kept = 0, halved = 0;
    for (size_t k = 0; k < before; k++)
        halved += p->cell[k].error >= worst;
    if (!grow(p, 4 * halved))
        return;
    struct cell *c = p->cell;
    for (size_t k = 0; k < before; k++) /* the worst to the end, in their order */
        if (c[k].error >= worst)
            c[before + 3 * halved + k - kept] = c[k];
        else
            c[kept++] = c[k];
    for (size_t i = 0; i < halved; i++) {
        p->n = kept + 4 * i + 1;
        c[p->n - 1] = c[before + 3 * halved + i];
        halve(p, p->n - 1);
    }
    measure(p, kept);
}

static bool open_plane(struct plane *p, const fathom_flow *flow, const fathom_isa *isa, const double *params)
{
    *p = (struct plane){ .params = params,
                         .workspace = fathom_workspace_new(flow, isa),
                         .points = malloc(2 * AT_A_TIME * EACH * sizeof(double)),
                         .density = malloc(AT_A_TIME * EACH * sizeof(double)) };
    p->status = p->workspace && p->points && p->density ? FATHOM_OK : FATHOM_NO_MEMORY;
    return p->status == FATHOM_OK;
}

static void close_plane(struct plane *p)
{
    fathom_workspace_free(p->workspace);
    free(p->points);
    free(p->density);
    free(p->cell);
    free(p->error);
}

fathom_status plane_integral_of(struct plane_integral *out, const fathom_flow *flow, const fathom_isa *isa,
                                const double *params, double reach, double tolerance, size_t points)
{
    struct plane          p;
    struct plane_integral found = { NAN, NAN, NAN, reach };
    double                sum, missing = 0, unsure = 0;
    if (open_plane(&p, flow, isa, params)) {
        p.status = latent_border(&missing, &unsure, p.workspace, params, reach);
        tile(&p, reach);
        seek(&p, points / (2 * QUARTERS * EACH));
        start(&p);
        measure(&p, 0);
        sum_up(&found, &sum, &p);
        while (p.status == FATHOM_OK && p.taken < points &&
               found.error + found.value * unsure / (1 - missing) > tolerance * found.value) {
            refine(&p, sum);
            sum_up(&found, &sum, &p);
        }
        found.outside = missing;
        const double whole = plane_integral_whole(&found);
        found.error = isfinite(whole) ? (found.error + whole * unsure) / (1 - missing) : NAN;
    }
    if (p.status == FATHOM_OK)
        *out = found;
    close_plane(&p);
    return p.status;
}

double plane_integral_whole(const struct plane_integral *integral) { return integral->value / (1 - integral->outside); }

bool plane_integral_resolved(const struct plane_integral *integral)
{
    return integral->error <= PLANE_INTEGRAL_TOLERANCE;
}
