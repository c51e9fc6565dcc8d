/* piecewise.c - a ReLU network of one input, as the table of straight lines that it is.
 *
 * A network x -> W_L max(0, ... max(0, W_0 x + b_0) ...) + b_L of a single number x is continuous and piecewise linear
 * (Montufar, Pascanu, Cho & Bengio 2014, "On the number of linear regions of deep neural networks").  Its hidden units
 * switch on or off at finitely many breakpoints, the `edges`; between two neighbours, in a segment, every unit is one
 * straight line, kept by its slope and its value at the segment's centre c:
 *
 *      unit(x) = slope (x - c) + value                 edges:     e0      e1   e2         e3
 *                                                      ------------|-------|----|----------|---------> x
 *                                                      segment 0       1     2       3          4
 *
 * The segments form a tree.  Layer 0's units are straight on the whole line.  Where one of them crosses zero the line
 * is cut, and in each piece layer 1's units are straight; where one of those crosses zero the piece is cut again:
 *
 *      layer 0   |-----------------------------------------|
 *      layer 1   |------------|----------|-----------------|
 *      layer 2   |------------|----|-----|---|-------------|        the last layer's segments are the network's
 *
 * A batch of 512 rows falls into some 30 of them, so the network's work shrinks from 512 rows to 30 pairs:
 *
 *  - prepare grows the tree down to the last cuts.  What a layer's lines are in a segment follows from the layer below
 *    in the segment's parent: its lines, about the new centre, are switched off where they are not positive there.
 *  - forward looks up each row's segment (the number of edges <= x).  The first row to enter a segment opens it, and the
 *    last layer's lines of all that a tile opens are drawn together, once.  Then a row is  slope (x - c) + value.
 *  - backward needs of a segment's rows only two moments,  S0 = sum dout  and  S1 = sum dout (x - c), because
 *    h(x) = slope (x - c) + value gives  sum dout h^T = S1 slope^T + S0 value^T.  And  dx = dout . slope.
 *  - finish sends (S1, S0) of every open segment back through the layers as two rows of an ordinary dense backward,
 *    and gathers them in the parents on the way.
 *
 * Exact up to rounding; that differs from mlp.c's, so which of the two serves a coupling depends on its shape alone.
 * Lines are expanded about the segment's centre because an expansion about 0 would lose |c| epsilon. */
#include "kernels.h"

static const double FAR = 1e100; /* the line's ends: finite, so that centres and crossings stay so */

/* A segment's entry has four rows of units: its lines and, between them, its moments; either is a pair of rows that
 * are 2 columns apart, and so are the next segment's. */
enum { SLOPE, S1, VALUE, S0, ENTRY };
enum { PAIR = 2, CLOSED = -1 };
enum { BLOCK = 6 }; /* rows of a product made at a time, as many as matmul holds in registers */

struct layer {
    size_t        fan_in, fan_out, columns; /* columns = padded(fan_out), a row of an entry         */
    const double *w;                        /* [fan_out][padded(fan_in)]: the parameters themselves
                                               or, if they are not padded, w_padded                 */
    double       *w_padded, *wt, *b;        /* wt: [fan_in][columns], W transposed; b: [columns]    */

    size_t  n, capacity;                    /* segments; of the last layer those that are open      */
    double *memory;                         /* the block behind these:                              */
    double *entries;                        /* [capacity][ENTRY][columns], the lines before a ReLU  */
    double *below;                          /* [capacity][PAIR][columns of the layer below], its
                                               lines after its ReLU; none in layer 0                */
    double *centre;                         /* [capacity]                                           */
    int    *parent;                         /* [capacity], the segment of the layer below around it */
};

struct piece {
    double centre;
    int    parent; /* the segment of the layer that was cut               */
    int    slot;   /* its number among the last layer's open ones, or CLOSED */
};

struct piecewise {
    size_t       n_layers;
    struct layer layers[9];
    double      *fixed;    /* the block behind w_padded, wt, b, found, block                         */
    size_t       n_fixed;
    double      *found;    /* [widest columns]: crossings in one segment                             */
    double      *block;    /* [BLOCK][widest columns]: of a product                                  */

