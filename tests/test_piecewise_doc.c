/* test_piecewise_doc.c - the numbers of docs/piecewise.md are what the piecewise conditioner computes.
 *
 * The document holds blocks of text, each behind a comment `<!-- numbers: NAME -->`.  Here every block is printed from
 * the conditioner's own tree, lines, moments and gradients for the document's network, and must stand there word for
 * word; and the conditioner must agree with the plain loop.  `test_piecewise_doc print` prints the blocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network.h"

#define FATHOM_ISA ref
#define VEC_WIDTH 1
#include "kernels/conditioner_piecewise.h"
#include "kernels/conditioner_plain.h"

enum { WIDTH = 3, HIDDEN = 2, N_PARAMS = 22, ROWS = 3, SIZE = 8192 };

/* W0, b0, W1, b1, W2, b2: multiples of 1/4, so that every number below is exact. */
static const double             params[N_PARAMS] = { 1, -1, 2,  1, 1,     -3,    1,  -2, -1, -1, 2,
                                                     0, 2,  -2, 1, -1.25, -0.25, -2, 1,  -1, 2,  0.5 };
static const double             rows_x[ROWS] = { 0.5625, 0.6875, 0.875 }, rows_dout[ROWS] = { 1, 2, -1 };
static const struct plain_shape shape = { 1, 1, WIDTH, HIDDEN };

/* The conditioner after one tile, forward and backward, and what it gave. */
struct example {
    struct piecewise *s;
    double            out[ROWS], din[ROWS], gradient[N_PARAMS];
};

static struct example open_example(void)
{
    const struct conditioner *c = fathom_isa_find("ref")->piecewise;
    struct example            e = { .s = c->create(1, 1, WIDTH, HIDDEN, TILE) };
    double                    in[STRIDE], din[STRIDE] = { 0 }, out[8 * STRIDE], dout[8 * STRIDE] = { 0 };
    assert_non_null(e.s);
    assert_int_equal(c->prepare(e.s, params), FATHOM_OK);
    for (size_t i = 0; i < 8; i++) { /* five copies of the first row fill the tile */
        in[i] = rows_x[i < ROWS ? i : 0];
        dout[i] = i < ROWS ? rows_dout[i] : 0.0;
    }
    c->forward(out, in, e.s, 8);
    c->backward(din, dout, e.s, 8);
    memcpy(e.out, out, sizeof e.out);
    memcpy(e.din, din, sizeof e.din);
    c->finish(e.gradient, e.s);
    return e;
}

/* ---- the blocks; text: [SIZE], += */

static void say(char *text, const char *format, ...)
{
    va_list      list;
    const size_t used = strlen(text);
    va_start(list, format);
    const int length = vsnprintf(text + used, SIZE - used, format, list);
    va_end(list);
    assert_in_range(length, 0, SIZE - used - 1);
}

/* "slope (x - centre) + value" without parts that are zero */
static void say_line(char *text, double slope, double value, double centre)
{
    char line[64];
    if (slope == 0.0)
        snprintf(line, sizeof line, "%.10g", value);
    else if (centre == 0.0)
        snprintf(line, sizeof line, "%.10g x %c %.10g", slope, value < 0 ? '-' : '+', fabs(value));
    else
        snprintf(line, sizeof line, "%.10g (x %c %.10g) %c %.10g", slope, centre < 0 ? '+' : '-', fabs(centre),
                 value < 0 ? '-' : '+', fabs(value));
    say(text, "  %-24s", line);
}

static void trim_line(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        text[--n] = '\0';
    say(text, "\n");
}

/* The segments of layer l: their ends, centre, hinge, and the lines of the first n_units units. */
static void say_segments(char *text, const struct piecewise *s, size_t l, const double *edges, size_t n_edges,
                         size_t n_units)
{
    const struct piecewise_layer *layer = &s->layers[l];
    for (size_t i = 0; i < layer->n; i++) {
        const struct segment *segment = &layer->segments[i];
        size_t at = 0; /* the segment's place on the line; the last layer's are only those that are open */
        while (at < n_edges && edges[at] <= segment->centre)
            at++;
        say(text, "%zu.%zu  ", l, at);
        say(text, at > 0 ? "%6.10g" : "  -inf", at > 0 ? edges[at - 1] : 0.0);
        say(text, at < n_edges ? " .. %-6.10g" : " .. inf   ", at < n_edges ? edges[at] : 0.0);
        say(text, segment->hinge == NONE ? "         -" : "  hinge %2d", segment->hinge);
        for (size_t u = 0; u < n_units; u++)
            say_line(text, PAIR_OF(layer->lines, i, layer->columns)[u],
                     PAIR_OF(layer->lines, i, layer->columns)[layer->columns + u], segment->centre);
        trim_line(text);
    }
}

