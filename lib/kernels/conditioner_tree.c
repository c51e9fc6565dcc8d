/* conditioner_tree.c - the tree of segments: where the units of a piecewise linear network cross zero.
 *
 * Layer 0 has one segment, the whole line.  The segments of layer l + 1 are those of layer l, each split at the zeros
 * of layer l's units in it (conditioner_piecewise.c draws the tree).  The latest split is stored as `edges` and
 * `pieces`: piece i lies between the edges i - 1 and i.  A piece becomes a segment of its layer when its family is
 * opened.  In a ReLU layer that happens at once, because the next split needs the lines there.  In the last layer it
 * happens when the first row enters the family (conditioner_piecewise.c).
 *
 * Invariant: when layer l is split, its segment i is piece i, so its ends are the edges i - 1 and i. */
#include "conditioner_piecewise.h"

void ISA(conditioner_tree_open_family)(struct piecewise *s, size_t l, size_t at)
{
    struct piecewise_layer *layer = &s->layers[l];
    while (s->pieces[at].hinge != NONE) /* to the family's first piece */
        at--;
    struct family *family = &layer->families[layer->n_families++];
    *family = (struct family){ (size_t)s->pieces[at].parent, layer->n, 0 };
    (layer - 1)->segments[family->parent].slot = (int)layer->n_families - 1;
    do {
        struct piece *piece = &s->pieces[at++];
        const int     slot = layer == last_layer(s) ? (int)layer->n : NONE;
        layer->segments[layer->n] = (struct segment){ piece->centre, piece->hinge, slot };
        piece->slot = (int)layer->n++;
        family->n++;
    } while (at <= s->n_edges && s->pieces[at].hinge != NONE);
}

/* Sorts by zero: each next one is inserted where a search by halves finds its place, behind equal ones.  They are few,
 * but in layer 0 as many as units. */
static void sort(struct crossing *found, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct crossing next = found[i];
        size_t                at = 0, left = i;
        if (found[i - 1].zero <= next.zero)
            continue;
        while (left > 0) {
            const size_t half = left / 2;
            const bool   behind = found[at + half].zero <= next.zero;
            at = behind ? at + half + 1 : at;
            left = behind ? left - half - 1 : half;
        }
        memmove(found + at + 1, found + at, (i - at) * sizeof *found);
        found[at] = next;
    }
}

/* found = the zeros strictly inside (low, high) of a segment's n lines, ascending.  Returns their number.  A line with
 * a zero there has different signs at the two ends.  This is tested first, because it takes no division and few lines
 * pass. */
static size_t find_crossings(struct crossing *found, const double *lines, size_t n, double centre, double low,
                             double high)
{
    double ends[VEC_WIDTH];
    size_t inside = 0;
    for (size_t u = 0; u < n; u += VEC_WIDTH) {
        vec slope = load(lines + u), value = load(lines + n + u);
        vec left = fmadd(slope, broadcast(low - centre), value), right = fmadd(slope, broadcast(high - centre), value);
        vec opposite = mask_select(less(left, broadcast(0.0)), right, -right); /* > 0: the signs differ */
        if (mask_count(less(broadcast(0.0), opposite)) == 0)
            continue;
        store(ends, opposite);
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            if (!(ends[j] > 0.0))
                continue;
            const double zero = centre - lines[n + u + j] / lines[u + j];
            if (low < zero && zero < high)
                found[inside++] = (struct crossing){ zero, (int)(u + j) };
        }
    }
    sort(found, inside);
    return inside;
}

/* A segment's centre: its middle, but at most max(1, |edge|) away from the edge that is nearer to 0.  In a long segment
 * the middle is far from the rows, and x - middle would lose the last digits of x. */
static double centre_of(double low, double high)
{
    const double half = (high - low) * 0.5, size_low = low < 0.0 ? -low : low, size_high = high < 0.0 ? -high : high;
    const double reach_low = size_low > 1.0 ? size_low : 1.0, reach_high = size_high > 1.0 ? size_high : 1.0;
    return reach_low < reach_high ? low + (half < reach_low ? half : reach_low)
                                  : high - (half < reach_high ? half : reach_high);
}

/* Splits every segment of layer l at the zeros of its units; the results are the segments of layer l + 1.  Units with
 * the same zero leave an empty segment, which no row enters. */
