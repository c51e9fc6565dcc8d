/* piecewise.c - a ReLU network of one input, as the table of straight lines that it is.
 *
 * A network x -> W_L max(0, ... max(0, W_0 x + b_0) ...) + b_L of a single number x is continuous and piecewise linear
 * (Montufar, Pascanu, Cho & Bengio 2014, "On the number of linear regions of deep neural networks").  Its hidden units
 * switch on or off at finitely many breakpoints, the `edges`; between two neighbours, in a segment, every unit of every
 * layer is one straight line, kept as a pair of rows about the segment's centre c:
 *
 *      unit(x) = slope (x - c) + value                 edges:     e0      e1   e2         e3
 *                                                      ------------|-------|----|----------|---------> x
 *                                                      segment 0       1     2       3          4
 *
 * A batch of 512 rows falls into some 30 segments, so the work of the network shrinks from 512 rows to 30 pairs:
 *
 *  - prepare finds the edges, layer by layer: where a unit of layer l, a straight line within a segment of the layers
 *    below, crosses zero inside it, the segment is cut.  A unit is on in a segment if its value at the centre is
 *    positive: recomputed there, never updated across an edge.
 *  - forward looks up each row's segment (the number of edges <= x).  The first row to enter a segment opens it, and the
 *    pairs that a tile opens go through the layers together, once.  Then a row's outputs are  slope (x - c) + value.
 *  - backward needs of a segment's rows only two moments,  S0 = sum dout  and  S1 = sum dout (x - c), because
 *    h(x) = slope (x - c) + value gives  sum dout h^T = S1 slope^T + S0 value^T.  And  dx = dout . slope.
 *  - finish sends (S1, S0) of every open segment back through the layers as two rows of an ordinary dense backward.
 *
 * Exact up to rounding; that differs from mlp.c's, so which of the two serves a coupling depends on its shape alone.
 * Lines are expanded about the segment's centre because an expansion about 0 would lose |c| epsilon. */
#include "kernels.h"

static const double FAR = 1e100; /* the line's ends: finite, so that centres and crossings stay so */

enum { SLOPE, VALUE, PAIR };     /* rows of a pair */
enum { CLOSED = -1 };

struct layer {
    size_t  fan_in, fan_out, columns; /* columns = padded(fan_out), a row of this layer's pairs      */
    double *wt;                       /* [fan_in][columns], W transposed                             */
    double *w;                        /* [fan_out][padded(fan_in)]                                   */
    double *b;                        /* [columns]                                                   */
    double *dw, *db;                  /* [fan_out][padded(fan_in)], [columns], scratch of finish     */
    double *lines;                    /* [PAIR slots][columns], after the ReLU but in the last layer */
};

struct piecewise {
    size_t       n_layers;
    struct layer layers[9];
    double      *fixed;      /* the block behind wt, w, b, dw                                        */
    size_t       n_fixed;
    double      *found;      /* [widest columns]: crossings in one segment                           */

    double *edges, *cut;     /* [capacity], ascending, then FAR up to a whole octet; and the next
                                level's list in the making                                           */
    size_t  n_edges, capacity;

    int    *slot;            /* [n_edges + 1], the open slot of a segment, or CLOSED                 */
    double *per_slot;        /* the block behind what follows and layers[].lines                     */
    double *input;           /* [PAIR slots]: the line that x itself is, slope 1 and value c         */
    double *moments;         /* [PAIR slots][last columns]: S1, S0                                   */
    double *delta[2];        /* [PAIR slots][widest columns], scratch of finish                      */
    size_t  n_slots, slot_capacity;

    int    slot_of[TILE];    /* the tile's: each row's open slot, and x - c                          */
    double offset[TILE];
};

static size_t widest(const struct piecewise *s)
{
    size_t most = 0;
    for (size_t l = 0; l < s->n_layers; l++)
        most = s->layers[l].columns > most ? s->layers[l].columns : most;
    return most;
}

static const struct layer *last_of(const struct piecewise *s) { return &s->layers[s->n_layers - 1]; }

static size_t doubles_a_slot(const struct piecewise *s)
{
    size_t n = PAIR + PAIR * last_of(s)->columns + 2 * PAIR * widest(s);
    for (size_t l = 0; l < s->n_layers; l++)
        n += PAIR * s->layers[l].columns;
    return n;
}

