/* sample.c - some runs made again (sample.h). */
#include "sample.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "overwrite.h"
#include "run_table.h"
#include "runner.h"
#include "sha256.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for a sample of the runs");
    return memory;
}

/* ------------------------------------------------------------------------------------------------------- draw ---- */

struct ticket {
    struct sha256 hash;
    size_t        run;
};

static int by_hash(const void *a, const void *b) { return memcmp(a, b, sizeof(struct sha256)); }

/* drawn: [runs->n], true for so many of them. */
static void draw(bool *drawn, const struct run_list *runs, const struct options *options, const char *program,
                 size_t wanted)
{
    struct ticket *ticket = need(calloc(runs->n + 1, sizeof *ticket));
    char           text[160];
    for (size_t i = 0; i < runs->n; i++) {
        ticket[i].run = i;
        snprintf(text, sizeof text, "%llu %s %zu", (unsigned long long)options->sample_seed, program, i);
        sha256_bytes(&ticket[i].hash, text, strlen(text));
    }
    qsort(ticket, runs->n, sizeof *ticket, by_hash);
    for (size_t k = 0; k < wanted; k++)
        drawn[ticket[k].run] = true;
    free(ticket);
}

/* ------------------------------------------------------------------------------------------------------- make ---- */

/* The runs that were drawn, with their results. */
struct sample {
    struct run        *run;    /* [n]                              */
    struct run_result *result; /* [n]                              */
    size_t            *row;    /* [n], of the whole list, from 0   */
    size_t             n;
    bool              *differs; /* [n]                             */
};

static struct sample make_sample(const struct run_list *runs, const struct session *session, const char *program)
{
    const size_t  wanted = (size_t)ceil(session->options->sample / 100 * (double)runs->n);
    bool         *drawn = need(calloc(runs->n + 1, sizeof *drawn));
    struct sample s = { .run = need(malloc((wanted + 1) * sizeof *s.run)),
                        .result = runner_results(wanted),
                        .row = need(malloc((wanted + 1) * sizeof *s.row)),
                        .differs = need(calloc(wanted + 1, sizeof *s.differs)) };
    draw(drawn, runs, session->options, program, wanted);
    for (size_t i = 0; i < runs->n; i++)
        if (drawn[i]) {
            s.run[s.n] = runs->run[i];
            s.row[s.n++] = i;
        }
    runner_run_all(s.result, s.run, session, s.n);
    free(drawn);
    return s;
}

/* ---------------------------------------------------------------------------------------------------- compare ---- */

static void compare_row(bool *differs, const struct table *again, size_t k, const struct table *file, size_t row)
{
    for (size_t c = 0; c < table_columns(again); c++) {
        const char *name = table_column_name(again, c), *ours = table_cell(again, k, c);
        size_t      place;
        const char *theirs = table_find(&place, file, name) ? table_cell(file, row, place) : "(no such column)";
        if (strcmp(ours, theirs) == 0)
            continue;
        printf("%s.tsv: row %zu, column %s: %s and, made again, %s\n", table_name(again), row + 1, name, theirs, ours);
        *differs = true;
        return;
    }
}

static void compare_table(struct sample *sample, const struct table_plan *plan, const struct session *session,
                          const struct true_density *truth, size_t n)
{
    char           path[PATH_MAX];
    fathom_error   error;
    struct outcome outcome = { session, truth, sample->run, sample->result, sample->n, NULL };
    struct table  *again = session_table(session, plan->name, plan->columns);
    run_table_fill(again, &outcome);
    if (snprintf(path, sizeof path, "%s/%s.tsv", session->options->out, plan->name) >= PATH_MAX)
        exit_failed("--out: %s", strerror(ENAMETOOLONG));
    struct table *file = table_read(path, &error);
    if (!file)
        exit_failed("%s", error.text);
    if (table_rows(file) != n)
        exit_failed("%s: has %zu rows, not one for each of the %zu runs", path, table_rows(file), n);
    if (!table_whole(again))
        exit_failed("not enough memory for the table %s", plan->name);
    for (size_t k = 0; k < sample->n; k++)
        compare_row(&sample->differs[k], again, k, file, sample->row[k]);
    table_free(again);
    table_free(file);
}

static void refuse_other_settings(const struct session *session)
{
    struct overwrite found;
    struct table    *head = session_table(session, session->program->name, "none");
    if (overwrite_differs(&found, session->options->out, head))
        exit_failed("%s/%s was made with other settings (%s: %s, now %s)", session->options->out, found.table,
                    found.key, found.theirs, found.ours);
    table_free(head);
}

int sample_check(const struct experiment *experiment, const struct session *session, const struct run_list *runs,
                 const struct true_density *truth)
{
    const char *program = experiment->program.name;
    size_t      differ = 0, tables = 0;
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++)
        tables += !plan->fill && !plan->summary_of;
    if (tables == 0 || runs->n == 0) {
        printf("sample %s: 0 of 0 rows the same, of 0\n", program);
        return EXIT_DONE;
    }
    refuse_other_settings(session);
    struct sample sample = make_sample(runs, session, program);
    for (const struct table_plan *plan = experiment->tables; plan->name; plan++)
        if (!plan->fill && !plan->summary_of)
            compare_table(&sample, plan, session, truth, runs->n);
    for (size_t k = 0; k < sample.n; k++)
        differ += sample.differs[k];
    printf("sample %s: %zu of %zu rows the same, of %zu\n", program, sample.n - differ, sample.n, runs->n);
    if (fflush(stdout) != 0 || ferror(stdout))
        exit_failed("standard output: %s", strerror(errno));
    free(sample.run);
    runner_free(sample.result, sample.n);
    free(sample.row);
    free(sample.differs);
    return differ == 0 ? EXIT_DONE : EXIT_FAILED;
}
