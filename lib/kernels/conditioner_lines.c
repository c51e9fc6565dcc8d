/* conditioner_lines.c - the lines of a layer's units in its segments, and their gradients: one layer of the piecewise
 * linear network.
 *
 * The zeros of the units below split a segment of the layer below (the parent) into a family of segments.  In the
 * parent each unit below is of one of three kinds.  It is off in all of the parent, or on in all of it, or a hinge: it
 * has its zero inside.  A hinge is on to the right of its zero if it rises, to the left if it falls.  So the layer's
 * lines in the family's segment k are
 *
 *   line_k(x) = b + sum_{always on} W_u h_u(x)  +  sum_{hinges on in k} W_u h_u(x)
 *               `--------- the stem ---------'
 *
 * with h_u the line of unit u below and W_u the column of W that multiplies it.  One matrix product computes the stems
 * of all families, about the parents' centres.  To move a line from centre c to c', add slope (c' - c) to its value:
 * one fused operation per unit.  Hinges are added from segment to segment: rising ones from left to right, falling ones
 * from right to left.  A hinge is zero where it enters the sum and only grows from there.  Nothing is subtracted
 * again, so nothing cancels.  A further segment costs one hinge, not all units.
 *
 * Backward the same sums are taken in the other direction.  Let (S1, S0) be the sum of the moments of the segments
 * where unit u is on: all of the family's if u is always on, those on one side of its zero if u is a hinge.  Then
 *
 *   dW_u = slope_u S1 + value_u S0  (summed over families),   u's own moments in the parent = (W_u . S1, W_u . S0)
 *
 * The first holds because dW_u = sum over rows of dout h_u(x), and h_u(x) = slope_u (x - c) + value_u.  The second
 * holds because d loss / d h_u(x) = W_u . dout in each row, and W_u does not depend on the row.  All moments here are
 * about the parent's centre.  To move moments from c to c', add (c - c') S0 to S1, since x - c' = x - c + (c - c'). */
#include "conditioner_piecewise.h"

/* hinge[k], k from 1 to family->n - 1 = the unit that switches between the segments k - 1 and k of the family. */
static void read_hinges(struct hinge *hinge, const struct piecewise_layer *layer, const struct family *family)
{
    const struct piecewise_layer *below = layer - 1;
    const double                 *lines = PAIR_OF(below->lines, family->parent, below->columns);
    const double                  centre = below->segments[family->parent].centre;
    const struct segment         *segment = layer->segments + family->first;
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)segment[k].hinge;
        const double slope = lines[unit];
        const bool   rises = slope > 0.0;
        const double value = lines[below->columns + unit];
        const double value_there = fma(slope, (rises ? segment[k].centre : segment[k - 1].centre) - centre, value);
        hinge[k] = (struct hinge){ .unit = unit,
                                   .w = layer->wt + unit * layer->columns,
                                   .slope = slope,
                                   .value = value,
                                   .rising_slope = rises ? slope : 0.0,
                                   .rising_value = rises ? value_there : 0.0,
                                   .falling_slope = rises ? 0.0 : slope,
                                   .falling_value = rises ? 0.0 : value_there,
                                   .from_left = segment[k].centre - segment[k - 1].centre };
    }
}

/* always_on: [PAIR][columns of the layer below] = the lines of the parent's units that are on in all of it; zeros for
 * units that are off and for hinges.  A unit that is no hinge has one sign in all of the parent, so the sign of its
 * value at the centre decides.  A line with a NaN is copied. */
static void read_always_on(double *always_on, const struct piecewise_layer *layer, const struct family *family)
{
    const struct piecewise_layer *below = layer - 1;
    const double                 *lines = PAIR_OF(below->lines, family->parent, below->columns);
    const vec                     zero = broadcast(0.0);
    for (size_t u = 0; u < below->columns; u += VEC_WIDTH) {
        vec  slope = load(lines + u), value = load(lines + below->columns + u);
        vec  at_centre = fmadd(slope, zero, value); /* NaN if the slope is */
        mask off = mask_or(less(at_centre, zero), equal(at_centre, zero));
        store(always_on + u, mask_select(off, zero, slope));
        store(always_on + below->columns + u, mask_select(off, zero, value));
    }
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)layer->segments[family->first + k].hinge;
        always_on[unit] = always_on[below->columns + unit] = 0.0;
    }
}

/* ---- forward ---- */

/* The lines of one family: its stem, plus the rising hinges from left to right, plus the falling ones from right to
 * left.  stem: [PAIR][columns], about the parent's centre.  (slope, value) is the sum of the hinges so far, about the
 * current segment's centre: at each step it moves to the next centre, and one hinge is added. */
