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
 * about the parent's centre.  To move moments from c to c', add (c - c') S0 to S1, since x - c' = x - c + (c - c').
 *
 * The work is done in bands of BAND units, so that a band's weights, wt: [fan_in][BAND], or their gradient stay in
 * cache.  In a band the sums run from segment to segment, VECTORS vectors of units side by side, so that one addition
 * need not wait for another:
 *
 *                 |----- a band -----|-----      downwards, that is from left to right: forward, rising hinges are
 *     segment 0   | v0  v1  v2  v3   |           added; backward, the moments where falling ones are on
 *     segment 1   | v0  v1  v2  v3   |  ...
 *     segment 2   | v0  v1  v2  v3   |           upwards: forward, falling hinges; backward, the moments where
 *                                                rising ones are on
 */
#include "conditioner_piecewise.h"

enum {
    PARTS = 8 / VEC_WIDTH,               /* vectors that hold eight partial sums   */
    VECTORS = VEC_WIDTH > 1 ? 4 : PARTS, /* vectors side by side                   */
};

/* The columns from `first` on of a layer, n of them, and W transposed there: wt: [fan_in][n], rows wt_step apart. */
struct band {
    size_t        first, n, wt_step;
    const double *wt;
};

/* One family of segments, seen from some column on. */
struct view {
    size_t                n, columns;
    const struct segment *segment; /* [n]                                    */
    const struct hinge   *hinge;   /* [n], from 1 on                         */
    double                centre;  /* the parent's                           */
    const double         *wt;      /* the weights from that column on        */
    size_t                wt_step;
};

static struct band band_from(size_t first, const struct piecewise_layer *layer, struct scratch *scratch)
{
    const size_t rest = layer->columns - first, n = rest < BAND ? rest : BAND, step = padded(layer->fan_in);
    const size_t units = layer->fan_out - first < n ? layer->fan_out - first : n;
    if (layer->wt)
        return (struct band){ first, n, layer->columns, layer->wt + first };
    if (units < n) /* the padding */
        memset(scratch->wt, 0, layer->fan_in * BAND * sizeof(double));
    ISA(matrix_transpose)(scratch->wt, BAND, layer->w + first * step, step, units, layer->fan_in);
    return (struct band){ first, n, BAND, scratch->wt };
}

INLINE struct view view_of(const struct family *family, const struct piecewise_layer *layer, struct band band,
                           const struct scratch *scratch)
{
    return (struct view){ .n = family->n,
                          .columns = layer->columns,
                          .segment = layer->segments + family->first,
                          .hinge = scratch->hinges + family->first,
                          .centre = (layer - 1)->segments[family->parent].centre,
                          .wt = band.wt,
                          .wt_step = band.wt_step };
}

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

/* Reads the hinges and the lines of the n families from number `first` on.  False if no unit is on in all of a parent.
 * That is so in layer 1, because a unit of layer 0 has its zero on the real line, unless its weight is 0. */
static bool read_families(struct scratch *scratch, const struct piecewise_layer *layer, size_t first, size_t n)
{
    const size_t columns = (layer - 1)->columns;
    bool         any = false;
    for (size_t i = 0; i < n; i++) {
        const struct family *family = &layer->families[first + i];
        double              *always_on = PAIR_OF(scratch->always_on, i, columns);
        read_always_on(always_on, layer, family);
        read_hinges(scratch->hinges + family->first, layer, family);
        for (size_t u = 0; u < PAIR * columns && !any; u += VEC_WIDTH) /* or NaN */
            any = mask_count(equal(load(always_on + u), broadcast(0.0))) < VEC_WIDTH;
    }
    return any;
}

/* ---- forward ---- */

/* A family's lines, of `vectors` vectors of units: its stem, plus the rising hinges from left to right, plus the
 * falling ones from right to left.  lines: [n][PAIR][columns] and stem: [PAIR][columns], about the parent's centre,
 * both from the view's column on.  (slope, value) is the sum of the hinges so far, about the current segment's centre:
 * at each step it moves to the next centre, and one hinge is added. */
INLINE void add_hinges(double *lines, const double *stem, const struct view f, const int vectors)
{
    vec stem_slope[VECTORS], stem_value[VECTORS], slope[VECTORS], value[VECTORS];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        const size_t at = (size_t)v * VEC_WIDTH;
        stem_slope[v] = load(stem + at), stem_value[v] = load(stem + f.columns + at);
        slope[v] = value[v] = broadcast(0.0);
        store(lines + at, stem_slope[v]);
        store(lines + f.columns + at, fmadd(stem_slope[v], broadcast(f.segment[0].centre - f.centre), stem_value[v]));
    }
    for (size_t k = 1; k < f.n; k++) {
        const double *w = f.wt + f.hinge[k].unit * f.wt_step;
        double       *line = PAIR_OF(lines, k, f.columns);
        const vec     from_left = broadcast(f.hinge[k].from_left), from = broadcast(f.segment[k].centre - f.centre);
        const vec     new_slope = broadcast(f.hinge[k].rising_slope), new_value = broadcast(f.hinge[k].rising_value);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            const size_t at = (size_t)v * VEC_WIDTH;
            value[v] = fmadd(new_value, load(w + at), fmadd(slope[v], from_left, value[v]));
            slope[v] = fmadd(new_slope, load(w + at), slope[v]);
            store(line + at, stem_slope[v] + slope[v]);
            store(line + f.columns + at, fmadd(stem_slope[v], from, stem_value[v]) + value[v]);
        }
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        slope[v] = value[v] = broadcast(0.0);
    for (size_t k = f.n - 1; k > 0; k--) {
        const double *w = f.wt + f.hinge[k].unit * f.wt_step;
        double       *line = PAIR_OF(lines, k - 1, f.columns);
        const vec     from_right = broadcast(-f.hinge[k].from_left);
        const vec     new_slope = broadcast(f.hinge[k].falling_slope), new_value = broadcast(f.hinge[k].falling_value);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            const size_t at = (size_t)v * VEC_WIDTH, at0 = f.columns + at;
            value[v] = fmadd(new_value, load(w + at), fmadd(slope[v], from_right, value[v]));
            slope[v] = fmadd(new_slope, load(w + at), slope[v]);
            store(line + at, load(line + at) + slope[v]);
            store(line + at0, load(line + at0) + value[v]);
        }
    }
}

