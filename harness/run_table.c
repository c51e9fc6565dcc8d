/* run_table.c - the one writer of tables with a row per run (run_table.h).
 *
 * The vocabulary is a table: a column's name, where its value is, and how it is printed.
 */
#include "run_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "flow_words.h"

enum kind {
    KIND_TEXT,     /* const char *                           */
    KIND_COUNT,    /* size_t or uint64_t                     */
    KIND_NUMBER,   /* double, with all its digits            */
    KIND_SETTING,  /* double, in its shortest form           */
    KIND_CLIP,     /* the same, "none" for infinity          */
    KIND_FIRST,    /* fathom_first_kind, by its name         */
    KIND_ACTNORM,  /* fathom_actnorm, by its name            */
    KIND_MIXING,   /* fathom_mixing, by its name             */
    KIND_ROTATION, /* fathom_rotation, by its name           */
    KIND_START,    /* fathom_start, by its name              */
    KIND_STATUS,   /* fathom_status, by its name             */
    KIND_BLOCK,    /* fathom_block, by its name              */
    KIND_LOG_DET,  /* fathom_log_det, by its name            */
    KIND_TRAINED,  /* fathom_n_trained of a run's flow       */
    KIND_FLOPS,    /* of a whole run */
    KIND_HASH      /* struct sha256: 16 digits, "-" for none */
};
enum holder {
    OF_RUN,    /* the member is one of struct run  */
    OF_RESULT, /* of struct run_result             */
    OF_TRUTH,  /* of struct true_density           */
    OF_ROWS    /* of the session of the run's rows */
};

#define RUN(member) OF_RUN, offsetof(struct run, member)
#define RESULT(member) OF_RESULT, offsetof(struct run_result, member)
#define TRUTH(member) OF_TRUTH, offsetof(struct true_density, member)
#define ROWS(member) OF_ROWS, offsetof(struct session, member)

static const struct column {
    const char *name;
    enum kind   kind;
    enum holder holder;
    size_t      offset;
} vocabulary[] = {
    { "data", KIND_TEXT, ROWS(called) },
    { "rows", KIND_COUNT, ROWS(train.n) },
    { "coupling", KIND_TEXT, RUN(flow.coupling) },
    { "depth", KIND_COUNT, RUN(flow.depth) },
    { "arm", KIND_TEXT, RUN(arm) },
    { "actnorm", KIND_ACTNORM, RUN(flow.actnorm) },
    { "block", KIND_BLOCK, RUN(flow.block) },
    { "lipschitz", KIND_SETTING, RUN(flow.lipschitz) },
    { "log_det", KIND_LOG_DET, RUN(flow.log_det) },
    { "terms", KIND_COUNT, RUN(flow.terms) },
    { "stop", KIND_SETTING, RUN(flow.stop) },
    { "mixing", KIND_MIXING, RUN(flow.mixing) },
    { "rotation", KIND_ROTATION, RUN(flow.rotation) },
    { "start", KIND_START, RUN(start) },
    { "components", KIND_COUNT, RUN(flow.components) },
    { "width", KIND_COUNT, RUN(flow.width) },
    { "bins", KIND_COUNT, RUN(flow.knots) },
    { "steps", KIND_COUNT, RUN(training.steps) },
    { "flops", KIND_FLOPS, OF_RUN, 0 },
    { "lr", KIND_SETTING, RUN(training.peak_lr) },
    { "clip", KIND_CLIP, RUN(training.clip) },
    { "stabiliser", KIND_TEXT, RUN(training.stabiliser) },
    { "seed", KIND_COUNT, RUN(seed) },
    { "replica", KIND_COUNT, RUN(replica) },
    { "n_params", KIND_TRAINED, OF_RUN, 0 },
    { "untrained_logp", KIND_NUMBER, RESULT(untrained_logp) },
    { "warm_distance", KIND_NUMBER, RESULT(warm_distance) },
    { "grad_norm", KIND_NUMBER, RESULT(untrained_grad_norm) },
    { "status", KIND_STATUS, RESULT(status) },
    { "diverged_at", KIND_NUMBER, RESULT(diverged_at) },
    { "skipped", KIND_COUNT, RESULT(skipped) },
    { "acted", KIND_NUMBER, RESULT(acted) },
    { "first_kind", KIND_FIRST, RESULT(first_kind) },
    { "first_layer", KIND_NUMBER, RESULT(first_layer) },
    { "first_rows", KIND_NUMBER, RESULT(first_rows) },
    { "update_rms", KIND_NUMBER, RESULT(update_rms) },
    { "train_logp", KIND_NUMBER, RESULT(train_logp) },
    { "heldout_logp", KIND_NUMBER, RESULT(heldout_logp) },
    { "train_truth", KIND_NUMBER, TRUTH(train_mean) },
    { "heldout_truth", KIND_NUMBER, TRUTH(heldout_mean) },
    { "test_logp", KIND_NUMBER, RESULT(heldout_logp) },
    { "validation_logp", KIND_NUMBER, RESULT(validation_logp) },
    { "kept_step", KIND_NUMBER, RESULT(kept_step) },
    { "untrained_inverse_error", KIND_NUMBER, RESULT(untrained_health.inverse_error) },
    { "untrained_condition_number", KIND_NUMBER, RESULT(untrained_health.condition_number) },
    { "inverse_error", KIND_NUMBER, RESULT(health.inverse_error) },
    { "condition_number", KIND_NUMBER, RESULT(health.condition_number) },
    { "dead_units", KIND_NUMBER, RESULT(health.dead_units) },
    { "dead_units_last", KIND_NUMBER, RESULT(health.dead_units_last) },
    { "pit_ks", KIND_NUMBER, RESULT(checks.pit_ks) },
    { "pit_p", KIND_NUMBER, RESULT(checks.pit_p) },
    { "coverage_50", KIND_NUMBER, RESULT(checks.coverage[0]) },
    { "coverage_90", KIND_NUMBER, RESULT(checks.coverage[1]) },
    { "coverage_99", KIND_NUMBER, RESULT(checks.coverage[2]) },
    { "energy_distance", KIND_NUMBER, RESULT(checks.energy_distance) },
    { "energy_sd", KIND_NUMBER, RESULT(checks.energy_sd) },
    { "certified", KIND_NUMBER, RESULT(certified.lipschitz) },
    { "by_power", KIND_NUMBER, RESULT(certified.by_power) },
    { "before", KIND_NUMBER, RESULT(certified.before) },
    { "banach_steps", KIND_NUMBER, RESULT(certified.banach_steps) },
    { "kl", KIND_NUMBER, RESULT(kl) },
    { "kl_std_error", KIND_NUMBER, RESULT(kl_std_error) },
    { "params_sha256", KIND_HASH, RESULT(params_hash) },
};