    /* The latest cut: edges, ascending, then FAR up to a whole octet; the segments between them; and the next cut's
     * edges in the making. */
    double       *edges, *cut; /* [capacity]                                                         */
    struct piece *pieces;      /* [capacity]                                                         */
    size_t        n_edges, capacity;

    int    slot_of[TILE]; /* the tile's: each row's open segment, and x - c                          */
    double offset[TILE];
};

static struct layer *last_of(struct piecewise *s) { return &s->layers[s->n_layers - 1]; }

/* ---- memory ---- */

static size_t columns_below(const struct piecewise *s, size_t l) { return l > 0 ? s->layers[l - 1].columns : 0; }

static size_t doubles_a_segment(const struct piecewise *s, size_t l)
{
    return ENTRY * s->layers[l].columns + PAIR * columns_below(s, l) + 1;
}

/* Room for n segments of layer l.  What they held is lost. */
static fathom_status reserve_segments(struct piecewise *s, size_t l, size_t n)
{
    struct layer *layer = &s->layers[l];
    if (n <= layer->capacity)
        return FATHOM_OK;
    size_t room = n + n / 2;
    double *memory = zeros(room * doubles_a_segment(s, l) * sizeof *memory);
    int *parent = calloc(room, sizeof *parent);
    if (!memory || !parent) {
        free(memory);
        free(parent);
        return FATHOM_NO_MEMORY;
    }
    free(layer->memory);
    free(layer->parent);
    layer->memory = layer->entries = memory;
    layer->below = layer->entries + room * ENTRY * layer->columns;
    layer->centre = layer->below + room * PAIR * columns_below(s, l);
    layer->parent = parent;
    layer->capacity = room;
    return FATHOM_OK;
}

/* Room for n segments between edges.  Keeps what is there. */
static fathom_status reserve_pieces(struct piecewise *s, size_t n)
{
    if (n <= s->capacity)
        return FATHOM_OK;
    size_t room = padded(n + n / 2);
    double *edges = realloc(s->edges, room * sizeof *edges);
    s->edges = edges ? edges : s->edges;
    double *cut = realloc(s->cut, room * sizeof *cut);
    s->cut = cut ? cut : s->cut;
    struct piece *pieces = realloc(s->pieces, room * sizeof *pieces);
    s->pieces = pieces ? pieces : s->pieces;
    if (!edges || !cut || !pieces)
        return FATHOM_NO_MEMORY;
    s->capacity = room;
    return FATHOM_OK;
}

static void destroy(void *state)
{
    struct piecewise *s = state;
    if (!s)
        return;
    for (size_t l = 0; l < s->n_layers; l++) {
        free(s->layers[l].memory);
        free(s->layers[l].parent);
    }
    free(s->fixed);
    free(s->edges);
    free(s->cut);
    free(s->pieces);
    free(s);
}

static void *create(size_t n_in, size_t n_out, size_t width, size_t hidden)
{
    struct piecewise *s = n_in == 1 ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    size_t widest = 0;
    s->n_layers = hidden + 1;
    for (size_t l = 0; l <= hidden; l++) {
        struct layer *layer = &s->layers[l];
        layer->fan_in = l == 0 ? 1 : width;
        layer->fan_out = l == hidden ? n_out : width;
        layer->columns = padded(layer->fan_out);
        widest = layer->columns > widest ? layer->columns : widest;
        s->n_fixed += (layer->fan_in + 1) * layer->columns + layer->fan_out * padded(layer->fan_in);
    }
    s->n_fixed += (1 + BLOCK) * widest;
    s->fixed = zeros(s->n_fixed * sizeof(double));
    /* Seen: 1 to 1.1 segments a hidden unit; more let the tables grow. */
    bool complete = s->fixed && reserve_pieces(s, 2 * (hidden * width + 1)) == FATHOM_OK;
    for (size_t l = 0; l <= hidden && complete; l++)
        complete = reserve_segments(s, l, l == 0 ? 1 : l * width + 1) == FATHOM_OK;
    if (!complete) {
        destroy(s);
        return NULL;
    }
    double *next = s->fixed;
    for (size_t l = 0; l <= hidden; l++) {
        struct layer *layer = &s->layers[l];
        layer->wt = next;
        layer->b = layer->wt + layer->fan_in * layer->columns;
        layer->w_padded = layer->b + layer->columns;
        next = layer->w_padded + layer->fan_out * padded(layer->fan_in);
    }
    s->found = next;
    s->block = s->found + widest;
    return s;
}

