/* truth.c - the spiral's own density at the rows of a setup (truth.h). */
#include "truth.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"
#include "parallel.h"
#include "runner.h"

static double *log_density(double *mean, const fathom_dataset *data, const fathom_dataset *frame, size_t threads)
{
    double       *logp = malloc(data->n * sizeof *logp);
    const size_t  parts = parallel_threads(threads, data->n);
    if (!logp)
        leave_failed("not enough memory for the true density of %zu rows", data->n);
#pragma omp parallel for num_threads(parts)
    for (size_t part = 0; part < parts; part++) {
        const size_t first = data->n * part / parts, end = data->n * (part + 1) / parts;
        if (fathom_spiral_log_density(logp + first, data->x + 2 * first, frame, end - first) != FATHOM_OK)
            leave_failed("not enough memory for the true density of %zu rows", data->n);
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
