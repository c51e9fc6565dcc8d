/* parted.c - where two stores of runs differ (parted.h). */
#include "parted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_store.h"

struct texts {
    char **text;
    size_t n;
};

bool parted_is_store(const char *path)
{
    char       head[16] = "";
    FILE      *file = fopen(path, "rb");
    const bool read = file && fread(head, sizeof head, 1, file) == 1;
    if (file)
        fclose(file);
    return read && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

static bool note_text(void *context, const struct store_run *run)
{
    struct texts *texts = context;
    char        **grown = realloc(texts->text, (texts->n + 1) * sizeof *grown);
    texts->text = grown ? grown : texts->text;
    if (!grown || !(texts->text[texts->n] = strdup(run->text)))
        return false;
    texts->n++;
    return true;
}

static void list_runs(struct texts *texts, struct store *store)
{
    fathom_error error;
    size_t       damaged, rows;
    if (store_each(store, 0, note_text, texts, &damaged, &error) != STORE_OK ||
        store_count(&rows, store, &error) != STORE_OK)
        exit_failed("%s", error.text);
    if (damaged > 0)
        exit_note("%zu runs fail their check and are left out", damaged);
    if (texts->n + damaged != rows)
        exit_failed("not enough memory for a list of %zu runs", rows);
}

static bool same_hash(bool there, const struct sha256 *a, bool also, const struct sha256 *b)
{
    return there == also && (!there || memcmp(a, b, sizeof *a) == 0);
}

static void print_hash(bool there, const struct sha256 *hash)
{
    char digits[17] = "none";
    if (there)
        sha256_hex(digits, hash, 16);
    fputs(digits, stdout);
}

/* Both traces, if both are kept. */
static void print_step(struct store *a, struct store *b, const char *text)
{
    struct store_run one = { 0 }, other = { 0 };
    fathom_error     error;
    if (store_find(&one, a, text, STORE_TRACE, &error) != STORE_OK ||
        store_find(&other, b, text, STORE_TRACE, &error) != STORE_OK || one.steps != other.steps)
        printf("    not both stores keep its trace, so the first step that differs is not known\n");
    else
        for (size_t step = 0; step < one.steps; step++) {
            const double x[2] = { one.loss[step], one.grad_norm[step] },
                         y[2] = { other.loss[step], other.grad_norm[step] };
            const int which = memcmp(x, y, sizeof *x) != 0 ? 0 : 1;
            if (memcmp(x, y, sizeof x) == 0)
                continue;
            printf("    the traces part at step %zu: %s %.17g and %.17g\n", step, which ? "gradient norm" : "loss",
                   x[which], y[which]);
            break;
        }
    store_run_free(&one);
    store_run_free(&other);
}

/* True: it has the same result in both, or is in one only (*only is one more). */
static bool compare_run(size_t *only, struct store *a, struct store *b, const char *text)
{
    struct store_run one, other;
    fathom_error     error;
    if (store_find(&one, a, text, 0, &error) != STORE_OK)
        exit_failed("%s", *error.text ? error.text : "a run is gone from the first store");
    const enum store_status found = store_find(&other, b, text, 0, &error);
    if (found == STORE_FAILED)
        exit_failed("%s", error.text);
    if (found != STORE_OK) {
        store_run_free(&one);
        ++*only;
        return true;
    }
    const bool same_trace = same_hash(one.has_trace, &one.trace_hash, other.has_trace, &other.trace_hash),
               same = same_trace && strcmp(one.outcome, other.outcome) == 0 &&
                      same_hash(one.has_params, &one.params_hash, other.has_params, &other.params_hash) &&
                      run_store_same_numbers(&one, &other);
    if (!same) {
        printf("parted: ");
        run_store_print(stdout, text);
        printf(": %s, params_sha256 ", one.outcome);
        print_hash(one.has_params, &one.params_hash);
        printf(" on %s; %s, ", one.host, other.outcome);
        print_hash(other.has_params, &other.params_hash);
        printf(" on %s\n", other.host);
        if (!same_trace)
            print_step(a, b, text);
    }
    store_run_free(&one);
    store_run_free(&other);
    return same;
}

bool parted_print(const char *path_a, const char *path_b)
{
    struct texts  texts = { 0 };
    fathom_error  error;
    size_t        parted = 0, only = 0, rows;
    struct store *a = run_store_open_file(path_a, &error);
    struct store *b = a ? run_store_open_file(path_b, &error) : NULL;
    if (!b)
        exit_failed("%s", error.text);
    list_runs(&texts, a);
    for (size_t i = 0; i < texts.n; i++) {
        parted += !compare_run(&only, a, b, texts.text[i]);
        free(texts.text[i]);
    }
    if (store_count(&rows, b, &error) != STORE_OK)
        exit_failed("%s", error.text);
    const size_t both = texts.n - only;
    printf("%zu runs the same, %zu different, %zu only in %s, %zu only in %s\n", both - parted, parted, only, path_a,
           rows - both, path_b);
    free(texts.text);
    store_close(a);
    store_close(b);
    return parted == 0;
}
