/* session.c - what every run of a program shares (session.h). */
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cores.h"
#include "data_check.h"
#include "elementary.h"
#include "files.h"
#include "exit.h"
#include "outputs.h"
#include "overwrite.h"
#include "own_rows.h"
#include "parallel.h"
#include "store.h"

static bool own_rows(const struct options *options) { return !options_data_set(options); }

static plot_options plot_options_of(const struct options *options)
{
    return (plot_options){ .out = options->out, .formats = options->formats };
}

/* Held-out rows come from the next data seed, in the coordinates of the training rows. */
static void draw_rows(struct session *session, size_t size)
{
    const uint64_t seed = session->options->data_seed;
    if (fathom_data_set_draw(&session->train, session->set, seed, size, NULL) != FATHOM_OK ||
        fathom_data_set_draw(&session->heldout, session->set, seed + 1, HELDOUT_ROWS, &session->train) != FATHOM_OK)
        exit_failed("not enough memory for %zu rows of the data set %s", size, session->called);
}

void session_draw_validation(struct session *session)
{
    if (session->set && fathom_data_set_draw(&session->validation, session->set, session->options->data_seed + 2,
                                             VALIDATION_ROWS, &session->train) != FATHOM_OK)
        exit_failed("not enough memory for %d rows of the data set %s", VALIDATION_ROWS, session->called);
    for (size_t i = 0; i < session->n_others; i++)
        session_draw_validation(session->others[i]);
}

/* log p of raw = log p of x - sum log sd, as x = (raw - mean) / sd; the library's log has the same bits everywhere. */
static double log_volume(const fathom_dataset *data)
{
    double sum = 0;
    for (size_t c = 0; c < data->dim; c++)
        sum += same_log(data->sd[c]);
    return sum;
}

const fathom_dataset *session_test_rows(const struct session *session)
{
    return session->heldout.n > 0 ? &session->heldout : &session->train;
}

/* The yardstick of `ruined`.  Rows of which one column is a function of the others have a Gaussian of infinite density,
 * which no flow could reach: then no finite score is ruined. */
static void measure_gaussian(struct session *session)
{
    const fathom_dataset *rows = session_test_rows(session);
    double               *logp = malloc(rows->n * sizeof *logp);
    const fathom_status   status = logp ? fathom_gaussian_log_density(logp, rows->x, &session->train, rows->n)
                                        : FATHOM_NO_MEMORY;
    if (status == FATHOM_NO_MEMORY)
        exit_failed("not enough memory for the Gaussian of %zu rows", rows->n);
    session->gaussian_logp = status == FATHOM_OK ? fathom_sum(logp, rows->n) / (double)rows->n : -INFINITY;
    if (status == FATHOM_DEGENERATE)
        exit_note("%s: warning: the columns determine each other, so no Gaussian has their covariance: a run counts as "
                  "ruined only if its score is not finite",
                  session->set ? session->called : own_rows_name(session->options));
    free(logp);
}

/* All steps ahead, on all threads: every run waits for them. */
static void draw_batches(struct session *session, size_t steps)
{
    const struct options *options = session->options;
    const size_t          batch = options->training.batch, parts = parallel_threads(options->threads, steps);
    session->batches = malloc(steps * batch * sizeof *session->batches);
    session->steps = steps;
    if (!session->batches)
        exit_failed("not enough memory for %zu batches of %zu rows", steps, batch);
    cores_need(parts);
#pragma omp parallel for num_threads(parts)
    for (size_t part = 0; part < parts; part++) {
        const size_t first = steps * part / parts, end = steps * (part + 1) / parts;
        fathom_batches(session->batches + first * batch, options->batch_seed, first, end - first, batch,
                       session->train.n);
    }
}

void session_need_steps(struct session *session, size_t steps)
{
    if (!session->batches || session->steps >= steps)
        return;
    free(session->batches);
    draw_batches(session, steps);
}

/* A property of the rows: sorted once, for all runs. */
static void order_rows(struct session *session)
{
    const fathom_dataset *train = &session->train;
    session->order = malloc(train->n * sizeof *session->order);
    if (!session->order || fathom_morton_order(session->order, train->x, train->n, train->dim) != FATHOM_OK)
        exit_failed("not enough memory to order %zu rows", train->n);
}

/* A folder beside the results, since no two runs of a program take the same time. */
static void timings_folder(char folder[PATH_MAX], const struct session *session)
{
    snprintf(folder, PATH_MAX, "%s/timings", session->options->out);
}

/* Before hours of work; the folder is made at their end. */
static void open_timings(struct session *session)
{
    char        folder[PATH_MAX];
    struct stat info;
    timings_folder(folder, session);
    if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode))
        exit_failed("%s: is not a folder", folder);
    session->timings = session_table(session, session->program->name,
                                     "data coupling depth actnorm lr clip stabiliser arm seed replica status seconds");
}

