/* conditioner.c - a trained conditioner is a few dozen straight lines.
 *
 * In two or three dimensions a coupling's conditioner has one input, and a ReLU network of one input is piecewise
 * linear (lib/kernels/conditioner_piecewise.c).  This experiment trains one flow and tabulates the first conditioner of
 * its first block: its breakpoints, the lines of three outputs between them, and how many rows of the data lie on each.
 *
 * All numbers come from the library's own kernels: the input of that conditioner and its breakpoints from
 * fathom_flow_view_coupling, values from its forward, slopes from its backward (the derivative of one output is its
 * slope).
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "flow_view.h"
#include "own_rows.h"

/* The outputs to show, of the first coordinate that the coupling moves. */
enum { MOST_SHOWN = 3 };
struct shown {
    const char *name;
    size_t      output;
};

/* The network, and its input for each training row. */
struct network {
    fathom_flow              *flow;
    fathom_workspace         *workspace;
    const struct conditioner *conditioner;
    void                     *state; /* the workspace's */
    size_t                    n_out;
    double                   *x; /* [training rows] */
    double                    low, high;
    const double             *edges; /* [n_edges], ascending */
    size_t                    n_edges;
};

/* The lines of one segment, within the range of the training rows. */
struct segment {
    double low, high;
    size_t rows, batch_rows;
    double low_value[MOST_SHOWN], high_value[MOST_SHOWN], slope[MOST_SHOWN];
};

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the conditioner");
    return memory;
}

/* Spline: K raw widths, K raw heights, K + 1 raw slopes (lib/kernels/transformer_spline.c); affine ones: loc, raw
 * scale (lib/kernels/transformer_affine.c, affine_scale.h); of any other, the first outputs by their numbers.  How many are shown. */
static size_t choose_outputs(struct shown *shown, const fathom_config *config, const struct fathom_isa *isa)
{
    static const char *const numbers[MOST_SHOWN] = { "output_0", "output_1", "output_2" };
    const size_t             bins = config->knots + 1, middle = bins / 2;
    if (strncmp(config->coupling, "affine", strlen("affine")) == 0) {
        shown[0] = (struct shown){ "loc", 0 };
        shown[1] = (struct shown){ "raw_scale", 1 };
        return 2;
    }
    if (strcmp(config->coupling, "spline") != 0) {
        const size_t n = fathom_isa_transformer(isa, config->coupling)->n_outputs(config);
        for (size_t k = 0; k < n && k < MOST_SHOWN; k++)
            shown[k] = (struct shown){ numbers[k], k };
        return n < MOST_SHOWN ? n : MOST_SHOWN;
    }
    shown[0] = (struct shown){ "raw_width", middle };
    shown[1] = (struct shown){ "raw_height", bins + middle };
    shown[2] = (struct shown){ "raw_slope", 2 * bins + middle };
    return 3;
}

/* -------------------------------------------------------------------------------------- up to the conditioner ---- */

static struct network open_network(const struct session *session, const fathom_config *config, const double *params)
{
    const fathom_dataset  *train = &session->train;
    struct network         network = { .low = INFINITY, .high = -INFINITY };
    struct conditioner_use use;

    network.flow = need(fathom_flow_new(config, NULL, NULL));
    network.workspace = need(fathom_workspace_new(network.flow, session->options->isa));
    network.x = need(malloc(train->n * sizeof *network.x));
    if (fathom_flow_view_coupling(network.x, &use, network.workspace, params, train->x, train->n, 0) != FATHOM_OK)
        need(NULL);
    for (size_t i = 0; i < train->n; i++) {
        network.low = network.x[i] < network.low ? network.x[i] : network.low;
        network.high = network.x[i] > network.high ? network.x[i] : network.high;
    }
    network.conditioner = use.conditioner;
    network.state = use.state;
    network.n_out = use.n_out;
    network.edges = conditioner_edges(&network.n_edges, network.conditioner, network.state);
    return network;
}

static void close_network(struct network *network)
{
    fathom_workspace_free(network->workspace);
    fathom_flow_free(network->flow);
    free(network->x);
}

/* ------------------------------------------------------------------------------------------------- its lines ---- */

