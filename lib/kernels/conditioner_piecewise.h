/* conditioner_piecewise.h - the data and the functions that the parts of the piecewise conditioner share.
 *
 *   conditioner_piecewise.c   the idea; rows: look-up, forward, backward
 *   conditioner_tree.c        the tree of segments: where the units cross zero
 *   conditioner_lines.c       the units' lines in the segments, and their gradients
 *   conditioner_memory.c      create, destroy, grow
 *
 * docs/piecewise.md works an example through, with numbers. */
#ifndef FATHOM_CONDITIONER_PIECEWISE_H
#define FATHOM_CONDITIONER_PIECEWISE_H

#include "internal.h"

/* A segment stores two numbers per unit, as a pair of rows, [PAIR][columns].  They are slope and value of the unit's
 * line, slope (x - centre) + value;  or the two moments of the unit's upstream gradient over the segment's rows,
 * S1 = sum dout (x - centre)  and  S0 = sum dout.  columns: the number of units, padded. */
enum { PAIR = 2 };
#define PAIR_OF(array, segment, columns) ((array) + (size_t)(segment)*PAIR * (columns))

enum {
    NONE = -1,  /* no hinge: the segment begins at its parent's left end; no slot: it has no moments */
    CLOSED = -1 /* no slot: no row has entered its family since prepare       */
};

enum { BAND = 32 /* columns of a layer that are worked on together (conditioner_lines.c) */ };

struct segment {
    double centre;
    int    hinge; /* the unit of the layer below that switches at the left end, or NONE */
    int    slot;  /* the place of its moments: in the last layer its own number, below it the number of the family that
                     it is the parent of.  NONE: no family is, so no row lies in it and they are 0 */
};

/* A segment of the layer below (the parent), and the segments of this layer that it is split into: first ..
 * first + n - 1. */
struct family {
    size_t parent, first, n;
};

struct piecewise_layer {
    size_t        fan_in, fan_out, columns; /* columns = padded(fan_out)                                 */
    const double *w;                        /* [fan_out][padded(fan_in)]: the caller's parameters if fan_in
                                               is a multiple of 8, otherwise w_padded                    */
    double       *w_padded, *wt, *b;        /* wt: [fan_in][columns], W transposed, of the last layer alone,
                                               otherwise NULL; b: [columns]                              */

    size_t          n, n_families, capacity; /* segments and families; of the last layer only the open   */
    struct segment *segments;                /* [capacity]                                               */
    struct family  *families;                /* [capacity]                                               */
    double         *lines;                   /* [capacity][PAIR][columns], of the units before the ReLU  */
};

/* A unit of the layer below that switches inside the parent: between the family's segments k - 1 and k. */
struct hinge {
    size_t unit;
    double slope, value;                 /* its line about the parent's centre                              */
    double rising_slope, rising_value;   /* if slope > 0: its line about the centre of k, the first segment
                                            where it is on; otherwise 0                                     */
    double falling_slope, falling_value; /* if slope < 0: its line about the centre of k - 1, the last segment
                                            where it is on; otherwise 0                                     */
    double from_left;                    /* the centre of segment k minus that of k - 1                     */
};

/* A unit's zero: the x where its line crosses zero. */
struct crossing {
    double zero;
    int    unit;
};

/* Memory that a call needs only until it returns.  The couplings of a flow share it. */
struct scratch {
    size_t           capacity;   /* segments                                                                 */
    double          *memory;     /* the block that contains the arrays of doubles below                      */
    double          *always_on;  /* [capacity][PAIR][widest]: per family, lines of the units that are always
                                     on in the parent, 0 for the other units                                  */
    double          *stems;      /* [capacity][PAIR][widest]: per family, forward the stem, that is the sum of
                                     those lines; backward the sum of the family's moments                    */
    double          *moments[2]; /* [capacity][PAIR][widest]: moments of a layer's segments, two layers in turn */
    double          *dots;       /* [capacity][PAIR][8]: W_u . (S1, S0) of each hinge, in eight partial sums */
    double          *sum;        /* [widest]: the sum of the families' S0                                    */
    double          *wt, *dwt;   /* [fan_in][BAND]: a band of W, transposed, and d loss / d wt               */
    struct hinge    *hinges;     /* [capacity]: the unit that switches at the left end of a layer's segment  */
    struct crossing *crossings;  /* [widest], those of one segment                                           */
};

