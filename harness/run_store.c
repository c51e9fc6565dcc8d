/* run_store.c - between a run with its result and a row of the store (run_store.h). */
#include "run_store.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "canonical.h"
#include "exit.h"
#include "fingerprint.h"
#include "flow_words.h"

/* Whoever adds a member to one of these also adds it to the text. */
_Static_assert(sizeof(fathom_config) == 112, "canonical_flow names every member of fathom_config");
_Static_assert(sizeof(fathom_train_options) == 48, "canonical_training names every member of fathom_train_options");

/* The numbers of a result, in the order of the store's columns: type, column, member.  One list for the columns, for
 * writing and for reading. */
/* clang-format off */
#define NUMBERS(X) \
    X(COUNT, "n_params", n_params) \
    X(REAL, "untrained_logp", untrained_logp) \
    X(REAL, "untrained_grad_norm", untrained_grad_norm) \
    X(REAL, "diverged_at", diverged_at) \
    X(COUNT, "skipped", skipped) \
    X(REAL, "acted", acted) \
    X(KIND, "first_kind", first_kind) \
    X(REAL, "first_layer", first_layer) \
    X(REAL, "first_rows", first_rows) \
    X(REAL, "update_rms", update_rms) \
    X(REAL, "train_logp", train_logp) \
    X(REAL, "heldout_logp", heldout_logp) \
    X(REAL, "kl", kl) \
    X(REAL, "kl_std_error", kl_std_error) \
    X(REAL, "validation_logp", validation_logp) \
    X(REAL, "inverse_error", health.inverse_error) \
    X(REAL, "condition_number", health.condition_number) \
    X(REAL, "dead_units", health.dead_units) \
    X(REAL, "dead_units_last", health.dead_units_last) \
    X(REAL, "pit_ks", checks.pit_ks) \
    X(REAL, "pit_p", checks.pit_p) \
    X(REAL, "coverage_50", checks.coverage[0]) \
    X(REAL, "coverage_90", checks.coverage[1]) \
    X(REAL, "coverage_99", checks.coverage[2]) \
    X(REAL, "energy_distance", checks.energy_distance) \
    X(REAL, "energy_sd", checks.energy_sd) \
    X(REAL, "untrained_inverse_error", untrained_health.inverse_error) \
    X(REAL, "untrained_condition_number", untrained_health.condition_number) \
    X(REAL, "kept_step", kept_step) \
    X(REAL, "warm_distance", warm_distance) \
    X(REAL, "certified", certified.lipschitz) \
    X(REAL, "by_power", certified.by_power) \
    X(REAL, "before", certified.before) \
    X(REAL, "banach_steps", certified.banach_steps)
/* clang-format on */
static const struct number {
    enum { REAL, COUNT, KIND } type; /* double, size_t or fathom_first_kind */
    size_t offset;
} members[] = {
#define MEMBER(type, column, member) { type, offsetof(struct run_result, member) },
    NUMBERS(MEMBER)
};
static const char *const columns[] = {
#define COLUMN(type, column, member) column,
    NUMBERS(COLUMN)
};
enum { N_NUMBERS = sizeof members / sizeof *members };
static const struct store_schema schema = { 4, columns, N_NUMBERS };

static double number_of(const struct run_result *result, const struct number *number)
{
    const char *member = (const char *)result + number->offset;
    return number->type == REAL  ? *(const double *)member
         : number->type == COUNT ? (double)*(const size_t *)member
                                 : (double)*(const fathom_first_kind *)member;
}

static void set_number(struct run_result *result, const struct number *number, double x)
{
    char *member = (char *)result + number->offset;
    if (number->type == REAL)
        *(double *)member = x;
    else if (number->type == COUNT)
        *(size_t *)member = (size_t)x;
    else
        *(fathom_first_kind *)member = (fathom_first_kind)x;
}

static char opened[PATH_MAX];

const char *run_store_path(void) { return opened; }

/* ----------------------------------------------------------------------------------------- which file it is ---- */

