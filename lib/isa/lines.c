/* lines.c - a layer's units as lines in its segments, and their gradients: one layer of piecewise.c's network.
 *
 * Where units of the layer below cross zero, a segment of theirs (the parent) is cut into a family.  There the units
 * below are of three kinds: off in all of the parent, on in all of it, and hinges, which are on right of their zero if
 * they rise, left of it if they fall.  So the layer's lines in the family's segment k, of centre c_k, are
 *
 *   line_k(x) = b + sum_{on} W_u h_u(x)  +  sum_{hinges on in k} W_u h_u(x),     h_u(x) = slope_u (x - c_k) + value_u
 *               `------ the stem -----'
 *
 * with W_u the column of W that unit u meets.  The stem is one product of matrices for all families.  Hinges are added
 * up segment by segment, those that rise from the left and those that fall from the right: each joins where it begins
 * and grows from there, and none is ever taken off again.  So a segment costs one hinge, not all units.
 *
 * Backward the same sums run the other way.  With M_k = (S1, S0) the moments of segment k (piecewise.h), M = sum_k M_k
 * serves the units that are on, and M^u = sum of M_k over the segments where hinge u is on serves that hinge:
 *
 *   dW_u = slope_u S1 + value_u S0,   moments of u in the parent = (S1 . W_u, S0 . W_u)
 *
 * all about one centre: to move (S1, S0) from c to c', add (c - c') S0 to S1. */
#include "piecewise.h"

static const double *pair_of(const double *pairs, size_t i, size_t columns) { return pairs + i * PAIR * columns; }

/* hinge: [family->n], from 1 on */
static void read_hinges(struct hinge *hinge, const struct layer *layer, const struct family *family)
{
    const struct layer *under = layer - 1;
    const double *lines = pair_of(under->lines, family->parent, under->columns);
    const double centre = under->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)segment[k].hinge;
        const double slope = lines[unit];
        const bool rises = slope > 0.0;
        const double shift = (rises ? segment[k].centre : segment[k - 1].centre) - centre;
        const double value = fma(slope, shift, lines[under->columns + unit]);
        hinge[k] = (struct hinge){ unit, layer->wt + unit * layer->columns, slope, value, rises ? slope : 0.0,
                                   rises ? value : 0.0, rises ? 0.0 : slope, rises ? 0.0 : value, shift,
                                   segment[k].centre - segment[k - 1].centre };
    }
}

/* below: [PAIR][columns of the layer below] = the parent's units that are on in all of it, others 0.  NaN is neither on
 * nor off and goes through. */
static void read_units(double *below, const struct layer *layer, const struct family *family)
{
    const size_t columns = (layer - 1)->columns;
    const double *lines = pair_of((layer - 1)->lines, family->parent, columns);
    const vec zero = all(0.0);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        vec slope = load(lines + u), value = load(lines + columns + u);
        mask off = either(less(value, zero), equal(value, zero));
        store(below + u, choose(off, zero, slope));
        store(below + columns + u, choose(off, zero, value));
    }
    for (size_t k = 1; k < family->n; k++) {
        const size_t unit = (size_t)layer->segments[family->first + k].hinge;
        below[unit] = below[columns + unit] = 0.0;
    }
}

/* ---- forward ---- */

static void draw_family(const struct layer *layer, const struct family *family, const double *stem, struct hinge *hinge)
{
    const size_t columns = layer->columns, n = family->n;
    const double centre = (layer - 1)->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    double *lines = layer->lines + family->first * PAIR * columns;
    read_hinges(hinge, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        const vec stem_slope = load(stem + u), stem_value = load(stem + columns + u);
        vec slope = all(0.0), value = all(0.0);
        store(lines + u, stem_slope);
        store(lines + columns + u, fused(stem_slope, all(segment[0].centre - centre), stem_value));
        for (size_t k = 1; k < n; k++) {
            const vec w = load(hinge[k].w + u);
            double *line = lines + k * PAIR * columns + u;
            value = fused(all(hinge[k].rising_value), w, fused(slope, all(hinge[k].step), value));
            slope = fused(all(hinge[k].rising_slope), w, slope);
            store(line, stem_slope + slope);
            store(line + columns, fused(stem_slope, all(segment[k].centre - centre), stem_value) + value);
        }
        slope = value = all(0.0);
        for (size_t k = n - 1; k > 0; k--) {
            const vec w = load(hinge[k].w + u);
            double *line = lines + (k - 1) * PAIR * columns + u;
            value = fused(all(hinge[k].falling_value), w, fused(slope, all(-hinge[k].step), value));
            slope = fused(all(hinge[k].falling_slope), w, slope);
            store(line, load(line) + slope);
            store(line + columns, load(line + columns) + value);
        }
    }
}

void ISA(lines_forward)(struct layer *layer, size_t first, struct scratch *scratch)
{
    const size_t columns = layer->columns, columns_below = (layer - 1)->columns, n = layer->n_families - first;
    const struct family *family = layer->families + first;
    for (size_t i = 0; i < n; i++) {
        double *stem = scratch->stems + i * PAIR * columns;
        read_units(scratch->below + i * PAIR * columns_below, layer, &family[i]);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            store(stem + u, all(0.0));
            store(stem + columns + u, load(layer->b + u));
        }
    }
    ISA(matmul)(scratch->stems, columns, scratch->below, columns_below, 1, layer->wt, columns, PAIR * n, layer->fan_in,
                columns);
    for (size_t i = 0; i < n; i++)
        draw_family(layer, &family[i], pair_of(scratch->stems, i, columns), scratch->hinges);
}

/* ---- backward ---- */