/* A segment between two neighbouring edges, before it is opened as a segment of its layer. */
struct piece {
    double centre;
    int    parent; /* the segment of the layer below that it is a part of         */
    int    hinge;  /* as in struct segment                                        */
    int    slot;   /* its index among the open segments of its layer, or CLOSED   */
};

struct piecewise {
    size_t                 n_layers;
    struct piecewise_layer layers[9];   /* hidden + 1                                                       */
    double                *weights;     /* the block that contains the layers' w_padded, wt and b           */
    size_t                 n_weights;   /* its doubles                                                   */
    size_t                 widest;      /* the largest `columns` of a layer                              */
    size_t                 most_inputs; /* the largest fan_in of a layer                                 */
    double                *moments;     /* [capacity of the last layer][PAIR][its columns], of its open segments */

    double       *edges;      /* [capacity], ascending, with equal ones if units share a zero; then FAR up to a
                                 multiple of 8, at least one                                              */
    double       *next_edges; /* [capacity]: the edges of the next layer while it is split                */
    struct piece *pieces;     /* [capacity]: the n_edges + 1 segments between the edges                   */
    size_t        n_edges, capacity;

    struct scratch *scratch;     /* the scratch memory in use                                             */
    struct scratch *own_scratch; /* the same, or NULL if another state owns it                            */

    int    slot_of[TILE]; /* per row of the tile: the slot of its segment          */
    double offset[TILE];  /* per row of the tile: x - centre of that segment       */
};

/* The real line ends at -FAR and FAR.  They are finite, so centres and zeros are finite. */
static const double FAR = 1e100;

static inline struct piecewise_layer *last_layer(struct piecewise *s) { return &s->layers[s->n_layers - 1]; }

/* ---- conditioner_memory.c */

void  *ISA(conditioner_memory_create)(size_t n_in, size_t n_out, size_t width, size_t hidden, size_t most_rows);
void   ISA(conditioner_memory_destroy)(void *state);
size_t ISA(conditioner_memory_bytes)(const void *state);
void   ISA(conditioner_memory_share)(void *state, const void *other);

/* Memory for n segments of layer l; the contents are lost if it grows. */
fathom_status ISA(conditioner_memory_segments)(struct piecewise *s, size_t l, size_t n);
/* Scratch memory for layers of up to n segments; the contents are lost if it grows. */
fathom_status ISA(conditioner_memory_scratch)(struct piecewise *s, size_t n);
/* Memory for n segments between edges; the contents are kept. */
fathom_status ISA(conditioner_memory_pieces)(struct piecewise *s, size_t n);

/* ---- conditioner_tree.c */

/* The conditioner's `prepare`: splits the line for these parameters, and computes the lines of all layers but the last.
 * The last layer's segments stay closed. */
fathom_status ISA(conditioner_tree_prepare)(void *state, const double *params);
/* Opens the family of a piece: makes it and its siblings segments of layer l.  Their lines are not computed yet. */
void ISA(conditioner_tree_open_family)(struct piecewise *s, size_t l, size_t piece);
/* The conditioner's `edges`. */
const double *ISA(conditioner_tree_edges)(size_t *n, const void *state);

/* ---- conditioner_lines.c */

/* Computes the lines of the layer's families from number `first` on.  layer is not layer 0; layer - 1 is the layer
 * below, whose lines are known. */
void ISA(conditioner_lines_forward)(struct piecewise_layer *layer, size_t first, struct scratch *scratch);

/* moments: [slots][PAIR][columns], of the layer's segments.  Computes dw: [fan_out][fan_in] = d loss / d W,
 * db: [fan_out] = d loss / d b, and moments_below: [n_families][PAIR][its columns], the moments of the layer below. */
void ISA(conditioner_lines_backward)(double *dw, double *db, double *moments_below, const double *moments,
                                     const struct piecewise_layer *layer, struct scratch *scratch);

#endif
