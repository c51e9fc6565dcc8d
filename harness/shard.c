/* shard.c - an experiment's runs in parts (shard.h). */
#include "shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_store.h"
#include "runner.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for a list of runs");
    return memory;
}

/* ------------------------------------------------------------------------------------------------------- deal ---- */

/* A run and what it costs. */
struct unit {
    size_t   run;
    uint64_t cost;
};

static int longest_first(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return x->run > y->run ? 1 : -1;
}

void shard_keep(struct run_list *runs, const struct session *session, size_t part, size_t parts)
{
    struct unit *unit = need(malloc((runs->n + 1) * sizeof *unit));
    uint64_t    *load = need(calloc(parts, sizeof *load));
    bool        *mine = need(calloc(runs->n + 1, sizeof *mine));
    size_t       kept = 0;
    for (size_t i = 0; i < runs->n; i++)
        unit[i] = (struct unit){ i, runner_cost(&runs->run[i], session) };
    qsort(unit, runs->n, sizeof *unit, longest_first);
    for (size_t u = 0; u < runs->n; u++) {
        size_t least = 0;
        for (size_t p = 1; p < parts; p++)
            least = load[p] < load[least] ? p : least;
        load[least] += unit[u].cost;
        mine[unit[u].run] = least == part - 1;
    }
    for (size_t i = 0; i < runs->n; i++)
        if (mine[i])
            runs->run[kept++] = runs->run[i];
    runs->n = kept;
    free(unit);
    free(load);
    free(mine);
}

/* ------------------------------------------------------------------------------------------------------- list ---- */

int shard_list(const struct run_list *runs, const struct session *session)
{
    char **texts = run_store_texts(runs->run, session, runs->n);
    for (size_t i = 0; i < runs->n; i++) {
        struct sha256 key;
        char          digits[SHA256_DIGITS];
        sha256_bytes(&key, texts[i], strlen(texts[i]));
        sha256_hex(digits, &key, 64);
        printf("%s\t%llu\t", digits, (unsigned long long)runner_cost(&runs->run[i], session));
        run_store_print(stdout, texts[i]);
        putchar('\n');
    }
    run_store_free_texts(texts, runs->n);
    if (fflush(stdout) != 0 || ferror(stdout))
        exit_failed("standard output: %s", strerror(errno));
    return EXIT_DONE;
}

/* ------------------------------------------------------------------------------------------------------ merge ---- */

void shard_merge(const struct session *session)
{
    const struct options *options = session->options;
    struct store_counts   counts;
    fathom_error          error;
    if (!session->store)
        exit_failed("--merge: there is no store to merge into; --store FILE names one");
    if (store_merge(session->store, options->stores, options->n_stores, &counts, &error) != STORE_OK)
        exit_failed("%s", error.text);
    if (!options->quiet || counts.damaged > 0)
        exit_note("%zu runs of %zu stores: %zu were new, %zu were there, %zu fail their check and are left out",
                  counts.rows, options->n_stores, counts.added, counts.same, counts.damaged);
}