static size_t bytes(const void *state)
{
    const struct piecewise *s = state;
    size_t total = sizeof *s + s->n_fixed * sizeof(double) + s->capacity * (2 * sizeof(double) + sizeof *s->pieces);
    for (size_t l = 0; l < s->n_layers; l++)
        total += s->layers[l].capacity * (doubles_a_segment(s, l) * sizeof(double) + sizeof(int));
    return total;
}

/* ---- the tree of segments ---- */

/* A segment of the latest cut becomes layer l's next one; its lines are still to be drawn. */
static void take(struct piecewise *s, size_t l, size_t segment)
{
    struct layer *layer = &s->layers[l];
    layer->centre[layer->n] = s->pieces[segment].centre;
    layer->parent[layer->n++] = s->pieces[segment].parent;
}

/* The lines of layer l > 0 in its segments from `first` on, and moments of zero.  Units of the layer below that are off
 * at the centre are off in all of the segment (NaN is neither and goes through). */
static void draw_lines(struct piecewise *s, size_t l, size_t first)
{
    const struct layer *layer = &s->layers[l], *under = layer - 1;
    const size_t columns = layer->columns, columns_under = under->columns;
    for (size_t i = first; i < layer->n; i++) {
        const double *from = under->entries + (size_t)layer->parent[i] * ENTRY * columns_under;
        const vec zero = all(0.0), shift = all(layer->centre[i] - under->centre[layer->parent[i]]);
        double *below = layer->below + i * PAIR * columns_under, *entry = layer->entries + i * ENTRY * columns;
        for (size_t u = 0; u < columns_under; u += VEC_WIDTH) {
            vec slope = load(from + SLOPE * columns_under + u);
            vec value = fused(slope, shift, load(from + VALUE * columns_under + u));
            mask off = either(less(value, zero), equal(value, zero));
            store(below + u, choose(off, zero, slope));
            store(below + columns_under + u, choose(off, zero, value));
        }
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            store(entry + SLOPE * columns + u, zero);
            store(entry + S1 * columns + u, zero);
            store(entry + VALUE * columns + u, load(layer->b + u));
            store(entry + S0 * columns + u, zero);
        }
    }
    ISA(matmul)(layer->entries + first * ENTRY * columns, 2 * columns, layer->below + first * PAIR * columns_under,
                columns_under, 1, layer->wt, columns, PAIR * (layer->n - first), layer->fan_in, columns);
}

/* s->found = the zeros strictly inside (low, high) of a segment's n lines, ascending and distinct: their number. */
static size_t crossings(struct piecewise *s, const double *entry, size_t n, double centre, double low, double high)
{
    double *found = s->found, zero[VEC_WIDTH];
    size_t inside = 0, distinct = 0;
    for (size_t u = 0; u < n; u += VEC_WIDTH) {
        vec slope = load(entry + SLOPE * n + u), value = load(entry + VALUE * n + u);
        vec crossing = all(centre) - value / slope; /* a slope of 0: inf or NaN, no cut */
        crossing = choose(less(all(low), crossing), crossing, all(FAR));
        if (lanes(less(crossing, all(high))) == 0)
            continue;
        store(zero, crossing);
        for (size_t j = 0; j < VEC_WIDTH; j++)
            if (zero[j] < high)
                found[inside++] = zero[j];
    }
    for (size_t i = 1; i < inside; i++) {
        double next = found[i];
        size_t j = i;
        for (; j > 0 && found[j - 1] > next; j--)
            found[j] = found[j - 1];
        found[j] = next;
    }
    for (size_t i = 0; i < inside; i++)
        if (distinct == 0 || found[i] != found[distinct - 1])
            found[distinct++] = found[i];
    return distinct;
}

/* How far the centre of an unbounded segment lies outside of its edge. */
static double length_outside(double edge)
{
    double size = edge < 0.0 ? -edge : edge;
    return size > 1.0 ? size : 1.0;
}

