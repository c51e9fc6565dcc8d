/* conditioner_piecewise.c - a ReLU network of one input, as the table of straight lines that it is.
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
 * A batch of 512 rows falls into some 30 of them, cut out of some 20 parents, so the network's work shrinks from 512
 * rows to a pair a parent, and a unit for each further segment:
 *
 *  - prepare grows the tree down to the last cuts, layer by layer: cuts, and the next layer's lines (conditioner_lines.c).
 *  - forward looks up each row's segment (the number of edges <= x).  The first row to enter a segment opens its
 *    family, the segments of the same parent, and the last layer's lines of all families that a tile opens are drawn
 *    together, once.  Then a row is  slope (x - c) + value.
 *  - backward needs of a segment's rows only two moments,  S0 = sum dout  and  S1 = sum dout (x - c), because
 *    h(x) = slope (x - c) + value gives  sum dout h^T = S1 slope^T + S0 value^T.  And  dx = dout . slope.
 *  - finish sends the moments of the open segments back through the layers (conditioner_lines.c).
 *
 * Exact up to rounding; that differs from conditioner_dense.c's, so which of the two serves a coupling depends on its shape alone.
 * Lines are expanded about the segment's centre because an expansion about 0 would lose |c| epsilon. */
#include "conditioner_piecewise.h"

static const double FAR = 1e100; /* the line's ends: finite, so that centres and crossings stay so */

/* Between two edges: a segment to be. */
struct piece {
    double centre;
    int    parent, hinge; /* the segment of the layer that was cut; as in struct segment */
    int    slot;          /* its number among the last layer's open ones, or CLOSED      */
};
enum { CLOSED = -1 };

struct piecewise {
    size_t       n_layers;
    struct layer layers[9];
    double      *weights; /* the block behind the layers' w_padded, wt, b                           */
    size_t       n_weights, widest, most_weights; /* its doubles, the widest columns, the largest wt */
    double      *moments; /* [capacity of the last layer][PAIR][its columns]                        */

    /* The latest cut: edges, ascending, then FAR up to a whole octet; the segments between them; and the next cut's
     * edges in the making. */
    double       *edges, *cut; /* [capacity]                                                         */
    struct piece *pieces;      /* [capacity]                                                         */
    size_t        n_edges, capacity;

    struct scratch *scratch, *own_scratch; /* the latter NULL if another state lends it              */

    int    slot_of[TILE]; /* the tile's: each row's open segment, and x - c                          */
    double offset[TILE];
};

static struct layer *last_of(struct piecewise *s) { return &s->layers[s->n_layers - 1]; }

/* ---- memory ---- */

/* Room for n segments of layer l.  What they held is lost. */
static fathom_status reserve_segments(struct piecewise *s, size_t l, size_t n)
{
    struct layer *layer = &s->layers[l];
    if (n <= layer->capacity)
        return FATHOM_OK;
    const size_t room = n + n / 2, bytes_a_pair = PAIR * layer->columns * sizeof(double);
    free(layer->segments);
    free(layer->families);
    free(layer->lines);
    layer->capacity = 0;
    layer->segments = calloc(room, sizeof *layer->segments);
    layer->families = calloc(room, sizeof *layer->families);
    layer->lines = zeros(room * bytes_a_pair);
    if (layer == last_of(s)) {
        free(s->moments);
        s->moments = zeros(room * bytes_a_pair);
    }
    if (!layer->segments || !layer->families || !layer->lines || (layer == last_of(s) && !s->moments))
        return FATHOM_NO_MEMORY;
    layer->capacity = room;
    return FATHOM_OK;
}

static size_t scratch_doubles(const struct piecewise *s, size_t capacity)
{
    return capacity * PAIR * (5 * s->widest + 2 * 8) + s->most_weights;
}

/* Scratch for layers of up to n segments.  What it held is lost. */
static fathom_status reserve_scratch(struct piecewise *s, size_t n)
{
    struct scratch *t = s->scratch;
    if (n <= t->capacity)
        return FATHOM_OK;
    const size_t room = n + n / 2, pairs = room * PAIR * s->widest;
    free(t->memory);
    free(t->hinges);
    t->capacity = 0;
    t->memory = zeros(scratch_doubles(s, room) * sizeof(double));
    t->hinges = calloc(room, sizeof *t->hinges);
    t->found = t->found ? t->found : calloc(s->widest, sizeof *t->found);
    if (!t->memory || !t->hinges || !t->found)
        return FATHOM_NO_MEMORY;
    t->always_on = t->memory;
    t->stems = t->always_on + pairs;
    t->moments[0] = t->stems + pairs;
    t->moments[1] = t->moments[0] + pairs;
    t->right = t->moments[1] + pairs;
    t->dots = t->right + room * PAIR * 8;
    t->handed = t->dots + room * PAIR * 8;
    t->dwt = t->handed + pairs;
    t->capacity = room;
    return FATHOM_OK;
}