/* The folder of the program if it is a build folder: the library lies beside the program, and files can be made. */
static bool build_folder(char folder[PATH_MAX])
{
    char    library[PATH_MAX + 32];
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0)
        return false;
    folder[length] = '\0';
    *strrchr(folder, '/') = '\0';
    snprintf(library, sizeof library, "%s/libfathom.a", folder);
    return access(library, F_OK) == 0 && access(folder, W_OK) == 0;
}

/* The cache's folder for this program, made if it is not there. */
static bool cache_folder(char folder[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int         length = 0;
    if (cache && *cache == '/')
        length = snprintf(folder, PATH_MAX, "%s", cache);
    else if (home && *home == '/')
        length = snprintf(folder, PATH_MAX, "%s/.cache", home);
    if (length <= 0 || length >= PATH_MAX - 64)
        return false;
    mkdir(folder, 0777);
    strcat(folder, "/fathom");
    mkdir(folder, 0777);
    return access(folder, W_OK) == 0;
}

/* False: there is none. */
static bool default_path(char path[PATH_MAX])
{
    char folder[PATH_MAX];
    if (build_folder(folder))
        return snprintf(path, PATH_MAX, "%s/runs.db", folder) < PATH_MAX;
    return cache_folder(folder) && snprintf(path, PATH_MAX, "%s/runs-%.16s.db", folder, code_fingerprint) < PATH_MAX;
}

struct store *run_store_open_file(const char *path, fathom_error *error)
{
    fathom_error  moved;
    struct store *store = store_open(path, &schema, code_fingerprint, &moved, error);
    if (*moved.text)
        exit_note("%s", moved.text);
    return store;
}

struct store *run_store_open(const struct options *options)
{
    fathom_error error;
    *opened = '\0';
    if (options->store && strcmp(options->store, "none") == 0)
        return NULL;
    if (options->store && strlen(options->store) < sizeof opened)
        strcpy(opened, options->store);
    else if (options->store)
        exit_failed("--store: its path is too long");
    else if (!default_path(opened))
        return NULL;
    struct store *store = run_store_open_file(opened, &error);
    if (!store)
        exit_failed("%s", error.text);
    return store;
}

static void *closing(void *store)
{
    store_close(store);
    return NULL;
}

void run_store_close(struct session *session)
{
    session->closing = session->store && pthread_create(&session->closer, NULL, closing, session->store) == 0;
    if (!session->closing)
        store_close(session->store);
    session->store = NULL;
}

/* ------------------------------------------------------------------------------------------- canonical text ---- */

/* Rows that runs share, by the hash of their numbers: taken once for all runs that have them. */
struct rows_hash {
    const double *x;
    size_t        n;
    struct sha256 hash;
};

static const struct sha256 *hash_of(struct rows_hash *last, const double *x, size_t n)
{
    if (last->x != x || last->n != n) {
        *last = (struct rows_hash){ .x = x, .n = n };
        sha256_doubles(&last->hash, x, n);
    }
    return &last->hash;
}

struct shared_rows {
    struct rows_hash train, heldout, validation, truth;
};

static void canonical_flow(struct canonical *text, const fathom_config *flow)
{
    canonical_count(text, "flow.dim", flow->dim);
    canonical_count(text, "flow.depth", flow->depth);
    canonical_word(text, "flow.coupling", flow->coupling);
    canonical_count(text, "flow.knots", flow->knots);
    canonical_number(text, "flow.interval", flow->interval);
    canonical_count(text, "flow.width", flow->width);
    canonical_count(text, "flow.hidden", flow->hidden);
    canonical_word(text, "flow.actnorm", options_actnorms[flow->actnorm]);
    canonical_word(text, "flow.mixing", flow_mixings[flow->mixing]);
    canonical_count(text, "flow.components", flow->components);
    canonical_word(text, "flow.rotation", options_rotations[flow->rotation]);
    canonical_word(text, "flow.block", flow_blocks[flow->block]);
    canonical_number(text, "flow.lipschitz", flow->lipschitz);
    canonical_word(text, "flow.activation", flow_activations[flow->activation]);
    canonical_word(text, "flow.log_det", flow_log_dets[flow->log_det]);
    canonical_count(text, "flow.terms", flow->terms);
    canonical_number(text, "flow.stop", flow->stop);
}

static void canonical_training(struct canonical *text, const fathom_train_options *training)
{
    canonical_count(text, "training.steps", training->steps);
    canonical_count(text, "training.batch", training->batch);
    canonical_number(text, "training.peak_lr", training->peak_lr);
    canonical_number(text, "training.clip", training->clip);
    canonical_word(text, "training.stabiliser", training->stabiliser);
    canonical_count(text, "training.measure_steps", training->measure_steps);
}

/* The batches are a function of their seed, steps, size and the number of rows (fathom_batches). */
static void canonical_scores(struct canonical *text, const struct run *run, const struct session *session,
                             struct shared_rows *rows)
{
    const fathom_dataset *heldout = &session->heldout, *validation = &session->validation;
    canonical_count(text, "batches.seed", session->options->batch_seed);
    canonical_count(text, "health", run->health);
    canonical_count(text, "checks", run->checks);
    canonical_count(text, "evaluate.every", run->evaluate_every);
    const bool validates = run->validation || run->evaluate_every > 0;
    canonical_count(text, "validation", run->validation);
    canonical_count(text, "validation.rows", validates ? validation->n : 0);
    if (validates && validation->n > 0)
        canonical_hash(text, "validation.sha256",
                       hash_of(&rows->validation, validation->x, validation->n * validation->dim));
    canonical_count(text, "heldout.rows", heldout->n);
    canonical_number(text, "gaussian.logp", session->gaussian_logp);
    if (heldout->n > 0)
        canonical_hash(text, "heldout.sha256", hash_of(&rows->heldout, heldout->x, heldout->n * heldout->dim));
    if (run->heldout_truth)
        canonical_hash(text, "truth.sha256", hash_of(&rows->truth, run->heldout_truth, heldout->n));
}

static struct canonical *start(const struct run *run)
{
    struct canonical *text = canonical_new();
    if (!text)
        exit_failed("not enough memory for the text of a run");
    canonical_flow(text, &run->flow);
    canonical_count(text, "seed", run->seed);
    canonical_count(text, "replica", run->replica);
    canonical_word(text, "start", options_starts[run->start]);
    return text;
}

static char *finish(struct canonical *text)
{
    fathom_error error;
    char        *whole = canonical_finish(text, &error);
    if (!whole)
        exit_failed("%s", error.text);
    return whole;
}

/* The test rows decide it. */
static void canonical_untrained_health(struct canonical *text, const struct session *session, struct shared_rows *rows)
{
    const fathom_dataset *test = session_test_rows(session);
    canonical_count(text, "untrained.health", 1);
    canonical_hash(text, "untrained.health.sha256", hash_of(&rows->heldout, test->x, test->n * test->dim));
}

static char *text_of(const struct run *run, const struct session *own, struct shared_rows *rows)
{
    const struct session *session = run->rows ? run->rows : own;
    const fathom_dataset *train = &session->train;
    struct canonical     *text = start(run);
    canonical_count(text, "probe", run->probe);
    canonical_count(text, "train", run->train);
    canonical_count(text, "data.rows", train->n);
    canonical_hash(text, "data.sha256", hash_of(&rows->train, train->x, train->n * train->dim));
    if (run->untrained_health)
        canonical_untrained_health(text, session, rows);
    if (run->train) {
        canonical_training(text, &run->training);
        canonical_scores(text, run, session, rows);
    }
    return finish(text);
}

char *run_store_cause(const struct run *run)
{
    struct canonical *text = start(run);
    canonical_word(text, "rows", run->rows ? run->rows->called : "-");
    canonical_count(text, "rows.n", run->rows ? run->rows->train.n : 0);
    canonical_count(text, "evaluate.every", run->evaluate_every);
    canonical_training(text, &run->training);
    return finish(text);
}

char **run_store_texts(const struct run *runs, const struct session *session, size_t n)
{
    struct shared_rows rows = { 0 };
    char             **texts = malloc((n + 1) * sizeof *texts);
    if (!texts)
        exit_failed("not enough memory for the texts of %zu runs", n);
    for (size_t i = 0; i < n; i++)
        texts[i] = text_of(&runs[i], session, &rows);
    return texts;
}

void run_store_free_texts(char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++)
        free(texts[i]);
    free(texts);
}

