/* store_run.c - between a run as a program has it and a row as the file has it (store.h, store_parts.h). */
#include "store_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void store_row_free(struct row *row)
{
    free(row->text);
    free(row->outcome);
    free(row->host);
    free(row->made);
    free(row->trace);
    free(row->params);
    *row = (struct row){ .trace_size = -1, .params_size = -1 };
}

void store_run_free(struct store_run *run)
{
    free(run->text);
    free(run->outcome);
    free(run->host);
    free(run->made);
    free(run->numbers);
    free(run->loss);
    free(run->grad_norm);
    free(run->params);
    *run = (struct store_run){ 0 };
}

static enum store_status no_memory(const struct store *store, fathom_error *error)
{
    store_error(error, "store %s: not enough memory", store->path);
    return STORE_FAILED;
}

/* The hash of two arrays one after the other, and their bytes if they are to be kept. */
static bool pack(uint8_t **bytes, struct sha256 *hash, const double *first, const double *second, size_t n)
{
    const size_t arrays = second ? 2 : 1;
    *bytes = malloc(8 * n * arrays);
    if (!*bytes)
        return false;
    sha256_bytes_of(*bytes, first, n);
    if (second)
        sha256_bytes_of(*bytes + 8 * n, second, n);
    sha256_bytes(hash, *bytes, 8 * n * arrays);
    return true;
}

static char *now(void)
{
    char         text[32];
    struct tm    utc;
    const time_t seconds = time(NULL);
    const bool   good = gmtime_r(&seconds, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0;
    return good ? strdup(text) : NULL;
}

enum store_status store_row_of_run(struct row *row, const struct store *store, const struct store_run *run,
                                   fathom_error *error)
{
    *row = (struct row){ .text = strdup(run->text),
                         .outcome = strdup(run->outcome),
                         .host = strdup(store->host),
                         .made = now(),
                         .seconds = run->seconds,
                         .trace_size = -1,
                         .params_size = -1,
                         .has_trace = run->has_trace,
                         .trace_hash = run->trace_hash,
                         .has_params = run->has_params,
                         .params_hash = run->params_hash };
    const bool trace = run->loss && run->grad_norm && run->steps > 0, params = run->params && run->n_params > 0;
    bool       good = row->text && row->outcome && row->host && row->made;
    sha256_bytes(&row->key, run->text, strlen(run->text));
    for (size_t i = 0; i < store->schema->n_numbers; i++)
        row->numbers[i] = run->numbers[i];
    row->has_trace = row->has_trace || trace;
    row->has_params = row->has_params || params;
    if (good && trace)
        good = pack(&row->trace, &row->trace_hash, run->loss, run->grad_norm, run->steps);
    if (good && params)
        good = pack(&row->params, &row->params_hash, run->params, NULL, run->n_params);
    if (!good) {
        store_row_free(row);
        return no_memory(store, error);
    }
    if (row->trace && run->keep & STORE_TRACE) {
        row->trace_size = (int64_t)(8 * run->steps);
    } else {
        free(row->trace);
        row->trace = NULL;
    }
    if (row->params && run->keep & STORE_PARAMS) {
        row->params_size = (int64_t)(8 * run->n_params);
    } else {
        free(row->params);
        row->params = NULL;
    }
    return STORE_OK;
}

static double *unpack(const uint8_t *bytes, size_t n)
{
    double *x = malloc(8 * n);
    if (x)
        sha256_doubles_of(x, bytes, n);
    return x;
}

/* Takes what the row points to, or frees it. */
enum store_status store_run_of_row(struct store_run *run, struct row *row, const struct store *store,
                                   fathom_error *error)
{
    const size_t n_numbers = store->schema->n_numbers;
    *run = (struct store_run){ .text = row->text,
                               .outcome = row->outcome,
                               .host = row->host,
                               .made = row->made,
                               .numbers = malloc(8 * n_numbers + 1),
                               .seconds = row->seconds,
                               .has_trace = row->has_trace,
                               .has_params = row->has_params,
                               .trace_hash = row->trace_hash,
                               .params_hash = row->params_hash,
                               .keep = (row->trace_size > 0 ? STORE_TRACE : 0) |
                                       (row->params_size > 0 ? STORE_PARAMS : 0) };
    row->text = row->outcome = row->host = row->made = NULL;
    bool good = run->numbers != NULL;
    if (good)
        memcpy(run->numbers, row->numbers, 8 * n_numbers);
    if (good && row->trace) {
        run->steps = (size_t)row->trace_size / 8;
        run->loss = unpack(row->trace, run->steps);
        run->grad_norm = unpack(row->trace + row->trace_size, run->steps);
        good = run->loss && run->grad_norm;
    }
    if (good && row->params) {
        run->n_params = (size_t)row->params_size / 8;
        run->params = unpack(row->params, run->n_params);
        good = run->params != NULL;
    }
    store_row_free(row);
    if (good)
        return STORE_OK;
    store_run_free(run);
    return no_memory(store, error);
}