/* Cuts the latest segments where a unit of layer l crosses zero; they are the layer's own. */
static fathom_status cut(struct piecewise *s, size_t l)
{
    const struct layer *layer = &s->layers[l];
    size_t n = 0;
    for (size_t i = 0; i < layer->n; i++) {
        double low = i == 0 ? -FAR : s->edges[i - 1], high = i == s->n_edges ? FAR : s->edges[i];
        size_t found = crossings(s, layer->entries + i * ENTRY * layer->columns, layer->columns, layer->centre[i], low,
                                 high);
        if (reserve_pieces(s, n + found + 2) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        memcpy(s->cut + n, s->found, found * sizeof(double));
        for (size_t piece = 0; piece <= found; piece++)
            s->pieces[n + piece].parent = (int)i;
        n += found;
        if (i < s->n_edges)
            s->cut[n++] = s->edges[i];
    }
    double *swap = s->cut;
    s->cut = s->edges;
    s->edges = swap;
    s->n_edges = n;
    s->pieces[0].centre = n > 0 ? s->edges[0] - length_outside(s->edges[0]) : 0.0;
    for (size_t i = 1; i < n; i++)
        s->pieces[i].centre = s->edges[i - 1] + (s->edges[i] - s->edges[i - 1]) * 0.5;
    if (n > 0)
        s->pieces[n].centre = s->edges[n - 1] + length_outside(s->edges[n - 1]);
    return reserve_segments(s, l + 1, n + 1);
}

/* ReLU layers are cut at once, the last layer's segments wait for rows. */
static fathom_status prepare(void *state, const double *params)
{
    struct piecewise *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct layer *layer = &s->layers[l];
        const size_t step = padded(layer->fan_in);
        ISA(transposed)(layer->wt, layer->columns, params, layer->fan_out, layer->fan_in);
        layer->w = params;
        for (size_t u = 0; u < layer->fan_out && step != layer->fan_in; u++) {
            memcpy(layer->w_padded + u * step, params + u * layer->fan_in, layer->fan_in * sizeof(double));
            layer->w = layer->w_padded;
        }
        params += layer->fan_out * layer->fan_in;
        memcpy(layer->b, params, layer->fan_out * sizeof(double));
        params += layer->fan_out;
        layer->n = 0;
    }

    struct layer *whole = &s->layers[0]; /* one segment, about 0 */
    memset(whole->entries, 0, ENTRY * whole->columns * sizeof(double));
    memcpy(whole->entries + SLOPE * whole->columns, whole->wt, whole->columns * sizeof(double));
    memcpy(whole->entries + VALUE * whole->columns, whole->b, whole->columns * sizeof(double));
    s->n_edges = 0;
    whole->n = 1;
    for (size_t l = 1; l < s->n_layers; l++) {
        if (cut(s, l - 1) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        if (&s->layers[l] == last_of(s))
            break;
        for (size_t segment = 0; segment <= s->n_edges; segment++)
            take(s, l, segment);
        draw_lines(s, l, 0);
    }
    for (size_t e = s->n_edges; e < padded(s->n_edges + 1); e++)
        s->edges[e] = FAR;
    for (size_t segment = 0; segment <= s->n_edges; segment++)
        s->pieces[segment].slot = CLOSED;
    if (s->n_layers == 1)
        s->pieces[0].slot = 0;
    return FATHOM_OK;
}

/* ---- rows ---- */

/* Each row's segment, first to the octet of edges: how many octets lie below x as a whole; then within it.  Segments
 * entered for the first time are opened. */
static void look_up(struct piecewise *s, const double *x, size_t rows)
{
    struct layer *last = last_of(s);
    const size_t n_open = last->n, n_edges = s->n_edges;
    const double *edges = s->edges;
    double octets[TILE];
    size_t segment[TILE];
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec below = all(0.0), xi = load(x + i);
        for (size_t e = 7; e < n_edges; e += 8)
            below += choose(less(xi, all(edges[e])), all(0.0), all(1.0));
        store(octets + i, below);
    }
    for (size_t i = 0; i < rows; i++) {
        const double *octet = edges + 8 * (size_t)octets[i];
        int above = 0;
        for (int e = 0; e < 8; e += VEC_WIDTH)
            above += lanes(less(all(x[i]), load(octet + e)));
        segment[i] = 8 * (size_t)octets[i] + 8 - (size_t)above;
        segment[i] = segment[i] < n_edges ? segment[i] : n_edges; /* beyond FAR, and NaN */
    }
    struct piece *pieces = s->pieces;
    for (size_t i = 0; i < rows; i++) {
        if (pieces[segment[i]].slot == CLOSED) {
            pieces[segment[i]].slot = (int)last->n;
            take(s, s->n_layers - 1, segment[i]);
        }
        s->slot_of[i] = pieces[segment[i]].slot;
    }
    if (last->n > n_open)
        draw_lines(s, s->n_layers - 1, n_open);
    for (size_t i = 0; i < rows; i++)
        s->offset[i] = x[i] - last->centre[s->slot_of[i]];
}

