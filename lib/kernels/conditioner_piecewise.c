/* conditioner_piecewise.c - a ReLU network of one input, stored as a table of straight lines.
 *
 * A network x -> W_L max(0, ... max(0, W_0 x + b_0) ...) + b_L of a single number x is continuous and piecewise linear
 * (Montufar, Pascanu, Cho & Bengio 2014, "On the number of linear regions of deep neural networks").  Its hidden units
 * switch on or off at finitely many breakpoints, the `edges`.  A segment is what lies between two neighbouring edges.
 * In a segment every unit is one straight line.  It is stored by its slope and its value at the segment's centre c:
 *
 *      unit(x) = slope (x - c) + value                 edges:     e0      e1   e2         e3
 *                                                      ------------|-------|----|----------|---------> x
 *                                                      segment 0       1     2       3          4
 *
 * The segments form a tree.  Before their maximum, layer 0's units are straight on the whole line.  The line is split
 * where one of them crosses zero; layer 1's units are straight in each piece.  Each piece is split again where one of
 * those crosses zero:
 *
 *      layer 0   |-----------------------------------------|
 *      layer 1   |------------|----------|-----------------|
 *      layer 2   |------------|----|-----|---|-------------|        the last layer's segments are the network's
 *
 * A parent is a segment of the layer below; the segments that it is split into are its family.  A batch of 512 rows
 * lies in some 30 segments with some 20 parents.  So the matrix product has one pair of rows (slope, value) per parent
 * instead of one row per data point, and each further segment of a family costs one unit:
 *
 *  - prepare splits the line, layer by layer, and computes each layer's lines but the last's (conditioner_tree.c,
 *    conditioner_lines.c).
 *  - forward finds each row's segment: its number is the number of edges <= x.  The first row that enters a family
 *    opens it.  The last layer's lines of all families that a tile opens are computed together, once.  Then the
 *    outputs of a row are  slope (x - c) + value.
 *  - backward adds each row to two moments of its segment,  S0 = sum dout  and  S1 = sum dout (x - c).  The weights'
 *    gradient needs nothing else of the rows, because  h(x) = slope (x - c) + value  gives
 *    sum dout h^T = S1 slope^T + S0 value^T.  The input's gradient is  dx = dout . slope.
 *  - finish passes the moments of the open segments back through the layers (conditioner_lines.c).
 *
 * The result is exact up to rounding.  It rounds differently from conditioner_dense.c, so the shape of a coupling alone
 * decides which of the two it uses.  Lines are expanded about the segment's centre c, because slope x + value would
 * round x, and with it the result, by |slope c| epsilon.  conditioner_plain.h is the same network as a loop. */
#include "conditioner_piecewise.h"

/* The number of edges <= x. */
static size_t edges_up_to(const struct piecewise *s, double x)
{
    const size_t n = padded(s->n_edges + 1);
    size_t       above = 0;
    for (size_t e = 0; e < n; e += VEC_WIDTH)
        above += (size_t)mask_count(less(broadcast(x), load(s->edges + e)));
    return n - above < s->n_edges ? n - above : s->n_edges; /* the second if x >= FAR */
}

/* segments: [n VEC_WIDTH] = the number of edges <= x, for x: [n VEC_WIDTH].  It is known to be between first and end,
 * so only these edges are compared.  n_edges for NaN. */
INLINE void count_edges(double *segments, const double *x, const struct piecewise *s, size_t first, size_t end,
                        const size_t n)
{
    vec above[TILE / VEC_WIDTH];
    for (size_t v = 0; v < n; v++)
        above[v] = broadcast(0.0);
    for (size_t e = first; e < end; e++)
        for (size_t v = 0; v < n; v++)
            above[v] = mask_add(less(load(x + v * VEC_WIDTH), broadcast(s->edges[e])), above[v], broadcast(1.0));
    for (size_t v = 0; v < n; v++) {
        const vec xv = load(x + v * VEC_WIDTH);
        const vec count = broadcast((double)end) - above[v];
        store(segments + v * VEC_WIDTH, mask_select(equal(xv, xv), count, broadcast((double)s->n_edges)));
    }
}

/* Finds each row's segment, the number of edges <= x, and opens the families that a row enters for the first time.
 * Only the edges between the tile's least and its greatest x are compared with each row.  In training they are few,
 * because a tile's rows are neighbours (morton.c). */
static void look_up(struct piecewise *s, const double *x, size_t rows)
{
    struct piecewise_layer *last = last_layer(s);
    const size_t            n_open = last->n, n_families = last->n_families;
    const struct piece     *pieces = s->pieces;
    double                  ends[2][VEC_WIDTH], minus_least = -FAR, greatest = -FAR, segments[TILE];
    vec minus_low = broadcast(-FAR), high = broadcast(-FAR); /* of the rows so far; NaN changes neither */
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        minus_low = max(-load(x + i), minus_low);
        high = max(load(x + i), high);
    }
    store(ends[0], minus_low), store(ends[1], high);
    for (int j = 0; j < VEC_WIDTH; j++) {
        minus_least = ends[0][j] > minus_least ? ends[0][j] : minus_least;
        greatest = ends[1][j] > greatest ? ends[1][j] : greatest;
    }
    const size_t first = edges_up_to(s, -minus_least), end = edges_up_to(s, greatest);
    if (rows == TILE) /* a constant number of vectors, so that the counts stay in registers */
        count_edges(segments, x, s, first, end, TILE / VEC_WIDTH);
    else
        count_edges(segments, x, s, first, end, rows / VEC_WIDTH);
    for (size_t i = 0; i < rows; i++) {
        const size_t segment = (size_t)segments[i];
        if (pieces[segment].slot == CLOSED)
            ISA(conditioner_tree_open_family)(s, s->n_layers - 1, segment);
        s->slot_of[i] = pieces[segment].slot;
        s->offset[i] = x[i] - pieces[segment].centre;
    }
    if (last->n > n_open) {
        ISA(conditioner_lines_forward)(last, n_families, s->scratch);
        memset(PAIR_OF(s->moments, n_open, last->columns), 0,
               (last->n - n_open) * PAIR * last->columns * sizeof(double));
    }
}