static void family_forward(const struct piecewise_layer *layer, const struct family *family, const double *stem,
                           struct hinge *hinge)
{
    const size_t          columns = layer->columns, n = family->n;
    const double          centre = (layer - 1)->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    read_hinges(hinge, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        double   *lines = PAIR_OF(layer->lines, family->first, columns) + u;
        const vec stem_slope = load(stem + u), stem_value = load(stem + columns + u);
        vec       slope = broadcast(0.0), value = broadcast(0.0);
        store(lines, stem_slope);
        store(lines + columns, fmadd(stem_slope, broadcast(segment[0].centre - centre), stem_value));
        for (size_t k = 1; k < n; k++) {
            const vec w = load(hinge[k].w + u);
            double   *line = PAIR_OF(lines, k, columns);
            value = fmadd(broadcast(hinge[k].rising_value), w, fmadd(slope, broadcast(hinge[k].from_left), value));
            slope = fmadd(broadcast(hinge[k].rising_slope), w, slope);
            store(line, stem_slope + slope);
            store(line + columns, fmadd(stem_slope, broadcast(segment[k].centre - centre), stem_value) + value);
        }
        slope = value = broadcast(0.0);
        for (size_t k = n - 1; k > 0; k--) {
            const vec w = load(hinge[k].w + u);
            double   *line = PAIR_OF(lines, k - 1, columns);
            value = fmadd(broadcast(hinge[k].falling_value), w, fmadd(slope, broadcast(-hinge[k].from_left), value));
            slope = fmadd(broadcast(hinge[k].falling_slope), w, slope);
            store(line, load(line) + slope);
            store(line + columns, load(line + columns) + value);
        }
    }
}

void ISA(conditioner_lines_forward)(struct piecewise_layer *layer, size_t first, struct scratch *scratch)
{
    const size_t         columns = layer->columns, columns_below = (layer - 1)->columns, n = layer->n_families - first;
    const struct family *family = layer->families + first;
    for (size_t i = 0; i < n; i++) {
        double *stem = PAIR_OF(scratch->stems, i, columns);
        read_always_on(PAIR_OF(scratch->always_on, i, columns_below), layer, &family[i]);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            store(stem + u, broadcast(0.0));
            store(stem + columns + u, load(layer->b + u));
        }
    }
    ISA(matrix_add_product)
    (scratch->stems, columns, matrix_rows(scratch->always_on, columns_below), matrix_rows(layer->wt, columns), PAIR * n,
     layer->fan_in, columns);
    for (size_t i = 0; i < n; i++)
        family_forward(layer, &family[i], PAIR_OF(scratch->stems, i, columns), scratch->hinges);
}

/* ---- backward ---- */

/* For VEC_WIDTH units from column u on: right[k] = the summed moments of the family's segments k, k + 1, ..., and
 * total: [PAIR][columns] = those of all its segments, both moved to the parent's centre.  own: the moments of the
 * family's segments, each about its own centre, from column u on. */
INLINE void add_moments(double *total, const double *own, size_t columns, size_t u, const struct segment *segment,
                        double centre, size_t n, struct scratch *scratch)
{
    vec s1 = broadcast(0.0), s0 = broadcast(0.0);
    for (size_t k = n; k-- > 0;) {
        vec own0 = load(PAIR_OF(own, k, columns) + columns);
        s1 += fmadd(broadcast(segment[k].centre - centre), own0, load(PAIR_OF(own, k, columns)));
        s0 += own0;
        store(PAIR_OF(scratch->right, k, 8), s1);
        store(PAIR_OF(scratch->right, k, 8) + 8, s0);
    }
    store(total + u, s1);
    store(total + columns + u, s0);
}

/* For the same units, the terms of the hinges' gradients: dwt += slope S1 + value S0 and dots += (W . S1, W . S0).
 * (S1, S0) are the summed moments of the segments where the hinge is on: right[k] if it rises; if it falls, those of
 * the segments before k, which the loop sums. */