static void free_scratch(struct scratch *t)
{
    if (!t)
        return;
    free(t->memory);
    free(t->hinges);
    free(t->found);
    free(t);
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
        free(s->layers[l].segments);
        free(s->layers[l].families);
        free(s->layers[l].lines);
    }
    free(s->weights);
    free(s->moments);
    free(s->edges);
    free(s->cut);
    free(s->pieces);
    free_scratch(s->own_scratch);
    free(s);
}

static void share(void *state, const void *other)
{
    struct piecewise *s = state;
    free_scratch(s->own_scratch);
    s->own_scratch = NULL;
    s->scratch = ((const struct piecewise *)other)->scratch;
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
        const size_t weights = layer->fan_in * layer->columns;
        s->widest = layer->columns > s->widest ? layer->columns : s->widest;
        s->most_weights = weights > s->most_weights ? weights : s->most_weights;
        s->n_weights += weights + layer->columns + layer->fan_out * padded(layer->fan_in);
    }
    s->weights = zeros(s->n_weights * sizeof(double));
    s->scratch = s->own_scratch = calloc(1, sizeof *s->scratch);
    /* Seen: 1 to 1.1 segments a hidden unit; more let the tables grow. */
    bool complete = s->weights && s->scratch && reserve_pieces(s, 2 * (hidden * width + 1)) == FATHOM_OK
                 && reserve_scratch(s, hidden * width + 1) == FATHOM_OK;
    for (size_t l = 0; l <= hidden && complete; l++)
        complete = reserve_segments(s, l, l * width + 1) == FATHOM_OK;
    if (!complete) {
        destroy(s);
        return NULL;
    }
    double *next = s->weights;
    for (size_t l = 0; l <= hidden; l++) {
        struct layer *layer = &s->layers[l];
        layer->wt = next;
        layer->b = layer->wt + layer->fan_in * layer->columns;
        layer->w_padded = layer->b + layer->columns;
        next = layer->w_padded + layer->fan_out * padded(layer->fan_in);
    }
    return s;
}

static size_t bytes(const void *state)
{
    const struct piecewise *s = state;
    const struct scratch *t = s->own_scratch;
    const struct layer *last = &s->layers[s->n_layers - 1];
    size_t total = sizeof *s + s->n_weights * sizeof(double) + s->capacity * (2 * sizeof(double) + sizeof *s->pieces)
                 + last->capacity * PAIR * last->columns * sizeof(double);
    for (size_t l = 0; l < s->n_layers; l++)
        total += s->layers[l].capacity * (PAIR * s->layers[l].columns * sizeof(double) + sizeof(struct segment)
                                          + sizeof(struct family));
    return total + (t ? sizeof *t + scratch_doubles(s, t->capacity) * sizeof(double) + t->capacity * sizeof *t->hinges
                        + s->widest * sizeof *t->found : 0);
}

/* ---- the tree of segments ---- */

/* The family of a segment of the latest cut joins layer l; its lines are still to be drawn. */
static void open_family(struct piecewise *s, size_t l, size_t segment)
{
    struct layer *layer = &s->layers[l];
    while (s->pieces[segment].hinge != NONE)
        segment--;
    struct family *family = &layer->families[layer->n_families++];
    *family = (struct family){ (size_t)s->pieces[segment].parent, layer->n, 0 };
    do {
        struct piece *piece = &s->pieces[segment++];
        layer->segments[layer->n] = (struct segment){ piece->centre, piece->hinge };
        piece->slot = (int)layer->n++;
        family->n++;
    } while (segment <= s->n_edges && s->pieces[segment].hinge != NONE);
}

/* found = the zeros strictly inside (low, high) of a segment's n lines, ascending: their number.  Few lines have one
 * there, which is seen without a division: they change their sign from one end to the other. */
