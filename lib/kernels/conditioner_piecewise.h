/* conditioner_piecewise.h - what the two halves of the piecewise conditioner share: the tree of segments (conditioner_piecewise.c) and the
 * lines in them (conditioner_lines.c). */
#ifndef FATHOM_PIECEWISE_H
#define FATHOM_PIECEWISE_H

#include "internal.h"

/* A segment keeps its units as a pair of rows, [PAIR][columns]: slope and value of their lines,
 * slope (x - centre) + value;  or the moments of their upstream gradients over the segment's rows,
 * S1 = sum dout (x - centre)  and  S0 = sum dout. */
enum { PAIR = 2 };
#define PAIR_OF(array, segment, columns) ((array) + (size_t)(segment) * PAIR * (columns))

struct segment {
    double centre;
    int    hinge; /* the unit of the layer below that switches at the left end; NONE if that is the parent's end */
};
enum { NONE = -1 };

struct family {
    size_t parent, first, n; /* a segment of the layer below, and what it is cut into: first .. first + n - 1 */
};

struct layer {
    size_t        fan_in, fan_out, columns; /* columns = padded(fan_out)                               */
    const double *w;                        /* [fan_out][padded(fan_in)]: the parameters themselves
                                               or, if they are not padded, w_padded                    */
    double       *w_padded, *wt, *b;        /* wt: [fan_in][columns], W transposed; b: [columns]       */

    size_t          n, n_families, capacity; /* of the last layer those that are open                  */
    struct segment *segments;                /* [capacity]                                             */
    struct family  *families;                /* [capacity]                                             */
    double         *lines;                   /* [capacity][PAIR][columns], before a ReLU               */
};

/* The unit that switches between a family's segments k - 1 and k. */
struct hinge {
    size_t        unit;
    const double *w;            /* [columns], its weights upwards: a row of wt                                */
    double        slope, value; /* its line about the parent's centre                                         */
    double        rising_slope, rising_value;   /* slope > 0: its line about the centre of k, where it begins;
                                                   else 0                                                     */
    double        falling_slope, falling_value; /* slope < 0: about that of k - 1, where it ends; else 0      */
    double        from_left;    /* segment k's centre less that of k - 1                                      */
};

/* A unit's zero. */
struct crossing {
    double at;
    int    unit;
};

/* What a call needs while it lasts; the states of a flow's couplings share it. */
struct scratch {
    size_t           capacity;    /* segments                                                                 */
    double          *memory;      /* the block behind these:                                                  */
    double          *always_on;   /* [capacity][PAIR][widest]: a family's units that are on in all of it      */
    double          *stems;       /* [capacity][PAIR][widest]: their sum as lines; backward, all its moments */
    double          *moments[2];  /* [capacity][PAIR][widest]: of a layer's segments                          */
    double          *right;       /* [capacity][PAIR][8]: moments of the segments from a hinge on, 8 units    */
    double          *dots;        /* [capacity][PAIR][8]: W_u . (S1, S0) of a hinge, in eight partials        */
    double          *handed;      /* [capacity][PAIR][widest]: W . the families' moments                      */
    double          *dwt;         /* [fan_in][columns], the gradient of wt                                    */
    struct hinge    *hinges;      /* [capacity], of a family, from 1 on                                       */
    struct crossing *found;       /* [widest], in a segment                                                   */
};

/* The lines in layer's families from `first` on.  layer is not the lowest; layer - 1 is the one below. */
void ISA(lines_forward)(struct layer *layer, size_t first, struct scratch *scratch);

/* From the moments of all its segments, [n][PAIR][columns], the gradient of W, [fan_out][fan_in], and b, [fan_out], and
 * the moments of the layer below, [its n][PAIR][its columns]. */
void ISA(lines_backward)(double *dw, double *db, double *moments_under, const double *moments,
                         const struct layer *layer, struct scratch *scratch);

#endif
