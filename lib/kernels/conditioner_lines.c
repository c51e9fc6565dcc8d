/* conditioner_lines.c - a layer's units as lines in its segments, and their gradients: one layer of conditioner_piecewise.c's network.
 *
 * Where units of the layer below cross zero, a segment of theirs (the parent) is cut into a family.  There the units
 * below are of three kinds: off in all of the parent, on in all of it, and hinges, which are on right of their zero if
 * they rise, left of it if they fall.  So the layer's lines in the family's segment k are
 *
 *   line_k(x) = b + sum_{always on} W_u h_u(x)  +  sum_{hinges on in k} W_u h_u(x)
 *               `--------- the stem ---------'
 *
 * with h_u the line of unit u below and W_u the column of W that it meets.  The stem is one product of matrices for all
 * families, about the parents' centres; moving it to a segment's own centre is one fused operation a unit.  Hinges are
 * added up from segment to segment, those that rise from the left and those that fall from the right: a hinge joins
 * where it begins and only grows from there; nothing is taken off again, so nothing cancels.  A segment costs one
 * hinge, not all units.
 *
 * Backward the same sums run the other way.  With (S1, S0) the moments of the segments where unit u is on (all of the
 * family's if always, those on one side of its zero if it is a hinge),
 *
 *   dW_u = slope_u S1 + value_u S0  (summed over families),   u's own moments in the parent = (W_u . S1, W_u . S0)
 *
 * all about the parent's centre: to move moments from c to c', add (c - c') S0 to S1. */
#include "conditioner_piecewise.h"

/* hinge: [family->n], from 1 on */
static void read_hinges(struct hinge *hinge, const struct layer *layer, const struct family *family)
{
    const struct layer *under = layer - 1;
    const double *lines = PAIR_OF(under->lines, family->parent, under->columns);
    const double centre = under->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)segment[k].hinge;
        const double slope = lines[unit];
        const bool rises = slope > 0.0;
        const double value = lines[under->columns + unit];
        const double begins = fma(slope, (rises ? segment[k].centre : segment[k - 1].centre) - centre, value);
        hinge[k] = (struct hinge){ unit, layer->wt + unit * layer->columns, slope, value, rises ? slope : 0.0,
                                   rises ? begins : 0.0, rises ? 0.0 : slope, rises ? 0.0 : begins,
                                   segment[k].centre - segment[k - 1].centre };
    }
}

/* always_on: [PAIR][columns of the layer below] = the parent's units that are on in all of it; 0 are those that are
 * off, and the hinges.  NaN is neither on nor off and goes through. */
static void read_always_on(double *always_on, const struct layer *layer, const struct family *family)
{
    const struct layer *under = layer - 1;
    const double *lines = PAIR_OF(under->lines, family->parent, under->columns);
    const vec zero = all(0.0);
    for (size_t u = 0; u < under->columns; u += VEC_WIDTH) {
        vec slope = load(lines + u), value = load(lines + under->columns + u);
        vec at_centre = fused(slope, zero, value); /* NaN if the slope is */
        mask off = either(less(at_centre, zero), equal(at_centre, zero));
        store(always_on + u, choose(off, zero, slope));
        store(always_on + under->columns + u, choose(off, zero, value));
    }
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)layer->segments[family->first + k].hinge;
        always_on[unit] = always_on[under->columns + unit] = 0.0;
    }
}

/* ---- forward ---- */

static void draw_family(const struct layer *layer, const struct family *family, const double *stem, struct hinge *hinge)
{
    const size_t columns = layer->columns, n = family->n;
    const double centre = (layer - 1)->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    read_hinges(hinge, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        double *lines = PAIR_OF(layer->lines, family->first, columns) + u;
        const vec stem_slope = load(stem + u), stem_value = load(stem + columns + u);
        vec slope = all(0.0), value = all(0.0); /* of the hinges so far */
        store(lines, stem_slope);
        store(lines + columns, fused(stem_slope, all(segment[0].centre - centre), stem_value));
        for (size_t k = 1; k < n; k++) {
            const vec w = load(hinge[k].w + u);
            double *line = PAIR_OF(lines, k, columns);
            value = fused(all(hinge[k].rising_value), w, fused(slope, all(hinge[k].from_left), value));
            slope = fused(all(hinge[k].rising_slope), w, slope);
            store(line, stem_slope + slope);
            store(line + columns, fused(stem_slope, all(segment[k].centre - centre), stem_value) + value);
        }
        slope = value = all(0.0);
        for (size_t k = n - 1; k > 0; k--) {
            const vec w = load(hinge[k].w + u);
            double *line = PAIR_OF(lines, k - 1, columns);
            value = fused(all(hinge[k].falling_value), w, fused(slope, all(-hinge[k].from_left), value));
            slope = fused(all(hinge[k].falling_slope), w, slope);
            store(line, load(line) + slope);
            store(line + columns, load(line + columns) + value);
        }
    }
}

