/* truth.c - the spiral's own density at the rows of a setup (truth.h). */
#include "truth.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"
#include "runner.h"

static double *log_density(double *mean, const fathom_dataset *data, const fathom_dataset *frame, size_t threads)
{
    double *logp = malloc(data->n * sizeof *logp);
    if (!logp)
        leave_failed("not enough memory for the true density of %zu rows", data->n);
#pragma omp parallel for num_threads(threads)
    for (size_t part = 0; part < threads; part++) {
        const size_t first = data->n * part / threads, end = data->n * (part + 1) / threads;
        fathom_spiral_log_density(logp + first, data->x + 2 * first, frame, end - first);
    }
    *mean = runner_mean(logp, data->n);
    return logp;
}

struct truth truth_none(void) { return (struct truth){.train_mean = NAN, .heldout_mean = NAN}; }

struct truth truth_of(const struct setup *setup)
{
    struct truth truth = truth_none();
    if (!setup->options->data) {
        const size_t threads = setup->options->threads;
        truth.train = log_density(&truth.train_mean, &setup->train, &setup->train, threads);
        truth.heldout = log_density(&truth.heldout_mean, &setup->heldout, &setup->train, threads);
    }
    return truth;
}

void truth_free(struct truth *truth)
{
    free(truth->train);
    free(truth->heldout);
    *truth = truth_none();
}