INLINE void hinge_gradients(const double *own, size_t columns, size_t u, const struct segment *segment, double centre,
                            size_t n, struct scratch *scratch)
{
    const struct hinge *hinge = scratch->hinges;
    vec                 s1 = broadcast(0.0), s0 = broadcast(0.0);
    for (size_t k = 1; k < n; k++) {
        const double *right = PAIR_OF(scratch->right, k, 8);
        vec           own0 = load(PAIR_OF(own, k - 1, columns) + columns);
        s1 += fmadd(broadcast(segment[k - 1].centre - centre), own0, load(PAIR_OF(own, k - 1, columns)));
        s0 += own0;
        const vec slope = broadcast(hinge[k].slope), value = broadcast(hinge[k].value), w = load(hinge[k].w + u);
        mask      rises = less(broadcast(0.0), slope);
        vec       on1 = mask_select(rises, load(right), s1), on0 = mask_select(rises, load(right + 8), s0);
        double   *dw = scratch->dwt + hinge[k].unit * columns + u, *dots = PAIR_OF(scratch->dots, k, 8) + u % 8;
        store(dw, fmadd(slope, on1, fmadd(value, on0, load(dw))));
        store(dots, fmadd(on1, w, u < 8 ? broadcast(0.0) : load(dots)));
        store(dots + 8, fmadd(on0, w, u < 8 ? broadcast(0.0) : load(dots + 8)));
    }
}

/* total: [PAIR][columns] = the summed moments of the family's segments, about the parent's centre.  For the family's
 * hinges, adds to dwt and sets moments_below. */
static void family_backward(double *total, double *moments_below, const double *moments,
                            const struct piecewise_layer *layer, const struct family *family, struct scratch *scratch)
{
    const struct piecewise_layer *below = layer - 1;
    const size_t                  columns = layer->columns, n = family->n;
    const double                  centre = below->segments[family->parent].centre;
    const struct segment         *segment = layer->segments + family->first;
    double                       *to = PAIR_OF(moments_below, family->parent, below->columns);
    read_hinges(scratch->hinges, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        const double *own = PAIR_OF(moments, family->first, columns) + u;
        add_moments(total, own, columns, u, segment, centre, n, scratch);
        hinge_gradients(own, columns, u, segment, centre, n, scratch);
    }
    for (size_t k = 1; k < n; k++) {
        const size_t unit = scratch->hinges[k].unit;
        to[unit] = sum8(PAIR_OF(scratch->dots, k, 8));
        to[below->columns + unit] = sum8(PAIR_OF(scratch->dots, k, 8) + 8);
    }
}

/* moments_below = W^T total, for the units that are always on in each parent. */
static void always_on_backward(double *moments_below, const double *totals, const struct piecewise_layer *layer,
                               struct scratch *scratch)
{
    const size_t        columns = (layer - 1)->columns;
    const struct matrix w = matrix_rows(layer->w, padded(layer->fan_in));
    ISA(matrix_product)
    (scratch->w_moments, columns, NULL, matrix_rows(totals, layer->columns), w, PAIR * layer->n_families,
     layer->fan_out, columns);
    for (size_t i = 0; i < layer->n_families; i++) {
        const double *pair = PAIR_OF(scratch->w_moments, i, columns);
        const double *always_on = PAIR_OF(scratch->always_on, i, columns);
        double       *to = PAIR_OF(moments_below, layer->families[i].parent, columns);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            mask on = less(broadcast(0.0), load(always_on + columns + u));
            store(to + u, mask_select(on, load(pair + u), load(to + u)));
            store(to + columns + u, mask_select(on, load(pair + columns + u), load(to + columns + u)));
        }
    }
}

void ISA(conditioner_lines_backward)(double *dw, double *db, double *moments_below, const double *moments,
                                     const struct piecewise_layer *layer, struct scratch *scratch)
{
    const double                  one = 1.0;
    const struct piecewise_layer *below = layer - 1;
    const size_t                  columns = layer->columns, n = layer->n_families;
    double                       *totals = scratch->stems;
    memset(scratch->dwt, 0, layer->fan_in * columns * sizeof(double));
    memset(moments_below, 0, below->n * PAIR * below->columns * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        read_always_on(PAIR_OF(scratch->always_on, i, below->columns), layer, &layer->families[i]);
        family_backward(PAIR_OF(totals, i, columns), moments_below, moments, layer, &layer->families[i], scratch);
    }
    ISA(matrix_add_product)
    (scratch->dwt, columns, matrix_transposed(scratch->always_on, below->columns), matrix_rows(totals, columns),
     layer->fan_in, PAIR * n, columns);
    ISA(matrix_transpose)(dw, layer->fan_in, scratch->dwt, columns, layer->fan_in, layer->fan_out);
    ISA(matrix_product)
    (scratch->w_moments, 0, NULL, (struct matrix){ &one, 0, 0 }, matrix_rows(totals + columns, PAIR * columns), 1, n,
     columns); /* db = sum of S0 */
    memcpy(db, scratch->w_moments, layer->fan_out * sizeof *db);
    always_on_backward(moments_below, totals, layer, scratch);
}