void ISA(lines_forward)(struct layer *layer, size_t first, struct scratch *scratch)
{
    const size_t columns = layer->columns, columns_under = (layer - 1)->columns, n = layer->n_families - first;
    const struct family *family = layer->families + first;
    for (size_t i = 0; i < n; i++) {
        double *stem = PAIR_OF(scratch->stems, i, columns);
        read_always_on(PAIR_OF(scratch->always_on, i, columns_under), layer, &family[i]);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            store(stem + u, all(0.0));
            store(stem + columns + u, load(layer->b + u));
        }
    }
    ISA(matmul)(scratch->stems, columns, scratch->always_on, columns_under, 1, layer->wt, columns, PAIR * n,
                layer->fan_in, columns);
    for (size_t i = 0; i < n; i++)
        draw_family(layer, &family[i], PAIR_OF(scratch->stems, i, columns), scratch->hinges);
}

/* ---- backward ---- */

/* All about the parent's centre.  total: [PAIR][columns] = the moments of the family's segments; of its hinges dwt +=
 * and moments_under =.  A hinge that rises wants the moments of the segments from its own on, `right`; one that falls
 * those of the segments before it, (s1, s0) in the second loop over k. */
static void family_backward(double *total, double *moments_under, const double *moments, const struct layer *layer,
                            const struct family *family, struct scratch *scratch)
{
    const struct layer *under = layer - 1;
    const size_t columns = layer->columns, n = family->n;
    const double centre = under->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    struct hinge *hinge = scratch->hinges;
    double *to = PAIR_OF(moments_under, family->parent, under->columns);
    read_hinges(hinge, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        const double *own = PAIR_OF(moments, family->first, columns) + u;
        vec s1 = all(0.0), s0 = all(0.0);
        for (size_t k = n; k-- > 0;) {
            vec own0 = load(PAIR_OF(own, k, columns) + columns);
            s1 += fused(all(segment[k].centre - centre), own0, load(PAIR_OF(own, k, columns)));
            s0 += own0;
            store(PAIR_OF(scratch->right, k, 8), s1);
            store(PAIR_OF(scratch->right, k, 8) + 8, s0);
        }
        store(total + u, s1);
        store(total + columns + u, s0);
        s1 = s0 = all(0.0);
        for (size_t k = 1; k < n; k++) {
            const double *right = PAIR_OF(scratch->right, k, 8);
            vec own0 = load(PAIR_OF(own, k - 1, columns) + columns);
            s1 += fused(all(segment[k - 1].centre - centre), own0, load(PAIR_OF(own, k - 1, columns)));
            s0 += own0;
            const vec slope = all(hinge[k].slope), value = all(hinge[k].value), w = load(hinge[k].w + u);
            mask rises = less(all(0.0), slope);
            vec on1 = choose(rises, load(right), s1), on0 = choose(rises, load(right + 8), s0);
            double *dw = scratch->dwt + hinge[k].unit * columns + u, *dots = PAIR_OF(scratch->dots, k, 8) + u % 8;
            store(dw, fused(slope, on1, fused(value, on0, load(dw))));
            store(dots, fused(on1, w, u < 8 ? all(0.0) : load(dots)));
            store(dots + 8, fused(on0, w, u < 8 ? all(0.0) : load(dots + 8)));
        }
    }
    for (size_t k = 1; k < n; k++) {
        to[hinge[k].unit] = sum8(PAIR_OF(scratch->dots, k, 8));
        to[under->columns + hinge[k].unit] = sum8(PAIR_OF(scratch->dots, k, 8) + 8);
    }
}

/* moments_under = W . total where a unit is always on, in each parent. */
static void hand_down(double *moments_under, const double *totals, const struct layer *layer, struct scratch *scratch)
{
    const size_t columns = (layer - 1)->columns;
    ISA(matmul_from)(scratch->handed, columns, NULL, totals, layer->columns, 1, layer->w, padded(layer->fan_in),
                     PAIR * layer->n_families, layer->fan_out, columns);
    for (size_t i = 0; i < layer->n_families; i++) {
        const double *pair = PAIR_OF(scratch->handed, i, columns), *always_on = PAIR_OF(scratch->always_on, i, columns);
        double *to = PAIR_OF(moments_under, layer->families[i].parent, columns);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            mask on = less(all(0.0), load(always_on + columns + u));
            store(to + u, choose(on, load(pair + u), load(to + u)));
            store(to + columns + u, choose(on, load(pair + columns + u), load(to + columns + u)));
        }
    }
}

void ISA(lines_backward)(double *dw, double *db, double *moments_under, const double *moments,
                         const struct layer *layer, struct scratch *scratch)
{
    const double one = 1.0;
    const struct layer *under = layer - 1;
    const size_t columns = layer->columns, n = layer->n_families;
    double *totals = scratch->stems;
    memset(scratch->dwt, 0, layer->fan_in * columns * sizeof(double));
    memset(moments_under, 0, under->n * PAIR * under->columns * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        read_always_on(PAIR_OF(scratch->always_on, i, under->columns), layer, &layer->families[i]);
        family_backward(PAIR_OF(totals, i, columns), moments_under, moments, layer, &layer->families[i], scratch);
    }
    ISA(matmul)(scratch->dwt, columns, scratch->always_on, 1, under->columns, totals, columns, layer->fan_in, PAIR * n,
                columns);
    ISA(transposed)(dw, layer->fan_in, scratch->dwt, columns, layer->fan_in, layer->fan_out);
    ISA(matmul_from)(scratch->handed, 0, NULL, &one, 0, 0, totals + columns, PAIR * columns, 1, n, columns);
    memcpy(db, scratch->handed, layer->fan_out * sizeof *db); /* sum S0: a product with ones */
    hand_down(moments_under, totals, layer, scratch);
}