static const struct column *find(const char *name)
{
    for (size_t i = 0; i < sizeof vocabulary / sizeof *vocabulary; i++)
        if (strcmp(vocabulary[i].name, name) == 0)
            return &vocabulary[i];
    exit_failed("no run has a column '%s' (run_table.h lists them)", name);
}

void run_table_hash(struct table *table, const struct sha256 *hash)
{
    static const struct sha256 none;
    char                       digits[17] = "-";
    if (memcmp(hash, &none, sizeof none) != 0)
        sha256_hex(digits, hash, 16);
    table_text(table, digits);
}

static double flops_of(const struct run *run) { return fathom_train_flops(&run->flow, &run->training); }

static void put(struct table *table, enum kind kind, const void *value)
{
    switch (kind) {
    case KIND_TEXT:
        table_text(table, *(const char *const *)value ? *(const char *const *)value : "-");
        break;
    case KIND_COUNT:
        table_count(table, *(const size_t *)value);
        break;
    case KIND_NUMBER:
        table_number(table, *(const double *)value);
        break;
    case KIND_CLIP:
        if (isinf(*(const double *)value)) {
            table_text(table, "none");
            break;
        } /* fallthrough */
    case KIND_SETTING:
        table_setting(table, *(const double *)value);
        break;
    case KIND_FIRST:
        table_text(table, fathom_first_kind_name(*(const fathom_first_kind *)value));
        break;
    case KIND_ACTNORM:
        table_text(table, options_actnorms[*(const fathom_actnorm *)value]);
        break;
    case KIND_MIXING:
        table_text(table, flow_mixings[*(const fathom_mixing *)value]);
        break;
    case KIND_ROTATION:
        table_text(table, options_rotations[*(const fathom_rotation *)value]);
        break;
    case KIND_START:
        table_text(table, options_starts[*(const fathom_start *)value]);
        break;
    case KIND_STATUS:
        table_text(table, fathom_status_name(*(const fathom_status *)value));
        break;
    case KIND_FLOPS:
        table_number(table, flops_of(value));
        break;
    case KIND_BLOCK:
        table_text(table, flow_blocks[*(const fathom_block *)value]);
        break;
    case KIND_LOG_DET:
        table_text(table, flow_log_dets[*(const fathom_log_det *)value]);
        break;
    case KIND_TRAINED:
        table_count(table, fathom_n_trained(&((const struct run *)value)->flow, NULL));
        break;
    case KIND_HASH:
        run_table_hash(table, value);
        break;
    }
}

static bool fills_itself(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, "_raw") == 0; /* table_raw_columns */
}

/* holders: by enum holder. */
static void put_named(struct table *table, const char *name, const void *const holders[])
{
    const struct column *column = find(name);
    if (!holders[column->holder])
        exit_failed("the column '%s' is not one of a single run's", name);
    put(table, column->kind, (const char *)holders[column->holder] + column->offset);
}

void run_table_put(struct table *table, const char *names, const struct run *run, const struct run_result *result,
                   const struct session *session)
{
    const void *const holders[] = {
        [OF_RUN] = run, [OF_RESULT] = result, [OF_TRUTH] = NULL, [OF_ROWS] = run->rows ? run->rows : session
    };
    for (const char *end; *names; names = end + (*end == ' ')) {
        char name[40];
        end = names + strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)(end - names), names);
        put_named(table, name, holders);
    }
}

void run_table_fill(struct table *table, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        const struct session *other = outcome->runs[i].rows;
        const void *const     holders[] = { [OF_RUN] = &outcome->runs[i],
                                            [OF_RESULT] = &outcome->results[i],
                                            [OF_TRUTH] = other && other->truth ? other->truth : outcome->truth,
                                            [OF_ROWS] = other ? other : outcome->session };
        for (size_t c = 0; c < table_columns(table); c++)
            if (!fills_itself(table_column_name(table, c)))
                put_named(table, table_column_name(table, c), holders);
    }
}