/* out = slope (x - c) + value, for the segment of each row.  VEC_WIDTH rows' lines are computed unit by unit, then
 * transposed, because in `out` the lanes are rows. */
static void forward(double *restrict out, const double *restrict in, void *state, size_t rows)
{
    struct piecewise             *s = state;
    const struct piecewise_layer *last = last_layer(s);
    const size_t                  columns = last->columns, n_out = last->fan_out;
    look_up(s, in, rows);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const double *line[VEC_WIDTH];
        vec           offset[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            line[j] = PAIR_OF(last->lines, s->slot_of[i + j], columns);
            offset[j] = broadcast(s->offset[i + j]);
        }
        for (size_t u = 0; u < columns; u += VEC_WIDTH) {
            vec row[VEC_WIDTH], unit[VEC_WIDTH];
            for (size_t j = 0; j < VEC_WIDTH; j++)
                row[j] = fmadd(load(line[j] + u), offset[j], load(line[j] + columns + u));
            transpose(unit, row);
            for (size_t j = 0; j < VEC_WIDTH; j++)
                if (u + j < n_out)
                    store(ROW(out, u + j) + i, unit[j]);
        }
    }
}

/* din += dout . slope;  S1 += dout (x - c) and S0 += dout of the row's segment.  The dot product has eight partial
 * sums, in PARTS vectors: unit u is added to partial sum u mod 8.  Constants are copied to local variables; otherwise
 * the compiler loads them again after each store. */
static void backward(double *din, const double *dout, void *state, size_t rows)
{
    enum { PARTS = 8 / VEC_WIDTH };
    const struct piecewise       *s = state;
    const struct piecewise_layer *last = &s->layers[s->n_layers - 1];
    const size_t                  columns = last->columns;
    const double                 *lines = last->lines;
    double                       *moments = s->moments;
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        vec    partial[PARTS][VEC_WIDTH], p[8], offset[VEC_WIDTH];
        size_t at_pair[VEC_WIDTH];
        for (size_t j = 0; j < VEC_WIDTH; j++) {
            at_pair[j] = (size_t)s->slot_of[i + j] * PAIR * columns;
            offset[j] = broadcast(s->offset[i + j]);
        }
        for (int h = 0; h < PARTS; h++)
            for (size_t j = 0; j < VEC_WIDTH; j++)
                partial[h][j] = broadcast(0.0);
        for (size_t u = 0; u < columns; u += 8)
            for (int h = 0; h < PARTS; h++) {
                const size_t at = u + (size_t)h * VEC_WIDTH;
                vec          unit[VEC_WIDTH], row[VEC_WIDTH];
                for (size_t j = 0; j < VEC_WIDTH; j++)
                    unit[j] = load(ROW(dout, at + j) + i);
                transpose(row, unit);
                for (size_t j = 0; j < VEC_WIDTH; j++) {
                    double *s1 = moments + at_pair[j] + at, *s0 = s1 + columns;
                    partial[h][j] = fmadd(row[j], load(lines + at_pair[j] + at), partial[h][j]);
                    store(s1, fmadd(row[j], offset[j], load(s1)));
                    store(s0, load(s0) + row[j]);
                }
            }
        for (int h = 0; h < PARTS; h++)
            transpose(p + h * VEC_WIDTH, partial[h]);
        store(din + i, load(din + i) + (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))));
    }
}

/* From the last layer to layer 1, conditioner_lines_backward takes a layer's moments to its dW and db and to the
 * moments of the layer below.  Layer 0 has one segment with centre 0 and the input h(x) = x, of slope 1 and value 0.
 * So dW_0 = S1 and db_0 = S0. */
static void finish(double *gradient, void *state)
{
    struct piecewise             *s = state;
    const struct piecewise_layer *lowest = &s->layers[0];
    const double                 *moments = s->moments;
    for (size_t l = 0; l < s->n_layers; l++)
        gradient += s->layers[l].fan_out * (s->layers[l].fan_in + 1);
    for (size_t l = s->n_layers - 1; l > 0; l--) {
        const struct piecewise_layer *layer = &s->layers[l];
        double                       *db = gradient - layer->fan_out, *dw = db - layer->fan_out * layer->fan_in;
        ISA(conditioner_lines_backward)(dw, db, s->scratch->moments[l % 2], moments, layer, s->scratch);
        moments = s->scratch->moments[l % 2];
        gradient = dw;
    }
    gradient -= 2 * lowest->fan_out;
    if (lowest->segments[0].slot == NONE) { /* no row since prepare */
        memset(gradient, 0, 2 * lowest->fan_out * sizeof *gradient);
        return;
    }
    memcpy(gradient, moments, lowest->fan_out * sizeof *gradient);
    memcpy(gradient + lowest->fan_out, moments + lowest->columns, lowest->fan_out * sizeof *gradient);
}

const struct conditioner ISA(conditioner_piecewise) = {
    .name = "piecewise",
    .create = ISA(conditioner_memory_create),
    .destroy = ISA(conditioner_memory_destroy),
    .bytes = ISA(conditioner_memory_bytes),
    .prepare = ISA(conditioner_tree_prepare),
    .forward = forward,
    .backward = backward,
    .finish = finish,
    .edges = ISA(conditioner_tree_edges),
    .share = ISA(conditioner_memory_share),
};