/* The number of edges <= x. */
static size_t segment_of(const struct network *network, double x)
{
    size_t low = 0, high = network->n_edges;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (network->edges[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The shown outputs at x, and their slopes there.  value, slope: [n_shown]. */
static void line_at(double *value, double *slope, const struct network *network, const struct shown *shown,
                    size_t n_shown, double x)
{
    double  in[STRIDE], din[STRIDE];
    double *out = need(calloc(2 * padded(network->n_out) * STRIDE, sizeof *out));
    double *dout = out + padded(network->n_out) * STRIDE;
    for (size_t i = 0; i < STRIDE; i++)
        in[i] = x;
    network->conditioner->forward(out, in, network->state, 8);
    for (size_t k = 0; k < n_shown; k++) {
        memset(din, 0, sizeof din);
        value[k] = ROW(out, shown[k].output)[0];
        ROW(dout, shown[k].output)[0] = 1.0;
        network->conditioner->backward(din, dout, network->state, 8);
        ROW(dout, shown[k].output)[0] = 0.0;
        slope[k] = din[0];
    }
    free(out);
}

/* The segments that the training rows' range meets: n of them, the first with the number *first.  The caller frees. */
static struct segment *find_segments(size_t *first, size_t *n, const struct network *network, const struct shown *shown,
                                     size_t n_shown, const struct session *session)
{
    const struct fathom_train_options *training = &session->options->training;
    const uint32_t                    *batch = session->batches + (training->steps - 1) * training->batch;
    double                             unused[MOST_SHOWN];
    *first = segment_of(network, network->low);
    *n = segment_of(network, network->high) - *first + 1;
    struct segment *segments = need(calloc(*n, sizeof *segments));
    for (size_t i = 0; i < *n; i++) {
        struct segment *s = &segments[i];
        s->low = i == 0 ? network->low : network->edges[*first + i - 1];
        s->high = i + 1 == *n ? network->high : network->edges[*first + i];
        line_at(s->low_value, unused, network, shown, n_shown, s->low);
        line_at(s->high_value, unused, network, shown, n_shown, s->high);
        line_at(unused, s->slope, network, shown, n_shown, s->low + (s->high - s->low) / 2);
    }
    for (size_t i = 0; i < session->train.n; i++)
        segments[segment_of(network, network->x[i]) - *first].rows++;
    for (size_t i = 0; i < training->batch; i++)
        segments[segment_of(network, network->x[batch[i]]) - *first].batch_rows++;
    return segments;
}

static void fill_lines(struct table *table, const struct outcome *outcome)
{
    if (!outcome->results[0].params)
        exit_failed("the run is %s: there is no trained conditioner to show",
                    fathom_status_name(outcome->results[0].status));
    const struct session *session = outcome->session;
    const fathom_config  *config = &outcome->runs[0].flow;
    struct shown          shown[MOST_SHOWN];
    const size_t          n_shown = choose_outputs(shown, config, session->options->isa);
    struct network        network = open_network(session, config, outcome->results[0].params);
    size_t                first, n;
    struct segment       *segments = find_segments(&first, &n, &network, shown, n_shown, session);
    char                  text[32];
    snprintf(text, sizeof text, "%zu", network.n_edges + 1);
    table_config(table, "segments-of-the-line", text);
    for (size_t k = 0; k < n_shown; k++)
        for (size_t i = 0; i < n; i++) {
            table_text(table, shown[k].name);
            table_count(table, first + i);
            table_number(table, segments[i].low);
            table_number(table, segments[i].high);
            table_count(table, segments[i].rows);
            table_count(table, segments[i].batch_rows);
            table_number(table, segments[i].slope[k]);
            table_number(table, segments[i].low_value[k]);
            table_number(table, segments[i].high_value[k]);
        }
    free(segments);
    close_network(&network);
}

static const struct design design = {
    .nesting = { AXIS_DEPTH },
    .train = true,
    .keep_params = true,
};

static void defaults(struct options *options) { options->depths = (struct depth_list){ 1, { 4 } }; }

static void check_options(const struct options *options)
{
    if (options->depths.n != 1)
        exit_usage("--depths: %zu depths; this program trains one flow, of one depth", options->depths.n);
}

static void check_rows(const struct session *session)
{
    if (session->train.dim > 3)
        exit_failed("%s: %zu coordinates; a conditioner has one input, and so straight lines to show, with 2 or 3",
                    own_rows_name(session->options), session->train.dim);
}

const struct experiment conditioner = {
    .program = {
        .name = "conditioner",
        .summary = "Trains one flow and writes the straight lines that the first conditioner of its\n"
                   "first block consists of: conditioner.tsv.  For data of two or three coordinates.",
        .takes = TAKES_DATA | TAKES_FLOW | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .check_options = check_options,
    .check_rows = check_rows,
    .design = &design,
    .tables = {{"conditioner", "output segment low high rows batch_rows slope low_value high_value",
                .fill = fill_lines}},
    .figures = {"conditioner"},
};