static size_t crossings(struct crossing *found, const double *lines, size_t n, double centre, double low, double high)
{
    double ends[VEC_WIDTH];
    size_t inside = 0;
    for (size_t u = 0; u < n; u += VEC_WIDTH) {
        vec slope = load(lines + u), value = load(lines + n + u);
        vec left = fused(slope, all(low - centre), value), right = fused(slope, all(high - centre), value);
        vec turned = choose(less(left, all(0.0)), right, -right); /* > 0: of another sign than the left end */
        if (lanes(less(all(0.0), turned)) == 0)
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

/* A segment's middle, but no further from its nearer edge than that is from 0, or 1: in a longer segment rows that lie
 * near that edge would lose their place to a far centre. */
static double centre_of(double low, double high)
{
    const double half = (high - low) * 0.5, size_low = low < 0.0 ? -low : low, size_high = high < 0.0 ? -high : high;
    const double reach_low = size_low > 1.0 ? size_low : 1.0, reach_high = size_high > 1.0 ? size_high : 1.0;
    return reach_low < reach_high ? low + (half < reach_low ? half : reach_low)
                                  : high - (half < reach_high ? half : reach_high);
}

/* Cuts the latest segments where a unit of layer l crosses zero; they are the layer's own.  Units that cross at the
 * same place leave segments of no length between them, which no row enters. */
static fathom_status cut(struct piecewise *s, size_t l)
{
    const struct layer *layer = &s->layers[l];
    size_t n = 0;
    for (size_t i = 0; i < layer->n; i++) {
        double low = i == 0 ? -FAR : s->edges[i - 1], high = i == s->n_edges ? FAR : s->edges[i];
        size_t found = crossings(s->scratch->found, PAIR_OF(layer->lines, i, layer->columns), layer->columns,
                                 layer->segments[i].centre, low, high);
        if (reserve_pieces(s, n + found + 2) != FATHOM_OK)
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
    fathom_status status = reserve_segments(s, l + 1, n + 1);
    return status == FATHOM_OK ? reserve_scratch(s, n + 1) : status;
}

/* ReLU layers are cut at once, the last layer's segments wait for rows. */
static fathom_status prepare(void *state, const double *params)
{
    struct piecewise *s = state;
    for (size_t l = 0; l < s->n_layers; l++) {
        struct layer *layer = &s->layers[l];
        const size_t step = padded(layer->fan_in);
        ISA(transposed)(layer->wt, layer->columns, params, layer->fan_in, layer->fan_out, layer->fan_in);
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

    struct layer *whole = &s->layers[0]; /* one segment, about 0 */
    memcpy(whole->lines, whole->wt, whole->columns * sizeof(double));
    memcpy(whole->lines + whole->columns, whole->b, whole->columns * sizeof(double));
    s->n_edges = 0;
    whole->segments[0] = (struct segment){ 0.0, NONE };
    whole->n = 1;
    for (size_t l = 1; l < s->n_layers; l++) {
        if (cut(s, l - 1) != FATHOM_OK)
            return FATHOM_NO_MEMORY;
        if (&s->layers[l] == last_of(s))
            break;
        while (s->layers[l].n <= s->n_edges)
            open_family(s, l, s->layers[l].n);
        ISA(lines_forward)(&s->layers[l], 0, s->scratch);
    }
    for (size_t e = s->n_edges; e < padded(s->n_edges + 1); e++)
        s->edges[e] = FAR;
    if (s->n_layers == 1) {
        s->pieces[0] = (struct piece){ 0.0, 0, NONE, 0 };
        memset(s->moments, 0, PAIR * whole->columns * sizeof(double));
    }
    return FATHOM_OK;
}

/* ---- rows ---- */

/* The number of edges <= x. */
static size_t edges_up_to(const struct piecewise *s, double x)
{
    const size_t n = padded(s->n_edges + 1);
    size_t above = 0;
    for (size_t e = 0; e < n; e += VEC_WIDTH)
        above += (size_t)lanes(less(all(x), load(s->edges + e)));
    return n - above < s->n_edges ? n - above : s->n_edges; /* beyond FAR */
}

/* segments: [n VEC_WIDTH], the number of edges <= x, of which edges[first] .. edges[end - 1] are in question; all edges
 * for NaN. */
INLINE void count_edges(double *segments, const double *x, const struct piecewise *s, size_t first, size_t end,
                        const size_t n)
{
    vec above[TILE / VEC_WIDTH];
    for (size_t v = 0; v < n; v++)
        above[v] = all(0.0);
    for (size_t e = first; e < end; e++)
        for (size_t v = 0; v < n; v++)
            above[v] = added(less(load(x + v * VEC_WIDTH), all(s->edges[e])), above[v], all(1.0));
    for (size_t v = 0; v < n; v++) {
        const vec xv = load(x + v * VEC_WIDTH);
        store(segments + v * VEC_WIDTH, choose(equal(xv, xv), all((double)end) - above[v], all((double)s->n_edges)));
    }
}

/* Each row's segment, the number of edges <= x.  In training a tile's rows are neighbours (morton.c), so that only the
 * few edges between its least and greatest tell them apart; rows in any order are found too, only slower.  Families
 * entered for the first time are opened. */
static void look_up(struct piecewise *s, const double *x, size_t rows)
{
    struct layer *last = last_of(s);
    const size_t n_open = last->n, n_families = last->n_families;
    const struct piece *pieces = s->pieces;
    double ends[2][VEC_WIDTH], minus_least = -FAR, greatest = -FAR, segments[TILE];
    vec minus_low = all(-FAR), high = all(-FAR); /* of the rows so far; NaN counts for neither */
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        minus_low = greater(-load(x + i), minus_low);
        high = greater(load(x + i), high);
    }
    store(ends[0], minus_low), store(ends[1], high);
    for (int j = 0; j < VEC_WIDTH; j++) {
        minus_least = ends[0][j] > minus_least ? ends[0][j] : minus_least;
        greatest = ends[1][j] > greatest ? ends[1][j] : greatest;
    }
    const size_t first = edges_up_to(s, -minus_least), end = edges_up_to(s, greatest);
    if (rows == TILE) /* a constant, so that the counts stay in registers */
        count_edges(segments, x, s, first, end, TILE / VEC_WIDTH);
    else
        count_edges(segments, x, s, first, end, rows / VEC_WIDTH);
    for (size_t i = 0; i < rows; i++) {
        const size_t segment = (size_t)segments[i];
        if (pieces[segment].slot == CLOSED)
            open_family(s, s->n_layers - 1, segment);
        s->slot_of[i] = pieces[segment].slot;
        s->offset[i] = x[i] - pieces[segment].centre;
    }
    if (last->n > n_open) {
        ISA(lines_forward)(last, n_families, s->scratch);
        memset(PAIR_OF(s->moments, n_open, last->columns), 0,
               (last->n - n_open) * PAIR * last->columns * sizeof(double));
    }
}

static void forward(double *restrict out, const double *restrict in, void *state, size_t rows)
{
    struct piecewise *s = state;
    const struct layer *last = last_of(s);
    const size_t columns = last->columns, n_out = last->fan_out;
    look_up(s, in, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *line[VEC_WIDTH];
        vec offset[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            line[j] = PAIR_OF(last->lines, s->slot_of[i + j], columns);
            offset[j] = all(s->offset[i + j]);
        }
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            vec row[VEC_WIDTH], unit[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = fused(load(line[j] + u), offset[j], load(line[j] + columns + u));
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
    const double *lines = last->lines;
    double *moments = s->moments;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec partial[PARTS][VEC_WIDTH], p[8], offset[VEC_WIDTH];
        size_t at_pair[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            at_pair[j] = (size_t)s->slot_of[i + j] * PAIR * columns;
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
                    double *s1 = moments + at_pair[j] + at, *s0 = s1 + columns;
                    partial[h][j] = fused(row[j], load(lines + at_pair[j] + at), partial[h][j]);
                    store(s1, fused(row[j], offset[j], load(s1)));
                    store(s0, load(s0) + row[j]);
                }
            }
        for (int h = 0; h < PARTS; h++)
            transpose(p + h * VEC_WIDTH, partial[h]);
        store(din + i, load(din + i) + (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))));
    }
}

static void finish(double *gradient, void *state)
{
    struct piecewise *s = state;
    const struct layer *whole = &s->layers[0]; /* below it is x itself, about 0: slope 1, value 0 */
    const double *moments = s->moments;
    for (size_t l = 0; l < s->n_layers; l++)
        gradient += s->layers[l].fan_out * (s->layers[l].fan_in + 1);
    for (size_t l = s->n_layers - 1; l > 0; l--) {
        const struct layer *layer = &s->layers[l];
        double *db = gradient - layer->fan_out, *dw = db - layer->fan_out * layer->fan_in;
        ISA(lines_backward)(dw, db, s->scratch->moments[l % 2], moments, layer, s->scratch);
        moments = s->scratch->moments[l % 2];
        gradient = dw;
    }
    memcpy(gradient - whole->fan_out, moments + whole->columns, whole->fan_out * sizeof *gradient);
    memcpy(gradient - 2 * whole->fan_out, moments, whole->fan_out * sizeof *gradient);
}

static const double *edges_of(size_t *n, const void *state)
{
    const struct piecewise *s = state;
    *n = 0;
    for (size_t e = 0; e < s->n_edges; e++) /* each once, where the next cut will be made */
        if (e == 0 || s->edges[e] != s->edges[e - 1])
            s->cut[(*n)++] = s->edges[e];
    return s->cut;
}

const struct conditioner ISA(piecewise) = { "piecewise", create, destroy, bytes, prepare, forward, backward, finish,
                                            edges_of, share };
