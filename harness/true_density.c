/* true_density.c - the data set's own density at the rows of a session (true_density.h). */
#include "true_density.h"

#include <math.h>
#include <stdlib.h>

#include "cores.h"
#include "exit.h"
#include "parallel.h"
#include "runner.h"

static double *log_density(double *mean, const fathom_data_set *set, const fathom_dataset *data,
                           const fathom_dataset *frame, size_t threads)
{
    double      *logp = malloc(data->n * sizeof *logp);
    const size_t parts = parallel_threads(threads, data->n);
    if (!logp)
        exit_failed("not enough memory for the true density of %zu rows", data->n);
    cores_need(parts);
#pragma omp parallel for num_threads(parts)
    for (size_t part = 0; part < parts; part++) {
        const size_t first = data->n * part / parts, end = data->n * (part + 1) / parts;
        if (fathom_data_set_log_density(logp + first, set, data->x + data->dim * first, frame, end - first) !=
            FATHOM_OK)
            exit_failed("not enough memory for the true density of %zu rows", data->n);
    }
    *mean = runner_mean(logp, data->n);
    return logp;
}

struct true_density true_density_none(void) { return (struct true_density){ .train_mean = NAN, .heldout_mean = NAN }; }

struct true_density true_density_of(const struct session *session)
{
    struct true_density truth = true_density_none();
    if (session->set && fathom_data_set_has_density(session->set)) {
        const size_t threads = session->options->threads;
        truth.train = log_density(&truth.train_mean, session->set, &session->train, &session->train, threads);
        truth.heldout = log_density(&truth.heldout_mean, session->set, &session->heldout, &session->train, threads);
    }
    return truth;
}

void true_density_free(struct true_density *truth)
{
    free(truth->train);
    free(truth->heldout);
    *truth = true_density_none();
}