static void write_timings(const struct session *session)
{
    char          folder[PATH_MAX], text[32];
    struct table *timings = session->timings;
    fathom_error  error;
    table_config(timings, "kernels", fathom_isa_name(session->options->isa));
    if (!table_value(timings, "threads")) /* runner_run_all writes how many made the runs */
        table_config(timings, "threads", "1");
    snprintf(text, sizeof text, "%.3f", parallel_seconds() - session->started);
    table_config(timings, "seconds", text);
    timings_folder(folder, session);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        exit_failed("%s: %s", folder, strerror(errno));
    if (!tables_write(folder, &timings, 1, &error))
        exit_failed("%s", error.text);
}

/* A line on stderr for each thing in the user's own rows that makes a score mean less than it seems. */
static void warn_of_rows(const struct session *session)
{
    const fathom_read_report *rows = &session->rows;
    const char               *name[FATHOM_DIM_MAX];
    size_t                    place[FATHOM_DIM_MAX];
    struct notices            notices;
    for (size_t i = 0; i < rows->n_columns && i < FATHOM_DIM_MAX; i++) {
        name[i] = rows->column[i].name;
        place[i] = rows->column[i].place;
    }
    if (!data_check(&notices, &session->train, &session->heldout, name, place))
        exit_failed("not enough memory to look at %zu rows", session->train.n);
    for (size_t i = 0; i < notices.n; i++)
        exit_note("%s: warning: %s", own_rows_name(session->options), notices.list[i].text);
}

/* In the default folder, a table is replaced only by one of the same settings. */
static void spare_other_tables(const struct session *session)
{
    struct overwrite found;
    if (session->options->out_given)
        return;
    struct table *head = session_table(session, session->program->name, "none");
    if (overwrite_differs(&found, session->options->out, head))
        exit_usage("%s/%s was made with other settings (%s: %s, now %s): --out DIR names another folder, --out %s "
                   "replaces it",
                   session->options->out, found.table, found.key, found.theirs, found.ours, session->options->out);
    table_free(head);
}

/* What training takes: batches, the rows' order, the yardstick of `ruined`. */
static void prepare_training(struct session *session)
{
    draw_batches(session, session->options->training.steps);
    order_rows(session);
    measure_gaussian(session);
}

static bool are_rows(const struct session *session, const char *name, size_t size)
{
    return session->set && strcmp(session->called, name) == 0 && session->train.n == size;
}

/* False: they are not open.  *rows NULL: the session's own. */
static bool find_rows(const struct session **rows, const struct session *session, const char *name, size_t size)
{
    *rows = NULL;
    bool found = are_rows(session, name, size);
    for (size_t i = 0; i < session->n_others && !found; i++) {
        found = are_rows(session->others[i], name, size);
        *rows = session->others[i];
    }
    return found;
}

const struct session *session_rows(const struct session *session, const char *name, size_t size)
{
    const struct session *rows;
    if (!find_rows(&rows, session, name, size))
        exit_failed("%zu rows of the data set %s were not opened", size, name);
    return rows;
}

void session_open_rows(struct session *session, const char *name, size_t size)
{
    const struct session *open;
    if (find_rows(&open, session, name, size))
        return;
    struct session **grown = realloc(session->others, (session->n_others + 1) * sizeof *grown);
    struct session  *other = calloc(1, sizeof *other);
    if (!grown || !other)
        exit_failed("not enough memory for %zu rows of the data set %s", size, name);
    session->others = grown;
    *other = (struct session){
        .options = session->options, .program = session->program, .set = fathom_data_set_find(name), .called = name
    };
    if (!other->set)
        exit_failed("no data set is called %s", name);
    draw_rows(other, size);
    if (session->program->takes & TAKES(OPTION_STEPS))
        prepare_training(other);
    session->others[session->n_others++] = other;
}