/* stem: [PAIR][columns] = the moments of all segments of a family, about the parent's centre */
static void gather(double *stem, const double *moments, const struct layer *layer, const struct family *family)
{
    const size_t columns = layer->columns;
    const double centre = (layer - 1)->segments[family->parent].centre;
    const struct segment *segment = layer->segments + family->first;
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        const double *own = pair_of(moments, family->first, columns) + u;
        vec s1 = all(0.0), s0 = all(0.0);
        for (size_t k = 0; k < family->n; k++, own += PAIR * columns) {
            s1 += fused(all(segment[k].centre - centre), load(own + columns), load(own));
            s0 += load(own + columns);
        }
        store(stem + u, s1);
        store(stem + columns + u, s0);
    }
}

/* moments_below = M W of the stems, where a unit is on in all of the parent: others 0 */
static void hand_down(double *moments_below, const struct layer *layer, struct scratch *scratch)
{
    const size_t columns = (layer - 1)->columns;
    memset(moments_below, 0, (layer - 1)->n * PAIR * columns * sizeof *moments_below);
    for (size_t first = 0; first < layer->n_families; first += BLOCK / PAIR) {
        const size_t n = layer->n_families - first < BLOCK / PAIR ? layer->n_families - first : BLOCK / PAIR;
        ISA(matmul_from)(scratch->block, columns, NULL, pair_of(scratch->stems, first, layer->columns), layer->columns,
                         1, layer->w, padded(layer->fan_in), PAIR * n, layer->fan_out, columns);
        for (size_t i = 0; i < n; i++) {
            const double *pair = pair_of(scratch->block, i, columns);
            const double *below = pair_of(scratch->below, first + i, columns);
            double *to = moments_below + layer->families[first + i].parent * PAIR * columns;
            for (size_t u = 0; u < columns; u += VEC_WIDTH) {
                mask on = less(all(0.0), load(below + columns + u));
                store(to + u, choose(on, load(pair + u), all(0.0)));
                store(to + columns + u, choose(on, load(pair + columns + u), all(0.0)));
            }
        }
    }
}

/* dwt and moments_below of a family's hinges.  right[k] = the moments of the segments from k on, about c_k. */
static void hinges_backward(double *moments_below, const double *moments, const struct layer *layer,
                            const struct family *family, struct scratch *scratch)
{
    const size_t columns = layer->columns, columns_below = (layer - 1)->columns, n = family->n;
    struct hinge *hinge = scratch->hinges;
    double *to = moments_below + family->parent * PAIR * columns_below;
    read_hinges(hinge, layer, family);
    for (size_t u = 0; u < columns; u += VEC_WIDTH) {
        const double *first = pair_of(moments, family->first, columns) + u;
        vec s1 = all(0.0), s0 = all(0.0);
        for (size_t k = n - 1; k > 0; k--) {
            const double *own = first + k * PAIR * columns;
            double *right = scratch->right + k * PAIR * 8;
            s1 = fused(s0, all(k + 1 < n ? hinge[k + 1].step : 0.0), s1) + load(own);
            s0 += load(own + columns);
            store(right, s1);
            store(right + 8, s0);
        }
        s1 = s0 = all(0.0);
        for (size_t k = 1; k < n; k++) {
            const double *own = first + (k - 1) * PAIR * columns, *right = scratch->right + k * PAIR * 8;
            s1 = fused(s0, all(k > 1 ? -hinge[k - 1].step : 0.0), s1) + load(own);
            s0 += load(own + columns);
            const vec slope = all(hinge[k].slope), value = all(hinge[k].value), w = load(hinge[k].w + u);
            mask rises = less(all(0.0), slope);
            vec m1 = choose(rises, load(right), s1), m0 = choose(rises, load(right + 8), s0);
            double *dw = scratch->dwt + hinge[k].unit * columns + u, *sums = scratch->sums + k * PAIR * 8 + u % 8;
            store(dw, fused(slope, m1, fused(value, m0, load(dw))));
            store(sums, fused(m1, w, u < 8 ? all(0.0) : load(sums)));
            store(sums + 8, fused(m0, w, u < 8 ? all(0.0) : load(sums + 8)));
        }
    }
    for (size_t k = 1; k < n; k++) {
        const double *sums = scratch->sums + k * PAIR * 8, d0 = sum8(sums + 8);
        to[hinge[k].unit] = fma(hinge[k].shift, d0, sum8(sums));
        to[columns_below + hinge[k].unit] = d0;
    }
}

void ISA(lines_backward)(double *dw, double *db, double *moments_below, const double *moments,
                         const struct layer *layer, struct scratch *scratch)
{
    const double one = 1.0;
    const size_t columns = layer->columns, columns_below = (layer - 1)->columns, n = layer->n_families;
    for (size_t i = 0; i < n; i++) {
        read_units(scratch->below + i * PAIR * columns_below, layer, &layer->families[i]);
        gather(scratch->stems + i * PAIR * columns, moments, layer, &layer->families[i]);
    }
    ISA(matmul_from)(scratch->block, 0, NULL, &one, 0, 0, scratch->stems + columns, PAIR * columns, 1, n, columns);
    memcpy(db, scratch->block, layer->fan_out * sizeof *db); /* sum S0: a product with ones */
    ISA(matmul_from)(scratch->dwt, columns, NULL, scratch->below, 1, columns_below, scratch->stems, columns,
                     layer->fan_in, PAIR * n, columns);
    hand_down(moments_below, layer, scratch);
    for (size_t i = 0; i < n; i++)
        if (layer->families[i].n > 1)
            hinges_backward(moments_below, moments, layer, &layer->families[i], scratch);
    ISA(transposed)(dw, layer->fan_in, scratch->dwt, columns, layer->fan_in, layer->fan_out);
}