/* A family's lines in a band. */
INLINE void family_forward(double *lines, const double *stem, struct view f, size_t n_columns)
{
    for (; n_columns >= VECTORS * VEC_WIDTH; n_columns -= VECTORS * VEC_WIDTH) {
        add_hinges(lines, stem, f, VECTORS);
        lines += VECTORS * VEC_WIDTH;
        stem += VECTORS * VEC_WIDTH;
        f.wt += VECTORS * VEC_WIDTH;
    }
#if VEC_WIDTH > 1 /* with ref a multiple of eight columns is a whole number of VECTORS vectors */
    switch (n_columns / VEC_WIDTH) {
    case 3:
        add_hinges(lines, stem, f, 3);
        break;
    case 2:
        add_hinges(lines, stem, f, 2);
        break;
    case 1:
        add_hinges(lines, stem, f, 1);
        break;
    default:
        break;
    }
#endif
}

void ISA(conditioner_lines_forward)(struct piecewise_layer *layer, size_t first, struct scratch *scratch)
{
    const size_t         columns = layer->columns, columns_below = (layer - 1)->columns, n = layer->n_families - first;
    const struct family *family = layer->families + first;
    const bool           any_on = read_families(scratch, layer, first, n);
    for (size_t u = 0; u < columns; u += BAND) {
        const struct band band = band_from(u, layer, scratch);
        for (size_t i = 0; i < n; i++) {
            double *stem = PAIR_OF(scratch->stems, i, columns) + u;
            for (size_t j = 0; j < band.n; j += VEC_WIDTH) {
                store(stem + j, broadcast(0.0));
                store(stem + columns + j, load(layer->b + u + j));
            }
        }
        if (any_on)
            ISA(matrix_add_product)
        (scratch->stems + u, columns, matrix_rows(scratch->always_on, columns_below),
         matrix_rows(band.wt, band.wt_step), PAIR * n, layer->fan_in, band.n);
        for (size_t i = 0; i < n; i++)
            family_forward(PAIR_OF(layer->lines, family[i].first, columns) + u, PAIR_OF(scratch->stems, i, columns) + u,
                           view_of(&family[i], layer, band, scratch), band.n);
    }
}

/* ---- backward ---- */