static void forward(double *restrict out, const double *restrict in, void *state, size_t rows)
{
    struct piecewise *s = state;
    const struct layer *last = last_of(s);
    const size_t columns = last->columns, n_out = last->fan_out;
    look_up(s, in, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *entry[VEC_WIDTH];
        vec offset[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            entry[j] = last->entries + (size_t)s->slot_of[i + j] * ENTRY * columns;
            offset[j] = all(s->offset[i + j]);
        }
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            vec row[VEC_WIDTH], unit[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = fused(load(entry[j] + SLOPE * columns + u), offset[j], load(entry[j] + VALUE * columns + u));
            transpose(unit, row);
            for (size_t j = 0; j < VEC_WIDTH; j++)
                if (u + j < n_out)
                    store(ROW(out, u + j) + i, unit[j]);
        }
    }
}

/* din += dout . slope, and the moments of each row's segment.  A row's dot product is kept in eight partials, unit u in
 * partial u mod 8: PARTS vectors of lanes.  What does not change is kept where the stores cannot reach it. */
static void backward(double *din, const double *dout, void *state, size_t rows)
{
    enum { PARTS = 8 / VEC_WIDTH };
    const struct piecewise *s = state;
    const struct layer *last = &s->layers[s->n_layers - 1];
    const size_t columns = last->columns;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec partial[PARTS][VEC_WIDTH], p[8], offset[VEC_WIDTH];
        double *entry[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            entry[j] = last->entries + (size_t)s->slot_of[i + j] * ENTRY * columns;
            offset[j] = all(s->offset[i + j]);
        }
        for (int h = 0; h < PARTS; h++)
            for (size_t j = 0; j < VEC_WIDTH; j++)
                partial[h][j] = all(0.0);
        for (size_t u = 0; u < columns; u += 8)
            for (int h = 0; h < PARTS; h++) {
                const size_t at = u + (size_t)h * VEC_WIDTH;
                vec unit[VEC_WIDTH], row[VEC_WIDTH];
                for (size_t j = 0; j < VEC_WIDTH; j++)
                    unit[j] = load(ROW(dout, at + j) + i);
                transpose(row, unit);
                for (size_t j = 0; j < VEC_WIDTH; j++) {
                    double *slope = entry[j] + at, *s1 = slope + S1 * columns, *s0 = slope + S0 * columns;
                    partial[h][j] = fused(row[j], load(slope), partial[h][j]);
                    store(s1, fused(row[j], offset[j], load(s1)));
                    store(s0, load(s0) + row[j]);
                }
            }
        for (int h = 0; h < PARTS; h++)
            transpose(p + h * VEC_WIDTH, partial[h]);
        store(din + i, load(din + i) + (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))));
    }
}

/* ---- the moments back through the layers ---- */

/* A run of a layer's segments, first to end - 1. */
struct run {
    size_t first, end;
};

/* db = sum S0: a product with a matrix of ones. */
static void gradient_of_offsets(double *db, struct piecewise *s, const struct layer *layer, struct run run)
{
    const double one = 1.0, *s0 = layer->entries + (run.first * ENTRY + S0) * layer->columns;
    ISA(matmul_from)(s->block, 0, NULL, &one, 0, 0, s0, ENTRY * layer->columns, 1, run.end - run.first,
                     layer->columns);
    memcpy(db, s->block, layer->fan_out * sizeof *db);
}

