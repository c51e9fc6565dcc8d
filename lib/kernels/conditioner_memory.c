/* conditioner_memory.c - the memory of a piecewise conditioner.
 *
 * The number of segments depends on the network's parameters, so the arrays of segments grow.  An array that must grow
 * gets room for half as many again.  Layers 0 and 1 never do: they have at most 1 and width + 1 segments.
 *
 * Invariant: after FATHOM_NO_MEMORY the state can still be destroyed, or grown again. */
#include "conditioner_piecewise.h"

fathom_status ISA(conditioner_memory_segments)(struct piecewise *s, size_t l, size_t n)
{
    struct piecewise_layer *layer = &s->layers[l];
    if (n <= layer->capacity)
        return FATHOM_OK;
    const size_t room = l <= 1 ? n : n + n / 2, bytes_per_pair = PAIR * layer->columns * sizeof(double);
    free(layer->segments);
    free(layer->families);
    free(layer->lines);
    layer->capacity = 0;
    layer->segments = calloc(room, sizeof *layer->segments);
    layer->families = calloc(room, sizeof *layer->families);
    layer->lines = zeros(room * bytes_per_pair);
    if (layer == last_layer(s)) {
        free(s->moments);
        s->moments = zeros(room * bytes_per_pair);
    }
    if (!layer->segments || !layer->families || !layer->lines || (layer == last_layer(s) && !s->moments))
        return FATHOM_NO_MEMORY;
    layer->capacity = room;
    return FATHOM_OK;
}

static size_t scratch_doubles(const struct piecewise *s, size_t capacity)
{
    return capacity * PAIR * (4 * s->widest + 8) + s->widest + 2 * s->most_inputs * BAND;
}

fathom_status ISA(conditioner_memory_scratch)(struct piecewise *s, size_t n)
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
    t->crossings = t->crossings ? t->crossings : calloc(s->widest, sizeof *t->crossings);
    if (!t->memory || !t->hinges || !t->crossings)
        return FATHOM_NO_MEMORY;
    t->always_on = t->memory;
    t->stems = t->always_on + pairs;
    t->moments[0] = t->stems + pairs;
    t->moments[1] = t->moments[0] + pairs;
    t->dots = t->moments[1] + pairs;
    t->sum = t->dots + room * PAIR * 8;
    t->wt = t->sum + s->widest;
    t->dwt = t->wt + s->most_inputs * BAND;
    t->capacity = room;
    return FATHOM_OK;
}

static void free_scratch(struct scratch *t)
{
    if (!t)
        return;
    free(t->memory);
    free(t->hinges);
    free(t->crossings);
    free(t);
}

fathom_status ISA(conditioner_memory_pieces)(struct piecewise *s, size_t n)
{
    if (n <= s->capacity)
        return FATHOM_OK;
    size_t  room = padded(n + n / 2);
    double *edges = realloc(s->edges, room * sizeof *edges);
    s->edges = edges ? edges : s->edges;
    double *next_edges = realloc(s->next_edges, room * sizeof *next_edges);
    s->next_edges = next_edges ? next_edges : s->next_edges;
    struct piece *pieces = realloc(s->pieces, room * sizeof *pieces);
    s->pieces = pieces ? pieces : s->pieces;
    if (!edges || !next_edges || !pieces)
        return FATHOM_NO_MEMORY;
    s->capacity = room;
    return FATHOM_OK;
}

void ISA(conditioner_memory_destroy)(void *state)
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
    free(s->next_edges);
    free(s->pieces);
    free_scratch(s->own_scratch);
    free(s);
}

void ISA(conditioner_memory_share)(void *state, const void *other)
{
    struct piecewise *s = state;
    free_scratch(s->own_scratch);
    s->own_scratch = NULL;
    s->scratch = ((const struct piecewise *)other)->scratch;
}

/* The doubles of a layer's w_padded, and of its wt. */
static size_t n_padded(const struct piecewise *s, const struct piecewise_layer *layer)
{
    return layer == s->layers || layer->fan_in % 8 == 0 ? 0 : layer->fan_out * padded(layer->fan_in);
}

static size_t n_transposed(const struct piecewise *s, const struct piecewise_layer *layer)
{
    return layer == &s->layers[s->n_layers - 1] ? layer->fan_in * layer->columns : 0;
}

void *ISA(conditioner_memory_create)(size_t n_in, size_t n_out, size_t width, size_t hidden, size_t most_rows)
{
    struct piecewise *s = n_in == 1 && most_rows <= TILE ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->n_layers = hidden + 1;
    for (size_t l = 0; l <= hidden; l++) {
        struct piecewise_layer *layer = &s->layers[l];
        layer->fan_in = l == 0 ? 1 : width;
        layer->fan_out = l == hidden ? n_out : width;
        layer->columns = padded(layer->fan_out);
        s->widest = layer->columns > s->widest ? layer->columns : s->widest;
        s->most_inputs = layer->fan_in > s->most_inputs ? layer->fan_in : s->most_inputs;
        s->n_weights += layer->columns + n_padded(s, layer) + n_transposed(s, layer);
    }
    s->weights = zeros(s->n_weights * sizeof(double));
    s->scratch = s->own_scratch = calloc(1, sizeof *s->scratch);
    /* The first sizes.  Trained and untrained networks have 1 to 1.1 segments per hidden unit (measured). */
    bool complete = s->weights && s->scratch &&
                    ISA(conditioner_memory_pieces)(s, 2 * (hidden * width + 1)) == FATHOM_OK &&
                    ISA(conditioner_memory_scratch)(s, hidden * width + 1) == FATHOM_OK;
    for (size_t l = 0; l <= hidden && complete; l++)
        complete = ISA(conditioner_memory_segments)(s, l, l * width + 1) == FATHOM_OK;
    if (!complete) {
        ISA(conditioner_memory_destroy)(s);
        return NULL;
    }
    double *next = s->weights;
    for (size_t l = 0; l <= hidden; l++) {
        struct piecewise_layer *layer = &s->layers[l];
        layer->b = next;
        layer->w_padded = layer->b + layer->columns;
        layer->wt = layer == last_layer(s) ? layer->w_padded + n_padded(s, layer) : NULL;
        next = layer->w_padded + n_padded(s, layer) + n_transposed(s, layer);
    }
    return s;
}

size_t ISA(conditioner_memory_bytes)(const void *state)
{
    const struct piecewise       *s = state;
    const struct scratch         *t = s->own_scratch;
    const struct piecewise_layer *last = &s->layers[s->n_layers - 1];
    size_t total = sizeof *s + s->n_weights * sizeof(double) + s->capacity * (2 * sizeof(double) + sizeof *s->pieces) +
                   last->capacity * PAIR * last->columns * sizeof(double);
    for (size_t l = 0; l < s->n_layers; l++)
        total += s->layers[l].capacity *
                 (PAIR * s->layers[l].columns * sizeof(double) + sizeof(struct segment) + sizeof(struct family));
    return total + (t ? sizeof *t + scratch_doubles(s, t->capacity) * sizeof(double) + t->capacity * sizeof *t->hinges +
                            s->widest * sizeof *t->crossings
                      : 0);
}
