/* setup.c - what every run of a program shares (setup.h). */
#include "setup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data_check.h"
#include "elementary.h"
#include "files.h"
#include "leave.h"
#include "outputs.h"
#include "overwrite.h"
#include "parallel.h"

static plot_options plot_options_of(const struct options *options)
{
    return (plot_options){.out = options->out, .formats = options->formats};
}

static void read_file(struct setup *setup, const struct options *options)
{
    const char  *path = options->data;
    fathom_error error;
    struct stat  info;
    FILE        *in = fopen(path, "r");
    if (!in)
        leave_failed("%s: %s", path, strerror(errno));
    if (fstat(fileno(in), &info) == 0 && S_ISDIR(info.st_mode))
        leave_failed("%s: is a directory, not a file of rows", path);
    if (fathom_dataset_read(&setup->train, &setup->heldout, in, path, options->heldout, options->data_seed, &error) !=
        FATHOM_OK)
        leave_failed("%s", error.text);
    fclose(in);
}

/* Held-out rows come from the next data seed, in the coordinates of the training rows. */
static void draw_spiral(struct setup *setup, const struct options *options)
{
    if (fathom_spiral(&setup->train, options->data_seed, options->data_size, NULL) != FATHOM_OK ||
        fathom_spiral(&setup->heldout, options->data_seed + 1, SPIRAL_HELDOUT_ROWS, &setup->train) != FATHOM_OK)
        leave_failed("not enough memory for %zu rows of the spiral", options->data_size);
}

/* log p of raw = log p of x - sum log sd, as x = (raw - mean) / sd; the library's log has the same bits everywhere. */
static double log_volume(const fathom_dataset *data)
{
    double sum = 0;
    for (size_t c = 0; c < data->dim; c++)
        sum += same_log(data->sd[c]);
    return sum;
}

/* All steps ahead, on all threads: every run waits for them. */
static void draw_batches(struct setup *setup, const struct options *options)
{
    const fathom_train_options *training = &options->training;
    const size_t                parts = parallel_threads(options->threads, training->steps);
    setup->batches = malloc(training->steps * training->batch * sizeof *setup->batches);
    if (!setup->batches)
        leave_failed("not enough memory for %zu batches of %zu rows", training->steps, training->batch);
#pragma omp parallel for num_threads(parts)
    for (size_t part = 0; part < parts; part++) {
        const size_t first = training->steps * part / parts, end = training->steps * (part + 1) / parts;
        fathom_batches(setup->batches + first * training->batch, options->batch_seed, first, end - first,
                       training->batch, setup->train.n);
    }
}

/* A folder beside the results, since no two runs of a program take the same time. */
static void timings_folder(char folder[PATH_MAX], const struct setup *setup)
{
    snprintf(folder, PATH_MAX, "%s/timings", setup->options->out);
}

/* Before hours of work; the folder is made at their end. */
static void open_timings(struct setup *setup)
{
    char        folder[PATH_MAX];
    struct stat info;
    timings_folder(folder, setup);
    if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode))
        leave_failed("%s: is not a folder", folder);
    setup->timings = setup_table(setup, setup->program->name,
                                 "coupling depth actnorm lr clip guard arm seed replica status seconds");
}

static void write_timings(const struct setup *setup)
{
    char          folder[PATH_MAX], text[32];
    struct table *timings = setup->timings;
    fathom_error  error;
    table_config(timings, "kernels", fathom_isa_name(setup->options->isa));
    if (!table_value(timings, "threads")) /* runner_do says how many did the runs */
        table_config(timings, "threads", "1");
    snprintf(text, sizeof text, "%.3f", parallel_seconds() - setup->started);
    table_config(timings, "seconds", text);
    timings_folder(folder, setup);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        leave_failed("%s: %s", folder, strerror(errno));
    if (!tables_write(folder, &timings, 1, &error))
        leave_failed("%s", error.text);
}

/* A line on stderr for each thing in the user's own rows that makes a score mean less than it seems. */
static void warn_of_rows(const struct setup *setup)
{
    struct notices notices;
    char           line[PATH_MAX + NOTICE_SIZE];
    if (!data_check(&notices, &setup->train, &setup->heldout, NULL))
        leave_failed("not enough memory to look at %zu rows", setup->train.n);
    for (size_t i = 0; i < notices.n; i++) {
        snprintf(line, sizeof line, "%s: warning: %s: %s", setup->program->name, setup->options->data,
                 notices.list[i].text);
        for (char *c = line; *c; c++) /* one line, whatever the file is called */
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                *c = '?';
        fprintf(stderr, "%s\n", line);
    }
}

