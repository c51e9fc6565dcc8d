/* tuned_rate.c - the peak rate of each configuration, chosen on the validation rows (tuned_rate.h). */
#include "tuned_rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "run_table.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory to choose a rate");
    return memory;
}

/* ----------------------------------------------------------------------------------------------- the rule ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double tuned_rate_median(double *score, size_t n)
{
    qsort(score, n, sizeof *score, ascending);
    return n % 2 ? score[n / 2] : score[n / 2 - 1] / 2 + score[n / 2] / 2;
}

bool tuned_rate_beats(double score_a, double rate_a, double score_b, double rate_b)
{
    return score_a > score_b || (score_a == score_b && rate_a < rate_b);
}

/* ----------------------------------------------------------------------------------------------- the runs ---- */

void tuned_rate_list(struct run_list *runs, const struct design *designs, size_t n, struct session *session,
                     struct options *options, size_t default_seeds)
{
    if (options->rates.n == 0) {
        design_list(runs, designs, n, session, default_seeds);
        return;
    }
    const double first = options->training.peak_lr;
    for (size_t r = 0; r < options->rates.n; r++) {
        struct run_list at_rate = { 0 };
        options->training.peak_lr = options->rates.rate[r];
        design_list(&at_rate, designs, n, session, default_seeds);
        runs->run = need(realloc(runs->run, (runs->n + at_rate.n + 1) * sizeof *runs->run));
        for (size_t i = 0; i < at_rate.n; i++) {
            at_rate.run[i].validation = at_rate.run[i].train;
            runs->run[runs->n++] = at_rate.run[i];
        }
        runs->room = runs->n + 1;
        free(at_rate.run);
    }
    options->training.peak_lr = first;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_configuration(const struct run *a, const struct run *b)
{
    const fathom_config *f = &a->flow, *g = &b->flow;
    return a->rows == b->rows && f->depth == g->depth && same_text(f->coupling, g->coupling) && f->knots == g->knots &&
           f->interval == g->interval && f->width == g->width && f->hidden == g->hidden && f->actnorm == g->actnorm &&
           f->rotation == g->rotation && f->components == g->components && a->start == b->start &&
           f->block == g->block && f->lipschitz == g->lipschitz && f->activation == g->activation &&
           f->log_det == g->log_det && f->terms == g->terms && f->stop == g->stop &&
           a->training.steps == b->training.steps && a->training.clip == b->training.clip &&
           same_text(a->training.stabiliser, b->training.stabiliser) && same_text(a->arm, b->arm) &&
           a->evaluate_every == b->evaluate_every && a->train == b->train;
}

/* The runs at all rates, [n_rates][n]. */
struct choice {
    const struct run        *runs;
    const struct run_result *results;
    size_t                   n, n_rates;
    double                  *score; /* [n], room for those of a configuration */
};

/* The runs of one configuration at one rate. */
struct at_rate {
    double lr, validation;
    size_t runs, ok;
};

static struct at_rate look(const struct choice *c, size_t first, size_t rate)
{
    struct at_rate found = { .lr = c->runs[rate * c->n + first].training.peak_lr };
    for (size_t i = first; i < c->n; i++) {
        const struct run_result *result = &c->results[rate * c->n + i];
        if (!same_configuration(&c->runs[first], &c->runs[i]))
            continue;
        const bool ok = result->status == FATHOM_OK;
        found.ok += ok;
        c->score[found.runs++] = ok && isfinite(result->validation_logp) ? result->validation_logp : -INFINITY;
    }
    found.validation = tuned_rate_median(c->score, found.runs);
    return found;
}

static void put_row(struct table *table, const struct run *run, const struct session *session,
                    const struct at_rate *found, bool tuned)
{
    run_table_put(table, "data rows coupling depth actnorm width bins stabiliser clip steps arm", run, NULL, session);
    table_setting(table, found->lr);
    table_count(table, tuned);
    table_count(table, found->runs);
    table_count(table, found->ok);
    table_number(table, found->validation);
}

/* The rate of the configuration whose first run is `first`; a row of the table for each rate. */
static size_t choose(struct table *table, const struct choice *c, size_t first, const struct session *session)
{
    struct at_rate found[RATES_MAX];
    size_t         best = 0;
    for (size_t r = 0; r < c->n_rates; r++) {
        found[r] = look(c, first, r);
        if (tuned_rate_beats(found[r].validation, found[r].lr, found[best].validation, found[best].lr))
            best = r;
    }
    for (size_t r = 0; r < c->n_rates; r++)
        put_row(table, &c->runs[first], session, &found[r], r == best);
    return best;
}

static void forget(struct run_result *result)
{
    free(result->loss);
    free(result->grad_norm);
    free(result->params);
    *result = (struct run_result){ 0 };
}

/* rate: [n], of each run of one rate. */
static void keep(struct run_list *runs, struct run_result *results, const size_t *rate, size_t n)
{
    struct run        *run = need(malloc((n + 1) * sizeof *run));
    struct run_result *result = need(malloc((n + 1) * sizeof *result));
    for (size_t i = 0; i < n; i++) {
        run[i] = runs->run[rate[i] * n + i];
        result[i] = results[rate[i] * n + i];
        results[rate[i] * n + i] = (struct run_result){ 0 };
    }
    for (size_t i = 0; i < runs->n; i++)
        forget(&results[i]);
    memcpy(runs->run, run, n * sizeof *run);
    memcpy(results, result, n * sizeof *result);
    runs->n = n;
    free(run);
    free(result);
}

void tuned_rate_choose(struct table *table, struct run_list *runs, struct run_result *results,
                       const struct session *session)
{
    const size_t  n_rates = session->options->rates.n, n = runs->n / n_rates;
    size_t       *rate = need(malloc((n + 1) * sizeof *rate));
    bool         *chosen = need(calloc(n + 1, sizeof *chosen));
    struct choice c = { runs->run, results, n, n_rates, need(malloc((n + 1) * sizeof *c.score)) };
    for (size_t first = 0; first < n; first++) {
        if (chosen[first])
            continue;
        const size_t best = choose(table, &c, first, session);
        for (size_t i = first; i < n; i++)
            if (same_configuration(&runs->run[first], &runs->run[i])) {
                rate[i] = best;
                chosen[i] = true;
            }
    }
    keep(runs, results, rate, n);
    free(c.score);
    free(chosen);
    free(rate);
}
