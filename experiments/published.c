/* published.c - one long training each beside the scores that papers print of residual flows: `make published`.
 *
 * Not part of `make all`: it takes hours.  A data set's scores are taken back to its raw units, -log p in nats, or bits where
 * the paper has bits, so that less is better, down to the entropy of the data.
 *   checkerboard in bits: Lu, Chen, Li, Wang & Zhu 2021, "Implicit normalizing flows": implicit flow of 4 blocks 5.05,
 *     residual flow of 8 blocks 5.08; entropy 5.00.
 *   circles, checkerboard, moons in nats: Perugachi-Diaz, Tomczak & Bhulai 2021, "Invertible DenseNets with concatenated
 *     LipSwish": i-DenseNet 3.30, 3.66, 2.39; residual flow 3.44, 3.81, 2.60.  Their moons are twice as wide both ways as
 *     the ones here, so that 2 log 2 nats are added to ours: the entropy is then 2.39.
 */
#include "experiment.h"

#include <string.h>

#include "elementary.h"
#include "exit.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct score {
    const char *data, *flow, *unit;
    double      theirs;
    size_t      blocks; /* of theirs; 0: the paper's model is of another shape            */
    double      wider;  /* how many times theirs are as wide in each coordinate as ours */
} scores[] = {
    { "checkerboard", "implicit flow", "bits", 5.05, 4, 1 }, { "checkerboard", "residual flow", "bits", 5.08, 8, 1 },
    { "checkerboard", "i-DenseNet", "nats", 3.66, 0, 1 },    { "checkerboard", "residual flow", "nats", 3.81, 0, 1 },
    { "circles", "i-DenseNet", "nats", 3.30, 0, 1 },         { "circles", "residual flow", "nats", 3.44, 0, 1 },
    { "moons", "i-DenseNet", "nats", 2.39, 0, 2 },           { "moons", "residual flow", "nats", 2.60, 0, 2 },
};

static const struct data_level sets[] = { { "checkerboard", 0 }, { "circles", 0 }, { "moons", 0 } };
static const struct arm        residual[] = { { .name = "residual", .block = "residual" } };

static const struct design design = {
    .nesting = { AXIS_DATA, AXIS_ARM, AXIS_DEPTH },
    .data = sets,
    .n_data = COUNT(sets),
    .arms = residual,
    .n_arms = COUNT(residual),
    .train = true,
    .validation = true,
    .health = true,
};

static void defaults(struct options *options)
{
    options->seed = 400;
    options->data_size = 1000000; /* so many that none is learnt by heart */
    options->depths = (struct depth_list){ 2, { 4, 8 } };
    options->flow.width = 128;
    options->flow.hidden = 3;
    options->flow.lipschitz = 0.98;
    options->flow.activation = FATHOM_ACTIVATION_CLIPSWISH;
    options->training.steps = 50000;
    options->training.peak_lr = 1e-2;
}

static void check_rows(const struct session *session)
{
    if (!session->set)
        exit_failed("--data FILE: no paper has scores of it; legal are data sets with a name");
}

/* -log p of raw rows in the paper's units. */
static double in_units(const struct score *score, double nats, size_t dim)
{
    const double wide = nats + (double)dim * same_log(score->wider);
    return score->unit[0] == 'b' ? wide / same_log(2) : wide;
}

static void put_score(struct table *table, const struct score *score, const struct run *run,
                      const struct run_result *result, const struct session *rows)
{
    double log_sd = 0; /* log p of raw rows is less by it */
    for (size_t c = 0; c < rows->train.dim; c++)
        log_sd += same_log(rows->train.sd[c]);
    const double ours = in_units(score, log_sd - result->heldout_logp, rows->train.dim);
    table_text(table, score->data);
    table_text(table, score->unit);
    table_number(table, in_units(score, fathom_data_set_entropy(rows->set), rows->train.dim));
    table_text(table, score->flow);
    table_count(table, score->blocks);
    table_number(table, score->theirs);
    table_count(table, run->flow.depth);
    table_text(table, fathom_status_name(result->status));
    table_number(table, ours);
    table_number(table, ours - score->theirs);
}

static void fill_scores(struct table *table, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        const struct run     *run = &outcome->runs[i];
        const struct session *rows = run->rows ? run->rows : outcome->session;
        for (size_t s = 0; s < COUNT(scores); s++)
            if (strcmp(scores[s].data, rows->called) == 0)
                put_score(table, &scores[s], run, &outcome->results[i], rows);
    }
}

const struct experiment published = {
    .program = {
        .name = "published",
        .summary = "Trains one residual flow of 4 and of 8 blocks per data set, for hours, and compares its test\n"
                   "score with those that papers print: published.tsv; the runs are in published_runs.tsv.\n"
                   "`their_blocks` is 0 where the paper's model has another shape; `above` is ours less theirs:\n"
                   "below 0 is better.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_RESIDUAL | TAKES(OPTION_SEED) | TAKES_TRAINING | TAKES_OUTPUT) &
                 ~(TAKES(OPTION_COUPLING) | TAKES(OPTION_BLOCK) | TAKES(OPTION_BINS) | TAKES(OPTION_INTERVAL) |
                   TAKES(OPTION_COMPONENTS)),
    },
    .defaults = defaults,
    .check_rows = check_rows,
    .design = &design,
    .truth = true,
    .tables = {
        {"published_runs", "data arm depth width steps lr seed lipschitz log_det n_params flops status train_logp "
                           "validation_logp test_logp kl kl_std_error inverse_error certified before banach_steps "
                           "params_sha256"},
        {"published", "data unit entropy their_flow their_blocks theirs blocks status ours above", .fill = fill_scores},
    },
};