static fathom_status split_layer(struct piecewise *s, size_t l)
{
    const struct piecewise_layer *layer = &s->layers[l];
    size_t                        n = 0;
    for (size_t i = 0; i < layer->n; i++) {
        double low = i == 0 ? -FAR : s->edges[i - 1], high = i == s->n_edges ? FAR : s->edges[i];
        size_t found = find_crossings(s->scratch->crossings, PAIR_OF(layer->lines, i, layer->columns), layer->columns,
                                      layer->segments[i].centre, low, high);
        if (ISA(conditioner_memory_pieces)(s, n + found + 2) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        s->pieces[n].parent = (int)i;
        s->pieces[n].hinge = NONE;
        for (size_t c = 0; c < found; c++) {
            s->next_edges[n++] = s->scratch->crossings[c].zero;
            s->pieces[n].parent = (int)i;
            s->pieces[n].hinge = s->scratch->crossings[c].unit;
        }
        if (i < s->n_edges)
            s->next_edges[n++] = high;
    }
    double *swap = s->next_edges;
    s->next_edges = s->edges;
    s->edges = swap;
    s->n_edges = n;
    for (size_t i = 0; i <= n; i++) {
        s->pieces[i].centre = centre_of(i > 0 ? s->edges[i - 1] : -FAR, i < n ? s->edges[i] : FAR);
        s->pieces[i].slot = CLOSED;
    }
    fathom_status status = ISA(conditioner_memory_segments)(s, l + 1, n + 1);
    return status == FATHOM_OK ? ISA(conditioner_memory_scratch)(s, n + 1) : status;
}

fathom_status ISA(conditioner_tree_prepare)(void *state, const double *params)
{
    struct piecewise *s = state;
    const double     *first_w = params;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct piecewise_layer *layer = &s->layers[l];
        const size_t step = padded(layer->fan_in); /* from row to row of w, which the matrix kernel reads by vectors */
        if (layer->wt)
            ISA(matrix_transpose)(layer->wt, layer->columns, params, layer->fan_in, layer->fan_out, layer->fan_in);
        layer->w = params;
        for (size_t u = 0; l > 0 && u < layer->fan_out && step != layer->fan_in; u++) {
            memcpy(layer->w_padded + u * step, params + u * layer->fan_in, layer->fan_in * sizeof(double));
            layer->w = layer->w_padded;
        }
        params += layer->fan_out * layer->fan_in;
        memcpy(layer->b, params, layer->fan_out * sizeof(double));
        params += layer->fan_out;
        layer->n = layer->n_families = 0;
    }

    struct piecewise_layer *lowest = &s->layers[0]; /* one segment, with centre 0 */
    memcpy(lowest->lines, first_w, lowest->fan_out * sizeof(double));
    memcpy(lowest->lines + lowest->columns, lowest->b, lowest->columns * sizeof(double));
    s->n_edges = 0;
    lowest->segments[0] = (struct segment){ 0.0, NONE, NONE };
    lowest->n = 1;
    for (size_t l = 1; l < s->n_layers; l++) {
        if (split_layer(s, l - 1) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        if (&s->layers[l] == last_layer(s))
            break;
        while (s->layers[l].n <= s->n_edges)
            ISA(conditioner_tree_open_family)(s, l, s->layers[l].n);
        ISA(conditioner_lines_forward)(&s->layers[l], 0, s->scratch);
    }
    for (size_t e = s->n_edges; e < padded(s->n_edges + 1); e++)
        s->edges[e] = FAR;
    if (s->n_layers == 1) { /* no hidden layer: layer 0 is the last, and its one segment is open */
        s->pieces[0] = (struct piece){ 0.0, 0, NONE, 0 };
        lowest->segments[0].slot = 0;
        memset(s->moments, 0, PAIR * lowest->columns * sizeof(double));
    }
    return FATHOM_OK;
}

const double *ISA(conditioner_tree_edges)(size_t *n, const void *state)
{
    const struct piecewise *s = state;
    *n = 0;
    for (size_t e = 0; e < s->n_edges; e++) /* equal edges once; outside prepare, next_edges is free for this */
        if (e == 0 || s->edges[e] != s->edges[e - 1])
            s->next_edges[(*n)++] = s->edges[e];
    return s->next_edges;
}
