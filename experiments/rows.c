/* rows.c - why the gains of depth taper: how many training rows there are (PROTOCOL.md, Depth, part rows).
 *
 * Each depth is trained on so many rows of the spiral; to the end, or with the parameters kept that fit the validation
 * rows best; and where there are few or many rows, with four times the steps as well.
 */
#include "experiment.h"

#include <stdlib.h>

#include "derive.h"
#include "exit.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct data_level sizes[] = {
    { "spiral", 300 }, { "spiral", 1000 }, { "spiral", 3000 }, { "spiral", 10000 }, { "spiral", 30000 },
};
static const struct data_level sizes_of_long[] = { { "spiral", 3000 }, { "spiral", 30000 } };

enum { EVERY = 50 /* steps */, LONGER = 4 };
static const struct arm arms[] = { { .name = "end" }, { .name = "best", .evaluate_every = EVERY } };
static const struct arm longer[] = {
    { .name = "end-x4", .steps_factor = LONGER },
    { .name = "best-x4", .steps_factor = LONGER, .evaluate_every = EVERY },
};

static const struct design parts[] = {
    {
        .nesting = { AXIS_DATA, AXIS_DEPTH, AXIS_ARM, AXIS_SEED },
        .data = sizes,
        .n_data = COUNT(sizes),
        .arms = arms,
        .n_arms = COUNT(arms),
        .train = true,
        .validation = true,
    },
    {
        .nesting = { AXIS_DATA, AXIS_DEPTH, AXIS_ARM, AXIS_SEED },
        .data = sizes_of_long,
        .n_data = COUNT(sizes_of_long),
        .arms = longer,
        .n_arms = COUNT(longer),
        .train = true,
        .validation = true,
    },
};

static void defaults(struct options *options)
{
    options->seed = 200;
    options->seeds = 4;
    options->depths = (struct depth_list){ 3, { 1, 4, 16 } };
    options->training.peak_lr = 1e-2;
}

static void check_rows(const struct session *session)
{
    if (!session->set && session->validation.n == 0)
        exit_failed("--data FILE: needs --validation FRACTION, the rows that choose the parameters");
}

/* A row per run: how much better it fits the training rows than the test rows, less the same of the true density. */
static void derive_gap(struct table *table, const struct table *runs)
{
    double *train = derive_numbers(runs, "train_logp"), *test = derive_numbers(runs, "test_logp");
    double *train_truth = derive_numbers(runs, "train_truth"), *test_truth = derive_numbers(runs, "heldout_truth");
    for (size_t row = 0; row < table_rows(runs); row++) {
        derive_copy_run(table, runs, row);
        table_number(table, train[row] - test[row] - (train_truth[row] - test_truth[row]));
    }
    free(train);
    free(test);
    free(train_truth);
    free(test_truth);
}

const struct experiment rows = {
    .program = {
        .name = "rows",
        .summary = "Trains flows on 300 to 30000 rows of a data set, to the end or with the parameters kept\n"
                   "that fit the validation rows best, and with four times the steps: rows.tsv.  A file has\n"
                   "the rows that it has.",
        .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_DATA_SIZE),
    },
    .defaults = defaults,
    .check_rows = check_rows,
    .design = parts,
    .n_designs = COUNT(parts),
    .truth = true,
    .tables = {
        {"rows", "rows depth arm steps seed status kept_step train_logp train_truth validation_logp test_logp "
                 "heldout_truth kl kl_std_error params_sha256"},
        {"rows_gap", "rows depth arm seed status kl test_logp gap", .summary_of = "rows", .derive = derive_gap},
        {"rows_summary", .summary_of = "rows_gap", .by = "rows depth arm", .of = "kl gap test_logp"},
    },
    .figures = {"rows"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