/* One line of the tree's picture, from -2 to 4, twelve characters per unit. */
static void say_picture(char *text, size_t l, const double *edges, size_t n_edges)
{
    enum { FIRST = -2, LAST = 4, SCALE = 12 };
    char line[(LAST - FIRST) * SCALE + 2];
    memset(line, '-', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (size_t e = 0; e < n_edges; e++)
        line[(size_t)lrint((edges[e] - FIRST) * SCALE)] = '|';
    say(text, "layer %zu   %s\n", l, line);
}

/* The edges below layer l: the zeros of the units of the layers before it, ascending. */
static size_t edges_below(double *edges, const struct example *e, size_t l)
{
    size_t n = 0;
    for (size_t i = 0; i < e->s->n_edges; i++) {
        const double x = e->s->edges[i], units[3] = { x + 1, -x + 1, 2 * x - 3 };
        if (l > 1 || (l == 1 && (units[0] == 0 || units[1] == 0 || units[2] == 0)))
            edges[n++] = x;
    }
    return n;
}

static void print_tree(char *text, const struct example *e)
{
    double edges[16];
    for (size_t l = 0; l <= HIDDEN; l++)
        say_picture(text, l, edges, edges_below(edges, e, l));
    say(text, "x         -2          -1          0           1           2           3           4\n");
}

static void print_layer0(char *text, const struct example *e)
{
    double edges[16];
    say_segments(text, e->s, 0, edges, edges_below(edges, e, 0), WIDTH);
}

static void print_layer1(char *text, const struct example *e)
{
    double edges[16];
    say_segments(text, e->s, 1, edges, edges_below(edges, e, 1), WIDTH);
}

static void print_layer2(char *text, const struct example *e)
{
    double edges[16];
    say_segments(text, e->s, 2, edges, edges_below(edges, e, 2), 1);
}

/* Layer 1's segment 1.1, the parent of all open segments; its centre is 0. */
static const double *parent_lines(const struct example *e)
{
    const struct piecewise_layer *layer = &e->s->layers[1];
    assert_true(e->s->layers[2].families[0].parent == 1 && e->s->layers[2].n_families == 1);
    assert_true(layer->segments[1].centre == 0.0);
    return PAIR_OF(layer->lines, 1, layer->columns);
}

/* b2 plus the lines of the units that are on, per segment of the family. */
static void print_family(char *text, const struct example *e)
{
    const struct piecewise_layer *under = &e->s->layers[1], *last = &e->s->layers[2];
    const double                 *lines = parent_lines(e), *w2 = params + 18;
    for (size_t i = 0; i < last->n; i++) {
        const double x = last->segments[i].centre;
        say(text, "2.%zu   %.10g", i + 1, params[21]);
        for (size_t u = 0; u < WIDTH; u++)
            if (lines[u] * x + lines[under->columns + u] > 0.0)
                say(text, " + %.10g (%.10g x %c %.10g)", w2[u], lines[u], lines[under->columns + u] < 0.0 ? '-' : '+',
                    fabs(lines[under->columns + u]));
        say(text, "\n");
    }
}

static void print_edges(char *text, const struct example *e)
{
    say(text, "edges    ");
    for (size_t i = 0; i < e->s->n_edges; i++)
        say(text, "  %.10g", e->s->edges[i]);
    say(text, "\n");
}

static void print_forward(char *text, const struct example *e)
{
    const struct piecewise_layer *last = &e->s->layers[HIDDEN];
    for (size_t i = 0; i < ROWS; i++) {
        const double *line = PAIR_OF(last->lines, e->s->slot_of[i], last->columns);
        size_t        segment = 0;
        while (segment < e->s->n_edges && e->s->edges[segment] <= rows_x[i])
            segment++;
        say(text, "x = %-6.10g  %zu edges <= x: segment 2.%zu   %.10g * %.10g + %.10g = %.10g\n", rows_x[i], segment,
            segment, line[0], e->s->offset[i], line[last->columns], e->out[i]);
    }
}

static void print_moments(char *text, const struct example *e)
{
    const struct piecewise_layer *last = &e->s->layers[HIDDEN];
    for (size_t i = 0; i < last->n; i++) {
        const double *m = PAIR_OF(e->s->moments, i, last->columns), s1 = m[0], s0 = m[last->columns];
        if (s0 != 0.0 || s1 != 0.0)
            say(text, "centre %.10g:  S1 = %.10g  S0 = %.10g\n", last->segments[i].centre, s1, s0);
    }
    for (size_t i = 0; i < ROWS; i++)
        say(text, "x = %-6.10g  dx = %.10g\n", rows_x[i], e->din[i]);
}

static void print_moved(char *text, const struct example *e)
{
    const struct piecewise_layer *last = &e->s->layers[HIDDEN];
    for (size_t i = 0; i < last->n; i++) {
        const double *m = PAIR_OF(e->s->moments, i, last->columns), s1 = m[0], s0 = m[last->columns];
        const double  c = last->segments[i].centre;
        if (s0 != 0.0 || s1 != 0.0)
            say(text, "2.%zu   S1 = %.10g + %.10g * %.10g = %.10g   S0 = %.10g\n", i + 1, s1, c, s0, s1 + c * s0, s0);
    }
}

/* The summed moments where a hinge is on, its weight's gradient, and the hinge's own moments, which the library has in
 * its scratch memory after finish. */
static void print_hinges(char *text, const struct example *e)
{
    const struct piecewise_layer *under = &e->s->layers[1], *last = &e->s->layers[2];
    const double                 *lines = parent_lines(e), *w2 = params + 18;
    const double *own = PAIR_OF(e->s->scratch->moments[HIDDEN % 2], under->segments[1].slot, under->columns);
    for (size_t u = 0; u < WIDTH; u++) {
        const double slope = lines[u], value = lines[under->columns + u], zero = -value / slope;
        double       s1 = 0.0, s0 = 0.0;
        for (size_t i = 0; i < last->n; i++) {
            const double *m = PAIR_OF(e->s->moments, i, last->columns), c = last->segments[i].centre;
            if ((slope > 0.0) == (c > zero)) {
                s1 += m[0] + c * m[last->columns];
                s0 += m[last->columns];
            }
        }
        say(text, "unit %zu   %s at %-4.10g  S1 = %-6.10g  S0 = %-2.10g", u, slope > 0.0 ? "rises" : "falls", zero, s1,
            s0);
        say(text, "   dW2 = %.10g * %.10g + %.10g * %.10g = %.10g\n", slope, s1, value, s0,
            slope * s1 + value * s0 + 0.0);
        say(text, "         own moments %.10g * (S1, S0) = (%.10g, %.10g)\n", w2[u], own[u] + 0.0,
            own[under->columns + u] + 0.0);
        assert_true(slope * s1 + value * s0 == e->gradient[18 + u]);
        assert_true(own[u] == w2[u] * s1 && own[under->columns + u] == w2[u] * s0);
    }
}

static void say_numbers(char *text, const char *name, const double *x, size_t n)
{
    say(text, "%-4s", name);
    for (size_t i = 0; i < n; i++)
        say(text, " %9.10g", x[i] + 0.0);
    say(text, "\n");
}

static void print_gradient(char *text, const struct example *e)
{
    say_numbers(text, "dW2", e->gradient + 18, 3);
    say_numbers(text, "db2", e->gradient + 21, 1);
    for (size_t u = 0; u < 3; u++)
        say_numbers(text, u == 0 ? "dW1" : "", e->gradient + 6 + 3 * u, 3);
    say_numbers(text, "db1", e->gradient + 15, 3);
    say_numbers(text, "dW0", e->gradient, 3);
    say_numbers(text, "db0", e->gradient + 3, 3);
}

static const struct {
    const char *name;
    void (*print)(char *text, const struct example *e);
} blocks[] = {
    { "layer 0", print_layer0 },  { "layer 1", print_layer1 },    { "edges", print_edges },
    { "tree", print_tree },       { "family", print_family },     { "layer 2", print_layer2 },
    { "forward", print_forward }, { "moments", print_moments },   { "moved", print_moved },
    { "hinges", print_hinges },   { "gradient", print_gradient },
};
enum { N_BLOCKS = sizeof blocks / sizeof *blocks };

/* ---- tests */

static void test_document(void **state)
{
    (void)state;
    static char    document[1 << 16], text[SIZE], block[SIZE + 64];
    struct example e = open_example();
    FILE          *file = fopen("docs/piecewise.md", "r");
    assert_non_null(file);
    assert_in_range(fread(document, 1, sizeof document - 1, file), 1, sizeof document - 2);
    fclose(file);
    size_t n = 0;
    for (const char *at = document; (at = strstr(at, "<!-- numbers: ")); at++)
        n++;
    assert_int_equal(n, N_BLOCKS);
    for (size_t i = 0; i < N_BLOCKS; i++) {
        text[0] = '\0';
        blocks[i].print(text, &e);
        snprintf(block, sizeof block, "<!-- numbers: %s -->\n```\n%s```\n", blocks[i].name, text);
        if (!strstr(document, block))
            fail_msg("docs/piecewise.md does not contain the block\n%s", block);
    }
    ISA(conditioner_memory_destroy)(e.s);
}

/* And these numbers are right: every number is exact here, so the plain loop gives the same to the last bit. */
static void test_plain(void **state)
{
    (void)state;
    struct example e = open_example();
    long double    gradient[N_PARAMS] = { 0 };
    for (size_t i = 0; i < ROWS; i++) {
        long double out, din;
        conditioner_plain(&out, &din, gradient, &shape, params, &rows_x[i], &rows_dout[i]);
        assert_true(e.out[i] == (double)out && e.din[i] == (double)din);
    }
    for (size_t k = 0; k < N_PARAMS; k++)
        assert_true(e.gradient[k] == (double)gradient[k]);
    ISA(conditioner_memory_destroy)(e.s);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "print") == 0) {
        static char    text[SIZE];
        struct example e = open_example();
        for (size_t i = 0; i < N_BLOCKS; i++) {
            text[0] = '\0';
            blocks[i].print(text, &e);
            printf("<!-- numbers: %s -->\n```\n%s```\n\n", blocks[i].name, text);
        }
        ISA(conditioner_memory_destroy)(e.s);
        return 0;
    }
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_document), cmocka_unit_test(test_plain) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