/* The default folder is everybody's: its tables are replaced by ones of the same settings only. */
static void spare_other_tables(const struct setup *setup)
{
    struct overwrite found;
    if (setup->options->out_given)
        return;
    struct table *head = setup_table(setup, setup->program->name, "none");
    if (overwrite_differs(&found, setup->options->out, head))
        leave_usage("%s/%s was made with other settings (%s: %s, now %s): --out DIR names another folder, --out %s "
                    "replaces it", setup->options->out, found.table, found.key, found.theirs, found.ours,
                    setup->options->out);
    table_free(head);
}

void setup_open(struct setup *setup, struct options *options, const struct program *program)
{
    const plot_options plot = plot_options_of(options);
    fathom_error       error;

    leave_on_signals();
    *setup = (struct setup){.options = options, .program = program, .started = parallel_seconds()};
    if (program->takes & TAKES(OPTION_DATA)) {
        if (options->data)
            read_file(setup, options);
        else
            draw_spiral(setup, options);
        options->flow.dim = setup->train.dim;
        setup->log_sd = log_volume(&setup->train);
    }
    if (program->takes & TAKES(OPTION_DEPTHS)) { /* what the command line alone could not tell: the dimension */
        fathom_config config = options->flow;
        if (!config.coupling)
            config.coupling = fathom_config_default().coupling;
        fathom_flow *trial = fathom_flow_new(&config, NULL, &error);
        if (!trial)
            leave_failed("%s%s%s", options->data ? options->data : "", options->data ? ": " : "", error.text);
        fathom_flow_free(trial);
    }
    if (!files_folder(options->out, &error))
        leave_failed("--out: %s", error.text);
    spare_other_tables(setup);
    open_timings(setup);
    if (!options->no_plot && plot_check(NULL, 0, &plot, &error) != PLOT_OK)
        leave_failed("%s", error.text);
    if (options->data)
        warn_of_rows(setup);
    if (program->takes & TAKES(OPTION_STEPS))
        draw_batches(setup, options);
}

void setup_close(struct setup *setup)
{
    fathom_dataset_free(&setup->train);
    fathom_dataset_free(&setup->heldout);
    free(setup->batches);
    table_free(setup->timings);
}

static void put_setting(void *table, const char *key, const char *value) { table_config(table, key, value); }

/* A mean log p over rows, by whatever name a table has it. */
static bool is_score(const char *column, size_t length)
{
    static const char *const scores[] = {"train_logp", "heldout_logp", "mean_logp", "untrained_logp"};
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

struct table *setup_table(const struct setup *setup, const char *name, const char *columns)
{
    char          text[32], *wide = setup->options->data ? with_raw_columns(columns) : strdup(columns);
    struct table *table = wide ? table_new(name, wide) : NULL;
    free(wide);
    if (!table)
        leave_failed("not enough memory for the table %s", name);
    if (setup->options->data)
        table_raw_columns(table, setup->log_sd);
    table_config(table, "program", setup->program->name);
    table_config(table, "fathom", FATHOM_VERSION);
    options_each_setting(setup->options, setup->program, put_setting, table);
    if (setup->program->takes & TAKES(OPTION_DATA)) {
        snprintf(text, sizeof text, "%zu", setup->train.dim);
        table_config(table, "dimension", text);
        snprintf(text, sizeof text, "%zu", setup->train.n);
        table_config(table, "training-rows", text);
        snprintf(text, sizeof text, "%zu", setup->heldout.n);
        table_config(table, "heldout-rows", text);
    }
    return table;
}

int setup_finish(const struct setup *setup, struct table **tables, size_t n_tables, const char *const *figures,
                 const struct options *defaults, uint32_t notebook_but)
{
    struct outputs what = {.program = setup->program->name, .tables = tables, .n_tables = n_tables,
                           .figures = figures, .plot = plot_options_of(setup->options),
                           .no_plot = setup->options->no_plot};
    fathom_error   error;
    what.plot.notebook = options_same_but(setup->options, defaults, setup->program, notebook_but);
    const enum outputs_status status = outputs_write(&what, &error);
    if (status == OUTPUTS_FAILED)
        leave_failed("%s", error.text);
    for (size_t i = 0; i < n_tables; i++)
        table_free(tables[i]);
    write_timings(setup);
    if (status == OUTPUTS_NO_FIGURE)
        leave_failed("%s", error.text);
    return LEAVE_DONE;
}