/* (s1, s0) += the moments of a segment, moved to the parent's centre.  own: [PAIR][columns], from the view's column on;
 * without rows a segment has none. */
INLINE void add_moments(vec s1[VECTORS], vec s0[VECTORS], const double *moments, const struct segment *segment,
                        const struct view *f, const int vectors)
{
    if (segment->slot == NONE)
        return;
    const double *own = PAIR_OF(moments, segment->slot, f->columns);
    const vec     to_parent = broadcast(segment->centre - f->centre);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        const vec own0 = load(own + f->columns + v * VEC_WIDTH);
        s1[v] += fmadd(to_parent, own0, load(own + v * VEC_WIDTH));
        s0[v] += own0;
    }
}

/* The terms of a hinge that is on where the moments (S1, S0) come from: dwt += slope S1 + value S0 and
 * dots: [PAIR][8] += (W . S1, W . S0).  dwt: the band's gradient, from the view's column on. */
INLINE void add_hinge_gradient(double *dwt, double *dots, const vec s1[VECTORS], const vec s0[VECTORS],
                               const struct hinge *hinge, const struct view *f, const int vectors)
{
    const double *w = f->wt + hinge->unit * f->wt_step;
    double       *dw = dwt + hinge->unit * BAND;
    const vec     slope = broadcast(hinge->slope), value = broadcast(hinge->value);
    vec           dot1[PARTS], dot0[PARTS];
    UNROLL
    for (int h = 0; h < PARTS; h++)
        dot1[h] = load(dots + h * VEC_WIDTH), dot0[h] = load(dots + 8 + h * VEC_WIDTH);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        const vec wv = load(w + v * VEC_WIDTH);
        store(dw + v * VEC_WIDTH, fmadd(slope, s1[v], fmadd(value, s0[v], load(dw + v * VEC_WIDTH))));
        dot1[v % PARTS] = fmadd(s1[v], wv, dot1[v % PARTS]);
        dot0[v % PARTS] = fmadd(s0[v], wv, dot0[v % PARTS]);
    }
    UNROLL
    for (int h = 0; h < PARTS; h++)
        store(dots + h * VEC_WIDTH, dot1[h]), store(dots + 8 + h * VEC_WIDTH, dot0[h]);
}

/* add_hinges backward.  From right to left (s1, s0) is the sum of the moments where a rising hinge is on, from left to
 * right where a falling one is.  total: [PAIR][columns] = the sum of all, and moments: [slots][PAIR][columns], from the
 * view's column on.  dots: [n][PAIR][8]. */
INLINE void sum_moments(double *dwt, double *dots, double *total, const double *moments, const struct view f,
                        const int vectors)
{
    vec s1[VECTORS], s0[VECTORS];
    UNROLL
    for (int v = 0; v < vectors; v++)
        s1[v] = s0[v] = broadcast(0.0);
    for (size_t k = f.n; k-- > 0;) {
        add_moments(s1, s0, moments, &f.segment[k], &f, vectors);
        if (k > 0 && f.hinge[k].slope > 0.0)
            add_hinge_gradient(dwt, PAIR_OF(dots, k, 8), s1, s0, &f.hinge[k], &f, vectors);
    }
    UNROLL
    for (int v = 0; v < vectors; v++) {
        store(total + v * VEC_WIDTH, s1[v]), store(total + f.columns + v * VEC_WIDTH, s0[v]);
        s1[v] = s0[v] = broadcast(0.0);
    }
    for (size_t k = 1; k < f.n; k++) {
        add_moments(s1, s0, moments, &f.segment[k - 1], &f, vectors);
        if (!(f.hinge[k].slope > 0.0))
            add_hinge_gradient(dwt, PAIR_OF(dots, k, 8), s1, s0, &f.hinge[k], &f, vectors);
    }
}

/* family_forward backward, for n_columns columns of a band. */
INLINE void family_backward(double *dwt, double *dots, double *total, const double *moments, struct view f,
                            size_t n_columns)
{
    for (; n_columns >= VECTORS * VEC_WIDTH; n_columns -= VECTORS * VEC_WIDTH) {
        sum_moments(dwt, dots, total, moments, f, VECTORS);
        dwt += VECTORS * VEC_WIDTH;
        total += VECTORS * VEC_WIDTH;
        moments += VECTORS * VEC_WIDTH;
        f.wt += VECTORS * VEC_WIDTH;
    }
#if VEC_WIDTH > 1
    switch (n_columns / VEC_WIDTH) {
    case 3:
        sum_moments(dwt, dots, total, moments, f, 3);
        break;
    case 2:
        sum_moments(dwt, dots, total, moments, f, 2);
        break;
    case 1:
        sum_moments(dwt, dots, total, moments, f, 1);
        break;
    default:
        break;
    }
#endif
}