/* Room for `segments` segments to be open at once.  What the slots held is lost. */
static fathom_status reserve_slots(struct piecewise *s, size_t segments)
{
    if (segments <= s->slot_capacity)
        return FATHOM_OK;
    size_t room = segments + segments / 2;
    double *block = zeros(room * doubles_a_slot(s) * sizeof *block);
    int *slot = malloc(room * sizeof *slot);
    if (!block || !slot) {
        free(block);
        free(slot);
        return FATHOM_NO_MEMORY;
    }
    free(s->per_slot);
    free(s->slot);
    s->per_slot = block;
    s->slot = slot;
    s->slot_capacity = room;
    s->moments = block;
    block += PAIR * room * last_of(s)->columns;
    for (size_t l = 0; l < s->n_layers; l++) {
        s->layers[l].lines = block;
        block += PAIR * room * s->layers[l].columns;
    }
    for (int i = 0; i < 2; i++) {
        s->delta[i] = block;
        block += PAIR * room * widest(s);
    }
    s->input = block;
    return FATHOM_OK;
}

static fathom_status reserve_edges(struct piecewise *s, size_t n)
{
    if (n <= s->capacity)
        return FATHOM_OK;
    size_t room = n + n / 2;
    double *edges = realloc(s->edges, room * sizeof *edges);
    if (edges)
        s->edges = edges;
    double *cut = realloc(s->cut, room * sizeof *cut);
    if (cut)
        s->cut = cut;
    if (!edges || !cut)
        return FATHOM_NO_MEMORY;
    s->capacity = room;
    return FATHOM_OK;
}

static void destroy(void *state)
{
    struct piecewise *s = state;
    if (!s)
        return;
    free(s->fixed);
    free(s->per_slot);
    free(s->slot);
    free(s->edges);
    free(s->cut);
    free(s);
}

static void *create(size_t n_in, size_t n_out, size_t width, size_t hidden)
{
    struct piecewise *s = n_in == 1 ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->n_layers = hidden + 1;
    for (size_t l = 0; l <= hidden; l++) {
        struct layer *layer = &s->layers[l];
        layer->fan_in = l == 0 ? 1 : width;
        layer->fan_out = l == hidden ? n_out : width;
        layer->columns = padded(layer->fan_out);
        s->n_fixed += (layer->fan_in + 2) * layer->columns + 2 * layer->fan_out * padded(layer->fan_in);
    }
    s->n_fixed += widest(s);
    s->fixed = zeros(s->n_fixed * sizeof(double));
    size_t typical = 2 * (hidden * width + 1); /* seen: 1 to 1.1 segments a hidden unit; more grow the table */
    if (!s->fixed || reserve_slots(s, typical) != FATHOM_OK || reserve_edges(s, padded(typical)) != FATHOM_OK) {
        destroy(s);
        return NULL;
    }
    double *block = s->fixed;
    for (size_t l = 0; l <= hidden; l++) {
        struct layer *layer = &s->layers[l];
        layer->wt = block;
        layer->b = layer->wt + layer->fan_in * layer->columns;
        layer->w = layer->b + layer->columns;
        layer->dw = layer->w + layer->fan_out * padded(layer->fan_in);
        layer->db = layer->dw + layer->fan_out * padded(layer->fan_in);
        block = layer->db + layer->columns;
    }
    s->found = block;
    return s;
}

static size_t bytes(const void *state)
{
    const struct piecewise *s = state;
    return sizeof *s + (s->n_fixed + 2 * s->capacity + s->slot_capacity * doubles_a_slot(s)) * sizeof(double)
         + s->slot_capacity * sizeof *s->slot;
}

/* ---- lines through the layers ---- */

/* Units that are off at the centre are off in all of the segment (NaN is neither and goes through). */
static void rectify(double *lines, size_t columns, size_t n)
{
    for (double *pair = lines; pair < lines + PAIR * n * columns; pair += PAIR * columns)
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            vec slope = load(pair + u), value = load(pair + columns + u), zero = all(0.0);
            mask off = either(less(value, zero), equal(value, zero));
            store(pair + u, choose(off, zero, slope));
            store(pair + columns + u, choose(off, zero, value));
        }
}