void run_store_print(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text != '\n')
            putc(*text, out);
        else if (text[1])
            putc(' ', out);
}

void run_store_missing(char *const *texts, const size_t *which, size_t n, size_t of)
{
    enum { NAMED = 20 };
    for (size_t k = 0; k < n && k < NAMED; k++) {
        struct sha256 key;
        char          digits[17];
        sha256_bytes(&key, texts[which[k]], strlen(texts[which[k]]));
        sha256_hex(digits, &key, 16);
        fprintf(stderr, "%s: missing: %s ", program_invocation_short_name, digits);
        run_store_print(stderr, texts[which[k]]);
        putc('\n', stderr);
    }
    exit_failed("%zu of %zu runs are missing%s: run their shards again, or this program without --merge", n, of,
                n > NAMED ? " (the first 20 are named)" : "");
}

/* ------------------------------------------------------------------------------------------- row and result ---- */

static const fathom_status outcomes[] = { FATHOM_OK, FATHOM_RUINED, FATHOM_DIVERGED, FATHOM_DEGENERATE };

static bool outcome_of(fathom_status *status, const char *name)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(fathom_status_name(outcomes[i]), name) == 0) {
            *status = outcomes[i];
            return true;
        }
    return false;
}

static unsigned kept_of(const struct run *run)
{
    return (run->keep_trace && run->train ? STORE_TRACE : 0) | (run->keep_params && run->train ? STORE_PARAMS : 0);
}

