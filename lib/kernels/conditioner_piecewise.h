/* conditioner_piecewise.h - what the parts of the piecewise conditioner share.
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

/* A segment stores its units as a pair of rows, [PAIR][columns]: slope and value of their lines,
 * slope (x - centre) + value;  or the moments of their upstream gradients over the segment's rows,
 * S1 = sum dout (x - centre)  and  S0 = sum dout. */
enum { PAIR = 2 };
#define PAIR_OF(array, segment, columns) ((array) + (size_t)(segment) * PAIR * (columns))

enum {
    NONE   = -1, /* no hinge: the segment's left end is its parent's          */
    CLOSED = -1  /* no slot: no row has entered the segment since prepare     */
};

struct segment {
    double centre;
    int    hinge; /* the unit of the layer below that switches at the left end, or NONE */
};

/* A segment of the layer below (the parent), and the segments that it is cut into: first .. first + n - 1. */
struct family {
    size_t parent, first, n;
};

struct piecewise_layer {
    size_t        fan_in, fan_out, columns; /* columns = padded(fan_out)                                 */
    const double *w;                        /* [fan_out][padded(fan_in)]: the parameters themselves,
                                               or w_padded if their rows are not a multiple of 8 long    */
    double       *w_padded, *wt, *b;        /* wt: [fan_in][columns], W transposed; b: [columns]         */

    size_t          n, n_families, capacity; /* segments and families; of the last layer the open ones   */
    struct segment *segments;                /* [capacity]                                               */
    struct family  *families;                /* [capacity]                                               */
    double         *lines;                   /* [capacity][PAIR][columns], before a ReLU                 */
};

/* The unit of the layer below that switches between a family's segments k - 1 and k. */
struct hinge {
    size_t        unit;
    const double *w;            /* [columns], its weights upwards: a row of wt                           */
    double        slope, value; /* its line about the parent's centre                                    */
    double        rising_slope, rising_value;   /* if slope > 0: its line about the centre of k, the first
                                                   segment where it is on; otherwise 0                   */
    double        falling_slope, falling_value; /* if slope < 0: its line about the centre of k - 1, the
                                                   last segment where it is on; otherwise 0              */
    double        from_left;    /* the centre of segment k minus that of k - 1                           */
};

/* A unit's zero. */
struct crossing {
    double at;
    int    unit;
};

/* Memory that a call needs only until it returns; the couplings of a flow share it. */
struct scratch {
    size_t           capacity;    /* segments                                                                 */
    double          *memory;      /* the block that the arrays of doubles below lie in                        */
    double          *always_on;   /* [capacity][PAIR][widest]: lines of a family's units that are always on   */
    double          *stems;       /* [capacity][PAIR][widest]: forward, their sum; backward, a family's
                                     moments added up                                                        */
    double          *moments[2];  /* [capacity][PAIR][widest]: of a layer's segments                          */
    double          *right;       /* [capacity][PAIR][8]: moments of the segments from a hinge on, 8 units    */
    double          *dots;        /* [capacity][PAIR][8]: W_u . (S1, S0) of a hinge, in eight partial sums    */
    double          *handed;      /* [capacity][PAIR][widest]: W . the families' moments                      */
    double          *dwt;         /* [fan_in][columns], the gradient of wt                                    */
    struct hinge    *hinges;      /* [capacity], of a family, from 1 on                                       */
    struct crossing *found;       /* [widest], in a segment                                                   */
};

/* A segment between two neighbouring edges, before it is a segment of the next layer. */
struct piece {
    double centre;
    int    parent; /* the segment of the layer below that it was cut from       */
    int    hinge;  /* as in struct segment                                      */
    int    slot;   /* its number among the last layer's open segments, or CLOSED */
};

struct piecewise {
    size_t                 n_layers;
    struct piecewise_layer layers[9]; /* hidden + 1                                                       */
    double                *weights;   /* the block that the layers' w_padded, wt and b lie in             */
    size_t                 n_weights, widest, most_weights; /* its doubles, the widest columns, the largest wt */
    double                *moments;   /* [capacity of the last layer][PAIR][its columns]                  */

    double       *edges;  /* [capacity], ascending; from n_edges on FAR, up to a multiple of 8      */
    double       *cut;    /* [capacity]: the edges of the next cut while it is made                 */
    struct piece *pieces; /* [capacity]: the n_edges + 1 segments between the edges                 */
    size_t        n_edges, capacity;

    struct scratch *scratch, *own_scratch; /* the same, or own_scratch is NULL: another state's is used */

    int    slot_of[TILE]; /* per row of the tile: its open segment             */
    double offset[TILE];  /* and x - c, from that segment's centre c           */
};

/* The ends of the line: finite, so that centres and crossings are finite. */
static const double FAR = 1e100;

static inline struct piecewise_layer *last_layer(struct piecewise *s) { return &s->layers[s->n_layers - 1]; }

/* ---- conditioner_memory.c */

void  *ISA(conditioner_memory_create)(size_t n_in, size_t n_out, size_t width, size_t hidden);
void   ISA(conditioner_memory_destroy)(void *state);
size_t ISA(conditioner_memory_bytes)(const void *state);
void   ISA(conditioner_memory_share)(void *state, const void *other);

/* Memory for n segments of layer l; its contents are lost. */
fathom_status ISA(conditioner_memory_segments)(struct piecewise *s, size_t l, size_t n);
/* Scratch memory for layers of up to n segments; its contents are lost. */
fathom_status ISA(conditioner_memory_scratch)(struct piecewise *s, size_t n);
/* Memory for n segments between edges; the contents are kept. */
fathom_status ISA(conditioner_memory_pieces)(struct piecewise *s, size_t n);

/* ---- conditioner_tree.c */

/* The conditioner's `prepare`: the tree for these parameters.  The last layer's segments stay closed. */
fathom_status ISA(conditioner_tree_prepare)(void *state, const double *params);
/* Adds the family of a piece to layer l; its lines are not computed yet. */
void ISA(conditioner_tree_open_family)(struct piecewise *s, size_t l, size_t piece);
/* The conditioner's `edges`. */
const double *ISA(conditioner_tree_edges)(size_t *n, const void *state);

/* ---- conditioner_lines.c */

/* Computes the lines in the layer's families from `first` on.  layer is not the lowest; layer - 1 is the one below. */
void ISA(conditioner_lines_forward)(struct piecewise_layer *layer, size_t first, struct scratch *scratch);

/* moments: [n][PAIR][columns], of all the layer's segments.  Computes the gradient of W, [fan_out][fan_in], and of b,
 * [fan_out], and the moments of the layer below, [its n][PAIR][its columns]. */
void ISA(conditioner_lines_backward)(double *dw, double *db, double *moments_under, const double *moments,
                                     const struct piecewise_layer *layer, struct scratch *scratch);

#endif