/* dW = sum S1 slope^T + S0 value^T */
static void gradient_of_weights(double *dw, struct piecewise *s, const struct layer *layer, struct run run)
{
    const size_t columns = (layer - 1)->columns, n_pairs = PAIR * (run.end - run.first);
    const double *moments = layer->entries + (run.first * ENTRY + S1) * layer->columns;
    const double *below = layer->below + run.first * PAIR * columns;
    if (columns == layer->fan_in) {
        ISA(matmul_from)(dw, columns, NULL, moments, 1, 2 * layer->columns, below, columns, layer->fan_out, n_pairs,
                         columns);
        return;
    }
    for (size_t u = 0; u < layer->fan_out; u += BLOCK) { /* rows of dw have no room for padding */
        const size_t n = layer->fan_out - u < BLOCK ? layer->fan_out - u : BLOCK;
        ISA(matmul_from)(s->block, columns, NULL, moments + u, 1, 2 * layer->columns, below, columns, n, n_pairs,
                         columns);
        for (size_t r = 0; r < n; r++)
            memcpy(dw + (u + r) * layer->fan_in, s->block + r * columns, layer->fan_in * sizeof *dw);
    }
}

/* The pairs (S1, S0) W of a layer's segments, masked by the units that are on, added up in their parents, about the
 * parent's centre.  Returns the run of parents that got some; between them others may lie that hold no rows. */
static struct run hand_down(struct piecewise *s, const struct layer *layer, struct run run)
{
    const struct layer *under = layer - 1;
    const size_t columns = under->columns;
    struct run parents = { under->n, 0 };
    for (size_t first = run.first; first < run.end; first += BLOCK / PAIR) {
        const size_t n = run.end - first < BLOCK / PAIR ? run.end - first : BLOCK / PAIR;
        ISA(matmul_from)(s->block, columns, NULL, layer->entries + (first * ENTRY + S1) * layer->columns,
                         2 * layer->columns, 1, layer->w, padded(layer->fan_in), PAIR * n, layer->fan_out, columns);
        for (size_t i = first; i < first + n; i++) {
            const size_t parent = (size_t)layer->parent[i];
            const double *pair = s->block + (i - first) * PAIR * columns;
            const double *value = layer->below + (i * PAIR + 1) * columns;
            double *entry = under->entries + parent * ENTRY * columns;
            const vec shift = all(layer->centre[i] - under->centre[parent]);
            for (size_t u = 0; u < columns; u += VEC_WIDTH) {
                double *s1 = entry + S1 * columns + u, *s0 = entry + S0 * columns + u;
                mask on = less(all(0.0), load(value + u));
                vec d1 = choose(on, load(pair + u), all(0.0)), d0 = choose(on, load(pair + columns + u), all(0.0));
                store(s1, load(s1) + fused(shift, d0, d1));
                store(s0, load(s0) + d0);
            }
            parents.first = parent < parents.first ? parent : parents.first;
            parents.end = parent >= parents.end ? parent + 1 : parents.end;
        }
    }
    return parents;
}

static void finish(double *gradient, void *state)
{
    struct piecewise *s = state;
    struct run run = { 0, last_of(s)->n };
    for (size_t l = 0; l < s->n_layers; l++)
        gradient += s->layers[l].fan_out * (s->layers[l].fan_in + 1);
    for (size_t l = s->n_layers; l-- > 0;) {
        const struct layer *layer = &s->layers[l];
        double *db = gradient - layer->fan_out, *dw = db - layer->fan_out * layer->fan_in;
        gradient_of_offsets(db, s, layer, run);
        if (l == 0) { /* below is x itself, about 0: slope 1, value 0 */
            memcpy(dw, layer->entries + S1 * layer->columns, layer->fan_out * sizeof *dw);
            return;
        }
        gradient_of_weights(dw, s, layer, run);
        run = hand_down(s, layer, run);
        gradient = dw;
    }
}

static const double *edges_of(size_t *n, const void *state)
{
    const struct piecewise *s = state;
    *n = s->n_edges;
    return s->edges;
}

const struct conditioner ISA(piecewise) = { "piecewise", create, destroy, bytes, prepare, forward, backward, finish,
                                            edges_of };
