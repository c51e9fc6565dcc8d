/* conditioner_tree.c - the tree of segments: where the units of a piecewise linear network cross zero.
 *
 * Layer 0 has one segment, the whole line.  The segments of layer l + 1 are those of layer l, each split at the zeros
 * of layer l's units in it (conditioner_piecewise.c draws the tree).  The latest split is `edges` and `pieces`; a piece
 * becomes a segment of its layer when its family is opened: at once in a ReLU layer, whose lines the next split needs;
 * in the last layer when the first row enters (conditioner_piecewise.c). */
#include "conditioner_piecewise.h"

void ISA(conditioner_tree_open_family)(struct piecewise *s, size_t l, size_t at)
{
    struct piecewise_layer *layer = &s->layers[l];
    while (s->pieces[at].hinge != NONE)
        at--;
    struct family *family = &layer->families[layer->n_families++];
    *family = (struct family){ (size_t)s->pieces[at].parent, layer->n, 0 };
    do {
        struct piece *piece = &s->pieces[at++];
        layer->segments[layer->n] = (struct segment){ piece->centre, piece->hinge };
        piece->slot = (int)layer->n++;
        family->n++;
    } while (at <= s->n_edges && s->pieces[at].hinge != NONE);
}

/* found = the zeros strictly inside (low, high) of a segment's n lines, ascending.  Returns their number.  A line with
 * a zero there has different signs at the two ends; this test needs no division, and few lines pass it. */
static size_t crossings(struct crossing *found, const double *lines, size_t n, double centre, double low, double high)
{
    double ends[VEC_WIDTH];
    size_t inside = 0;
    for (size_t u = 0; u < n; u += VEC_WIDTH) {
        vec slope = load(lines + u), value = load(lines + n + u);
        vec left = fmadd(slope, broadcast(low - centre), value), right = fmadd(slope, broadcast(high - centre), value);
        vec turned = mask_select(less(left, broadcast(0.0)), right, -right); /* > 0: the signs differ */
        if (mask_count(less(broadcast(0.0), turned)) == 0)
            continue;
        store(ends, turned);
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            if (!(ends[j] > 0.0))
                continue;
            const double zero = centre - lines[n + u + j] / lines[u + j];
            if (low < zero && zero < high)
                found[inside++] = (struct crossing){ zero, (int)(u + j) };
        }
    }
    for (size_t i = 1; i < inside; i++) {
        const struct crossing next = found[i];
        size_t j = i;
        for (; j > 0 && found[j - 1].at > next.at; j--)
            found[j] = found[j - 1];
        found[j] = next;
    }
    return inside;
}

/* A segment's centre: its middle, but at most max(1, |edge|) away from the edge that is nearer to 0.  In a long segment
 * the difference x - middle would round away the position of rows near that edge. */
static double centre_of(double low, double high)
{
    const double half = (high - low) * 0.5, size_low = low < 0.0 ? -low : low, size_high = high < 0.0 ? -high : high;
    const double reach_low = size_low > 1.0 ? size_low : 1.0, reach_high = size_high > 1.0 ? size_high : 1.0;
    return reach_low < reach_high ? low + (half < reach_low ? half : reach_low)
                                  : high - (half < reach_high ? half : reach_high);
}

/* Split every segment of layer l at the zeros of its units; the results are the segments of layer l + 1.  Units with
 * the same zero leave an empty segment, which no row enters. */
static fathom_status cut(struct piecewise *s, size_t l)
{
    const struct piecewise_layer *layer = &s->layers[l];
    size_t n = 0;
    for (size_t i = 0; i < layer->n; i++) {
        double low = i == 0 ? -FAR : s->edges[i - 1], high = i == s->n_edges ? FAR : s->edges[i];
        size_t found = crossings(s->scratch->found, PAIR_OF(layer->lines, i, layer->columns), layer->columns,
                                 layer->segments[i].centre, low, high);
        if (ISA(conditioner_memory_pieces)(s, n + found + 2) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        s->pieces[n].parent = (int)i;
        s->pieces[n].hinge = NONE;
        for (size_t c = 0; c < found; c++) {
            s->cut[n++] = s->scratch->found[c].at;
            s->pieces[n].parent = (int)i;
            s->pieces[n].hinge = s->scratch->found[c].unit;
        }
        if (i < s->n_edges)
            s->cut[n++] = high;
    }
    double *swap = s->cut;
    s->cut = s->edges;
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
    for (size_t l = 0; l < s->n_layers; l++) {
        struct piecewise_layer *layer = &s->layers[l];
        const size_t step = padded(layer->fan_in);
        ISA(matrix_transpose)(layer->wt, layer->columns, params, layer->fan_in, layer->fan_out, layer->fan_in);
        layer->w = params;
        for (size_t u = 0; u < layer->fan_out && step != layer->fan_in; u++) {
            memcpy(layer->w_padded + u * step, params + u * layer->fan_in, layer->fan_in * sizeof(double));
            layer->w = layer->w_padded;
        }
        params += layer->fan_out * layer->fan_in;
        memcpy(layer->b, params, layer->fan_out * sizeof(double));
        params += layer->fan_out;
        layer->n = layer->n_families = 0;
    }

    struct piecewise_layer *whole = &s->layers[0]; /* one segment, about 0 */
    memcpy(whole->lines, whole->wt, whole->columns * sizeof(double));
    memcpy(whole->lines + whole->columns, whole->b, whole->columns * sizeof(double));
    s->n_edges = 0;
    whole->segments[0] = (struct segment){ 0.0, NONE };
    whole->n = 1;
    for (size_t l = 1; l < s->n_layers; l++) {
        if (cut(s, l - 1) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        if (&s->layers[l] == last_layer(s))
            break;
        while (s->layers[l].n <= s->n_edges)
            ISA(conditioner_tree_open_family)(s, l, s->layers[l].n);
        ISA(conditioner_lines_forward)(&s->layers[l], 0, s->scratch);
    }
    for (size_t e = s->n_edges; e < padded(s->n_edges + 1); e++)
        s->edges[e] = FAR;
    if (s->n_layers == 1) {
        s->pieces[0] = (struct piece){ 0.0, 0, NONE, 0 };
        memset(s->moments, 0, PAIR * whole->columns * sizeof(double));
    }
    return FATHOM_OK;
}

const double *ISA(conditioner_tree_edges)(size_t *n, const void *state)
{
    const struct piecewise *s = state;
    *n = 0;
    for (size_t e = 0; e < s->n_edges; e++) /* each once, into memory that only prepare uses */
        if (e == 0 || s->edges[e] != s->edges[e - 1])
            s->cut[(*n)++] = s->edges[e];
    return s->cut;
}
