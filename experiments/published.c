/* published.c - one long training each beside the scores that papers print of residual flows: `make published`.
 *
 * Not part of `make all`: it takes hours.  The papers' scores, and where they were read, are in reference/published.tsv.  A
 * data set's scores are taken back to its raw units, -log p in nats, or bits where the paper has bits, so that less is
 * better, down to the entropy of the data.  Where the paper's data are w times as wide in each of D coordinates as those
 * here, D log w nats are added to ours.
 */
#include "experiment.h"

#include <string.h>

#include "elementary.h"
#include "exit.h"
#include "reference.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

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
    options->training.steps = 20000; /* the papers take 50000 */
    options->training.peak_lr = 1e-2;
}

static void check_rows(const struct session *session)
{
    if (!session->set)
        exit_failed("--data FILE: no paper has scores of it; legal are data sets with a name");
    table_free(reference_read("published")); /* that it is there: after hours it would be late to miss it */
}

/* -log p of raw rows in the units of a row of the scores. */
static double in_units(const struct table *scores, size_t score, double nats, size_t dim)
{
    const double wide = nats + (double)dim * same_log(reference_number(scores, score, "wider"));
    return strcmp(reference_word(scores, score, "unit"), "bits") == 0 ? wide / same_log(2) : wide;
}

static void put_score(struct table *table, const struct table *scores, size_t score, const struct run *run,
                      const struct run_result *result, const struct session *rows)
{
    double log_sd = 0; /* log p of raw rows is less by it */
    for (size_t c = 0; c < rows->train.dim; c++)
        log_sd += same_log(rows->train.sd[c]);
    const double ours = in_units(scores, score, log_sd - result->heldout_logp, rows->train.dim);
    const double theirs = reference_number(scores, score, "score");
    table_text(table, rows->called);
    table_text(table, reference_word(scores, score, "unit"));
    table_number(table, in_units(scores, score, fathom_data_set_entropy(rows->set), rows->train.dim));
    table_text(table, reference_word(scores, score, "name"));
    table_text(table, reference_word(scores, score, "blocks"));
    table_number(table, theirs);
    table_text(table, reference_word(scores, score, "read"));
    table_count(table, run->flow.depth);
    table_text(table, fathom_status_name(result->status));
    table_number(table, ours);
    table_number(table, ours - theirs);
}

static void fill_scores(struct table *table, const struct outcome *outcome)
{
    struct table *scores = reference_read("published");
    for (size_t i = 0; i < outcome->n; i++) {
        const struct run     *run = &outcome->runs[i];
        const struct session *rows = run->rows ? run->rows : outcome->session;
        for (size_t s = 0; s < table_rows(scores); s++)
            if (strcmp(reference_word(scores, s, "data"), rows->called) == 0)
                put_score(table, scores, s, run, &outcome->results[i], rows);
    }
    table_free(scores);
}

const struct experiment published = {
    .program = {
        .name = "published",
        .summary = "Trains one residual flow of 4 and of 8 blocks per data set, for hours, and compares its test\n"
                   "score with those that papers print: published.tsv; the runs are in published_runs.tsv.\n"
                   "`their_blocks` is - where the paper does not state it.  `read`: text, the number was read in the\n"
                   "paper; cited, its table was not at hand.  `above` is ours less theirs: below 0 is better.",
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
        {"published", "data unit entropy their_flow their_blocks theirs read blocks status ours above", .fill = fill_scores},
    },
};