/* dw: [fan_out][fan_in] in a band, and the parts that need its weights of scratch->dots and of the families' summed
 * moments, scratch->stems. */
static void band_backward(double *dw, const double *moments, const struct piecewise_layer *layer, struct band band,
                          bool any_on, struct scratch *scratch)
{
    const size_t fan_in = layer->fan_in, columns = layer->columns, n = layer->n_families;
    const size_t units = layer->fan_out - band.first < band.n ? layer->fan_out - band.first : band.n;
    double      *totals = scratch->stems + band.first;
    memset(scratch->dwt, 0, fan_in * BAND * sizeof(double));
    for (size_t i = 0; i < n; i++)
        family_backward(scratch->dwt, PAIR_OF(scratch->dots, layer->families[i].first, 8), PAIR_OF(totals, i, columns),
                        moments + band.first, view_of(&layer->families[i], layer, band, scratch), band.n);
    if (any_on)
        ISA(matrix_add_product)
    (scratch->dwt, BAND, matrix_transposed(scratch->always_on, (layer - 1)->columns), matrix_rows(totals, columns),
     fan_in, PAIR * n, band.n);
    for (size_t u = 0; u < units;
         u += 16) /* more than 16 rows of dw at once would fall on the same few sets of a cache */
        ISA(matrix_transpose)
    (dw + (band.first + u) * fan_in, fan_in, scratch->dwt + u, BAND, fan_in, units - u < 16 ? units - u : 16);
}

/* moments_below = W^T times the families' summed moments for the units that are always on in each parent,
 * W_u . (S1, S0) for hinges, and 0 for units that are off. */
static void moments_backward(double *moments_below, const struct piecewise_layer *layer, bool any_on,
                             const struct scratch *scratch)
{
    const size_t        columns = (layer - 1)->columns, n = layer->n_families;
    const struct matrix w = matrix_rows(layer->w, padded(layer->fan_in));
    if (any_on)
        ISA(matrix_product)
    (moments_below, columns, NULL, matrix_rows(scratch->stems, layer->columns), w, PAIR * n, layer->fan_out, columns);
    for (size_t i = 0; i < n; i++) {
        const struct family *family = &layer->families[i];
        const double        *always_on = PAIR_OF(scratch->always_on, i, columns);
        double              *to = PAIR_OF(moments_below, i, columns);
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            const mask on = less(broadcast(0.0), load(always_on + columns + u));
            store(to + u, any_on ? mask_select(on, load(to + u), broadcast(0.0)) : broadcast(0.0));
            store(to + columns + u, any_on ? mask_select(on, load(to + columns + u), broadcast(0.0)) : broadcast(0.0));
        }
        for (size_t k = 1; k < family->n; k++) {
            const size_t  unit = scratch->hinges[family->first + k].unit;
            const double *dots = PAIR_OF(scratch->dots, family->first + k, 8);
            to[unit] = sum8(dots);
            to[columns + unit] = sum8(dots + 8);
        }
    }
}

void ISA(conditioner_lines_backward)(double *dw, double *db, double *moments_below, const double *moments,
                                     const struct piecewise_layer *layer, struct scratch *scratch)
{
    const double one = 1.0;
    const size_t columns = layer->columns, n = layer->n_families;
    const bool   any_on = read_families(scratch, layer, 0, n);
    memset(scratch->dots, 0, layer->n * PAIR * 8 * sizeof(double));
    for (size_t u = 0; u < columns; u += BAND)
        band_backward(dw, moments, layer, band_from(u, layer, scratch), any_on, scratch);
    ISA(matrix_product)
    (scratch->sum, 0, NULL, (struct matrix){ &one, 0, 0 }, matrix_rows(scratch->stems + columns, PAIR * columns), 1, n,
     columns); /* db = sum of S0 */
    memcpy(db, scratch->sum, layer->fan_out * sizeof *db);
    moments_backward(moments_below, layer, any_on, scratch);
}
