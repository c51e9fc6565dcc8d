/* kept_numbers.c - numbers as a row of the store (kept_numbers.h). */
#include "kept_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_store.h"

static char measured[] = "measured"; /* the row's outcome */

struct canonical *kept_numbers_text(const char *what)
{
    struct canonical *text = canonical_new();
    if (!text)
        exit_failed("not enough memory for the text of a measurement");
    canonical_word(text, "measured", what);
    return text;
}

void kept_numbers_of_run(struct canonical *text, const struct run *run, const struct session *session)
{
    char        **of = run_store_texts(run, session, 1);
    struct sha256 key;
    sha256_bytes(&key, *of, strlen(*of));
    canonical_hash(text, "run", &key);
    run_store_free_texts(of, 1);
}

char *kept_numbers_finish(struct canonical *text)
{
    fathom_error error;
    char        *whole = canonical_finish(text, &error);
    if (!whole)
        exit_failed("%s", error.text);
    return whole;
}

bool kept_numbers_find(double *x, struct store *store, const char *text, size_t n)
{
    struct store_run        row;
    fathom_error            error;
    const enum store_status found = store_find(&row, store, text, STORE_PARAMS, &error);
    if (found == STORE_DAMAGED)
        exit_note("%s; its numbers are computed again", error.text);
    else if (found != STORE_OK && found != STORE_ABSENT)
        exit_failed("%s", error.text);
    if (found != STORE_OK)
        return false;
    const bool good = row.params && row.n_params == n && strcmp(row.outcome, measured) == 0;
    if (good)
        memcpy(x, row.params, n * sizeof *x);
    store_run_free(&row);
    return good;
}

void kept_numbers_put(struct store *store, const char *text, const double *x, size_t n, double seconds)
{
    double       none[STORE_MAX_NUMBERS];
    fathom_error error;
    for (size_t i = 0; i < STORE_MAX_NUMBERS; i++)
        none[i] = NAN;
    const struct store_run row = { .text = (char *)text,
                                   .outcome = measured,
                                   .numbers = none,
                                   .params = (double *)x,
                                   .n_params = n,
                                   .keep = STORE_PARAMS,
                                   .seconds = seconds };
    if (store_put(store, &row, &error) != STORE_OK)
        exit_failed("%s", error.text);
}