/* The lines of layers 0 to `last`, this one's before its ReLU, in the n slots from `first` on. */
static void draw_lines(struct piecewise *s, size_t first, size_t n, size_t last)
{
    const double *below = s->input + PAIR * first;
    size_t below_step = 1;
    for (size_t l = 0; l <= last; l++) {
        const struct layer *layer = &s->layers[l];
        const size_t columns = layer->columns;
        double *lines = layer->lines + PAIR * first * columns;
        for (double *pair = lines; pair < lines + PAIR * n * columns; pair += PAIR * columns)
            for (size_t u = 0; u < columns; u += VEC_WIDTH) {
                store(pair + u, all(0.0));
                store(pair + columns + u, load(layer->b + u));
            }
        ISA(matmul)(lines, columns, below, below_step, 1, layer->wt, columns, PAIR * n, layer->fan_in, columns);
        if (l < last)
            rectify(lines, columns, n);
        below = lines;
        below_step = columns;
    }
}

static double centre_of(double low, double high)
{
    double size_low = low < 0.0 ? -low : low, size_high = high < 0.0 ? -high : high;
    if (low == -FAR && high == FAR)
        return 0.0;
    if (low == -FAR)
        return high - (size_high > 1.0 ? size_high : 1.0);
    if (high == FAR)
        return low + (size_low > 1.0 ? size_low : 1.0);
    return low + (high - low) * 0.5;
}

static double low_of(const struct piecewise *s, size_t segment) { return segment == 0 ? -FAR : s->edges[segment - 1]; }

static double high_of(const struct piecewise *s, size_t segment)
{
    return segment == s->n_edges ? FAR : s->edges[segment];
}

/* Gives a segment a slot, whose lines are still to be drawn. */
static void take_slot(struct piecewise *s, size_t slot, size_t segment)
{
    s->input[PAIR * slot + SLOPE] = 1.0;
    s->input[PAIR * slot + VALUE] = centre_of(low_of(s, segment), high_of(s, segment));
}

/* s->found = the zeros strictly inside (low, high) of the n lines at `slope` and `value` about the centre, ascending
 * and distinct: their number. */