void session_open(struct session *session, struct options *options, const struct program *program)
{
    const plot_options plot = plot_options_of(options);
    fathom_error       error;

    exit_on_signals();
    *session = (struct session){ .options = options, .program = program, .started = parallel_seconds() };
    if (program->takes & TAKES(OPTION_DATA)) {
        session->set = options_data_set(options);
        if (!session->set)
            own_rows_read(&session->train, &session->heldout, &session->validation, &session->rows, options);
        session->called = session->set ? own_rows_name(options) : "file";
        if (session->set)
            draw_rows(session, options->data_size);
        options->flow.dim = session->train.dim;
        session->log_sd = log_volume(&session->train);
    }
    if (program->takes & TAKES(OPTION_DEPTHS)) { /* the dimension is known only now */
        fathom_config config = options->flow;
        if (!config.coupling)
            config.coupling = fathom_config_default().coupling;
        if (fathom_n_params(&config, &error) == 0)
            exit_failed("%s%s%s", own_rows(options) ? own_rows_name(options) : "", own_rows(options) ? ": " : "",
                        error.text);
    }
    const bool no_tables = options->list || options->shard || options->sample_text;
    if (!no_tables && !files_folder(options->out, &error))
        exit_failed("--out: %s", error.text);
    if (!no_tables)
        spare_other_tables(session);
    open_timings(session);
    if (!no_tables && !options->no_plot && plot_check(NULL, 0, &plot, &error) != PLOT_OK)
        exit_failed("%s", error.text);
    if (own_rows(options))
        warn_of_rows(session);
    if (program->takes & TAKES(OPTION_STEPS) && session->train.n > 0) /* a program may read its rows by itself */
        prepare_training(session);
}

void session_close(struct session *session)
{
    fathom_dataset_free(&session->train);
    fathom_dataset_free(&session->heldout);
    fathom_dataset_free(&session->validation);
    fathom_read_report_free(&session->rows);
    free(session->batches);
    free(session->order);
    for (size_t i = 0; i < session->n_others; i++) {
        session_close(session->others[i]);
        free(session->others[i]);
    }
    free(session->others);
    table_free(session->timings);
    store_close(session->store);
    if (session->closing)
        pthread_join(session->closer, NULL);
}

static void put_setting(void *table, const char *key, const char *value) { table_config(table, key, value); }

/* A mean log p over rows, by whatever name a table has it. */
static bool is_score(const char *column, size_t length)
{
    static const char *const scores[] = { "train_logp", "heldout_logp", "test_logp", "validation_logp",
                                          "untrained_logp" };
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        if (strlen(scores[i]) == length && strncmp(scores[i], column, length) == 0)
            return true;
    return false;
}

/* The columns, each score followed by its own <name>_raw.  The caller frees. */
static char *with_raw_columns(const char *columns)
{
    char  *wide = malloc(3 * strlen(columns) + 1); /* a score's name is longer than "_raw" */
    size_t at = 0;
    for (const char *column = columns; wide && *column;) {
        const size_t length = strcspn(column, " ");
        at += (size_t)sprintf(wide + at, "%s%.*s", at ? " " : "", (int)length, column);
        if (is_score(column, length))
            at += (size_t)sprintf(wide + at, " %.*s_raw", (int)length, column);
        column += length + (column[length] == ' ');
    }
    return wide;
}

struct table *session_table(const struct session *session, const char *name, const char *columns)
{
    char          text[32], *wide = own_rows(session->options) ? with_raw_columns(columns) : strdup(columns);
    struct table *table = wide ? table_new(name, wide) : NULL;
    free(wide);
    if (!table)
        exit_failed("not enough memory for the table %s", name);
    if (own_rows(session->options))
        table_raw_columns(table, session->log_sd);
    table_config(table, "program", session->program->name);
    table_config(table, "fathom", FATHOM_VERSION);
    options_each_setting(session->options, session->program, put_setting, table);
    if (session->program->takes & TAKES(OPTION_DATA)) {
        snprintf(text, sizeof text, "%zu", session->train.dim);
        table_config(table, "dimension", text);
        snprintf(text, sizeof text, "%zu", session->train.n);
        table_config(table, "training-rows", text);
        snprintf(text, sizeof text, "%zu", session->heldout.n);
        table_config(table, "heldout-rows", text);
        if (own_rows(session->options) && session->validation.n > 0) {
            snprintf(text, sizeof text, "%zu", session->validation.n);
            table_config(table, "validation-rows", text);
        }
    }
    return table;
}

int session_finish(const struct session *session, struct table **tables, size_t n_tables, const char *const *figures,
                   const struct options *defaults, uint64_t notebook_but)
{
    struct outputs what = { .program = session->program->name,
                            .tables = tables,
                            .n_tables = n_tables,
                            .figures = figures,
                            .plot = plot_options_of(session->options),
                            .no_plot = session->options->no_plot };
    fathom_error   error;
    what.plot.notebook = options_same_but(session->options, defaults, session->program, notebook_but);
    const enum outputs_status status = outputs_write(&what, &error);
    if (status == OUTPUTS_FAILED)
        exit_failed("%s", error.text);
    for (size_t i = 0; i < n_tables; i++)
        table_free(tables[i]);
    write_timings(session);
    if (status == OUTPUTS_NO_FIGURE)
        exit_failed("%s", error.text);
    return EXIT_DONE;
}