bool run_store_find(struct run_result *result, struct store *store, const struct run *run, const char *text)
{
    struct store_run        row;
    fathom_error            error;
    const enum store_status found = store_find(&row, store, text, kept_of(run), &error);
    if (found == STORE_DAMAGED)
        exit_note("%s; the run is made again", error.text);
    else if (found != STORE_OK && found != STORE_ABSENT)
        exit_failed("%s", error.text);
    if (found != STORE_OK)
        return false;
    *result = (struct run_result){ .untrained_health = { NAN, NAN, NAN, NAN },
                                   .loss = row.loss,
                                   .grad_norm = row.grad_norm,
                                   .params = row.params,
                                   .has_trace = row.has_trace,
                                   .trace_hash = row.trace_hash,
                                   .has_params = row.has_params,
                                   .params_hash = row.params_hash };
    for (size_t i = 0; i < N_NUMBERS; i++)
        set_number(result, &members[i], row.numbers[i]);
    if (!outcome_of(&result->status, row.outcome))
        exit_failed("store %s: a run's outcome is '%.40s', which this program does not know", opened, row.outcome);
    row.loss = row.grad_norm = row.params = NULL;
    store_run_free(&row);
    return true;
}

bool run_store_same_numbers(const struct store_run *a, const struct store_run *b)
{
    return memcmp(a->numbers, b->numbers, N_NUMBERS * sizeof *a->numbers) == 0;
}

void run_store_put(struct store *store, const struct run *run, const struct run_result *result, const char *text)
{
    double x[N_NUMBERS];
    for (size_t i = 0; i < N_NUMBERS; i++)
        x[i] = number_of(result, &members[i]);
    const unsigned   keep = kept_of(run); /* of what is not kept the hash is enough */
    struct store_run row = { .text = (char *)text,
                             .outcome = (char *)fathom_status_name(result->status),
                             .numbers = x,
                             .keep = keep,
                             .seconds = result->seconds,
                             .has_trace = result->has_trace,
                             .trace_hash = result->trace_hash,
                             .has_params = result->has_params,
                             .params_hash = result->params_hash };
    if (keep & STORE_TRACE && result->has_trace) {
        row.loss = result->loss;
        row.grad_norm = result->grad_norm;
        row.steps = run->training.steps;
    }
    if (keep & STORE_PARAMS && result->has_params) {
        row.params = result->params;
        row.n_params = result->n_params;
    }
    fathom_error error;
    if (store_put(store, &row, &error) != STORE_OK)
        exit_failed("%s", error.text);
}