static size_t crossings(struct piecewise *s, const double *slope, const double *value, size_t n, double centre,
                        double low, double high)
{
    double *found = s->found, zero[VEC_WIDTH];
    size_t inside = 0, distinct = 0;
    for (size_t u = 0; u < n; u += VEC_WIDTH) {
        vec crossing = all(centre) - load(value + u) / load(slope + u); /* a slope of 0: inf or NaN, no cut */
        crossing = choose(less(all(low), crossing), crossing, all(FAR));
        if (lanes(less(crossing, all(high))) == 0)
            continue;
        store(zero, crossing);
        for (int j = 0; j < VEC_WIDTH; j++)
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

/* Layer by layer: slot i is segment i here, for as long as the lines are wanted. */
static fathom_status find_edges(struct piecewise *s)
{
    s->n_edges = 0;
    for (size_t l = 0; l + 1 < s->n_layers; l++) {
        const struct layer *layer = &s->layers[l];
        size_t n = 0, n_segments = s->n_edges + 1;
        if (reserve_slots(s, n_segments) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        for (size_t i = 0; i < n_segments; i++)
            take_slot(s, i, i);
        draw_lines(s, 0, n_segments, l);
        for (size_t i = 0; i < n_segments; i++) {
            const double *slope = layer->lines + PAIR * i * layer->columns, *value = slope + layer->columns;
            size_t found = crossings(s, slope, value, layer->columns, s->input[PAIR * i + VALUE], low_of(s, i),
                                     high_of(s, i));
            if (reserve_edges(s, padded(n + found + 2)) != FATHOM_OK)
                return FATHOM_NO_MEMORY;
            memcpy(s->cut + n, s->found, found * sizeof(double));
            n += found;
            if (i < s->n_edges)
                s->cut[n++] = s->edges[i];
        }
        double *cut = s->cut;
        s->cut = s->edges;
        s->edges = cut;
        s->n_edges = n;
    }
    for (size_t e = s->n_edges; e < padded(s->n_edges + 1); e++)
        s->edges[e] = FAR;
    return reserve_slots(s, s->n_edges + 1);
}

/* out: [n_columns][out_step] = in transposed, in: [n_rows][n_columns] */
static void transpose_weights(double *out, size_t out_step, const double *in, size_t n_rows, size_t n_columns)
{
    size_t r = 0;
    for (; r + VEC_WIDTH <= n_rows; r += VEC_WIDTH) {
        size_t c = 0;
        for (; c + VEC_WIDTH <= n_columns; c += VEC_WIDTH) {
            vec row[VEC_WIDTH], column[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = load(in + (r + j) * n_columns + c);
            transpose(column, row);
            for (size_t j = 0; j < VEC_WIDTH; j++)
                store(out + (c + j) * out_step + r, column[j]);
        }
        for (; c < n_columns; c++)
            for (size_t j = 0; j < VEC_WIDTH; j++)
                out[c * out_step + r + j] = in[(r + j) * n_columns + c];
    }
    for (; r < n_rows; r++)
        for (size_t c = 0; c < n_columns; c++)
            out[c * out_step + r] = in[r * n_columns + c];
}

static fathom_status prepare(void *state, const double *params)
{
    struct piecewise *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct layer *layer = &s->layers[l];
        transpose_weights(layer->wt, layer->columns, params, layer->fan_out, layer->fan_in);
        for (size_t u = 0; u < layer->fan_out; u++)
            memcpy(layer->w + u * padded(layer->fan_in), params + u * layer->fan_in, layer->fan_in * sizeof(double));
        params += layer->fan_out * layer->fan_in;
        memcpy(layer->b, params, layer->fan_out * sizeof(double));
        params += layer->fan_out;
    }
    fathom_status status = find_edges(s);
    for (size_t segment = 0; status == FATHOM_OK && segment <= s->n_edges; segment++)
        s->slot[segment] = CLOSED;
    s->n_slots = 0;
    return status;
}

/* ---- rows ---- */

/* Each row's segment, first to the octet of edges: how many octets lie below x as a whole; then within it.  Segments
 * entered for the first time get their slots and lines. */
static void look_up(struct piecewise *s, const double *x)
{
    const size_t n_open = s->n_slots, last = s->n_layers - 1, columns = last_of(s)->columns;
    double octets[TILE];
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec below = all(0.0), xi = load(x + i);
        for (size_t e = 7; e < s->n_edges; e += 8)
            below += choose(less(xi, all(s->edges[e])), all(0.0), all(1.0));
        store(octets + i, below);
    }
    for (int i = 0; i < TILE; i++) {
        size_t segment = 8 * (size_t)octets[i];
        int above = 0;
        for (int e = 0; e < 8; e += VEC_WIDTH)
            above += lanes(less(all(x[i]), load(s->edges + segment + e)));
        segment += 8 - (size_t)above;
        segment = segment < s->n_edges ? segment : s->n_edges; /* beyond FAR, and NaN */
        if (s->slot[segment] == CLOSED) {
            take_slot(s, s->n_slots, segment);
            s->slot[segment] = (int)s->n_slots++;
        }
        s->slot_of[i] = s->slot[segment];
        s->offset[i] = x[i] - s->input[PAIR * s->slot_of[i] + VALUE];
    }
    if (s->n_slots > n_open) {
        draw_lines(s, n_open, s->n_slots - n_open, last);
        memset(s->moments + n_open * PAIR * columns, 0, (s->n_slots - n_open) * PAIR * columns * sizeof(double));
    }
}

static void forward(double *out, const double *in, void *state, size_t rows)
{
    (void)rows;
    struct piecewise *s = state;
    const size_t columns = last_of(s)->columns, n_out = last_of(s)->fan_out;
    const double *lines = last_of(s)->lines;
    look_up(s, in);
    for (int i = 0; i < TILE; i += VEC_WIDTH)
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            vec row[VEC_WIDTH], unit[VEC_WIDTH];
            for (int j = 0; j < VEC_WIDTH; j++) {
                const double *pair = lines + (size_t)s->slot_of[i + j] * PAIR * columns + u;
                row[j] = fused(load(pair), all(s->offset[i + j]), load(pair + columns));
            }
            transpose(unit, row);
            for (int j = 0; j < VEC_WIDTH; j++)
                if (u + (size_t)j < n_out)
                    store(ROW(out, u + (size_t)j) + i, unit[j]);
        }
}

/* din += dout . slope, and the moments of each row's segment.  A row's dot product is kept in eight partials, unit u in
 * partial u mod 8: PARTS vectors of lanes. */
static void backward(double *din, const double *dout, void *state, size_t rows)
{
    (void)rows;
    enum { PARTS = 8 / VEC_WIDTH };
    struct piecewise *s = state;
    const size_t columns = last_of(s)->columns;
    const double *lines = last_of(s)->lines;
    for (int i = 0; i < TILE; i += VEC_WIDTH) {
        vec partial[PARTS][VEC_WIDTH], p[8];
        for (int h = 0; h < PARTS; h++)
            for (int j = 0; j < VEC_WIDTH; j++)
                partial[h][j] = all(0.0);
        for (size_t u = 0; u < columns; u += 8)
            for (int h = 0; h < PARTS; h++) {
                const size_t at = u + (size_t)h * VEC_WIDTH;
                vec unit[VEC_WIDTH], row[VEC_WIDTH];
                for (int j = 0; j < VEC_WIDTH; j++)
                    unit[j] = load(ROW(dout, at + (size_t)j) + i);
                transpose(row, unit);
                for (int j = 0; j < VEC_WIDTH; j++) {
                    const size_t pair = (size_t)s->slot_of[i + j] * PAIR * columns + at;
                    double *s1 = s->moments + pair, *s0 = s1 + columns;
                    partial[h][j] = fused(row[j], load(lines + pair), partial[h][j]);
                    store(s1, fused(row[j], all(s->offset[i + j]), load(s1)));
                    store(s0, load(s0) + row[j]);
                }
            }
        for (int h = 0; h < PARTS; h++)
            transpose(p + h * VEC_WIDTH, partial[h]);
        store(din + i, load(din + i) + (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))));
    }
}

/* ---- the moments back through the layers ---- */

static void add(double *restrict sum, const double *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

/* Layer 0's input line is x itself, slope 1 and value c:  dw = sum S1 + c S0,  over the open segments. */
static void finish_first(double *dw, const double *delta, const struct piecewise *s)
{
    const struct layer *layer = &s->layers[0];
    for (size_t u = 0; u < layer->columns; u += VEC_WIDTH) {
        vec sum = all(0.0);
        for (size_t slot = 0; slot < s->n_slots; slot++) {
            const double *s1 = delta + PAIR * slot * layer->columns + u, *s0 = s1 + layer->columns;
            sum += fused(all(s->input[PAIR * slot + VALUE]), load(s0), load(s1));
        }
        store(layer->dw + u, sum);
    }
    add(dw, layer->dw, layer->fan_out);
}

/* dW = sum S1 slope^T + S0 value^T */
static void finish_layer(double *dw, const double *delta, const struct layer *layer, const struct layer *below,
                         size_t n_slots)
{
    ISA(matmul_from)(layer->dw, below->columns, NULL, delta, 1, layer->columns, below->lines, below->columns,
                     layer->fan_out, PAIR * n_slots, below->columns);
    for (size_t u = 0; u < layer->fan_out; u++)
        add(dw + u * layer->fan_in, layer->dw + u * below->columns, layer->fan_in);
}

/* db = sum S0: a product with a matrix of ones. */
static void finish_offsets(double *db, const double *delta, const struct layer *layer, size_t n_slots)
{
    const double one = 1.0;
    ISA(matmul_from)(layer->db, layer->columns, NULL, &one, 0, 0, delta + VALUE * layer->columns,
                     PAIR * layer->columns, 1, n_slots, layer->columns);
    add(db, layer->db, layer->fan_out);
}

static void finish(double *gradient, void *state)
{
    struct piecewise *s = state;
    const double *delta = s->moments;
    double *end = gradient;
    for (size_t l = 0; l < s->n_layers; l++)
        end += s->layers[l].fan_out * (s->layers[l].fan_in + 1);
    for (size_t l = s->n_layers; l-- > 0;) {
        const struct layer *layer = &s->layers[l], *below = l > 0 ? layer - 1 : NULL;
        double *db = end - layer->fan_out, *dw = db - layer->fan_out * layer->fan_in;
        end = dw;
        finish_offsets(db, delta, layer, s->n_slots);
        if (l == 0) {
            finish_first(dw, delta, s);
            return;
        }
        finish_layer(dw, delta, layer, below, s->n_slots);

        double *under = s->delta[l % 2];
        ISA(matmul_from)(under, below->columns, NULL, delta, layer->columns, 1, layer->w, below->columns,
                         PAIR * s->n_slots, layer->fan_out, below->columns);
        for (size_t slot = 0; slot < s->n_slots; slot++) {
            double *pair = under + slot * PAIR * below->columns;
            const double *value = below->lines + (slot * PAIR + VALUE) * below->columns;
            for (size_t u = 0; u < below->columns; u += VEC_WIDTH) {
                mask on = less(all(0.0), load(value + u));
                store(pair + u, choose(on, load(pair + u), all(0.0)));
                store(pair + below->columns + u, choose(on, load(pair + below->columns + u), all(0.0)));
            }
        }
        delta = under;
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
